"""Clocks: what time Amazon's answers say it is, beside our own clock, which may be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# A Date header is of whole seconds, and an answer takes its time: less says nothing of a clock.
NOT_TOLD_APART = timedelta(seconds=5)


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Return the time an answer names, or nothing where it names none that can be read."""
    try:
        said = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return said.replace(tzinfo=said.tzinfo or UTC)


def lead(now: datetime, said: datetime | None) -> timedelta:
    """Return how far our clock, which shows `now`, is ahead of Amazon's; below zero: behind."""
    apart = now - said if said else timedelta(0)
    return apart if abs(apart) > NOT_TOLD_APART else timedelta(0)
