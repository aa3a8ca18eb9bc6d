"""Catalogs: brings the kept words up to what the desk says, and compiles them (`make messages`)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import write_po

from tests.web.spoken import catalog_of, forms_of, path_of, sentences

# English stands in the source.
TRANSLATED = ("es", "de", "fr", "it")


def compile_words(language: str) -> None:
    """This function will compile one language's words, unless that is done already."""
    words = path_of(language)
    compiled = words.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime >= words.stat().st_mtime:
        return
    # Other processes may be reading the old file.
    fresh = compiled.with_suffix(f".{os.getpid()}")
    with fresh.open("wb") as target:
        write_mo(target, catalog_of(language))
    fresh.replace(compiled)


def renew(language: str, said: Catalog) -> tuple[int, int]:
    """This function will add new sentences and lay unused ones aside; returns (untranslated, unused)."""
    path = path_of(language)
    kept = catalog_of(language) if path.exists() else Catalog(locale=language, fuzzy=False)
    kept.update(said, no_fuzzy_matching=True)
    _write(kept, path)
    untranslated = [message for message in kept if message.id and not all(forms_of(message.string))]
    return len(untranslated), len(kept.obsolete)


def _write(catalog: Catalog, path: Path) -> None:
    for message in catalog:
        message.previous_id = []
        message.user_comments = []
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        # Names no date and no line, so that a change shows only what changed.
        file.write(_HEADER.format(language=catalog.locale, plural=catalog.plural_forms).encode())
        write_po(file, catalog, width=110, no_location=True, omit_header=True, sort_output=True)


_HEADER = """\
msgid ""
msgstr ""
"Project-Id-Version: Mostrador\\n"
"Language: {language}\\n"
"Plural-Forms: {plural}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def main() -> None:
    """This function will renew every catalog, and tell how many sentences wait for a translator."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mostrador.settings")
    django.setup()
    said = sentences()
    for language in TRANSLATED:
        untranslated, unused = renew(language, said)
        compile_words(language)
        counts = f"{len(said)} sentences, {untranslated} to translate, {unused} no longer used"
        sys.stdout.write(f"{language}: {counts}\n")


if __name__ == "__main__":
    main()
