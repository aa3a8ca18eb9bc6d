"""Macro reading: plain values of a file, a form or a row become a macro, or faults with their place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from mostrador.amazon.acknowledgements import CancelReason
from mostrador.amazon.adjustments import AdjustmentReason
from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.domain.macro_conditions import Conditions
from mostrador.domain.macro_places import SETTLED_BY_AMAZON, places_in, unknown_places
from mostrador.domain.macro_steps import TO_ME, TO_NOBODY, HowMuch, Step, StepKind, closes, money_step
from mostrador.domain.macros import LANGUAGES, Macro, Says
from mostrador.domain.messages import LONGEST_MESSAGE
from mostrador.domain.orders import FulfillmentStatus
from mostrador.domain.tickets import Priority

LONGEST_TITLE = 80
LONGEST_TAG = 40
MOST_STEPS = 12
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_COUNTRIES = frozenset(each.country_code for each in MARKETPLACES.values())
_FULFILLED_BY = {"FBA": True, "FBM": False}
_FIELDS = frozenset({"slug", "title", "text", "says", "when", "steps", "active", "position"})
_WHEN = frozenset({"marketplaces", "statuses", "fulfilled_by", "open_refund", "asked_to_cancel", "languages"})


class FaultCode(StrEnum):
    """What is wrong with a value."""

    MISSING = "missing"
    UNKNOWN_FIELD = "unknown_field"
    WRONG_KIND = "wrong_kind"
    NOT_A_SLUG = "not_a_slug"
    TWICE = "twice"
    UNKNOWN_LANGUAGE = "unknown_language"
    TOO_LONG = "too_long"
    UNKNOWN_PLACE = "unknown_place"
    NOT_ONE_OF = "not_one_of"
    NOT_A_PERCENTAGE = "not_a_percentage"
    NOT_AN_AGENT = "not_an_agent"
    TWO_MONEY_STEPS = "two_money_steps"
    TWO_OF_A_KIND = "two_of_a_kind"
    CLOSE_NEEDS_TEXT = "close_needs_text"
    NOTHING_IN_IT = "nothing_in_it"
    MARK_NEEDED = "mark_needed"
    OTHER_MARK = "other_mark"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: where (text.de, steps[2].percent), what, and what stands there or is wanted."""

    place: str
    code: FaultCode
    facts: Mapping[str, str] = field(default_factory=dict)


