"""Wishes: what a buyer's words ask for, by small rules in six languages; silence beats a wrong guess."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from mostrador.domain.phrases import LONGEST_READ, phrases_in

__all__ = ["LONGEST_READ", "Wish", "wishes_in"]


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


@lru_cache(maxsize=2048)  # an open ticket is looked at every second, and its words stay the same
def wishes_in(text: str) -> frozenset[Wish]:
    """Return what the words ask for; empty where nothing is clear."""
    return frozenset(Wish(name) for name in phrases_in(text, "wishes.toml"))
