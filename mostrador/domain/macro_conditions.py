"""Macro conditions: in which tickets a macro is offered, and why not in the others."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold; an empty tuple or nothing means anything.

    `marketplaces` are country codes (DE), `statuses` Amazon's words, `languages` the ticket's.
    """

    marketplaces: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    by_amazon: bool | None = None
    open_refund: bool | None = None
    asked_to_cancel: bool | None = None
    languages: tuple[str, ...] = ()

    @property
    def need_an_order(self) -> bool:
        """Whether a ticket without an order can never fulfil them."""
        asked = (self.by_amazon, self.open_refund, self.asked_to_cancel)
        return bool(self.statuses) or any(each is not None for each in asked)


@dataclass(frozen=True, slots=True)
class Situation:
    """A ticket as conditions see it; without an order only marketplace and language are known."""

    marketplace: str = ""
    language: str = ""
    has_order: bool = False
    status: str = ""
    by_amazon: bool = False
    open_refund: bool = False
    asked_to_cancel: bool = False


class UnmetCode(StrEnum):
    """What does not hold."""

    NO_ORDER = "no_order"
    MARKETPLACE = "marketplace"
    STATUS = "status"
    ONLY_BY_AMAZON = "only_by_amazon"
    ONLY_BY_MERCHANT = "only_by_merchant"
    NEEDS_OPEN_REFUND = "needs_open_refund"
    HAS_OPEN_REFUND = "has_open_refund"
    BUYER_DID_NOT_ASK = "buyer_did_not_ask"
    BUYER_ASKED = "buyer_asked"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Unmet:
    """One condition that does not hold, with what is wanted instead."""

    code: UnmetCode
    wanted: tuple[str, ...] = ()


def unmet(conditions: Conditions, situation: Situation) -> list[Unmet]:
    """Return which conditions do not hold; empty means the macro is offered."""
    found = []
    if conditions.marketplaces and situation.marketplace not in conditions.marketplaces:
        found.append(Unmet(UnmetCode.MARKETPLACE, conditions.marketplaces))
    if conditions.languages and situation.language not in conditions.languages:
        found.append(Unmet(UnmetCode.LANGUAGE, conditions.languages))
    if not situation.has_order:
        return [*found, Unmet(UnmetCode.NO_ORDER)] if conditions.need_an_order else found
    if conditions.statuses and situation.status not in conditions.statuses:
        found.append(Unmet(UnmetCode.STATUS, conditions.statuses))
    return found + _unmet_signals(conditions, situation)


def _unmet_signals(conditions: Conditions, situation: Situation) -> list[Unmet]:
    asked = (
        (conditions.by_amazon, situation.by_amazon, UnmetCode.ONLY_BY_AMAZON, UnmetCode.ONLY_BY_MERCHANT),
        (
            conditions.open_refund,
            situation.open_refund,
            UnmetCode.NEEDS_OPEN_REFUND,
            UnmetCode.HAS_OPEN_REFUND,
        ),
        (
            conditions.asked_to_cancel,
            situation.asked_to_cancel,
            UnmetCode.BUYER_DID_NOT_ASK,
            UnmetCode.BUYER_ASKED,
        ),
    )
    return [Unmet(yes if wanted else no) for wanted, is_so, yes, no in asked if wanted not in (None, is_so)]
