"""Suggestions: put one aside for everybody, until something else is proposed."""

from __future__ import annotations

from django.db import transaction

from mostrador.models import Ticket


def put_aside(*, ticket: Ticket, key: str) -> None:
    """Let a suggestion stay away from the ticket; nothing else changes, and Amazon hears of nothing."""
    with transaction.atomic():
        Ticket.objects.locked(ticket.pk).put_suggestion_aside(key)
