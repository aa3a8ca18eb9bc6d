"""Tickets: whose turn it is, and how long Amazon's 24 hours still last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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


class Speaker(StrEnum):
    """Who said something, or marked that nothing need be said."""

    BUYER = "buyer"
    DESK = "desk"
    MARK = "mark"  # an agent found that no answer is needed


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that starts or stops Amazon's clock.

    `at` is when the buyer wrote; `known_at` is when the desk could show it, or when the answer was written:
    an answer speaks to what could be read by then, and to nothing that came while it waited to leave.
    """

    speaker: Speaker
    at: datetime
    known_at: datetime
    is_automatic: bool = False


def first_unanswered(said: Iterable[Said]) -> datetime | None:
    """Return when the buyer first wrote what no answer speaks to, whatever order `said` comes in.

    Automatic words neither start nor stop the clock: Amazon does not count them (help page 202152030).
    """
    told = [each for each in said if not each.is_automatic]
    answered = max((each.known_at for each in told if each.speaker is not Speaker.BUYER), default=None)
    asked = (each for each in told if each.speaker is Speaker.BUYER)
    return min((each.at for each in asked if answered is None or each.known_at > answered), default=None)
