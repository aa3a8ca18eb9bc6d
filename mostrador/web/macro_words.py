"""Macro words: conditions, steps and faults of macros as sentences in the agent's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from mostrador.actions.macro_runs import PlannedStep
from mostrador.actions.macros import MacroText
from mostrador.domain.macro_conditions import Unmet, UnmetCode
from mostrador.domain.macro_places import Place
from mostrador.domain.macro_steps import TO_ME, TO_NOBODY, HowMuch, Step, StepKind
from mostrador.domain.macros import Macro, Says
from mostrador.web.notation import locale, money_text, percent_text
from mostrador.web.reasons import reason_words
from mostrador.web.words import refusals_words

_UNMET: dict[UnmetCode, str | Promise] = {
    UnmetCode.NO_ORDER: gettext_lazy("needs an order"),
    UnmetCode.MARKETPLACE: gettext_lazy("only for %(wanted)s"),
    UnmetCode.STATUS: gettext_lazy("only for orders that are %(wanted)s"),
    UnmetCode.ONLY_BY_AMAZON: gettext_lazy("only for orders Amazon fulfils (FBA)"),
    UnmetCode.ONLY_BY_MERCHANT: gettext_lazy("only for orders you ship yourself (FBM)"),
    UnmetCode.NEEDS_OPEN_REFUND: gettext_lazy("only while a refund is under way"),
    UnmetCode.HAS_OPEN_REFUND: gettext_lazy("not while a refund is under way"),
    UnmetCode.BUYER_DID_NOT_ASK: gettext_lazy("only when the buyer asked Amazon to cancel"),
    UnmetCode.BUYER_ASKED: gettext_lazy("not when the buyer asked Amazon to cancel"),
    UnmetCode.LANGUAGE: gettext_lazy("only for tickets in %(wanted)s"),
}
HOW_WORDS: dict[HowMuch, str | Promise] = {
    HowMuch.FULL: gettext_lazy("everything that is left"),
    HowMuch.PERCENT: gettext_lazy("a percentage of what was paid"),
    HowMuch.SHIPPING: gettext_lazy("shipping only"),
    HowMuch.GOODS: gettext_lazy("all but shipping"),
}
SAYS_WORDS: dict[Says, str | Promise] = {
    Says.NOTHING: gettext_lazy("nothing that Amazon must have done"),
    Says.REFUNDED: gettext_lazy("that money was refunded"),
    Says.CANCELLED: gettext_lazy("that the order was cancelled"),
    Says.REFUND_UNDER_WAY: gettext_lazy("that a refund is under way"),
    Says.SHIPPED: gettext_lazy("that the order has shipped"),
}
PLACE_WORDS: dict[Place, str | Promise] = {
    Place.GREETING: gettext_lazy("a greeting with the buyer's name"),
    Place.BUYER: gettext_lazy("the buyer's name"),
    Place.ORDER: gettext_lazy("the order number"),
    Place.ITEM: gettext_lazy("the first item"),
    Place.PARTNER: gettext_lazy("the selling partner"),
    Place.AGENT: gettext_lazy("whoever presses"),
    Place.AMOUNT: gettext_lazy("the refunded amount"),
    Place.REASON: gettext_lazy("Amazon's reason, in the buyer's words"),
    Place.REFERENCE: gettext_lazy("our reference, such as R-1042"),
    Place.SHIP_BY: gettext_lazy("the day it ships at the latest"),
    Place.DELIVER_BY: gettext_lazy("the day it should arrive"),
    Place.CARRIER: gettext_lazy("the carrier"),
    Place.TRACKING: gettext_lazy("the tracking number"),
}
_DAYS = frozenset({Place.SHIP_BY, Place.DELIVER_BY})
PRIORITY_WORDS: dict[str, str | Promise] = {
    "low": gettext_lazy("low"),
    "normal": gettext_lazy("normal"),
    "high": gettext_lazy("high"),
    "urgent": gettext_lazy("urgent"),
}
_ICONS = {
    StepKind.REFUND: "hand-coins",
    StepKind.CANCEL: "ban",
    StepKind.TAG: "tag",
    StepKind.ASSIGN: "user",
    StepKind.PRIORITY: "flag",
    StepKind.CLOSE: "check",
}


@dataclass(frozen=True, slots=True)
class StepShown:
    """One step of a preview: its icon, what it does, and why it cannot, if so."""

    icon: str
    words: str
    detail: str = ""
    problems: Sequence[str] = ()


def title_of(macro: Macro) -> str:
    """Return a macro's name in the agent's language."""
    return macro.title_in((get_language() or "en").partition("-")[0])


def why_not(said: MacroText) -> str:
    """Return in words why a macro cannot be used in a ticket now, or nothing."""
    if said.unmet:
        return " · ".join(unmet_words(each) for each in said.unmet)
    if said.blocked:
        return refusals_words(said.blocked)[0]
    if said.is_usable:
        return ""
    names = [str(each.facts["place"]) for each in said.refusals if each.facts.get("place")]
    if len(names) == len(said.refusals):  # what it claims is true, but something in it is not known
        return " · ".join(_missing(names))
    if said.macro.says.speaks_of_refund:
        return _("no refund makes it true yet")
    if said.macro.says.speaks_of_cancellation:
        return _("no cancellation makes it true yet")
    assert said.macro.says is Says.SHIPPED, "nothing else is claimed"
    return _("the order has not shipped")


def places_words(names: Iterable[str]) -> str:
    """Return what places hold, in words."""
    return ", ".join(str(PLACE_WORDS[Place(name)]) for name in names)


def _missing(names: Sequence[str]) -> Iterator[str]:
    """Say what cannot be filled in; of a day that is past nothing can be promised any more."""
    days = [name for name in names if name in _DAYS]
    others = [name for name in names if name not in _DAYS]
    if others:
        yield _("not known here: %(places)s") % {"places": places_words(others)}
    if days:
        yield _("past, or not known here: %(places)s") % {"places": places_words(days)}


def unmet_words(unmet: Unmet) -> str:
    """Return one condition that does not hold in words."""
    names = locale().languages
    wanted = [
        str(names.get(each, each)) if unmet.code is UnmetCode.LANGUAGE else each for each in unmet.wanted
    ]
    return str(_UNMET[unmet.code]) % {"wanted": ", ".join(wanted)}


def step_words(step: Step) -> str:
    """Return what a step does, before it is known in which ticket."""
    match step.kind:
        case StepKind.REFUND:
            return _("Refund %(how)s (%(reason)s)") % {
                "how": _how(step),
                "reason": reason_words(step.reason),
            }
        case StepKind.CANCEL:
            return _("Cancel the order (%(reason)s)") % {"reason": reason_words(step.reason)}
        case StepKind.TAG:
            return _("Add the tag “%(tag)s”") % {"tag": step.tag}
        case StepKind.ASSIGN:
            return _to_words(step, "")
        case StepKind.PRIORITY:
            word = PRIORITY_WORDS.get(step.priority, step.priority)
            return _("Set the priority to “%(priority)s”") % {"priority": word}
        case StepKind.CLOSE:
            return _("Close the ticket")


def _how(step: Step) -> str:
    if step.how is HowMuch.PERCENT and step.percent is not None:
        return percent_text(step.percent)
    return str(HOW_WORDS[step.how]) if step.how else ""


def _to_words(step: Step, name: str) -> str:
    if step.to == TO_NOBODY:
        return _("Give the ticket back to everyone")
    if step.to == TO_ME:
        return _("Give the ticket to whoever presses")
    return _("Give the ticket to %(name)s") % {"name": name or step.to}


def planned_words(planned: PlannedStep, *, waits: bool) -> StepShown:
    """Return what a step will do in this ticket: exact amounts, and when."""
    step, words, detail = planned.step, step_words(planned.step), ""
    if planned.money is not None:
        words = _("Refund %(money)s (%(reason)s)") % {
            "money": money_text(planned.money),
            "reason": reason_words(step.reason),
        }
        detail = _how(step)
    elif step.kind is StepKind.CANCEL:
        detail = (
            _("Counts in your Cancellation Rate: the buyer did not ask on Amazon itself.")
            if planned.counts_in_rate
            else _("Does not count in your Cancellation Rate: the buyer asked on Amazon.")
        )
    elif step.kind is StepKind.ASSIGN and planned.to is not None:
        words = _to_words(Step(StepKind.ASSIGN, to=planned.to.name), planned.to.name)
    elif step.kind is StepKind.CLOSE and waits:
        detail = _("when the answer has left")
    return StepShown(_ICONS[step.kind], words, detail, refusals_words(planned.refusals))
