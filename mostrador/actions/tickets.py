"""Tickets: close, open again, take."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mostrador.domain.tickets import TicketState
from mostrador.models import Agent, Event, EventKind, Ticket


def close_ticket(*, ticket: Ticket, agent: Agent, now: datetime) -> None:
    """Close a ticket; a closed one stays closed."""
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        if locked.state == TicketState.CLOSED:
            return
        locked.close(now=now)
        Event.objects.note(EventKind.TICKET_CLOSED, at=now, ticket=locked, agent=agent)


def reopen_ticket(*, ticket: Ticket, agent: Agent, now: datetime) -> None:
    """Open a closed or waiting ticket again."""
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        if locked.state == TicketState.OPEN:
            return
        locked.reopen()
        Event.objects.note(EventKind.TICKET_REOPENED, at=now, ticket=locked, agent=agent)


def assign_ticket(*, ticket: Ticket, agent: Agent, to: Agent | None, now: datetime) -> None:
    """Give a ticket to `to`, or to nobody."""
    with transaction.atomic():
        locked = Ticket.objects.locked(ticket.pk)
        if locked.assigned_to_id == (to.pk if to else None):
            return
        locked.assign(to)
        Event.objects.note(
            EventKind.TICKET_ASSIGNED, at=now, ticket=locked, agent=agent, to=to.name if to else ""
        )
