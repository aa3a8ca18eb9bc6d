"""Amazon's clock: what its answers say the time is, for when ours must not be believed alone."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


class _Heard(threading.local):
    """What this thread was told last: it makes one call at a time."""

    def __init__(self) -> None:
        self.date: datetime | None = None


_heard = _Heard()


def hear(headers: Mapping[str, str]) -> None:
    """Remember the time an answer names; one without a readable time leaves none."""
    try:
        said = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        _heard.date = None
    else:
        _heard.date = said.replace(tzinfo=said.tzinfo or UTC)


def said() -> datetime | None:
    """Return the time that the last answer to this thread named."""
    return _heard.date


def distance(now: datetime) -> timedelta:
    """Return how far `now`, just read from our clock, is from the time that the last answer named."""
    return abs(now - _heard.date) if _heard.date else timedelta(0)
