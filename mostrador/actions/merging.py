"""Merging: let a ticket show in another, take it out again, and split messages off; nothing is ever lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from mostrador.domain.delivery import State
from mostrador.domain.merging import MergeFacts, merge_refusals, split_refusals
from mostrador.domain.refusals import Refusal, RefusalCode, Refused
from mostrador.domain.senders import alias_of
from mostrador.domain.tickets import TicketState
from mostrador.models import (
    Agent,
    Direction,
    Draft,
    Event,
    EventKind,
    Mention,
    Message,
    Order,
    Reply,
    SearchText,
    Ticket,
    TicketLink,
    Upload,
)

_NOT_LEFT_YET = (State.REQUESTED, State.SENDING)


# ── merging ───────────────────────────────────────────────────────────────────────────────────────────────


def merge_tickets(*, source: Ticket, target: Ticket, agent: Agent, now: datetime) -> None:
    """Let `source` show in `target`: its rows stay, its new mail goes to the target, Amazon's clock with it.

    Raises: Refused for tickets of different buyers or orders, or an answer that is on its way.
    """
    with transaction.atomic():
        for order_id in sorted({pk for pk in (source.order_id, target.order_id) if pk}):
            Order.objects.locked(order_id)
        here, there = _both_locked(target, source)
        reasons = merge_refusals(_facts(there), _facts(here))
        if reasons:
            raise Refused(reasons)
        _note_merge(there, here, agent, now)
        _hand_over(there, here)
        Draft.objects.move(there, to=here)
        Upload.objects.move(there, to=here)
        there.show_in(here, now=now)


def _both_locked(one: Ticket, other: Ticket) -> tuple[Ticket, Ticket]:
    """Lock two tickets in the order of their numbers, as everyone does."""
    rows = {pk: Ticket.objects.locked(pk) for pk in sorted({one.pk, other.pk})}
    return rows[one.pk], rows[other.pk]


def _facts(ticket: Ticket) -> MergeFacts:
    waiting = Reply.objects.filter(ticket=ticket, state__in=_NOT_LEFT_YET).order_by("pk").first()
    return MergeFacts(
        reference=ticket.reference,
        partner_id=ticket.selling_partner_id,
        buyer=alias_of(ticket.buyer_address) if ticket.buyer_address else "",
        order_id=ticket.order_id,
        merged_into=ticket.merged_into.reference if ticket.merged_into else "",
        waiting_reply=waiting.reference if waiting else "",
    )


def _note_merge(source: Ticket, target: Ticket, agent: Agent, now: datetime) -> None:
    """Note on both timelines what an undo has to know."""
    Event.objects.note(
        EventKind.TICKET_MERGED,
        at=now,
        ticket=source,
        agent=agent,
        way="into",
        other=target.reference,
        state=source.state,
        closed_at=source.closed_at.isoformat() if source.closed_at else "",
        other_state=target.state,
        gave_order=target.order_id is None and source.order_id is not None,
    )
    Event.objects.note(
        EventKind.TICKET_MERGED, at=now, ticket=target, agent=agent, way="in", other=source.reference
    )


def _hand_over(source: Ticket, target: Ticket) -> None:
    """Give the target what it has to know: the order, the newest address, the words, the earliest clock."""
    if source.order and target.order_id is None:
        target.speaks_for(source.order)
    if source.last_message_at > target.last_message_at:
        if source.buyer_address:
            target.learn(order=None, address=source.buyer_address, token=source.comm_mgr_token)
        target.show_latest(source.last_message_at, source.preview)
    asked = [each.first_unanswered_at for each in (source, target) if each.first_unanswered_at]
    is_open = TicketState.OPEN in (source.state, target.state)
    target.wait_since(min(asked, default=None), state=TicketState.OPEN if is_open else None)


def unmerge_ticket(*, ticket: Ticket, agent: Agent, now: datetime) -> None:
    """Take a ticket out of the one it shows in: each has its own words and its own clock again.

    What was answered meanwhile stays answered. Raises: Refused when it shows in no other.
    """
    with transaction.atomic():
        into = ticket.merged_into
        locked, target = _both_locked(ticket, into) if into else (ticket, None)
        if target is None or locked.merged_into_id != target.pk:
            raise Refused([Refusal(RefusalCode.NOT_MERGED, {"ticket": ticket.reference})])
        merge = _merge_of(locked)
        asked_since = target.first_unanswered_at
        before = merge.facts if merge else {}
        locked.stand_alone(
            state=TicketState(before.get("state", TicketState.OPEN)), closed_at=_closed_at(before)
        )
        if before.get("gave_order"):
            target.speaks_for(None)
        _own_clock(locked, asked_since)
        _own_clock(target, asked_since, idle=before.get("other_state"))
        _own_words(target)
        for here, there, way in ((locked, target, "out"), (target, locked, "lost")):
            Event.objects.note(
                EventKind.TICKET_MERGED, at=now, ticket=here, agent=agent, way=way, other=there.reference
            )


def _merge_of(ticket: Ticket) -> Event | None:
    merges = ticket.events.filter(kind=EventKind.TICKET_MERGED, facts__way="into")
    return merges.order_by("pk").last()


def _closed_at(facts: dict[str, str]) -> datetime | None:
    text = facts.get("closed_at", "")
    return datetime.fromisoformat(text) if text and facts.get("state") == TicketState.CLOSED else None


def _own_clock(ticket: Ticket, asked_since: datetime | None, *, idle: str | None = None) -> None:
    """Let the clock run from the ticket's own first message that was still unanswered in the merged one.

    `idle` is the state of the ticket before, for when nobody waits in it any more.
    """
    own = Message.objects.unanswered(ticket)
    since = None
    if own and asked_since:
        since = Message.objects.asked(ticket, since=max(own.at, asked_since))
    if since is not None:
        return ticket.wait_since(since, state=TicketState.OPEN)
    is_open = ticket.state == TicketState.OPEN
    return ticket.wait_since(None, state=TicketState(idle or TicketState.WAITING) if is_open else None)


def _own_words(ticket: Ticket) -> None:
    newest = Message.objects.newest(ticket)
    if newest:
        ticket.show_latest(newest.at, newest.text or newest.subject)


# ── splitting ─────────────────────────────────────────────────────────────────────────────────────────────


def split_ticket(*, ticket: Ticket, message_ids: Sequence[int], agent: Agent, now: datetime) -> Ticket:
    """Move chosen messages of the buyer, and notes, into a new ticket about the same order; return it.

    Raises: Refused for answers, for messages of elsewhere, or when nothing of the buyer would stay.
    """
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        chosen = Message.objects.movable(locked, message_ids)
        reasons = split_refusals(
            chosen=len(set(message_ids)), found=len(chosen), staying=Message.objects.staying(locked, chosen)
        )
        if reasons:
            raise Refused(reasons)
        asked_since = locked.first_unanswered_at
        new = _begin_beside(locked, chosen, now)
        Message.objects.move(chosen, to=new)
        Mention.objects.move(chosen, to=new)
        _write_words(locked, new)
        _note_split(locked, new, len(chosen), agent, now)
        TicketLink.objects.tie(locked, new, now=now)
        for each in (locked, new):
            since = Message.objects.asked(each, since=asked_since) if asked_since else None
            each.wait_since(since)
            _own_words(each)
        return new


def _write_words(*tickets: Ticket) -> None:
    """Let each of the tickets be found by its own words only."""
    rows = Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]).select_related("order")
    SearchText.objects.rebuild(list(rows))


def _begin_beside(ticket: Ticket, chosen: Sequence[Message], now: datetime) -> Ticket:
    """Begin a ticket with the same buyer, mailbox, order and agent."""
    first = next((message for message in chosen if message.direction == Direction.IN), None)
    new = Ticket.objects.begin(
        partner=ticket.selling_partner,
        mailbox=ticket.mailbox,
        order=ticket.order,
        subject=(first.subject if first else "") or ticket.subject,
        buyer_name=ticket.buyer_name,
        buyer_address=ticket.buyer_address,
        marketplace_id=ticket.marketplace_id,
        language=ticket.language,
        now=now,
    )
    new.learn(order=None, address=ticket.buyer_address, token=ticket.comm_mgr_token)
    new.assign(ticket.assigned_to)
    return new


def _note_split(old: Ticket, new: Ticket, messages: int, agent: Agent, now: datetime) -> None:
    Event.objects.note(
        EventKind.TICKET_BEGUN,
        at=now,
        ticket=new,
        agent=agent,
        because=EventKind.TICKET_SPLIT,
        other=old.reference,
    )
    Event.objects.note(
        EventKind.TICKET_SPLIT, at=now, ticket=old, agent=agent, other=new.reference, messages=messages
    )
