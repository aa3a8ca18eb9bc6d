"""Macros: replies that fill themselves in from the true state, and refuse to say what is not true yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mostrador.domain.delivery import TRUE_FOR_THE_BUYER, State
from mostrador.domain.macro_conditions import Conditions
from mostrador.domain.macro_places import (
    SETTLED_BY_AMAZON,
    Facts,
    Place,
    format_money,
    places_in,
    put,
    values_of,
)
from mostrador.domain.macro_steps import Step, StepKind, money_step
from mostrador.domain.reason_words import LANGUAGES
from mostrador.domain.refusals import Refusal, RefusalCode

__all__ = [
    "LANGUAGES",
    "Facts",
    "Macro",
    "Rendered",
    "Says",
    "choose_language",
    "draft",
    "fill",
    "format_money",
    "render",
    "unfilled_places",
]

FALLBACK_LANGUAGE = "en"


class Says(StrEnum):
    """What a macro claims to have happened; the values are the stored words."""

    NOTHING = ""
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    REFUND_UNDER_WAY = "refund_under_way"
    SHIPPED = "shipped"

    @property
    def speaks_of_refund(self) -> bool:
        """Whether it tells of a refund."""
        return self in (Says.REFUNDED, Says.REFUND_UNDER_WAY)

    @property
    def speaks_of_cancellation(self) -> bool:
        """Whether it tells of a cancellation."""
        return self is Says.CANCELLED

    @property
    def may_be_armed(self) -> bool:
        """Whether it says what Amazon must have accepted, so that it can wait for that."""
        return self in (Says.REFUNDED, Says.CANCELLED)


@dataclass(frozen=True, slots=True)
class Macro:
    """One macro: titles and texts by language, what it claims, where it is offered, what it carries."""

    slug: str
    titles: Mapping[str, str]
    texts: Mapping[str, str]
    marked: Says = Says.NOTHING
    conditions: Conditions = field(default_factory=Conditions)
    steps: tuple[Step, ...] = ()
    is_active: bool = True
    position: int = 0

    @property
    def says(self) -> Says:
        """What it claims: as marked, or as its places show, for only what happened can fill them."""
        if self.marked is not Says.NOTHING:
            return self.marked
        used = {place for text in self.texts.values() for place in places_in(text)}
        if not used & SETTLED_BY_AMAZON:
            return Says.NOTHING
        step = money_step(self.steps)
        is_cancel = step is not None and step.kind is StepKind.CANCEL and Place.AMOUNT not in used
        return Says.CANCELLED if is_cancel else Says.REFUNDED

    def title_in(self, language: str) -> str:
        """Return its name for an agent who reads `language`."""
        return self.titles.get(language) or self.titles.get(FALLBACK_LANGUAGE) or self._any_title()

    def _any_title(self) -> str:
        return next((title for title in self.titles.values() if title), self.slug)

    def language_for(self, language: str) -> str:
        """Return the language it answers in: the wanted one, else English, else what there is."""
        wanted = (language, FALLBACK_LANGUAGE, *LANGUAGES)
        return next((one for one in wanted if self.texts.get(one, "").strip()), FALLBACK_LANGUAGE)

    def text_in(self, language: str) -> str:
        """Return its words as they were written, in that language or the one that stands in for it."""
        return self.texts.get(self.language_for(language), "").strip()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A macro's words; with refusals it must not be sent, and the places not filled stand open."""

    text: str
    refusals: tuple[Refusal, ...] = ()


_UNDER_WAY = frozenset({State.REQUESTED, State.SENDING, State.SENT, *TRUE_FOR_THE_BUYER})
_TRUE_IN: Mapping[Says, frozenset[State]] = {
    Says.REFUNDED: TRUE_FOR_THE_BUYER,
    Says.CANCELLED: TRUE_FOR_THE_BUYER,
    Says.REFUND_UNDER_WAY: _UNDER_WAY,
}


def choose_language(*, marketplace_language: str, override: str = "") -> str:
    """Return the language to write in: the agent's choice, else the marketplace's, else English."""
    return next((one for one in (override, marketplace_language) if one in LANGUAGES), FALLBACK_LANGUAGE)


def unfilled_places(text: str) -> tuple[str, ...]:
    """Return the names of the places that still stand open in `text`, each once."""
    return tuple(place.value for place in places_in(text))


def render(*, macro: Macro, language: str, facts: Facts) -> Rendered:
    """Return the macro's words filled in from `facts`, and why they are not true, if so."""
    spoken = macro.language_for(language)
    return fill(text=macro.text_in(spoken), says=macro.says, language=spoken, facts=facts)


def draft(*, macro: Macro, language: str, facts: Facts) -> str:
    """Return the macro's words for arming: what Amazon decides stays open until the moment of sending."""
    spoken = macro.language_for(language)
    known = {
        place: words for place, words in values_of(facts, spoken).items() if place not in SETTLED_BY_AMAZON
    }
    return put(macro.text_in(spoken), known)


def fill(*, text: str, says: Says, language: str, facts: Facts) -> Rendered:
    """Return `text`, an agent's or a draft's, with its open places filled from the true state.

    It is refused when what it says is not true, or when a place has nothing true to hold.
    """
    filled = put(text, values_of(facts, language))
    missing = [
        Refusal(RefusalCode.NOT_TRUE_YET, {"place": name, "state": facts.state or ""})
        for name in unfilled_places(filled)
    ]
    return Rendered(filled, (*_untrue(says, facts), *missing))


def _untrue(says: Says, facts: Facts) -> tuple[Refusal, ...]:
    if says is Says.NOTHING:
        return ()
    if says is Says.SHIPPED:
        return () if facts.is_shipped else (Refusal(RefusalCode.NOT_TRUE_YET, {"state": ""}),)
    if facts.state is None or facts.state not in _TRUE_IN[says]:
        return (Refusal(RefusalCode.NOT_TRUE_YET, {"state": facts.state or ""}),)
    return ()
