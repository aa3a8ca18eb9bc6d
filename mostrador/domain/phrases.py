"""Phrases: small rules over words in six languages, kept as data, in which a "not" is heard."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LONGEST_READ = 4_000  # characters; who wants something says so early
LONGEST_THOUGHT = 400  # characters; beyond that nobody can say what belongs to a "not"

# Where one thought ends and the next begins; a "not" does not reach beyond it.
_ENDS = re.compile(
    r"[.!?;\n,。！？、，；]+"
    r"|\s(?:but|pero|aber|sondern|mais|ma|sino|et|y que(?= me)|and(?= give)|e(?= ridatemi))\s"
    r"|(?<=[るたいす])(?:が|けど|けれど)"
)


@dataclass(frozen=True, slots=True)
class _Rule:
    say: re.Pattern[str]
    unless: re.Pattern[str]


def phrases_in(text: str, file: str) -> frozenset[str]:
    """Return the names of the rules of a file that hold somewhere in the text.

    A rule holds in a thought in which one of its `say` is found and none of its `unless`, of any language.
    """
    thoughts = [thought[:LONGEST_THOUGHT] for thought in _ENDS.split(_plain(text[:LONGEST_READ]))]
    return frozenset(name for name, rule in _rules(file).items() if _holds(rule, thoughts))


def _holds(rule: _Rule, thoughts: Iterable[str]) -> bool:
    return any(rule.say.search(thought) and not rule.unless.search(thought) for thought in thoughts)


def _plain(text: str) -> str:
    """Return the words in small letters and without accents; Japanese keeps its marks."""
    narrow = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    split = unicodedata.normalize("NFD", narrow)
    bare = "".join(each for each in split if not "\u0300" <= each <= "\u036f")
    return unicodedata.normalize("NFC", bare)


@cache
def _rules(file: str) -> Mapping[str, _Rule]:
    raw = tomllib.loads((files("mostrador.domain") / file).read_text("utf-8"))
    return {name: _Rule(_any(rule["say"]), _any(rule["unless"])) for name, rule in raw.items()}


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
