"""Macros: what the reply box offers in a ticket, filled in from the true state or left open for arming."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import prefetch_related_objects

from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.domain import macros as rules
from mostrador.domain.delivery import OPEN, Source
from mostrador.domain.macro_conditions import Situation, Unmet, unmet
from mostrador.domain.macro_steps import money_refusals, money_step
from mostrador.domain.macros import Macro, Says
from mostrador.domain.orders import OrderFacts
from mostrador.domain.refusals import Refusal, RefusalCode, Refused
from mostrador.models import Agent, Cancellation, Refund, SavedMacro, Ticket
from mostrador.tasks.replies import facts_of

Action = Refund | Cancellation


@dataclass(frozen=True, slots=True)
class MacroText:
    """A macro in one ticket: its words, and why they are not true now, if so.

    Words that are not true yet are a draft with open places, which no reply may leave with; where
    `must_be_armed` holds, a reply armed on `armed_on` leaves when Amazon has accepted that.
    `language` is the one it is written in, which stands in for the wanted one where that is missing.
    `blocked` is why Amazon's part of it is refused now, for a macro that carries one.
    """

    macro: Macro
    language: str
    text: str
    refusals: tuple[Refusal, ...]
    must_be_armed: bool
    armed_on: Action | None
    unmet: tuple[Unmet, ...] = ()
    blocked: tuple[Refusal, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether it can be used now: its conditions hold, and it is true, can wait, or makes itself true."""
        becomes_true = self.must_be_armed or money_step(self.macro.steps) is not None
        return not self.unmet and not self.blocked and (not self.refusals or becomes_true)


@dataclass(frozen=True, slots=True)
class Teller:
    """A ticket as macros tell it: read once, for as many macros as there are."""

    ticket: Ticket
    agent: Agent | None
    actions: Sequence[Action]
    situation: Situation
    language: str
    order: OrderFacts | None

    def text(self, macro: Macro, action: Action | None = None) -> MacroText:
        """Return a macro's words; `action` is what it speaks of, by default the newest of ours."""
        language = macro.language_for(self.language)
        subject = self._subject(macro.says, action)
        facts = facts_of(self.ticket, subject, agent=self.agent)
        rendered = rules.render(macro=macro, language=language, facts=facts)
        missing = tuple(unmet(macro.conditions, self.situation))
        step = money_step(macro.steps)
        blocked = tuple(money_refusals(step, self.order)) if step else ()
        if not rendered.refusals:
            return MacroText(macro, language, rendered.text, (), False, None, missing, blocked)
        draft = rules.draft(macro=macro, language=language, facts=facts)
        is_open = subject is not None and subject.state in OPEN
        armed_on = subject if macro.says.may_be_armed and is_open else None
        # A draft without open places could be sent as it is: then there are no words at all.
        text = draft if rules.unfilled_places(draft) else ""
        return MacroText(
            macro, language, text, rendered.refusals, armed_on is not None, armed_on, missing, blocked
        )

    def _subject(self, says: Says, action: Action | None) -> Action | None:
        """Return the action a macro speaks of: the given one if it is of the right kind, else the newest."""
        kind = Cancellation if says.speaks_of_cancellation else Refund if says.speaks_of_refund else None
        if kind is None:
            return None
        if isinstance(action, kind):
            return action
        return next((each for each in reversed(self.actions) if isinstance(each, kind)), None)


def teller_of(
    *,
    ticket: Ticket,
    language: str = "",
    agent: Agent | None = None,
    order: OrderFacts | None = None,
    actions: Sequence[Action] | None = None,
) -> Teller:
    """Return a ticket as macros tell it; `language` is the agent's choice, else the marketplace decides.

    Who has read the order, or what was asked for here, gives it as `order` and `actions`.
    """
    chosen = rules.choose_language(marketplace_language=ticket.language, override=language)
    facts = order or (ticket.order.facts() if ticket.order else None)
    if ticket.order:
        prefetch_related_objects([ticket.order], "items")  # asked for by every macro
    asked = _actions(ticket) if actions is None else actions
    return Teller(ticket, agent, asked, _situation(ticket, facts), chosen, facts)


def _situation(ticket: Ticket, facts: OrderFacts | None) -> Situation:
    """Return a ticket as the conditions of macros see it."""
    row = ticket.order
    known = MARKETPLACES.get((row.marketplace_id if row else "") or ticket.marketplace_id)
    country = known.country_code if known else ""
    if facts is None:
        return Situation(marketplace=country, language=ticket.language)
    return Situation(
        marketplace=country,
        language=ticket.language,
        has_order=True,
        status=facts.status,
        by_amazon=facts.by_amazon,
        open_refund=any(item.open_refund for item in facts.items),
        asked_to_cancel=facts.buyer_asked_to_cancel,
    )


def macro_text(
    *,
    ticket: Ticket,
    macro: Macro,
    language: str = "",
    action: Action | None = None,
    agent: Agent | None = None,
) -> MacroText:
    """Return a macro's words in a ticket; `action` is what it speaks of, by default the order's newest."""
    return teller_of(ticket=ticket, language=language, agent=agent).text(macro, action)


def words_of(
    *, ticket: Ticket, slug: str, language: str, armed_on: Action | None, agent: Agent | None
) -> tuple[str, str]:
    """Return a macro's words for a reply, and their language: true now, or open for what `armed_on` decides.

    Raises: Refused when there is no such macro, it is not meant for this ticket, or it is not true.
    """
    macro = SavedMacro.objects.named(slug)
    if macro is None or not macro.is_active:
        raise Refused([Refusal(RefusalCode.NO_SUCH_MACRO, {"macro": slug[:60]})])
    teller = teller_of(ticket=ticket, language=language, agent=agent)
    said = teller.text(macro, armed_on)
    if said.unmet:
        raise Refused([Refusal(RefusalCode.MACRO_NOT_OFFERED, {"condition": said.unmet[0].code})])
    if not said.refusals:
        return said.text, said.language
    if armed_on is None:
        raise Refused(said.refusals)
    facts = facts_of(ticket, None, agent=agent)
    return rules.draft(macro=macro, language=said.language, facts=facts), said.language


def macros_of(*, ticket: Ticket, language: str = "", agent: Agent | None = None) -> list[MacroText]:
    """Return every macro in use as it stands in a ticket."""
    teller = teller_of(ticket=ticket, language=language, agent=agent)
    return [teller.text(macro) for macro in SavedMacro.objects.in_use()]


def offered(*, ticket: Ticket, language: str = "", agent: Agent | None = None) -> list[MacroText]:
    """Return the macros that can be used in a ticket now."""
    return [each for each in macros_of(ticket=ticket, language=language, agent=agent) if each.is_usable]


def _actions(ticket: Ticket) -> list[Action]:
    """Return the refunds and cancellations of the ticket's order that were asked for here, oldest first."""
    if ticket.order_id is None:
        return []
    found: list[Action] = [
        *Refund.objects.filter(order=ticket.order_id).exclude(source=Source.ELSEWHERE),
        *Cancellation.objects.filter(order=ticket.order_id).exclude(source=Source.ELSEWHERE),
    ]
    return sorted(found, key=lambda action: (action.requested_at, action.pk))
