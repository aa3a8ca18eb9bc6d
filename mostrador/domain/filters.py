"""Filters: what agents type into the search box to narrow a list, read into facts and written back.

`is:open tag:"late parcel" amount:>50 lamp` is three filters and a free word. What is not understood is
reported as it was typed, and nothing matches it: a filter is never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from mostrador.domain.filter_values import Comparison, FilterName, read_value

LONGEST_TEXT = 300  # what a page takes from an address or a form
_PIECE = re.compile(
    r"""(?P<sign>-?)(?P<name>[A-Za-z][A-Za-z-]*):(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]*))"""
    r"""|"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+)"""
)
_REFERENCE = re.compile(r"[Tt]-\d+", re.ASCII)
Piece = TypeVar("Piece")
# Keys of an order are looked up like any other word: one search finds them all.
_KEYS_ARE_WORDS = frozenset({"order", "sku", "asin", "tracking"})


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition, its value in the one way it is stored and written."""

    name: FilterName
    value: str
    comparison: Comparison = Comparison.EQUAL
    is_not: bool = False

    def __str__(self) -> str:
        sign = "-" if self.is_not else ""
        relation = "" if self.comparison is Comparison.EQUAL else self.comparison.value
        value = f'"{self.value}"' if re.search(r"\s", self.value) else self.value
        return f"{sign}{self.name}:{relation}{value}"

    @property
    def amount(self) -> tuple[Decimal, str]:
        """The sum of an `amount:` filter and its currency, which may be empty."""
        number = self.value.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        return Decimal(number), self.value[len(number) :]

    @property
    def span(self) -> timedelta:
        """The time left of a `due:` filter."""
        unit = {"m": "minutes", "h": "hours", "d": "days"}[self.value[-1]]
        return timedelta(**{unit: int(self.value[:-1])})


class Misunderstood(StrEnum):
    """Why a piece that looks like a filter is none."""

    NAME = "name"  # there is no such filter
    VALUE = "value"  # the filter has no such value


@dataclass(frozen=True, slots=True)
class Unknown:
    """A piece that looks like a filter and is none, as it was typed."""

    text: str
    why: Misunderstood

    @property
    def name(self) -> str:
        """What stands before the colon."""
        return self.text.removeprefix("-").partition(":")[0].lower()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Filters:
    """All that was typed: conditions, free words (phrases keep their quotes), and what was not understood."""

    chosen: tuple[Filter, ...] = ()
    words: str = ""
    unknown: tuple[Unknown, ...] = ()

    def __str__(self) -> str:
        return " ".join(str(each) for each in (*self.chosen, self.words, *self.unknown) if str(each))

    def __bool__(self) -> bool:
        return bool(self.chosen or self.words or self.unknown)

    def of(self, name: FilterName, *, is_not: bool = False) -> tuple[Filter, ...]:
        """Return the conditions called `name`, or those that exclude by it."""
        return tuple(each for each in self.chosen if each.name is name and each.is_not is is_not)

    def without(self, piece: Filter | Unknown) -> Filters:
        """Return all but one piece."""
        chosen = tuple(each for each in self.chosen if each != piece)
        return replace(self, chosen=chosen, unknown=tuple(each for each in self.unknown if each != piece))


def read_filters(text: str) -> Filters:
    """Read what was typed; any text gives filters, and `read_filters(str(filters)) == filters`."""
    chosen: list[Filter] = []
    words: list[str] = []
    unknown: list[Unknown] = []
    for piece in _pieces(text):
        match piece:
            case Filter():
                chosen.append(piece)
            case Unknown():
                unknown.append(piece)
            case _ if words[-1:] and words[-1].lower() == "ref" and read_value(FilterName.REF, piece):
                chosen.append(_ticket(words.pop(), piece))
            case _ if _REFERENCE.fullmatch(piece) and read_value(FilterName.REF, piece):
                chosen.append(_ticket(FilterName.REF, piece))
            case _:
                words.append(piece)
    return Filters(_once(chosen), " ".join(words), _once(unknown))


def _ticket(name: str, number: str) -> Filter:
    """Return the filter for a ticket as people write it in a letter: ref T-1042, or T-1042 alone."""
    read = read_value(FilterName(name.lower()), number)
    assert read, "only asked of a number that can be read"
    return Filter(FilterName.REF, read[1])


def _pieces(text: str) -> Iterator[Filter | Unknown | str]:
    for found in _PIECE.finditer(_readable(text)):
        if found["phrase"] is not None:
            phrase = " ".join(found["phrase"].split())
            yield from [f'"{phrase}"'] if phrase else []
        elif found["word"]:
            yield found["word"]
        else:
            yield _filter(found)


def _readable(text: str) -> str:
    """Return the text without what no database stores and without a quote that nothing closes."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    if plain.count('"') % 2:
        head, _, tail = plain.rpartition('"')
        plain = f"{head} {tail}"
    return plain


def _filter(found: re.Match[str]) -> Filter | Unknown | str:
    typed, name = found[0], found["name"].lower()
    value = " ".join((found["quoted"] if found["quoted"] is not None else found["plain"]).split())
    if name in _KEYS_ARE_WORDS and value and not found["sign"]:
        return f'"{value}"'
    if name not in set(FilterName):
        is_word = found["quoted"] is None and (not value or value.startswith("//"))
        return typed if is_word else Unknown(_as_typed(found, value), Misunderstood.NAME)
    read = read_value(FilterName(name), value)
    if read is None:
        return Unknown(_as_typed(found, value), Misunderstood.VALUE)
    comparison, stored = read
    return Filter(FilterName(name), stored, comparison, is_not=bool(found["sign"]))


def _as_typed(found: re.Match[str], value: str) -> str:
    shown = value if found["quoted"] is None else f'"{value}"'
    return f"{found['sign']}{found['name']}:{shown}"


def _once(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    return tuple(dict.fromkeys(pieces))
