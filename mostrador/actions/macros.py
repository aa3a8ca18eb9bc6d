"""Macros: what the reply box offers in a ticket, filled in from the true state or left open for arming."""

from __future__ import annotations

from dataclasses import dataclass

from mostrador.domain import macros as rules
from mostrador.domain import messages
from mostrador.domain.delivery import State
from mostrador.domain.macros import Macro
from mostrador.domain.refusals import Refusal
from mostrador.models import Cancellation, Refund, Ticket
from mostrador.tasks.replies import facts_of


@dataclass(frozen=True, slots=True)
class MacroText:
    """A macro in one ticket: its words, or why there are none.

    With `must_be_armed` the words are a draft with open places: the reply may only be asked for with
    `armed_on`, and leaves when Amazon has accepted that.
    """

    macro: Macro
    language: str
    text: str
    refusals: tuple[Refusal, ...]
    must_be_armed: bool
    armed_on: Refund | Cancellation | None


def macro_text(
    *, ticket: Ticket, macro: Macro, language: str = "", action: Refund | Cancellation | None = None
) -> MacroText:
    """Return a macro's words in a ticket; `action` is what it speaks of, by default the order's newest.

    `language` is the agent's choice; without one the marketplace decides.
    """
    chosen = rules.choose_language(marketplace_language=ticket.language, override=language)
    subject = _subject(ticket, macro, action)
    facts = facts_of(ticket, subject)
    rendered = rules.render(macro=macro, language=chosen, facts=facts)
    if not rendered.refusals:
        return MacroText(macro, chosen, rendered.text, (), False, None)
    state = State(subject.state) if subject else None
    if not macro.may_be_armed or state is None or messages.never_leaves(state) or messages.may_leave(state):
        return MacroText(macro, chosen, "", rendered.refusals, False, None)
    draft = rules.draft(macro=macro, language=chosen, facts=facts)
    return MacroText(macro, chosen, draft, (), True, subject)


def macros_of(*, ticket: Ticket, language: str = "") -> list[MacroText]:
    """Return every macro as it stands in a ticket."""
    return [macro_text(ticket=ticket, macro=macro, language=language) for macro in Macro]


def offered(*, ticket: Ticket, language: str = "") -> list[MacroText]:
    """Return the macros that can be used in a ticket now: true ones, and those that can be armed."""
    return [one for one in macros_of(ticket=ticket, language=language) if not one.refusals]


def _subject(
    ticket: Ticket, macro: Macro, action: Refund | Cancellation | None
) -> Refund | Cancellation | None:
    """Return the action a macro speaks of: the given one if it is of the right kind, else the newest."""
    if macro.speaks_of_refund:
        return action if isinstance(action, Refund) else _newest_refund(ticket)
    if macro.speaks_of_cancellation:
        return action if isinstance(action, Cancellation) else _newest_cancellation(ticket)
    return None


def _newest_refund(ticket: Ticket) -> Refund | None:
    return ticket.order.refunds.order_by("pk").last() if ticket.order else None


def _newest_cancellation(ticket: Ticket) -> Cancellation | None:
    return ticket.order.cancellations.order_by("pk").last() if ticket.order else None
