"""Searching: how words are folded, cut and looked for, the same for what is stored and what is typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# How much of one message can be found, in characters; the words of a letter stand in its beginning.
LONGEST_TEXT = 20_000
LONGEST_WORD = 60
MOST_TERMS = 8
# From how many characters on the beginning of a word finds it, and any part of a name or number.
SHORTEST_PREFIX = 4
GRAM = 3

_FIRST_UNSPACED = "\u3040"  # of the writings without spaces: two of their characters are a word

_WORD = re.compile(r"[^\W_]+")
# Written without spaces: Han, Hiragana, Katakana, and the marks that belong to them.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff66-\uff9f\u3005]+")
_QUOTED = re.compile(r'"([^"]+)"|(\S+)')


@dataclass(frozen=True, slots=True)
class Term:
    """What must be found: `text` in any name or number, or else all `words` in what was said."""

    text: str
    words: tuple[str, ...]


def fold(text: str) -> str:
    """Return `text` in small letters, without accents and in one width: what a hurried person types."""
    apart = unicodedata.normalize("NFKD", text.replace("\0", " "))
    # The dots of a Japanese syllable change it: only marks of Latin, Greek and Cyrillic letters go.
    plain = "".join(one for one in apart if not ("\u0300" <= one <= "\u036f"))
    return unicodedata.normalize("NFKC", plain).casefold()


def can_be_looked_up(part: str) -> bool:
    """Return whether the indexes find a part of a name: below three letters they would read every ticket."""
    text = fold(part)
    return len(text) >= GRAM or (len(text) == GRAM - 1 and text >= _FIRST_UNSPACED)


def words_of(text: str) -> list[str]:
    """Return the words of a folded text, each once; unspaced writing is cut into overlapping pairs."""
    return list(dict.fromkeys(_words(text)))


def _words(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text):
        run = match[0][:LONGEST_WORD]
        unspaced = _UNSPACED.findall(run)
        for part in unspaced:
            yield from _pairs(part)
        if not unspaced:
            yield run
            continue
        yield from (rest for rest in _UNSPACED.split(run) if rest)


def _pairs(part: str) -> Iterator[str]:
    if len(part) == 1:
        yield part
    for place in range(len(part) - 1):
        yield part[place : place + 2]


def terms_of(typed: str) -> tuple[Term, ...]:
    """Return what must be found for what a person typed; words in double quotes stay together."""
    found = []
    for quoted, bare in _QUOTED.findall(typed):
        text = " ".join(fold(quoted or bare).split())
        words = tuple(words_of(text))
        if words:
            found.append(Term(text, words))
    return tuple(dict.fromkeys(found))[:MOST_TERMS]


def grams_of(text: str) -> list[str]:
    """Return every three characters in a row of a folded text, each once."""
    return list(dict.fromkeys(text[place : place + GRAM] for place in range(len(text) - GRAM + 1)))
