"""Macros: what the reply box offers in a ticket, filled in from the true state or left open for arming."""

from __future__ import annotations

from dataclasses import dataclass

from mostrador.domain import macros as rules
from mostrador.domain.delivery import OPEN
from mostrador.domain.macros import Macro
from mostrador.domain.refusals import Refusal
from mostrador.models import Cancellation, Refund, Ticket
from mostrador.tasks.replies import facts_of


@dataclass(frozen=True, slots=True)
class MacroText:
    """A macro in one ticket: its words, and why they are not true now, if so.

    Words that are not true yet are a draft with open places, which no reply may leave with; where
    `must_be_armed` holds, a reply armed on `armed_on` leaves when Amazon has accepted that.
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
    draft = rules.draft(macro=macro, language=chosen, facts=facts)
    is_open = subject is not None and subject.state in OPEN
    armed_on = subject if macro.may_be_armed and is_open else None
    # A draft without open places could be sent as it is: then there are no words at all.
    text = draft if rules.unfilled_places(draft) else ""
    return MacroText(macro, chosen, text, rendered.refusals, armed_on is not None, armed_on)


def macros_of(*, ticket: Ticket, language: str = "") -> list[MacroText]:
    """Return every macro as it stands in a ticket."""
    return [macro_text(ticket=ticket, macro=macro, language=language) for macro in Macro]


def offered(*, ticket: Ticket, language: str = "") -> list[MacroText]:
    """Return the macros that can be used in a ticket now: true ones, and those that can be armed."""
    found = macros_of(ticket=ticket, language=language)
    return [one for one in found if one.must_be_armed or not one.refusals]


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
