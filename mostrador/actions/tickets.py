"""Tickets: close, open again, give to somebody, tag, rank, let rest, wake, link."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mostrador.domain.refusals import Refusal, RefusalCode, Refused
from mostrador.domain.snoozing import snooze_refusals
from mostrador.domain.tags import MOST_TAGS, normal_tag, with_tag, without_tag
from mostrador.domain.tickets import Priority, TicketState
from mostrador.models import Agent, Event, EventKind, Ticket, TicketLink


def close_ticket(*, ticket: Ticket, agent: Agent, now: datetime) -> None:
    """Close a ticket; a closed one stays closed."""
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        if locked.state == TicketState.CLOSED:
            return
        locked.close(now=now)
        Event.objects.note(EventKind.TICKET_CLOSED, at=now, ticket=locked, agent=agent)


def reopen_ticket(*, ticket: Ticket, agent: Agent, now: datetime) -> None:
    """Open a closed or waiting ticket again.

    Raises: Refused for one that was merged: it shows in another.
    """
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        if locked.merged_into_id is not None:
            raise Refused([merged_already(locked)])
        if locked.state == TicketState.OPEN:
            return
        locked.reopen()
        Event.objects.note(EventKind.TICKET_REOPENED, at=now, ticket=locked, agent=agent)


def merged_already(ticket: Ticket) -> Refusal:
    """Return the refusal of what has to be done in the ticket that `ticket` shows in."""
    into = ticket.merged_into.reference if ticket.merged_into else ""
    return Refusal(RefusalCode.MERGED_ALREADY, {"ticket": ticket.reference, "into": into})


def assign_ticket(*, ticket: Ticket, agent: Agent, to: Agent | None, now: datetime) -> None:
    """Give a ticket to `to`, or to nobody.

    Raises: Refused for somebody who cannot sign in any more.
    """
    if to is not None and not to.is_active:
        raise Refused([Refusal(RefusalCode.AGENT_IS_AWAY, {"name": to.name})])
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        if locked.assigned_to_id == (to.pk if to else None):
            return
        locked.assign(to)
        Event.objects.note(
            EventKind.TICKET_ASSIGNED, at=now, ticket=locked, agent=agent, to=to.name if to else ""
        )


def tag_ticket(*, ticket: Ticket, agent: Agent, tag: str, now: datetime) -> None:
    """Add a tag, written the one way tags are written; one the ticket has changes nothing.

    Raises: Refused for no tag at all, or one too many.
    """
    word = normal_tag(tag)
    if not word:
        raise Refused([Refusal(RefusalCode.NO_TAG)])
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        _retag(locked, with_tag(locked.tags, word), agent, now)


def untag_ticket(*, ticket: Ticket, agent: Agent, tag: str, now: datetime) -> None:
    """Take a tag away; one the ticket has not changes nothing."""
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        _retag(locked, without_tag(locked.tags, normal_tag(tag)), agent, now)


def retag_ticket(*, ticket: Ticket, agent: Agent, tags: list[str], now: datetime) -> None:
    """Give a ticket these tags and no others.

    Raises: Refused for a text that is no tag, or for too many.
    """
    words = sorted({normal_tag(tag) for tag in tags})
    if "" in words:
        raise Refused([Refusal(RefusalCode.NO_TAG)])
    with transaction.atomic():
        _retag(Ticket.objects.locked(ticket.pk), words, agent, now)


def _retag(locked: Ticket, tags: list[str], agent: Agent, now: datetime) -> None:
    added, gone = sorted({*tags} - {*locked.tags}), sorted({*locked.tags} - {*tags})
    if not added and not gone:
        return
    if len(tags) > MOST_TAGS:
        raise Refused([Refusal(RefusalCode.TOO_MANY_TAGS, {"most": MOST_TAGS})])
    locked.retag(tags)
    Event.objects.note(EventKind.TICKET_TAGGED, at=now, ticket=locked, agent=agent, added=added, gone=gone)


def rank_ticket(*, ticket: Ticket, agent: Agent, priority: Priority, now: datetime) -> None:
    """Give a ticket a priority."""
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        if locked.priority == priority:
            return
        before = Priority(locked.priority)
        locked.rank(priority)
        Event.objects.note(
            EventKind.TICKET_PRIORITY,
            at=now,
            ticket=locked,
            agent=agent,
            before=before.name.lower(),
            after=priority.name.lower(),
        )


def snooze_ticket(
    *, ticket: Ticket, agent: Agent, until: datetime, now: datetime, accepts_late: bool = False
) -> None:
    """Let a ticket rest until then, or until the buyer writes.

    Raises: Refused for a time that is past or too far, a closed ticket, or one whose answer is due before
    (unless `accepts_late`: somebody has seen that).
    """
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        reasons = snooze_refusals(
            state=TicketState(locked.state),
            until=until,
            due=locked.answer_due_at,
            accepts_late=accepts_late,
            now=now,
        )
        if reasons:
            raise Refused(reasons)
        if locked.snoozed_until == until:
            return
        locked.rest(until)
        Event.objects.note(
            EventKind.TICKET_SNOOZED, at=now, ticket=locked, agent=agent, until=until.isoformat()
        )


def wake_ticket(*, ticket: Ticket, agent: Agent, now: datetime) -> None:
    """End a ticket's rest before its time."""
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        if locked.snoozed_until is None:
            return
        locked.wake()
        Event.objects.note(EventKind.TICKET_WOKEN, at=now, ticket=locked, agent=agent)


def link_tickets(*, ticket: Ticket, other: Ticket, agent: Agent, now: datetime) -> None:
    """Tie two tickets that belong together; both timelines say so.

    Raises: Refused for a ticket and itself.
    """
    if ticket.pk == other.pk:
        raise Refused([Refusal(RefusalCode.SAME_TICKET, {"ticket": ticket.reference})])
    with transaction.atomic():
        if TicketLink.objects.tie(ticket, other, now=now):
            _note_both(EventKind.TICKET_LINKED, ticket, other, agent, now)


def unlink_tickets(*, ticket: Ticket, other: Ticket, agent: Agent, now: datetime) -> None:
    """Untie two tickets."""
    with transaction.atomic():
        if TicketLink.objects.untie(ticket, other):
            _note_both(EventKind.TICKET_UNLINKED, ticket, other, agent, now)


def _note_both(kind: EventKind, ticket: Ticket, other: Ticket, agent: Agent, now: datetime) -> None:
    for here, there in ((ticket, other), (other, ticket)):
        Event.objects.note(kind, at=now, ticket=here, agent=agent, other=there.reference)
