"""Dispatch: when a waiting action leaves, so that Amazon's few tokens are spent where they save most waiting.

A pure policy: from the bucket and what waits, undo windows included, to "send these now" or "wait until".
While tokens last an action leaves at once; when they run low at the pace of the last hour, actions travel
together; cancellations go before refunds, the earliest ship-by first, and tokens are kept while somebody may
still need one to cancel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate, pairwise

from mostrador.domain.quotas import Bucket

# So many of the next actions are weighed against each other; what is due later changes nothing soon enough.
HORIZON = 25
# With so much of the bucket in hand a token costs nothing: what is due leaves at once.
PLENTY = 0.8
# An empty bucket makes the pace feel so much faster, a full one so much slower.
FEELS = 0.25
# The pace is that of the last so many refunds or hours, whichever is less …
PACE_OVER = timedelta(hours=4)
PACE_LOOKS_AT = 256
_PACE_OVER_AT_LEAST = timedelta(minutes=15)
# … and those asked for in one go count once: a burst is not a pace.
ONE_GO = timedelta(seconds=2)
# So many refunds that nobody has asked for yet are expected to come, at the most.
EXPECTED_AT_MOST = 14
# Nobody is held for others longer than so many tokens need to come.
PATIENCE = 2.0
# After so many feeds of cancellations in a row, waiting refunds have their turn …
CANCELLATIONS_IN_A_ROW = 2
# … unless a waiting cancellation's order ships within this time.
SHIPS_SOON = timedelta(hours=1)

# A plan that cannot be.
_NEVER = (math.inf, math.inf)


class Kind(StrEnum):
    """The two feed types that share the bucket."""

    REFUNDS = "refunds"
    CANCELLATIONS = "cancellations"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One action that wants to leave: not before `due` (its undo window), a cancellation before `ship_by`."""

    key: int
    due: datetime
    ship_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings: messages a feed, tokens kept for cancellations, gentle spacing of feeds of one kind.

    `undo` is how long before it is due a refund is known: so far ahead the policy sees.
    """

    messages_per_feed: int = 50
    keep: int = 0
    spacing: timedelta = timedelta(0)
    undo: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Past:
    """What was before: when each kind last left, how many feeds of cancellations left in a row, and the pace.

    `pace` is how many refunds a second were asked for lately.
    """

    refunds_at: datetime | None = None
    cancellations_at: datetime | None = None
    cancellations_in_a_row: int = 0
    pace: float = 0.0

    def after(self, departure: Departure) -> Past:
        """Return the past as it is once this has left."""
        if departure.kind is Kind.REFUNDS:
            return replace(self, refunds_at=departure.at, cancellations_in_a_row=0)
        in_a_row = self.cancellations_in_a_row + 1
        return replace(self, cancellations_at=departure.at, cancellations_in_a_row=in_a_row)


@dataclass(frozen=True, slots=True)
class Departure:
    """These actions leave in one feed at `at`."""

    kind: Kind
    keys: tuple[int, ...]
    at: datetime


def departures(
    *,
    refunds: Sequence[Waiting],
    cancellations: Sequence[Waiting],
    bucket: Bucket,
    past: Past,
    rules: Rules,
    now: datetime,
) -> list[Departure]:
    """Return the plan for all that waits, the next departure first; later arrivals will change it."""
    plan: list[Departure] = []
    left = {Kind.REFUNDS: list(refunds), Kind.CANCELLATIONS: list(cancellations)}
    moment = now
    while any(left.values()):
        departure = _next(left, bucket, past, rules, moment)
        plan.append(departure)
        left[departure.kind] = [each for each in left[departure.kind] if each.key not in set(departure.keys)]
        moment = max(moment, departure.at)
        bucket = bucket.take(moment)
        past = past.after(departure)
    return plan


def next_departure(
    *,
    refunds: Sequence[Waiting],
    cancellations: Sequence[Waiting],
    bucket: Bucket,
    past: Past,
    rules: Rules,
    now: datetime,
) -> Departure | None:
    """Return what leaves next, and when: now or later; nothing when nothing waits."""
    if not refunds and not cancellations:
        return None
    left = {Kind.REFUNDS: list(refunds), Kind.CANCELLATIONS: list(cancellations)}
    return _next(left, bucket, past, rules, now)


def tokens_kept(*, most: int, cancellations_in_sight: int) -> int:
    """Return how many tokens refunds leave for cancellations: as many as are in sight, `most` at the most.

    In sight are unshipped orders whose buyer asked on Amazon to cancel, and cancellations in their undo
    window. A token kept for nobody would only make refunds wait.
    """
    return min(most, cancellations_in_sight)


def is_plenty(bucket: Bucket, now: datetime) -> bool:
    """Return whether so many tokens are in hand that the pace does not matter."""
    return bucket.level(now) >= PLENTY * bucket.burst


def pace(asked: Sequence[datetime], now: datetime) -> float:
    """Return how many refunds a second are asked for lately, from when the last ones were, newest first."""
    recent = [at for at in asked[:PACE_LOOKS_AT] if at > now - PACE_OVER]
    if not recent:
        return 0.0
    goes = 1 + sum(later - earlier > ONE_GO for later, earlier in pairwise(recent))
    return goes / max(now - recent[-1], _PACE_OVER_AT_LEAST).total_seconds()


def price(bucket: Bucket, now: datetime, pace: float) -> float:
    """Return how many seconds of waiting a token should save to be worth spending.

    At a steady pace above Amazon's rate the best price is near (pace - rate) / 2 rate² (`bench.online` finds
    it); it rises as the bucket runs dry and falls as it fills, so that the level finds its place by itself.
    """
    if is_plenty(bucket, now):
        return 0.0
    level = bucket.level(now)
    felt = pace * (1 + FEELS - 2 * FEELS * level / bucket.burst)
    return max(0.0, felt - PLENTY * bucket.rate) / (2 * bucket.rate**2)


def _next(
    left: dict[Kind, list[Waiting]], bucket: Bucket, past: Past, rules: Rules, now: datetime
) -> Departure:
    refunds = _leave(left[Kind.REFUNDS], Kind.REFUNDS, bucket, past, rules, now)
    cancels = _leave(left[Kind.CANCELLATIONS], Kind.CANCELLATIONS, bucket, past, rules, now)
    if refunds is None or cancels is None:
        departure = refunds or cancels
        assert departure, "something waits"
        return departure
    if refunds.at < cancels.at:
        return refunds
    return refunds if _is_refunds_turn(refunds, cancels, left[Kind.CANCELLATIONS], past) else cancels


def _is_refunds_turn(refunds: Departure, cancels: Departure, waiting: Sequence[Waiting], past: Past) -> bool:
    if past.cancellations_in_a_row < CANCELLATIONS_IN_A_ROW or refunds.at > cancels.at:
        return False
    pressing = [each for each in waiting if each.ship_by and each.ship_by - cancels.at < SHIPS_SOON]
    return not pressing


def _leave(
    waiting: Sequence[Waiting], kind: Kind, bucket: Bucket, past: Past, rules: Rules, now: datetime
) -> Departure | None:
    """Return the next feed of one kind as if the other did not exist."""
    if not waiting:
        return None
    is_refunds = kind is Kind.REFUNDS
    last_at = past.refunds_at if is_refunds else past.cancellations_at
    # A clock that was ahead when the last one left, and was set back, must not hold this one until then.
    earliest = max(now, min(last_at, now) + rules.spacing) if last_at else now
    ready_at = max(bucket.ready_at(now, keep=rules.keep if is_refunds else 0), earliest)
    by_due = sorted(waiting, key=lambda each: (each.due, each.key))
    at = max(ready_at, by_due[0].due)
    if is_refunds:
        at = _best_moment([each.due for each in by_due], at, bucket, past.pace, rules, now)
    there = sorted((each for each in by_due if each.due <= at), key=_ships_first)
    return Departure(kind, tuple(each.key for each in there[: rules.messages_per_feed]), at)


def _ships_first(each: Waiting) -> tuple[datetime, datetime, int]:
    return (each.ship_by or datetime.max.replace(tzinfo=each.due.tzinfo), each.due, each.key)


def _best_moment(
    dues: Sequence[datetime], at: datetime, bucket: Bucket, pace: float, rules: Rules, now: datetime
) -> datetime:
    """Return whether to leave at `at` or to hold on for others, known or expected, so as to save a token.

    Dynamic programming over groups that leave together: exact for what is known; refunds nobody has asked
    for yet are expected evenly, at the pace. Patience has its limit.
    """
    free = bucket.level(at) - rules.keep
    later = sum(due > at for due in dues)
    fee = price(bucket, at, pace)
    if len(dues) - later >= rules.messages_per_feed or (not fee and (not later or free > later)):
        return at
    after = [max((due - at).total_seconds(), 0.0) for due in dues[:HORIZON]]
    if fee and len(dues) < HORIZON:
        after += _expected((now + rules.undo - at).total_seconds(), pace, bucket.rate)
    tokens = [max(0.0, (k - free) / bucket.rate) for k in range(1, len(after) + 1)]
    hold = _first_leaves(after, tokens, fee, rules.messages_per_feed)
    longest = PATIENCE / bucket.rate - (at - dues[0]).total_seconds()
    return at + timedelta(seconds=min(hold, max(longest, 0.0)))


def _expected(known_until: float, pace: float, rate: float) -> list[float]:
    """Return when refunds that nobody has asked for yet may be due: enough to fill two usual feeds."""
    count = min(2 * math.ceil(pace / rate), EXPECTED_AT_MOST)
    return [max(known_until, 0.0) + k / pace for k in range(1, count + 1)]


def _first_leaves(dues: Sequence[float], tokens: Sequence[float], fee: float, most: int) -> float:
    """Return when the first group leaves in the plan with the least waiting and fees (seconds from now).

    `dues` ascend; the k-th feed cannot leave before `tokens[k]` and costs `fee` seconds. best[j] after k
    feeds is the least cost of the first j actions and when their first group leaves.
    """
    sums = list(accumulate(dues, initial=0.0))
    count = len(dues)
    best = [(0.0, 0.0)] + [_NEVER] * count
    answer = _NEVER
    for k in range(count):
        following = [_NEVER] * (count + 1)
        for j in range(k + 1, count + 1):
            leaves = max(dues[j - 1], tokens[k])
            low, i = min(
                (best[i][0] + leaves * (j - i) - (sums[j] - sums[i]), i) for i in range(max(k, j - most), j)
            )
            following[j] = (low + fee, best[i][1] if k else leaves)
        best = following
        answer = min(answer, best[count], key=lambda plan: plan[0])
    return answer[1]
