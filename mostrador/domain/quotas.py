"""Quotas: Amazon's token buckets, so that no call is made that would be refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


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
        return now if missing <= 1e-9 else now + timedelta(seconds=missing / self.rate)

    def take(self, now: datetime) -> Bucket:
        """Return the bucket after one token was taken.

        Raises: AssertionError when there is none.
        """
        level = self.level(now)
        assert level >= 1 - 1e-9, "a token was taken from an empty bucket"
        return Bucket(self.rate, self.burst, max(level - 1, 0.0), now)

    def emptied(self, now: datetime) -> Bucket:
        """Return the bucket after Amazon answered 429: whatever we thought, it is empty."""
        return Bucket(self.rate, self.burst, 0.0, now)
