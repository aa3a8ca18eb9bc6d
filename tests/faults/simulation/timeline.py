"""The timeline: virtual time, and what is planned in it, in an order that the seed decides."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random

BEGINNING = datetime(2026, 3, 2, 8, tzinfo=UTC)


@dataclass
class Timeline:
    """Virtual time in seconds since the beginning; `digest` is made of every event so far."""

    rng: Random
    now: float = 0.0
    steps: int = 0
    digest: int = 0
    _planned: list[tuple[float, float, int, str, Callable[[], object]]] = field(default_factory=list)
    _count: int = 0

    def at(self, when: float, label: str, event: Callable[[], object]) -> None:
        """Plan something; what is planned for the same moment comes in random order."""
        self._count += 1
        heappush(self._planned, (max(when, self.now), self.rng.random(), self._count, label, event))

    def step(self) -> bool:
        """Let the next event happen; return whether there was one."""
        if not self._planned:
            return False
        self.now, _, _, label, event = heappop(self._planned)
        self.steps += 1
        self.digest = zlib.crc32(f"{self.now:.6f} {label}".encode(), self.digest)
        event()
        return True

    def date(self, seconds: float = 0.0) -> datetime:
        """Return the date of a moment `seconds` from now."""
        return BEGINNING + timedelta(seconds=self.now + seconds)


def seconds_of(date: datetime) -> float:
    """Return the moment of a date."""
    return (date - BEGINNING).total_seconds()
