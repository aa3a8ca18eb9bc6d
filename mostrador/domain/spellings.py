"""Spellings: a name as a hurried person types it, and how it may be written: jurgen gross, Jürgen Groß."""

from __future__ import annotations

import re
from functools import cache

from mostrador.domain.searching import fold

# The Latin letters with accents, up to the end of Latin Extended-B; what folds into two letters stands apart.
_LETTERS = range(0xC0, 0x250)
_TWO_FOR_ONE = {"ss": "ß"}


def spellings(typed: str) -> str:
    """Return a regular expression, case aside, for all that `typed` may be written as."""
    text = fold(typed)
    pattern, place = "", 0
    while place < len(text):
        pair = text[place : place + 2]
        if pair in _TWO_FOR_ONE:
            pattern += f"(?:{_letter(pair[0])}{_letter(pair[1])}|{_TWO_FOR_ONE[pair]})"
            place += 2
        else:
            pattern += _letter(text[place])
            place += 1
    return pattern


def _letter(letter: str) -> str:
    others = _with_accents().get(letter, "")
    return f"[{letter}{others}]" if others else re.escape(letter)


@cache
def _with_accents() -> dict[str, str]:
    found: dict[str, str] = {}
    for code in _LETTERS:
        base = fold(chr(code))
        if len(base) == 1 and base.isascii() and base.isalpha():
            found[base] = found.get(base, "") + chr(code)
    return found
