"""Hours: when the desk works, and the next stretch in which nobody does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SHIFT = re.compile(r"([a-z]{3})(?:-([a-z]{3}))?\s+(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", re.ASCII)
_DAY = 24 * 60
# Every shift comes back within a week: who still works after nine days never stops.
_AHEAD = 9


@dataclass(frozen=True, slots=True)
class Shift:
    """Working time of some weekdays (Monday is 0), in minutes after midnight; it may end on the next day."""

    days: frozenset[int]
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time from `begins` to just before `ends`, both in UTC."""

    begins: datetime
    ends: datetime


def read_working_hours(text: str) -> tuple[Shift, ...]:
    """Read "mon-fri 09:00-18:00, sat 10:00-14:00".

    Raises: ValueError when it says anything else.
    """
    return tuple(_shift(part.strip().lower()) for part in text.split(","))


def _shift(text: str) -> Shift:
    found = _SHIFT.fullmatch(text)
    if found is None or not {found[1], found[2] or found[1]} <= set(_DAYS):
        raise ValueError(f"not working hours such as mon-fri 09:00-18:00: {text!r}")
    first, last = _DAYS.index(found[1]), _DAYS.index(found[2] or found[1])
    opens, closes = _minutes(found[3], found[4]), _minutes(found[5], found[6])
    days = frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))
    return Shift(days, opens, closes if closes > opens else closes + _DAY)


def _minutes(hours: str, minutes: str) -> int:
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > _DAY:
        raise ValueError(f"not a time of day: {hours}:{minutes}")
    return total


def next_away(shifts: Sequence[Shift], *, now: datetime, zone: tzinfo) -> Stretch | None:
    """Return the time nobody works: from the end of work, or from now, to the next beginning of work.

    Nothing for a desk that never stops. `zone` is where the shifts are meant, whatever its clocks do.
    """
    today = now.astimezone(zone).date()
    work = _joined(
        stretch
        for day in range(-2, _AHEAD + 1)
        for stretch in _of_day(shifts, today + timedelta(days=day), zone)
    )
    begins = next((each.ends for each in work if each.begins <= now < each.ends), now.astimezone(UTC))
    ends = next((each.begins for each in work if each.begins >= begins), None)
    return Stretch(begins, ends) if ends is not None else None


def _of_day(shifts: Sequence[Shift], day: date, zone: tzinfo) -> list[Stretch]:
    mine = [shift for shift in shifts if day.weekday() in shift.days]
    found = [Stretch(_moment(day, each.opens, zone), _moment(day, each.closes, zone)) for each in mine]
    return [each for each in found if each.begins < each.ends]


def _moment(day: date, minutes: int, zone: tzinfo) -> datetime:
    later, minutes = divmod(minutes, _DAY)
    at = time(minutes // 60, minutes % 60)
    return datetime.combine(day + timedelta(days=later), at, zone).astimezone(UTC)


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    joined: list[Stretch] = []
    for each in sorted(stretches, key=lambda stretch: stretch.begins):
        if joined and each.begins <= joined[-1].ends:
            joined[-1] = Stretch(joined[-1].begins, max(joined[-1].ends, each.ends))
        else:
            joined.append(each)
    return joined
