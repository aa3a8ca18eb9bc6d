"""Snoozing: the presets in the agent's zone, and the warning that Amazon's 24 hours end before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mostrador.domain.refusals import RefusalCode
from mostrador.domain.snoozing import LONGEST, Preset, passes_due, preset_time, snooze_refusals
from mostrador.domain.tickets import TicketState

NOW = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)  # a Tuesday; in Madrid it is Wednesday already
MADRID, TOKYO = ZoneInfo("Europe/Madrid"), ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("preset", "zone", "wakes"),
    [
        (Preset.FOUR_HOURS, MADRID, datetime(2026, 11, 25, 3, 30, tzinfo=UTC)),
        (Preset.TOMORROW, UTC, datetime(2026, 11, 25, 9, tzinfo=UTC)),
        (Preset.TOMORROW, MADRID, datetime(2026, 11, 26, 8, tzinfo=UTC)),
        (Preset.TOMORROW, TOKYO, datetime(2026, 11, 26, 0, tzinfo=UTC)),
        (Preset.MONDAY, MADRID, datetime(2026, 11, 30, 8, tzinfo=UTC)),
    ],
)
def test_presets_end_in_the_agents_own_morning(preset: Preset, zone: ZoneInfo, wakes: datetime) -> None:
    assert preset_time(preset, now=NOW, zone=zone) == wakes


def test_monday_is_the_next_one_also_on_a_monday() -> None:
    monday = datetime(2026, 11, 30, 8, tzinfo=UTC)
    assert preset_time(Preset.MONDAY, now=monday, zone=UTC) == datetime(2026, 12, 7, 9, tzinfo=UTC)


def test_nine_in_the_morning_stays_nine_when_the_clocks_change() -> None:
    saturday = datetime(2027, 3, 27, 12, tzinfo=UTC)
    woken = preset_time(Preset.TOMORROW, now=saturday, zone=MADRID)
    assert woken == datetime(2027, 3, 28, 7, tzinfo=UTC)


def test_a_rest_that_outlasts_amazons_24_hours_is_warned_about() -> None:
    assert passes_due(NOW, NOW - timedelta(seconds=1))
    assert not passes_due(NOW, NOW)
    assert not passes_due(NOW, None)


@pytest.mark.parametrize(
    ("state", "ahead", "due", "accepts_late", "codes"),
    [
        (TicketState.OPEN, timedelta(hours=1), timedelta(hours=2), False, []),
        (TicketState.WAITING, timedelta(hours=1), None, False, []),
        (TicketState.OPEN, timedelta(hours=3), timedelta(hours=2), False, [RefusalCode.SNOOZE_PAST_DUE]),
        (TicketState.OPEN, timedelta(hours=3), timedelta(hours=2), True, []),
        (TicketState.OPEN, timedelta(0), None, True, [RefusalCode.SNOOZE_OUT_OF_RANGE]),
        (TicketState.OPEN, LONGEST, None, False, []),
        (TicketState.OPEN, LONGEST + timedelta(1), None, True, [RefusalCode.SNOOZE_OUT_OF_RANGE]),
        (TicketState.CLOSED, timedelta(hours=1), None, True, [RefusalCode.TICKET_IS_CLOSED]),
    ],
)
def test_who_may_rest_and_how_long(
    state: TicketState,
    ahead: timedelta,
    due: timedelta | None,
    accepts_late: bool,
    codes: list[RefusalCode],
) -> None:
    found = snooze_refusals(
        state=state,
        until=NOW + ahead,
        due=NOW + due if due else None,
        accepts_late=accepts_late,
        now=NOW,
    )
    assert [refusal.code for refusal in found] == codes
