"""Quotas: Amazon's token buckets, so that no call is made that would be refused."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

_ROUNDING = 1e-9  # tokens are counted in floats

# A call may arrive so much later than the token for it was taken, and the next one without any delay: then
# Amazon sees the two closer together than we do. What refills is counted so much later; nothing else changes.
ARRIVES_WITHIN = timedelta(seconds=1)

# What Amazon says of a rate is believed within these bounds of the documented one: a slip of theirs must
# neither stop a desk for days nor let it run without a limit.
LOWEST_SHARE = 0.1
HIGHEST_SHARE = 100.0


def believable(said: float, *, documented: float) -> float:
    """Return the rate to keep to when Amazon says `said`, in tokens a second."""
    return min(max(said, documented * LOWEST_SHARE), documented * HIGHEST_SHARE)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A usage plan and how full it was at `at`: `rate` tokens a second come back, up to `burst`.

    `at` may lie ahead: until then nothing comes back.
    """

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

        Amazon's own bucket begins to refill when the call arrives. As long as ours is fuller than what
        comes back within ARRIVES_WITHIN, theirs may be full at that moment and lose what ours would count.
        Raises: AssertionError when there is none.
        """
        level = self.level(now)
        assert level >= 1 - _ROUNDING, "a token was taken from an empty bucket"
        room = timedelta(seconds=(self.burst - level) / self.rate)
        refills_from = now + max(ARRIVES_WITHIN - room, timedelta(0))
        return replace(self, tokens=max(level - 1, 0.0), at=max(refills_from, self.at))

    def emptied(self, now: datetime) -> Bucket:
        """Return the bucket after Amazon answered 429: whatever we thought, it is empty."""
        return replace(self, tokens=0.0, at=self._no_earlier(now))

    def paced(self, rate: float, now: datetime) -> Bucket:
        """Return the bucket at another rate from `now` on; what came back at the old one stays."""
        return replace(self, rate=rate, tokens=self.level(now), at=self._no_earlier(now))

    def _no_earlier(self, now: datetime) -> datetime:
        """Return `now`, or what another worker's clock showed later: no time is counted twice."""
        return max(now, self.at)
