"""Filter values: which filters there are, and which values each of them takes."""

from __future__ import annotations

import re
from collections.abc import Container
from decimal import Decimal
from enum import StrEnum

from mostrador.amazon.marketplaces import UnknownMarketplace, by_country
from mostrador.domain.orders import FulfillmentStatus
from mostrador.domain.searching import can_be_looked_up
from mostrador.domain.tags import normal_tag
from mostrador.domain.tickets import Priority


class FilterName(StrEnum):
    """What can be filtered by; the values are the typed words."""

    IS = "is"
    FROM = "from"
    PARTNER = "partner"
    MARKETPLACE = "marketplace"
    LANGUAGE = "language"
    TAG = "tag"
    AGENT = "agent"
    STATUS = "status"
    FULFILLED = "fulfilled"
    HAS = "has"
    AMOUNT = "amount"
    PRIORITY = "priority"
    DUE = "due"
    REF = "ref"


class Being(StrEnum):
    """Values of `is:`."""

    OPEN = "open"
    WAITING = "waiting"
    CLOSED = "closed"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    ASSIGNED = "assigned"
    LATE = "late"
    SOON = "soon"
    UNANSWERED = "unanswered"
    SNOOZED = "snoozed"
    MENTIONED = "mentioned"
    UNDER_WAY = "under-way"
    REVIEW = "review"
    MERGED = "merged"


class Having(StrEnum):
    """Values of `has:`."""

    CLAIM = "claim"
    ATTACHMENT = "attachment"
    REFUND = "refund"
    CANCELLATION = "cancellation"
    CANCEL_REQUEST = "cancel-request"
    ORDER = "order"
    NOTE = "note"


class Fulfilled(StrEnum):
    """Values of `fulfilled:`: by Amazon or by the selling partner."""

    BY_AMAZON = "fba"
    BY_US = "fbm"


class Comparison(StrEnum):
    """How a sum, a time left or a priority is compared."""

    LESS = "<"
    AT_MOST = "<="
    EQUAL = "="
    AT_LEAST = ">="
    MORE = ">"


STATUSES = {status.lower().replace("_", "-"): status for status in FulfillmentStatus}
PRIORITIES = {priority.name.lower(): priority for priority in Priority}
# Other words for the same: what the desk counts as unread is what nobody has answered.
_SAME = {
    "unread": Being.UNANSWERED,
    "needs-reply": Being.OPEN,
    "amazon": Fulfilled.BY_AMAZON,
    "afn": Fulfilled.BY_AMAZON,
    "merchant": Fulfilled.BY_US,
    "mfn": Fulfilled.BY_US,
    "claims": Having.CLAIM,
    "file": Having.ATTACHMENT,
    "attachments": Having.ATTACHMENT,
    "canceled": "cancelled",
}
FIRST_NUMBER = 1000  # references count from here: T-1001 is the first ticket
_RELATION = re.compile(r"(<=|>=|<|>|=|)\s*(.*)")
_AMOUNT = re.compile(r"(\d{1,12})(?:[.,](\d{1,2}))?\s*([A-Za-z]{3})?", re.ASCII)
_SPAN = re.compile(r"(\d{1,4})\s*([mhd])", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)
_REFERENCE = re.compile(r"T-?0*(\d{4,15})", re.ASCII)
_COMPARED = frozenset({FilterName.AMOUNT, FilterName.DUE, FilterName.PRIORITY})

Read = tuple[Comparison, str]


def read_value(name: FilterName, typed: str) -> Read | None:
    """Return how the value is compared and the one way it is written; nothing where it is no value."""
    if not typed:
        return None
    if name in _COMPARED:
        return _compared(name, typed)
    value = _plain(name, typed)
    return (Comparison.EQUAL, value) if value else None


def _plain(name: FilterName, typed: str) -> str:
    word = typed.lower().replace("_", "-").replace(" ", "-")
    match name:
        case FilterName.IS:
            return _one_of(set(Being), word)
        case FilterName.HAS:
            return _one_of(set(Having), word)
        case FilterName.FULFILLED:
            return _one_of(set(Fulfilled), word)
        case FilterName.STATUS:
            return _one_of(STATUSES.keys(), word)
        case FilterName.MARKETPLACE:
            return _marketplace(typed)
        case FilterName.LANGUAGE:
            return word if _LANGUAGE.fullmatch(word) else ""
        case FilterName.REF:
            found = _REFERENCE.fullmatch(typed.upper())
            return f"T-{found[1]}" if found and int(found[1]) > FIRST_NUMBER else ""
        case FilterName.TAG:
            return normal_tag(typed)
        case FilterName.FROM:
            return typed if "@" in typed or can_be_looked_up(typed) else ""
    return typed


def _one_of(known: Container[str], word: str) -> str:
    same = str(_SAME.get(word, word))
    return same if same in known else ""


def _marketplace(typed: str) -> str:
    try:
        return by_country(typed.removeprefix("amazon.").removeprefix("Amazon.")).country_code
    except UnknownMarketplace:
        return ""


def _compared(name: FilterName, typed: str) -> Read | None:
    relation = _RELATION.fullmatch(typed)
    if relation is None:
        return None
    comparison, value = Comparison(relation[1] or "="), relation[2]
    if name is FilterName.PRIORITY:
        stored = _one_of(PRIORITIES.keys(), value.lower())
    elif name is FilterName.DUE:
        # "due:4h" means within four hours: nobody asks for an exact second.
        comparison = Comparison.LESS if comparison is Comparison.EQUAL else comparison
        stored = _span(value)
    else:
        stored = _amount(value)
    return (comparison, stored) if stored else None


def _span(value: str) -> str:
    found = _SPAN.fullmatch(value.lower())
    return f"{int(found[1])}{found[2]}" if found else ""


def _amount(value: str) -> str:
    found = _AMOUNT.fullmatch(value)
    if found is None:
        return ""
    number = Decimal(f"{found[1]}.{found[2] or 0}").normalize()
    return f"{number:f}{(found[3] or '').upper()}"
