"""Quotas: Amazon's token buckets, so that no call is made that would be refused."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

_ROUNDING = 1e-9  # tokens are counted in floats


@dataclass(frozen=True, slots=True)
class Bucket:
    """A usage plan and how full it was at `at`: `rate` tokens a second come back, up to `burst`."""

    rate: float
    burst: int
    tokens: float
    at: datetime

    def level(self, now: datetime) -> float:
        """Return how many tokens there are at `now`."""
        passed = max((now - self.at).total_seconds(), 0.0)
        return min(self.tokens + passed * self.rate, float(self.burst))

    def ready_at(self, now: datetime, *, keep: int = 0) -> datetime:
        """Return when one token beyond `keep` is there: `now`, or later."""
        missing = 1 + keep - self.level(now)
        if missing <= _ROUNDING:
            return now
        # Rounded up: a microsecond too early would find the token not yet whole.
        return max(now, self.at) + timedelta(microseconds=math.ceil(missing / self.rate * 1e6))

    def take(self, now: datetime) -> Bucket:
        """Return the bucket after one token was taken.

        Raises: AssertionError when there is none.
        """
        level = self.level(now)
        assert level >= 1 - _ROUNDING, "a token was taken from an empty bucket"
        return Bucket(self.rate, self.burst, max(level - 1, 0.0), self._no_earlier(now))

    def emptied(self, now: datetime) -> Bucket:
        """Return the bucket after Amazon answered 429: whatever we thought, it is empty."""
        return Bucket(self.rate, self.burst, 0.0, self._no_earlier(now))

    def _no_earlier(self, now: datetime) -> datetime:
        """Return `now`, or what another worker's clock showed later: no time is counted twice."""
        return max(now, self.at)
