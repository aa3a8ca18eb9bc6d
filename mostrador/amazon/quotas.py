"""Amazon's usage plans: how often each operation may be called, as its models print them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class UsagePlan:
    """A bucket of `burst` tokens, refilled at `rate` tokens a second; one call takes one token."""

    rate: Decimal
    burst: int

    @property
    def seconds_per_token(self) -> float:
        """How long an empty bucket takes to hold one token again."""
        return float(1 / self.rate)


def _plan(rate: str, burst: int) -> UsagePlan:
    return UsagePlan(Decimal(rate), burst)


# One bucket for each operation, selling partner and application; getOrder is that of Orders 2026-01-01.
USAGE_PLANS: Mapping[str, UsagePlan] = MappingProxyType(
    {
        "createFeedDocument": _plan("0.5", 15),
        "createFeed": _plan("0.0083", 15),
        "getFeed": _plan("2", 15),
        "getFeeds": _plan("0.0222", 10),
        "cancelFeed": _plan("2", 15),
        "getFeedDocument": _plan("0.0222", 10),
        "searchOrders": _plan("0.0056", 20),
        "getOrder": _plan("0.5", 30),
        "listTransactions": _plan("0.5", 10),
        "getDestinations": _plan("1", 5),
        "createDestination": _plan("1", 5),
        "getSubscription": _plan("1", 5),
        "createSubscription": _plan("1", 5),
        "deleteSubscriptionById": _plan("1", 5),
    }
)


def rate_said(headers: Mapping[str, str]) -> Decimal | None:
    """Return the rate an answer names for its operation, in calls a second; most name none.

    Source: "x-amzn-RateLimit-Limit" of developer-docs, page "Response format"; best effort, never the burst.
    """
    try:
        rate = Decimal(headers.get("x-amzn-ratelimit-limit", ""))
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and rate > 0 else None
