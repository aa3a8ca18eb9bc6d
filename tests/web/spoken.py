"""Spoken: every sentence the desk can say, found in its code and its templates."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract_python
from django.conf import settings
from django.utils.translation.template import templatize

_KEYWORDS = ("_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "gettext_noop")
# Django's template compiler writes these for {% translate %} and {% blocktranslate %}.
_OPTIONS = {"encoding": "utf-8"}


def sentences() -> set[str]:
    """Return every sentence that is looked up in a catalogue."""
    root = Path(settings.BASE_DIR)
    found: set[str] = set()
    for folder in ("web", "templatetags"):
        for path in sorted((root / folder).rglob("*.py")):
            found |= set(_said(path.read_bytes()))
    for path in sorted((root / "templates").rglob("*.html")):
        code = templatize(path.read_text(), origin=str(path))
        found |= set(_said(code.encode()))
    return found


def _said(code: bytes) -> Iterator[str]:
    for _line, _keyword, text, _comments in extract_python(BytesIO(code), _KEYWORDS, (), _OPTIONS):
        first = text[0] if isinstance(text, tuple) else text
        if first:
            yield first
