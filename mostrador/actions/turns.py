"""Turns: an agent's word that no answer is needed, or that the buyer opened a claim with Amazon."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mostrador.domain.tickets import TicketState
from mostrador.models import Agent, Event, EventKind, Message, Ticket


def mark_no_answer_needed(*, ticket: Ticket, agent: Agent, now: datetime) -> None:
    """Stop Amazon's clock in the desk until the buyer writes again; Amazon wants it marked there as well."""
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        if Message.objects.unanswered(locked) is None:
            return
        locked.needs_no_answer(since=now)
        state = None if locked.state == TicketState.CLOSED else TicketState.WAITING
        _run_clock(locked, state)
        Event.objects.note(EventKind.NO_ANSWER_NEEDED, at=now, ticket=locked, agent=agent)


def mark_answer_needed(*, ticket: Ticket, agent: Agent, now: datetime) -> None:
    """Take the mark back: the clock runs from where it ran before."""
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        if locked.no_answer_needed_at is None:
            return
        locked.needs_no_answer(since=None)
        _run_clock(locked, TicketState.OPEN if Message.objects.unanswered(locked) else None)
        Event.objects.note(EventKind.NO_ANSWER_NEEDED, at=now, ticket=locked, agent=agent, undone=True)


def _run_clock(ticket: Ticket, state: TicketState | None) -> None:
    unanswered = Message.objects.unanswered(ticket)
    ticket.wait_since(unanswered.at if unanswered else None, state=state)


def note_claim(*, ticket: Ticket, agent: Agent, now: datetime) -> None:
    """Mark a ticket whose buyer has opened an A-to-z claim."""
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        if locked.claim_at is not None:
            return
        locked.has_claim(since=now)
        Event.objects.note(EventKind.CLAIM_OPENED, at=now, ticket=locked, agent=agent)


def drop_claim(*, ticket: Ticket, agent: Agent, now: datetime) -> None:
    """Take the mark of a claim away."""
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        if locked.claim_at is None:
            return
        locked.has_claim(since=None)
        Event.objects.note(EventKind.CLAIM_OPENED, at=now, ticket=locked, agent=agent, undone=True)
