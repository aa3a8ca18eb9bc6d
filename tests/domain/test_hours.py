"""Working hours: the time nobody works, also in the nights in which the clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostrador.domain.hours import Shift, Stretch, next_away, read_working_hours

OFFICE = read_working_hours("mon-fri 09:00-18:00")
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


def _utc(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_shifts_are_read() -> None:
    assert read_working_hours("Mon-Fri 9:00-18:00, sat 10:00 - 14:00") == (
        Shift(frozenset(range(5)), 540, 1080),
        Shift(frozenset({5}), 600, 840),
    )
    assert read_working_hours("fri-mon 22:00-06:00") == (Shift(frozenset({4, 5, 6, 0}), 1320, 1800),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "always",
        "mon 9-18",
        "mon-xyz 09:00-18:00",
        "mon 09:00-25:00",
        "mon 09:60-10:00",
        "mon 09:00-18:00,",
    ],
)
def test_what_is_no_shift_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not working hours|not a time of day"):
        read_working_hours(text)


@pytest.mark.parametrize(
    ("now", "begins", "ends"),
    [
        # Tuesday 24 November 2026; Berlin is an hour ahead.
        (_utc(24, 12), _utc(24, 17), _utc(25, 8)),
        (_utc(24, 20), _utc(24, 20), _utc(25, 8)),
        (_utc(24, 17), _utc(24, 17), _utc(25, 8)),
        (_utc(27, 12), _utc(27, 17), _utc(30, 8)),
        (_utc(28, 12), _utc(28, 12), _utc(30, 8)),
    ],
)
def test_nobody_works_from_the_end_of_work_to_its_next_beginning(
    now: datetime, begins: datetime, ends: datetime
) -> None:
    assert next_away(OFFICE, now=now, zone=BERLIN) == Stretch(begins, ends)


def test_a_desk_that_never_stops_is_never_away() -> None:
    assert next_away(read_working_hours("mon-sun 00:00-24:00"), now=_utc(24, 12), zone=BERLIN) is None


def test_a_night_shift_is_away_by_day() -> None:
    night = read_working_hours("mon-sun 22:00-06:00")
    assert next_away(night, now=_utc(24, 2), zone=BERLIN) == Stretch(_utc(24, 5), _utc(24, 21))


@pytest.mark.parametrize(
    ("friday", "hours"),
    [(_utc(27, 12, month=3), 62), (_utc(23, 12, month=10), 64), (_utc(20, 12, month=11), 63)],
)
def test_a_weekend_of_changed_clocks_is_an_hour_shorter_or_longer(friday: datetime, hours: int) -> None:
    away = next_away(OFFICE, now=friday, zone=BERLIN)
    assert away is not None
    assert away.ends - away.begins == timedelta(hours=hours)


def _works(shifts: tuple[Shift, ...], at: datetime, zone: ZoneInfo) -> bool:
    """Look at the clock on the wall."""
    here = at.astimezone(zone)
    minutes = here.hour * 60 + here.minute
    return any(here.weekday() in each.days and each.opens <= minutes < each.closes for each in shifts)


@given(
    st.integers(0, 230 * 24 * 60).map(lambda minutes: _utc(20, 0, month=3) + minutes * MINUTE),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Sydney", "UTC"]),
    st.sampled_from(["mon-fri 09:00-18:00", "mon-sat 06:30-12:00, wed 14:00-20:00", "sun 10:00-11:00"]),
)
def test_the_time_nobody_works_is_what_the_clocks_on_the_wall_say(
    now: datetime, zone: str, text: str
) -> None:
    shifts, here = read_working_hours(text), ZoneInfo(zone)
    away = next_away(shifts, now=now, zone=here)
    assert away is not None
    assert away.begins == now or _works(shifts, away.begins - MINUTE, here)
    assert (away.begins == now) == (not _works(shifts, now, here))
    assert _works(shifts, away.ends, here)
    steps = int((away.ends - away.begins) / MINUTE)
    assert not any(_works(shifts, away.begins + step * MINUTE, here) for step in range(0, steps, 7))
    assert not _works(shifts, away.ends - MINUTE, here)
