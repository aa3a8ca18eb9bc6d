"""Macros: replies that fill themselves in from the true state, and refuse to say what is not true yet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from babel.numbers import format_currency

from mostrador.domain import macro_texts as texts
from mostrador.domain.delivery import TRUE_FOR_THE_BUYER, State
from mostrador.domain.reason_words import LANGUAGES, reason_words
from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.money import Money

__all__ = [
    "LANGUAGES",
    "Facts",
    "Macro",
    "Rendered",
    "choose_language",
    "draft",
    "fill",
    "render",
    "unfilled_places",
]

FALLBACK_LANGUAGE = "en"


class Macro(StrEnum):
    """The replies there are; the values are the stored words."""

    REFUND_ISSUED = "refund_issued"
    ORDER_CANCELLED = "order_cancelled"
    REFUND_UNDER_WAY = "refund_under_way"
    ALREADY_SHIPPED = "already_shipped"

    @property
    def speaks_of_refund(self) -> bool:
        """Whether it tells of a refund."""
        return self in (Macro.REFUND_ISSUED, Macro.REFUND_UNDER_WAY)

    @property
    def speaks_of_cancellation(self) -> bool:
        """Whether it tells of a cancellation."""
        return self is Macro.ORDER_CANCELLED

    @property
    def may_be_armed(self) -> bool:
        """Whether it says what Amazon must have accepted, so that it can wait for that."""
        return self in (Macro.REFUND_ISSUED, Macro.ORDER_CANCELLED)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a macro may tell: of the buyer, the order, and the refund or cancellation it speaks of."""

    buyer: str
    order: str
    partner: str
    state: State | None = None
    amount: Money | None = None
    reason: str = ""
    reference: str = ""
    is_shipped: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """A macro's words; with refusals it must not be sent, and the places not filled stand open."""

    text: str
    refusals: tuple[Refusal, ...] = ()


_WORDS: Mapping[Macro, Mapping[str, str]] = {
    Macro.REFUND_ISSUED: texts.REFUND_ISSUED,
    Macro.ORDER_CANCELLED: texts.ORDER_CANCELLED,
    Macro.REFUND_UNDER_WAY: texts.REFUND_UNDER_WAY,
    Macro.ALREADY_SHIPPED: texts.ALREADY_SHIPPED,
}
_UNDER_WAY = frozenset({State.REQUESTED, State.SENDING, State.SENT, *TRUE_FOR_THE_BUYER})
_TRUE_IN: Mapping[Macro, frozenset[State]] = {
    Macro.REFUND_ISSUED: TRUE_FOR_THE_BUYER,
    Macro.ORDER_CANCELLED: TRUE_FOR_THE_BUYER,
    Macro.REFUND_UNDER_WAY: _UNDER_WAY,
}
# Only these count as places: an agent may write other braces.
_PLACE = re.compile(r"\{(buyer|order|amount|reason|reference|partner)\}")
_SETTLED_BY_AMAZON = frozenset({"amount", "reason", "reference"})


def choose_language(*, marketplace_language: str, override: str = "") -> str:
    """Return the language to write in: the agent's choice, else the marketplace's, else English."""
    return next((one for one in (override, marketplace_language) if one in LANGUAGES), FALLBACK_LANGUAGE)


def unfilled_places(text: str) -> tuple[str, ...]:
    """Return the names of the places that still stand open in `text`, each once."""
    return tuple(dict.fromkeys(_PLACE.findall(text)))


def render(*, macro: Macro, language: str, facts: Facts) -> Rendered:
    """Return the macro's words filled in from `facts`, and why they are not true, if so."""
    return fill(text=_template(macro, language, facts), macro=macro, language=language, facts=facts)


def draft(*, macro: Macro, language: str, facts: Facts) -> str:
    """Return the macro's words for arming: what Amazon decides stays open until the moment of sending."""
    known = {
        name: words for name, words in _values(language, facts).items() if name not in _SETTLED_BY_AMAZON
    }
    return _fill(_template(macro, language, facts), known)


def fill(*, text: str, macro: Macro | None, language: str, facts: Facts) -> Rendered:
    """Return `text`, an agent's or a draft's, with its open places filled from the true state.

    It is refused when its macro is not true, or when a place has nothing true to hold.
    """
    filled = _fill(text, _values(language, facts))
    missing = [
        Refusal(RefusalCode.NOT_TRUE_YET, {"place": name, "state": facts.state or ""})
        for name in unfilled_places(filled)
    ]
    return Rendered(filled, (*(_untrue(macro, facts) if macro else ()), *missing))


def format_money(money: Money, language: str) -> str:
    """Return an amount as people of that language write it."""
    return format_currency(money.decimal, money.currency, locale=language)


def _untrue(macro: Macro, facts: Facts) -> tuple[Refusal, ...]:
    if macro is Macro.ALREADY_SHIPPED:
        return () if facts.is_shipped else (Refusal(RefusalCode.NOT_TRUE_YET, {"state": ""}),)
    if facts.state is None or facts.state not in _TRUE_IN[macro]:
        return (Refusal(RefusalCode.NOT_TRUE_YET, {"state": facts.state or ""}),)
    return ()


def _template(macro: Macro, language: str, facts: Facts) -> str:
    with_name, without = texts.GREETINGS[language]
    return f"{with_name if facts.buyer.strip() else without}\n\n{_WORDS[macro][language]}"


def _values(language: str, facts: Facts) -> dict[str, str]:
    """Return what can be filled in; what is not known is left out."""
    values = {
        "buyer": _plain(facts.buyer),
        "order": _plain(facts.order),
        "partner": _plain(facts.partner),
        "amount": format_money(facts.amount, language) if facts.amount else "",
        "reason": reason_words(facts.reason, language) if facts.state else "",
        "reference": facts.reference,
    }
    return {name: words for name, words in values.items() if words}


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def _plain(words: str) -> str:
    """Return a name on one line and without braces, so that it can never open a place of its own."""
    return " ".join(words.replace("{", "(").replace("}", ")").split())
