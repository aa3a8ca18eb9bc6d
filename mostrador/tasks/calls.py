"""Calls: count every request that leaves for Amazon, in memory first, in the database a moment later."""

from __future__ import annotations

import threading
from collections import Counter

from django.db import Error

from mostrador.amazon.errors import AmazonError, NotSent
from mostrador.amazon.wire import Outgoing, Reply, Wire, shared_wire
from mostrador.models.calls import CallCount, CallOutcome
from mostrador.tasks import amazons_clock, rates

_lock = threading.Lock()
_counted: Counter[tuple[str, CallOutcome]] = Counter()


class CountedWire(Wire):
    """The program's one wire, with a tally: no statement is added to the way of a refund."""

    def __init__(self) -> None:
        """Keep no connections: the shared wire does."""

    def close(self) -> None:
        """Leave the shared wire to the others."""

    def send(self, outgoing: Outgoing) -> Reply:
        """Send, and note how it ended and how often Amazon lets it be called."""
        try:
            reply = shared_wire().send(outgoing)
        except NotSent:
            note(outgoing.operation, CallOutcome.NOT_SENT)
            raise
        except AmazonError:
            note(outgoing.operation, CallOutcome.NO_ANSWER)
            raise
        note(outgoing.operation, outcome_of(reply.status))
        rates.hear(outgoing.operation, reply.headers)
        amazons_clock.hear(reply.headers)
        return reply


def outcome_of(status: int) -> CallOutcome:
    """Return what an HTTP status means for the count."""
    if 200 <= status < 300:
        return CallOutcome.OK
    if status == 429:
        return CallOutcome.THROTTLED
    if status in (401, 403):
        return CallOutcome.UNAUTHORIZED
    return CallOutcome.REFUSED if 400 <= status < 500 else CallOutcome.FAILED


def note(operation: str, outcome: CallOutcome) -> None:
    """Count one call."""
    with _lock:
        _counted[operation, outcome] += 1


def store() -> None:
    """Add what was counted since the last time to the database's counters; a failure loses nothing."""
    with _lock:
        counts = Counter(_counted)
        _counted.clear()
    try:
        CallCount.objects.add(counts)
    except Error:
        with _lock:
            _counted.update(counts)
        raise
