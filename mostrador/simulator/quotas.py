"""Usage plans: one token bucket per selling partner, application and operation, on the virtual clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UsagePlan:
    """Requests per second and how many may come at once."""

    rate: float
    burst: int


# The default plans printed in Amazon's models (read 2026-08-05).
USAGE_PLANS = {
    "searchOrders": UsagePlan(0.0056, 20),
    "getOrder": UsagePlan(0.5, 30),
    "createFeedDocument": UsagePlan(0.5, 15),
    "createFeed": UsagePlan(0.0083, 15),
    "getFeed": UsagePlan(2.0, 15),
    "getFeeds": UsagePlan(0.0222, 10),
    "cancelFeed": UsagePlan(2.0, 15),
    "getFeedDocument": UsagePlan(0.0222, 10),
    "listTransactions": UsagePlan(0.5, 10),
    "getDestinations": UsagePlan(1.0, 5),
    "createDestination": UsagePlan(1.0, 5),
    "getDestination": UsagePlan(1.0, 5),
    "getSubscription": UsagePlan(1.0, 5),
    "createSubscription": UsagePlan(1.0, 5),
    "deleteSubscriptionById": UsagePlan(1.0, 5),
    "getMarketplaceParticipations": UsagePlan(0.016, 15),
}


class Buckets:
    """The tokens left, per key; a key never seen has a full bucket."""

    def __init__(self) -> None:
        self._left: dict[tuple[str, str, str], tuple[float, float]] = {}
        self._rates: dict[str, float] = {}

    def rate(self, operation: str) -> float:
        """Return how many calls a second are allowed now: Amazon adjusts some plans."""
        return self._rates.get(operation, USAGE_PLANS[operation].rate)

    def adjust(self, operation: str, rate: float, now: float) -> None:
        """Let an operation be called more or less often from now on, by every seller."""
        for key in [key for key in self._left if key[2] == operation]:
            self._left[key] = (self._level(key, now), now)
        self._rates[operation] = rate

    def take(self, seller_id: str, client_id: str, operation: str, now: float) -> bool:
        """Take one token and say whether there was one."""
        key = (seller_id, client_id, operation)
        left = self._level(key, now)
        allowed = left >= 1.0
        self._left[key] = (left - 1.0 if allowed else left, now)
        return allowed

    def _level(self, key: tuple[str, str, str], now: float) -> float:
        burst = float(USAGE_PLANS[key[2]].burst)
        left, since = self._left.get(key, (burst, now))
        return min(burst, left + (now - since) * self.rate(key[2]))
