"""Ticket changes: several things about a ticket changed together, all or none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mostrador.actions import tickets as verbs
from mostrador.domain.tickets import Priority
from mostrador.models import Agent, Ticket


@dataclass(frozen=True, slots=True)
class NewOwner:
    """Who shall work on the ticket; nobody where `agent` is nothing."""

    agent: Agent | None


@dataclass(frozen=True, slots=True)
class NewRest:
    """Until when the ticket shall rest; nothing wakes it."""

    until: datetime | None
    accepts_late: bool = False


@dataclass(frozen=True, slots=True)
class TicketChange:
    """What shall become of a ticket; what is left out stays as it is."""

    owner: NewOwner | None = None
    tags: tuple[str, ...] | None = None
    priority: Priority | None = None
    rest: NewRest | None = None


def change_ticket(*, ticket: Ticket, agent: Agent, change: TicketChange, now: datetime) -> None:
    """Change all of it in one transaction, each thing with its own event.

    Raises: Refused when one of them is refused; then nothing was written.
    """
    with transaction.atomic():
        if change.owner is not None:
            verbs.assign_ticket(ticket=ticket, agent=agent, to=change.owner.agent, now=now)
        if change.tags is not None:
            verbs.retag_ticket(ticket=ticket, agent=agent, tags=list(change.tags), now=now)
        if change.priority is not None:
            verbs.rank_ticket(ticket=ticket, agent=agent, priority=change.priority, now=now)
        if change.rest is not None:
            _rest(ticket, agent, change.rest, now)


def _rest(ticket: Ticket, agent: Agent, rest: NewRest, now: datetime) -> None:
    if rest.until is None:
        return verbs.wake_ticket(ticket=ticket, agent=agent, now=now)
    return verbs.snooze_ticket(
        ticket=ticket, agent=agent, until=rest.until, now=now, accepts_late=rest.accepts_late
    )