class Unreadable(Exception):
    """Values that are no macro."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.place}: {fault.code}" for fault in faults))


def read_macro(raw: Mapping[str, Any]) -> Macro:
    """Return the macro these plain values describe.

    Raises: Unreadable with every fault.
    """
    reader = _Reader()
    macro = reader.macro(raw)
    if reader.faults:
        raise Unreadable(reader.faults)
    return macro


def plain_macro(macro: Macro) -> dict[str, Any]:
    """Return a macro as the plain values it is read from."""
    plain: dict[str, Any] = {"slug": macro.slug, "position": macro.position, "active": macro.is_active}
    if macro.marked is not Says.NOTHING:
        plain["says"] = macro.marked.value
    if when := _plain_conditions(macro.conditions):
        plain["when"] = when
    plain["steps"] = [_plain_step(step) for step in macro.steps]
    return plain | {"title": dict(macro.titles), "text": dict(macro.texts)}


def _plain_conditions(conditions: Conditions) -> dict[str, Any]:
    by = {None: "", True: "FBA", False: "FBM"}[conditions.by_amazon]
    flags = {"open_refund": conditions.open_refund, "asked_to_cancel": conditions.asked_to_cancel}
    lists = {
        "marketplaces": list(conditions.marketplaces),
        "statuses": list(conditions.statuses),
        "languages": list(conditions.languages),
    }
    kept: dict[str, Any] = {name: value for name, value in lists.items() if value}
    kept |= {"fulfilled_by": by} if by else {}
    return kept | {name: value for name, value in flags.items() if value is not None}


def _plain_step(step: Step) -> dict[str, str]:
    plain = {
        "do": step.kind.value,
        "how": step.how.value if step.how else "",
        "percent": f"{step.percent:f}" if step.percent is not None else "",
        "reason": step.reason,
        "tag": step.tag,
        "to": step.to,
        "priority": step.priority,
    }
    return {name: value for name, value in plain.items() if value}


class _Reader:
    """Reads value by value and goes on after a fault, so that all are told at once."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, place: str, code: FaultCode, **facts: str) -> None:
        self.faults.append(Fault(place, code, facts))

    def macro(self, raw: Mapping[str, Any]) -> Macro:
        self.only(raw, _FIELDS, "")
        slug = self.text(raw, "slug")
        if not _SLUG.fullmatch(slug):
            self.fault("slug", FaultCode.NOT_A_SLUG, given=slug)
        titles = self.words(raw.get("title", {}), "title", longest=LONGEST_TITLE)
        if not titles:
            self.fault("title", FaultCode.MISSING)
        macro = Macro(
            slug=slug,
            titles=titles,
            texts=self.words(raw.get("text", {}), "text", longest=LONGEST_MESSAGE),
            marked=Says(self.choice(raw, "says", [says.value for says in Says], "says") or ""),
            conditions=self.conditions(raw.get("when", {})),
            steps=self.steps(raw.get("steps", [])),
            is_active=self.flag(raw, "active", "active") is not False,
            position=self.number(raw, "position"),
        )
        self.as_a_whole(macro)
        return macro

    def only(self, raw: Mapping[str, Any], known: frozenset[str], place: str) -> None:
        for name in raw:
            if name not in known:
                self.fault(f"{place}{name}", FaultCode.UNKNOWN_FIELD, wanted=", ".join(sorted(known)))

    def text(self, raw: Mapping[str, Any], name: str, place: str = "") -> str:
        value = raw.get(name, "")
        if isinstance(value, str):
            return value.strip()
        self.fault(place or name, FaultCode.WRONG_KIND, wanted="text")
        return ""

    def number(self, raw: Mapping[str, Any], name: str) -> int:
        value = raw.get(name, 0)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1_000_000:
            return value
        self.fault(name, FaultCode.WRONG_KIND, wanted="number")
        return 0

    def flag(self, raw: Mapping[str, Any], name: str, place: str) -> bool | None:
        value = raw.get(name)
        if value is None or isinstance(value, bool):
            return value
        self.fault(place, FaultCode.WRONG_KIND, wanted="true, false")
        return None

    def choice(self, raw: Mapping[str, Any], name: str, among: Sequence[str], place: str) -> str:
        value = self.text(raw, name, place)
        if value and value not in among:
            self.fault(place, FaultCode.NOT_ONE_OF, given=value, wanted=", ".join(filter(None, among)))
            return ""
        return value

    def choices(self, raw: Mapping[str, Any], name: str, among: frozenset[str]) -> tuple[str, ...]:
        values, place = raw.get(name, []), f"when.{name}"
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            self.fault(place, FaultCode.WRONG_KIND, wanted="list")
            return ()
        for each in values:
            if each not in among:
                self.fault(place, FaultCode.NOT_ONE_OF, given=each, wanted=", ".join(sorted(among)))
        return tuple(dict.fromkeys(values))

    def words(self, raw: Any, place: str, *, longest: int) -> dict[str, str]:
        if not isinstance(raw, Mapping):
            self.fault(place, FaultCode.WRONG_KIND, wanted="table")
            return {}
        words: dict[str, str] = {}
        for language in raw:
            here = f"{place}.{language}"
            if language not in LANGUAGES:
                self.fault(here, FaultCode.UNKNOWN_LANGUAGE, wanted=", ".join(LANGUAGES))
                continue
            text = self.text(raw, language, here).replace("\r\n", "\n")
            if len(text) > longest:
                self.fault(here, FaultCode.TOO_LONG, longest=str(longest), length=str(len(text)))
            for name in unknown_places(text):
                self.fault(here, FaultCode.UNKNOWN_PLACE, given=name)
            if text:
                words[language] = text
        return words

    def conditions(self, raw: Any) -> Conditions:
        if not isinstance(raw, Mapping):
            self.fault("when", FaultCode.WRONG_KIND, wanted="table")
            return Conditions()
        self.only(raw, _WHEN, "when.")
        by = self.choice(raw, "fulfilled_by", list(_FULFILLED_BY), "when.fulfilled_by")
        return Conditions(
            marketplaces=self.choices(raw, "marketplaces", _COUNTRIES),
            statuses=self.choices(raw, "statuses", frozenset(each.value for each in FulfillmentStatus)),
            by_amazon=_FULFILLED_BY.get(by),
            open_refund=self.flag(raw, "open_refund", "when.open_refund"),
            asked_to_cancel=self.flag(raw, "asked_to_cancel", "when.asked_to_cancel"),
            languages=self.choices(raw, "languages", frozenset(LANGUAGES)),
        )

    # ── steps ─────────────────────────────────────────────────────────────────────────────────────────────

    def steps(self, raw: Any) -> tuple[Step, ...]:
        if not isinstance(raw, list) or not all(isinstance(each, Mapping) for each in raw):
            self.fault("steps", FaultCode.WRONG_KIND, wanted="list")
            return ()
        if len(raw) > MOST_STEPS:
            self.fault("steps", FaultCode.TOO_MANY, longest=str(MOST_STEPS))
        found = [self.step(each, f"steps[{number}]") for number, each in enumerate(raw, start=1)]
        return tuple(step for step in found if step is not None)

    def step(self, raw: Mapping[str, Any], place: str) -> Step | None:
        kind = self.choice(raw, "do", [each.value for each in StepKind], f"{place}.do")
        if not kind:
            if not raw.get("do"):
                self.fault(f"{place}.do", FaultCode.MISSING)
            return None
        wanted = _STEP_FIELDS[StepKind(kind)]
        self.only(raw, frozenset({"do", *wanted}), f"{place}.")
        step = Step(
            kind=StepKind(kind),
            how=self.how(raw, place) if "how" in wanted else None,
            percent=self.percent(raw, place) if raw.get("how") == HowMuch.PERCENT else None,
            reason=self.reason(raw, place, StepKind(kind)) if "reason" in wanted else "",
            tag=self.tag(raw, place) if "tag" in wanted else "",
            to=self.to(raw, place) if "to" in wanted else "",
            priority=self.priority(raw, place) if "priority" in wanted else "",
        )
        return step

    def how(self, raw: Mapping[str, Any], place: str) -> HowMuch | None:
        how = self.choice(raw, "how", [each.value for each in HowMuch], f"{place}.how")
        self.missing(raw, "how", place)
        return HowMuch(how) if how else None

    def missing(self, raw: Mapping[str, Any], name: str, place: str) -> None:
        if not raw.get(name):
            self.fault(f"{place}.{name}", FaultCode.MISSING)

    def percent(self, raw: Mapping[str, Any], place: str) -> Decimal | None:
        try:
            percent = Decimal(str(raw.get("percent", "")).strip().replace(",", "."))
        except InvalidOperation:
            percent = Decimal(0)
        if percent.is_finite() and 0 < percent <= 100 and percent == percent.quantize(Decimal("0.01")):
            return percent
        self.fault(f"{place}.percent", FaultCode.NOT_A_PERCENTAGE, given=str(raw.get("percent", ""))[:20])
        return None

    def reason(self, raw: Mapping[str, Any], place: str, kind: StepKind) -> str:
        reasons = CancelReason if kind is StepKind.CANCEL else AdjustmentReason
        reason = self.choice(raw, "reason", [each.value for each in reasons], f"{place}.reason")
        self.missing(raw, "reason", place)
        return reason

    def tag(self, raw: Mapping[str, Any], place: str) -> str:
        tag = " ".join(self.text(raw, "tag", f"{place}.tag").split())
        if len(tag) > LONGEST_TAG:
            self.fault(f"{place}.tag", FaultCode.TOO_LONG, longest=str(LONGEST_TAG), length=str(len(tag)))
        self.missing(raw, "tag", place)
        return tag

    def to(self, raw: Mapping[str, Any], place: str) -> str:
        to = self.text(raw, "to", f"{place}.to").lower()
        if to not in (TO_ME, TO_NOBODY) and not _ADDRESS.fullmatch(to):
            self.fault(f"{place}.to", FaultCode.NOT_AN_AGENT, given=to)
        return to

    def priority(self, raw: Mapping[str, Any], place: str) -> str:
        among = [each.name.lower() for each in Priority]
        priority = self.choice(raw, "priority", among, f"{place}.priority")
        self.missing(raw, "priority", place)
        return priority

    # ── the whole ─────────────────────────────────────────────────────────────────────────────────────────

    def as_a_whole(self, macro: Macro) -> None:
        kinds = [step.kind for step in macro.steps]
        once = [kind for kind in dict.fromkeys(kinds) if kind is not StepKind.TAG and kinds.count(kind) > 1]
        if sum(step.moves_money for step in macro.steps) > 1:
            self.fault("steps", FaultCode.TWO_MONEY_STEPS)
        for kind in once:
            self.fault("steps", FaultCode.TWO_OF_A_KIND, given=kind.value)
        if not macro.texts and not macro.steps:
            self.fault("text", FaultCode.NOTHING_IN_IT)
        if closes(macro.steps) and money_step(macro.steps) and not macro.texts:
            self.fault("steps", FaultCode.CLOSE_NEEDS_TEXT)
        self.mark(macro)

    def mark(self, macro: Macro) -> None:
        """Find out whether it is clear what a text with the places of Amazon's answer speaks of."""
        step = money_step(macro.steps)
        if step is not None and _CONTRADICTS[step.kind] is macro.marked:
            self.fault("says", FaultCode.OTHER_MARK, given=macro.marked.value)
        used = {place for text in macro.texts.values() for place in places_in(text)} & SETTLED_BY_AMAZON
        if used and macro.marked in (Says.NOTHING, Says.SHIPPED) and step is None:
            self.fault("says", FaultCode.MARK_NEEDED, given=", ".join(sorted(used)))


_STEP_FIELDS: Mapping[StepKind, tuple[str, ...]] = {
    StepKind.REFUND: ("how", "percent", "reason"),
    StepKind.CANCEL: ("reason",),
    StepKind.TAG: ("tag",),
    StepKind.ASSIGN: ("to",),
    StepKind.PRIORITY: ("priority",),
    StepKind.CLOSE: (),
}
_CONTRADICTS: Mapping[StepKind, Says] = {
    StepKind.REFUND: Says.CANCELLED,
    StepKind.CANCEL: Says.REFUNDED,
}
