"""Tickets: whose turn it is, and how long Amazon's 24 hours still last."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

# Amazon wants an answer within 24 hours, every day of the year (docs/reference/what-amazon-allows.md).
ANSWER_WITHIN = timedelta(hours=24)
SOON = timedelta(hours=4)


class TicketState(StrEnum):
    """Open: our turn; waiting: the buyer's; closed: nobody's."""

    OPEN = "open"
    WAITING = "waiting"
    CLOSED = "closed"


class Priority(IntEnum):
    """How a team ranks a ticket by hand; Amazon's clock runs all the same."""

    LOW = -1
    NORMAL = 0
    HIGH = 1
    URGENT = 2


class Urgency(StrEnum):
    """How the time left is shown."""

    CALM = "calm"
    SOON = "soon"
    LATE = "late"


def answer_due(first_unanswered_at: datetime | None) -> datetime | None:
    """Return when the answer is due: 24 hours after the first unanswered message of the buyer."""
    return None if first_unanswered_at is None else first_unanswered_at + ANSWER_WITHIN


def urgency(*, due: datetime | None, now: datetime) -> Urgency:
    """Return how pressing an answer due at `due` is."""
    if due is None or due - now > SOON:
        return Urgency.CALM
    return Urgency.SOON if due > now else Urgency.LATE
