"""The simulator's one clock, which may run faster than the wall and may be moved forward."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime


class Clock:
    """Virtual seconds since 1970; never behind the wall clock at its start, never backwards."""

    def __init__(self, *, speed: float = 1.0, not_before: float = 0.0) -> None:
        self.speed = speed
        self._wall_start = time.monotonic()
        self._virtual_start = max(time.time(), not_before)
        self._undated = 0.0
        self._moved = asyncio.Event()

    def now(self) -> float:
        """Return the virtual time in seconds since 1970."""
        return self._virtual_start + (time.monotonic() - self._wall_start) * self.speed

    def dated(self) -> float:
        """Return the time that answers name in their Date header."""
        return self.now() - self._undated

    def advance(self, seconds: float, *, dated: bool = True) -> None:
        """Move the clock forward and wake everybody who waits for it.

        With `dated` false the Date header stays behind, as if the time had passed for the caller too.
        """
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._virtual_start += seconds
        self._undated += 0.0 if dated else seconds
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def wait_until(self, when: float) -> None:
        """Return once the virtual clock has reached `when`."""
        while (left := when - self.now()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), timeout=left / self.speed)


def iso(seconds: float) -> str:
    """Return the time as Amazon writes it: UTC, milliseconds, Z."""
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse_iso(text: str) -> float:
    """Return the seconds since 1970 of an ISO 8601 time; without a zone it is UTC.

    Raises: ValueError when it is not a time.
    """
    # A plus sign of a zone that was not escaped arrives as a blank.
    moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
