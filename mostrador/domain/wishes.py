"""Wishes: what a buyer's words ask for, by small rules in six languages; silence beats a wrong guess."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

LONGEST_READ = 4_000  # characters; who wants something says so early
LONGEST_THOUGHT = 400  # characters; beyond that nobody can say what belongs to a "not"


class Wish(StrEnum):
    """What a buyer may want; the values are the names in wishes.toml."""

    CANCEL = "cancel"
    REFUND = "refund"
    PART = "part"
    RETURN = "return"
    NOT_RECEIVED = "not_received"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class _Rule:
    say: re.Pattern[str]
    unless: re.Pattern[str]


# Where one thought ends and the next begins; a "not" does not reach beyond it.
_ENDS = re.compile(
    r"[.!?;\n,。！？、，；]+"
    r"|\s(?:but|pero|aber|sondern|mais|ma|sino|et|y que(?= me)|and(?= give)|e(?= ridatemi))\s"
    r"|(?<=[るたいす])(?:が|けど|けれど)"
)


def wishes_in(text: str) -> frozenset[Wish]:
    """Return what the words ask for; empty where nothing is clear."""
    clauses = [clause[:LONGEST_THOUGHT] for clause in _ENDS.split(_plain(text[:LONGEST_READ]))]
    return frozenset(wish for wish, rule in _rules().items() if _is_wished(rule, clauses))


def _is_wished(rule: _Rule, clauses: Iterable[str]) -> bool:
    return any(rule.say.search(clause) and not rule.unless.search(clause) for clause in clauses)


def _plain(text: str) -> str:
    """Return the words in small letters and without accents; Japanese keeps its marks."""
    narrow = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("ß", "ss")
    split = unicodedata.normalize("NFD", narrow)
    bare = "".join(each for each in split if not "\u0300" <= each <= "\u036f")
    return unicodedata.normalize("NFC", bare)


@cache
def _rules() -> Mapping[Wish, _Rule]:
    raw = tomllib.loads((files("mostrador.domain") / "wishes.toml").read_text("utf-8"))
    return {Wish(name): _Rule(_any(rule["say"]), _any(rule["unless"])) for name, rule in raw.items()}


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
