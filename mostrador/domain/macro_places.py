"""Macro places: the names a macro's words may leave open, and what is true for each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency

from mostrador.domain.delivery import State
from mostrador.domain.reason_words import reason_words
from mostrador.money import Money


class Place(StrEnum):
    """Every name that may stand in braces; the value is what people write."""

    GREETING = "greeting"
    BUYER = "buyer"
    ORDER = "order"
    ITEM = "item"
    PARTNER = "partner"
    AGENT = "agent"
    AMOUNT = "amount"
    REASON = "reason"
    REFERENCE = "reference"
    SHIP_BY = "ship_by"
    DELIVER_BY = "deliver_by"
    CARRIER = "carrier"
    TRACKING = "tracking"


# What only Amazon's answer can fill.
SETTLED_BY_AMAZON = frozenset({Place.AMOUNT, Place.REASON, Place.REFERENCE})
# Only these count as places: an agent may write other braces.
_PLACE = re.compile(r"\{(" + "|".join(Place) + r")\}")
_BRACES = re.compile(r"\{([A-Za-z_][A-Za-z_ ]*)\}")
# With and without the buyer's name.
_GREETINGS: Mapping[str, tuple[str, str]] = {
    "en": ("Hello {},", "Hello,"),
    "es": ("Hola, {}:", "Hola:"),
    "de": ("Guten Tag {},", "Guten Tag,"),
    "fr": ("Bonjour {},", "Bonjour,"),
    "it": ("Buongiorno {},", "Buongiorno,"),
    "ja": ("{} 様", "お客様"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a macro may tell: of the buyer, the order, and the refund or cancellation it speaks of.

    `time_zone` is the marketplace's: the buyers' calendar, in which Amazon counts its days.
    """

    buyer: str
    order: str
    partner: str
    state: State | None = None
    amount: Money | None = None
    reason: str = ""
    reference: str = ""
    is_shipped: bool = False
    item: str = ""
    agent: str = ""
    ship_by: datetime | None = None
    deliver_by: datetime | None = None
    carrier: str = ""
    tracking: str = ""
    time_zone: str = "UTC"


def places_in(text: str) -> tuple[Place, ...]:
    """Return the places that stand open in `text`, each once."""
    return tuple(Place(name) for name in dict.fromkeys(_PLACE.findall(text)))


def unknown_places(text: str) -> tuple[str, ...]:
    """Return the words in braces that are no places: slips in a macro that is being written."""
    return tuple(dict.fromkeys(name for name in _BRACES.findall(text) if name not in set(Place)))


def put(text: str, values: Mapping[Place, str]) -> str:
    """Return `text` with the places that `values` holds; the others stay open."""
    return _PLACE.sub(lambda place: values.get(Place(place[1]), place[0]), text)


def values_of(facts: Facts, language: str) -> dict[Place, str]:
    """Return what can be filled in, in the words of `language`; what is not known is left out."""
    values = {
        Place.GREETING: _greeting(_plain(facts.buyer), language),
        Place.BUYER: _plain(facts.buyer),
        Place.ORDER: _plain(facts.order),
        Place.ITEM: _plain(facts.item),
        Place.PARTNER: _plain(facts.partner),
        Place.AGENT: _plain(facts.agent),
        Place.AMOUNT: format_money(facts.amount, language) if facts.amount else "",
        Place.REASON: reason_words(facts.reason, language) if facts.state else "",
        Place.REFERENCE: facts.reference,
        Place.SHIP_BY: _day(facts.ship_by, facts.time_zone, language),
        Place.DELIVER_BY: _day(facts.deliver_by, facts.time_zone, language),
        Place.CARRIER: _plain(facts.carrier),
        Place.TRACKING: _plain(facts.tracking),
    }
    return {place: words for place, words in values.items() if words}


def format_money(money: Money, language: str) -> str:
    """Return an amount as people of that language write it."""
    return format_currency(money.decimal, money.currency, locale=language)


def _day(at: datetime | None, zone: str, language: str) -> str:
    return format_date(at.astimezone(ZoneInfo(zone)), format="long", locale=language) if at else ""


def _greeting(buyer: str, language: str) -> str:
    with_name, without = _GREETINGS[language]
    return with_name.format(buyer) if buyer else without


def _plain(words: str) -> str:
    """Return a name on one line and without braces, so that it can never open a place of its own."""
    return " ".join(words.replace("{", "(").replace("}", ")").split())
