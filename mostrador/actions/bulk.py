"""Bulk: one wish for many tickets, shown before it is done, and then done in one transaction per ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mostrador.actions import tickets as verbs
from mostrador.domain.bulk import BulkVerb, BulkWish, TicketNow, Verdict, judge
from mostrador.domain.refusals import Refusal, RefusalCode, Refused
from mostrador.domain.tickets import Priority, TicketState
from mostrador.models import Agent, Ticket

MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """A ticket, and what a wish would do to it, or has done."""

    ticket: Ticket
    verdict: Verdict


def preview(*, tickets: Sequence[Ticket], wish: BulkWish, now: datetime) -> list[Outcome]:
    """Return what the wish would do to each ticket; nothing is written.

    Raises: Refused for a wish that fits no ticket at all: an agent who is away.
    """
    _agent_of(wish)
    return [Outcome(ticket, judge(wish, facts_of(ticket), now=now)) for ticket in tickets[:MOST_AT_ONCE]]


def carry_out(*, ticket_ids: Sequence[int], wish: BulkWish, agent: Agent, now: datetime) -> list[Outcome]:
    """Do to each ticket what the wish says, and return what was done: judged again under each one's lock.

    Raises: Refused for a wish that fits no ticket at all.
    """
    to = _agent_of(wish)
    found = Ticket.objects.filter(pk__in=ticket_ids[:MOST_AT_ONCE]).values_list("pk", flat=True)
    known = set(found)
    return [_one(pk, wish, to, agent, now) for pk in dict.fromkeys(ticket_ids[:MOST_AT_ONCE]) if pk in known]


def _one(pk: int, wish: BulkWish, to: Agent | None, agent: Agent, now: datetime) -> Outcome:
    with transaction.atomic():
        locked = Ticket.objects.locked(pk)
        verdict = judge(wish, facts_of(locked), now=now)
        if verdict.changes:
            _do(locked, wish, to, agent, now)
    return Outcome(locked, verdict)


def _do(ticket: Ticket, wish: BulkWish, to: Agent | None, agent: Agent, now: datetime) -> None:
    match wish.verb:
        case BulkVerb.ASSIGN:
            verbs.assign_ticket(ticket=ticket, agent=agent, to=to, now=now)
        case BulkVerb.TAG:
            verbs.tag_ticket(ticket=ticket, agent=agent, tag=wish.tag, now=now)
        case BulkVerb.UNTAG:
            verbs.untag_ticket(ticket=ticket, agent=agent, tag=wish.tag, now=now)
        case BulkVerb.RANK:
            verbs.rank_ticket(ticket=ticket, agent=agent, priority=wish.priority, now=now)
        case BulkVerb.SNOOZE:
            assert wish.until, "judge() refuses to let a ticket rest until no time"
            verbs.snooze_ticket(
                ticket=ticket, agent=agent, until=wish.until, now=now, accepts_late=wish.accepts_late
            )
        case BulkVerb.CLOSE:
            verbs.close_ticket(ticket=ticket, agent=agent, now=now)
        case BulkVerb.REOPEN:
            verbs.reopen_ticket(ticket=ticket, agent=agent, now=now)


def _agent_of(wish: BulkWish) -> Agent | None:
    if wish.verb is not BulkVerb.ASSIGN or wish.agent_id is None:
        return None
    found = Agent.objects.get_queryset().active().filter(pk=wish.agent_id).first()
    if found is None:
        raise Refused([Refusal(RefusalCode.AGENT_IS_AWAY, {"name": "–"})])
    return found


def facts_of(ticket: Ticket) -> TicketNow:
    """Return what counts about a ticket for a wish."""
    return TicketNow(
        state=TicketState(ticket.state),
        agent_id=ticket.assigned_to_id,
        tags=ticket.tags,
        priority=Priority(ticket.priority),
        snoozed_until=ticket.snoozed_until,
        answer_due_at=ticket.answer_due_at,
        is_merged=ticket.merged_into_id is not None,
    )
