"""Spoken: every sentence the desk can say, found in its code and its templates."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

# Django's template compiler writes these for {% translate %} and {% blocktranslate %}, too.
_KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
}


def sentences() -> Catalog:
    """Return every sentence that is looked up in a catalog."""
    root = Path(settings.BASE_DIR)
    found = Catalog(fuzzy=False)
    for folder in ("web", "templatetags"):
        for path in sorted((root / folder).rglob("*.py")):
            _add_said(path.read_bytes(), found)
    for path in sorted((root / "templates").rglob("*.html")):
        _add_said(templatize(path.read_text(), origin=str(path)).encode(), found)
    return found


def catalog_of(language: str) -> Catalog:
    """Return the words of one language, as they are kept."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def path_of(language: str) -> Path:
    """Return where the words of one language are kept."""
    return Path(settings.BASE_DIR) / "locale" / language / "LC_MESSAGES" / "django.po"


def words_of(catalog: Catalog) -> dict[str, Message]:
    """Return a catalog's entries by their first English form."""
    return {forms_of(message.id)[0]: message for message in catalog if message.id}


def forms_of(text: object) -> tuple[str, ...]:
    """Return the forms of a text: one, or singular and plural."""
    return tuple(map(str, text)) if isinstance(text, tuple | list) else (str(text or ""),)


def _add_said(code: bytes, found: Catalog) -> None:
    for _line, text, _comments, _context in extract("python", BytesIO(code), keywords=_KEYWORDS):
        found.add(text)
