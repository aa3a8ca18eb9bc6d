"""Snoozing: until when a ticket rests, and whether Amazon's 24 hours end before it wakes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.domain.tickets import TicketState

MORNING = time(9)
LONGEST = timedelta(days=90)


class Preset(StrEnum):
    """The times that stand ready."""

    FOUR_HOURS = "four-hours"
    TOMORROW = "tomorrow"
    MONDAY = "monday"


def preset_time(preset: Preset, *, now: datetime, zone: tzinfo) -> datetime:
    """Return when a preset ends: mornings are the agent's own, whatever the clocks do that night."""
    if preset is Preset.FOUR_HOURS:
        return now + timedelta(hours=4)
    here = now.astimezone(zone)
    days = 1 if preset is Preset.TOMORROW else 7 - here.weekday()
    return datetime.combine(here.date() + timedelta(days=days), MORNING, zone)


def passes_due(until: datetime, due: datetime | None) -> bool:
    """Return whether the ticket would sleep longer than Amazon's 24 hours last."""
    return due is not None and until > due


def snooze_refusals(
    *, state: TicketState, until: datetime, due: datetime | None, accepts_late: bool, now: datetime
) -> Sequence[Refusal]:
    """Return why a ticket may not rest until then; `accepts_late` says that the warning was seen."""
    if state is TicketState.CLOSED:
        return [Refusal(RefusalCode.TICKET_IS_CLOSED)]
    if not now < until <= now + LONGEST:
        return [Refusal(RefusalCode.SNOOZE_OUT_OF_RANGE, {"days": LONGEST.days})]
    if passes_due(until, due) and not accepts_late:
        assert due
        return [Refusal(RefusalCode.SNOOZE_PAST_DUE, {"due": due.isoformat()})]
    return []
