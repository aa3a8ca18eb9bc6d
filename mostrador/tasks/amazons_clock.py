"""Amazon's clock: what its answers say the time is, for when ours must not be believed alone."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from mostrador.amazon.clocks import date_of, lead


class _Heard(threading.local):
    """What this thread was told last: it makes one call at a time."""

    def __init__(self) -> None:
        self.date: datetime | None = None


_heard = _Heard()


def hear(headers: Mapping[str, str]) -> None:
    """Remember the time an answer names; one without a readable time leaves none."""
    _heard.date = date_of(headers)


def said() -> datetime | None:
    """Return the time that the last answer to this thread named."""
    return _heard.date


def ahead(now: datetime) -> timedelta:
    """Return how far our clock, which just showed `now`, is ahead of the time that the last answer named."""
    return lead(now, _heard.date)
