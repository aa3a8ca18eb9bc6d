"""The clock that all workers share: the database's, and beside it one that runs faster for measurements."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.db import connection
from django.utils import timezone

_wall = timezone.now


def database_now() -> datetime:
    """Return the database's time, by which jobs become due; a worker's own clock may differ."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return shown(now)


def shown(wall: datetime) -> datetime:
    """Return what our clock shows when a clock on the wall shows `wall`: the same, unless it was sped up."""
    if not settings.FAST_CLOCK:
        return wall
    speed, origin = _speed_and_origin()
    return origin + (wall - origin) * speed


def on_the_wall(at: datetime) -> datetime:
    """Return when our clock will show `at`, in the time of the queue, which nobody can speed up."""
    if not settings.FAST_CLOCK:
        return at
    speed, origin = _speed_and_origin()
    return origin + (at - origin) / speed


def run_as_set() -> None:
    """Let this process's clock run as fast as `MOSTRADOR_FAST_CLOCK` says; without it, nothing changes."""
    if settings.FAST_CLOCK:
        timezone.now = lambda: shown(_wall())


def _speed_and_origin() -> tuple[float, datetime]:
    speed, _, origin = settings.FAST_CLOCK.partition("@")
    return float(speed), datetime.fromtimestamp(float(origin), tz=UTC)
