"""Macro runs: show what a macro with steps would do in a ticket, and do it with one press."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mostrador.actions.cancellations import CancellationWish, request_cancellation
from mostrador.actions.collisions import Seen
from mostrador.actions.macros import Action, MacroText, teller_of
from mostrador.actions.messages import ReplyWish, request_reply
from mostrador.actions.refunds import RefundWish, request_refund
from mostrador.actions.tickets import assign_ticket, close_ticket, rank_ticket, tag_ticket
from mostrador.domain import cancellations, macro_places, macros
from mostrador.domain.delivery import Source
from mostrador.domain.macro_places import SETTLED_BY_AMAZON, Place, places_in
from mostrador.domain.macro_steps import (
    TO_ME,
    TO_NOBODY,
    Step,
    StepKind,
    closes,
    money_refusals,
    money_step,
    refund_lines,
)
from mostrador.domain.macros import Macro, Rendered
from mostrador.domain.orders import OrderFacts
from mostrador.domain.reason_words import reason_words
from mostrador.domain.refunds import Line
from mostrador.domain.refusals import Refusal, RefusalCode, Refused
from mostrador.domain.tickets import Priority
from mostrador.models import Agent, Cancellation, Refund, Reply, SavedMacro, Ticket
from mostrador.money import Money
from mostrador.tasks.replies import facts_of


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """What one step would do in this ticket: for a refund its lines and their sum, and why not, if so."""

    step: Step
    lines: Sequence[Line] = ()
    money: Money | None = None
    counts_in_rate: bool = False
    to: Agent | None = None
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class MacroPlan:
    """What one press would do: `text` is what is sent or armed, `shown` how it will probably read."""

    said: MacroText
    text: str
    shown: str
    steps: tuple[PlannedStep, ...]
    refusals: tuple[Refusal, ...]
    waits: bool
    seen_available: int
    stamp: str

    @property
    def macro(self) -> Macro:
        """The macro that is planned."""
        return self.said.macro

    @property
    def is_possible(self) -> bool:
        """Whether a press would be carried out."""
        return not self.refusals and not self.said.unmet and not any(step.refusals for step in self.steps)


@dataclass(frozen=True, slots=True)
class MacroWish:
    """The press: the macro as it was shown, with the agent's last words.

    `stamp` and `seen_available` say what the page showed; if that has changed, nothing is done. `accepted`
    are the rules of Amazon that have warned already, and `seen` how far the ticket had come, as in a reply.
    """

    slug: str
    text: str
    language: str
    request_key: str
    stamp: str
    seen_available: int
    source: Source = Source.AGENT
    accepted: frozenset[str] = frozenset()
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class MacroRun:
    """What a press brought about."""

    action: Action | None
    reply: Reply | None


def plan_macro(*, ticket: Ticket, macro: Macro, agent: Agent, language: str = "") -> MacroPlan:
    """Return what this macro would do in this ticket now; nothing is written."""
    order = ticket.order.facts() if ticket.order else None
    said = teller_of(ticket=ticket, language=language, agent=agent, order=order).text(macro)
    steps = tuple(_planned(step, order, agent) for step in macro.steps)
    rendered = _words(ticket, agent, said, steps)
    waits = money_step(macro.steps) is not None or said.must_be_armed
    return MacroPlan(
        said=said,
        text=_draft(ticket, agent, said) if waits else said.text,
        shown=rendered.text,
        steps=steps,
        refusals=rendered.refusals if macro.texts else (),
        waits=waits,
        seen_available=order.left if order else 0,
        stamp=_stamp(macro.slug),
    )


def _planned(step: Step, order: OrderFacts | None, agent: Agent) -> PlannedStep:
    if step.moves_money:
        return _planned_money(step, order)
    if step.kind is StepKind.ASSIGN:
        to = _agent_of(step, agent)
        lost = to is None and step.to != TO_NOBODY
        return PlannedStep(
            step, to=to, refusals=(Refusal(RefusalCode.NO_SUCH_AGENT, {"agent": step.to}),) if lost else ()
        )
    return PlannedStep(step)


def _planned_money(step: Step, order: OrderFacts | None) -> PlannedStep:
    refusals = tuple(money_refusals(step, order))
    if order is None:
        return PlannedStep(step, refusals=refusals)
    if step.kind is StepKind.CANCEL:
        counts = cancellations.counts_in_cancellation_rate(order)
        return PlannedStep(step, counts_in_rate=counts, refusals=refusals)
    lines = refund_lines(step, order)
    total = sum(line.total for line in lines)
    return PlannedStep(step, lines, order.money(total) if lines else None, refusals=refusals)


def _agent_of(step: Step, agent: Agent) -> Agent | None:
    if step.to == TO_ME:
        return agent
    return Agent.objects.get_queryset().active().filter(email=step.to).first()


def _words(ticket: Ticket, agent: Agent, said: MacroText, steps: Sequence[PlannedStep]) -> Rendered:
    """Return how the reply will read once Amazon has accepted what the macro asks for.

    Only Amazon's answer gives the reference: its place stays open and is no reason to refuse.
    """
    planned = next((each for each in steps if each.step.moves_money), None)
    if planned is None:
        text = said.text
        return Rendered(text, () if said.must_be_armed else said.refusals)
    facts = facts_of(ticket, None, agent=agent)
    values = macro_places.values_of(facts, said.language)
    values[Place.REASON] = reason_words(planned.step.reason, said.language)
    if planned.money:
        values[Place.AMOUNT] = macros.format_money(planned.money, said.language)
    text = macro_places.put(said.macro.text_in(said.language), values)
    missing = [place for place in places_in(text) if place is not Place.REFERENCE]
    refusals = [
        Refusal(RefusalCode.NOT_TRUE_YET, {"place": place, "state": ""})
        for place in missing
        if place not in SETTLED_BY_AMAZON
    ]
    return Rendered(text, tuple(refusals))


def _draft(ticket: Ticket, agent: Agent, said: MacroText) -> str:
    facts = facts_of(ticket, None, agent=agent)
    return macros.draft(macro=said.macro, language=said.language, facts=facts)


def _stamp(slug: str) -> str:
    """Return a mark that changes when somebody changes the macro."""
    changed_at = SavedMacro.objects.last_change(slug)
    return changed_at.isoformat() if changed_at else ""


# ── the press ─────────────────────────────────────────────────────────────────────────────────────────────


def run_macro(*, ticket: Ticket, agent: Agent, wish: MacroWish, now: datetime) -> MacroRun:
    """Ask for all a macro carries, with its words armed on what Amazon must accept: all of it or nothing.

    The same key again returns what the first press asked for.
    Raises: Refused with every reason; RequestKeyReused for a known key with other content.
    """
    with transaction.atomic():
        macro = SavedMacro.objects.named(wish.slug)
        if macro is None or not macro.is_active or _stamp(wish.slug) != wish.stamp:
            raise Refused([Refusal(RefusalCode.MACRO_CHANGED)])
        known = _asked_before(ticket, macro, wish)
        if known is None:
            plan = plan_macro(ticket=ticket, macro=macro, agent=agent, language=wish.language)
            _refuse(plan, wish)
            action = _ask(ticket, agent, plan, wish, now)
            armed_on = action or plan.said.armed_on
        else:
            action = armed_on = known
        reply = _say(ticket, agent, macro, armed_on, wish, now)
        if known is None:
            _arrange(ticket, agent, macro, has_reply=reply is not None, now=now)
        return MacroRun(action, reply)


def _asked_before(ticket: Ticket, macro: Macro, wish: MacroWish) -> Action | None:
    """Return what a press with this key has asked for already."""
    step = money_step(macro.steps)
    if step is None:
        return None
    kind: type[Refund] | type[Cancellation] = Cancellation if step.kind is StepKind.CANCEL else Refund
    known = kind.objects.asked(partner=ticket.selling_partner, request_key=wish.request_key)
    return known if isinstance(known, Refund | Cancellation) and known.order_id == ticket.order_id else None


def _refuse(plan: MacroPlan, wish: MacroWish) -> None:
    reasons = [*(reason for step in plan.steps for reason in step.refusals), *plan.refusals]
    if plan.said.unmet:
        reasons.append(Refusal(RefusalCode.MACRO_NOT_OFFERED, {"condition": plan.said.unmet[0].code}))
    if plan.macro.texts and not wish.text.strip() and (plan.waits or closes(plan.macro.steps)):
        reasons.append(Refusal(RefusalCode.EMPTY_MESSAGE))
    if reasons:
        raise Refused(reasons)


def _ask(ticket: Ticket, agent: Agent, plan: MacroPlan, wish: MacroWish, now: datetime) -> Action | None:
    planned = next((each for each in plan.steps if each.step.moves_money), None)
    if planned is None:
        return None
    assert ticket.order, "a ticket without an order was turned away"
    if planned.step.kind is StepKind.CANCEL:
        cancel = CancellationWish(
            reason=planned.step.reason,
            request_key=wish.request_key,
            note=wish.slug,
            source=wish.source,
            seen=wish.seen,
        )
        return request_cancellation(order=ticket.order, ticket=ticket, agent=agent, wish=cancel, now=now)
    refund = RefundWish(
        lines=planned.lines,
        reason=planned.step.reason,
        request_key=wish.request_key,
        note=wish.slug,
        seen_available=wish.seen_available,
        source=wish.source,
        seen=wish.seen,
    )
    return request_refund(order=ticket.order, ticket=ticket, agent=agent, wish=refund, now=now)


def _say(
    ticket: Ticket, agent: Agent, macro: Macro, armed_on: Action | None, wish: MacroWish, now: datetime
) -> Reply | None:
    if not macro.texts:
        return None
    reply = ReplyWish(
        text=wish.text,
        request_key=wish.request_key,
        close=closes(macro.steps),
        macro=macro.slug,
        language=macro.language_for(wish.language),
        armed_on=armed_on,
        source=wish.source,
        accepted=wish.accepted,
        # What this very press has asked for is no change that should stop it.
        seen=None if money_step(macro.steps) else wish.seen,
    )
    return request_reply(ticket=ticket, agent=agent, wish=reply, now=now)


def _arrange(ticket: Ticket, agent: Agent, macro: Macro, *, has_reply: bool, now: datetime) -> None:
    """Carry out the steps that only concern the desk; a reply closes the ticket itself when it has left."""
    for step in macro.steps:
        if step.kind is StepKind.TAG:
            tag_ticket(ticket=ticket, agent=agent, tag=step.tag, now=now)
        elif step.kind is StepKind.ASSIGN:
            assign_ticket(ticket=ticket, agent=agent, to=_agent_of(step, agent), now=now)
        elif step.kind is StepKind.PRIORITY:
            rank_ticket(ticket=ticket, agent=agent, priority=Priority[step.priority.upper()], now=now)
        elif step.kind is StepKind.CLOSE and not has_reply:
            close_ticket(ticket=ticket, agent=agent, now=now)
