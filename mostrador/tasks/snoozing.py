"""Snoozing: wake the tickets whose rest is over, and forget who looked at a ticket long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from mostrador.models import Event, EventKind, Presence, Ticket

WOKEN_AT_ONCE = 200
PRESENCE_IS_KEPT_FOR = timedelta(minutes=1)


def wake_due(now: datetime) -> None:
    """Wake every ticket whose time has come, each in a transaction of its own."""
    due = Ticket.objects.asleep(until=now).values_list("pk", flat=True)[:WOKEN_AT_ONCE]
    for pk in list(due):
        with transaction.atomic():
            ticket = Ticket.objects.locked(pk)
            if ticket.snoozed_until is None or ticket.snoozed_until > now:
                continue
            ticket.wake()
            Event.objects.note(EventKind.TICKET_WOKEN, at=now, ticket=ticket, because="time")


def forget_presence(now: datetime) -> None:
    """Forget who was in a ticket a while ago."""
    Presence.objects.sweep(now - PRESENCE_IS_KEPT_FOR)
