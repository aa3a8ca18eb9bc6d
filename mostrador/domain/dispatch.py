"""Dispatch: when a waiting action leaves, so that Amazon's few tokens are spent where they save most waiting.

A pure policy: from the bucket and what waits, undo windows included, to "send these now" or "wait until".
While tokens last an action leaves at once; when they run low actions travel together; cancellations go before
refunds, the earliest ship-by first, and tokens are kept while somebody may still need one to cancel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mostrador.domain.quotas import Bucket

# So many of the next actions are weighed against each other; what is due later changes nothing soon enough.
HORIZON = 40
# After so many feeds of cancellations in a row, waiting refunds have their turn …
CANCELLATIONS_IN_A_ROW = 2
# … unless a waiting cancellation's order ships within this time.
SHIPS_SOON = timedelta(hours=1)


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
    """The settings: messages a feed, tokens kept for cancellations, gentle spacing of feeds of one kind."""

    messages_per_feed: int = 50
    keep: int = 0
    spacing: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Past:
    """What left before: when each kind last did, and how many feeds of cancellations left in a row."""

    refunds_at: datetime | None = None
    cancellations_at: datetime | None = None
    cancellations_in_a_row: int = 0


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
        past = _after(past, departure)
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


def _next(
    left: dict[Kind, list[Waiting]], bucket: Bucket, past: Past, rules: Rules, now: datetime
) -> Departure:
    refunds = _leave(left[Kind.REFUNDS], Kind.REFUNDS, bucket, past.refunds_at, rules, now, keep=rules.keep)
    cancels = _leave(
        left[Kind.CANCELLATIONS], Kind.CANCELLATIONS, bucket, past.cancellations_at, rules, now, keep=0
    )
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


def _after(past: Past, departure: Departure) -> Past:
    if departure.kind is Kind.REFUNDS:
        return Past(departure.at, past.cancellations_at, 0)
    return Past(past.refunds_at, departure.at, past.cancellations_in_a_row + 1)


def _leave(
    waiting: Sequence[Waiting],
    kind: Kind,
    bucket: Bucket,
    last_at: datetime | None,
    rules: Rules,
    now: datetime,
    *,
    keep: int,
) -> Departure | None:
    """Return the next feed of one kind as if the other did not exist."""
    if not waiting:
        return None
    # A clock that was ahead when the last one left, and was set back, must not hold this one until then.
    earliest = max(now, min(last_at, now) + rules.spacing) if last_at else now
    ready_at = max(bucket.ready_at(now, keep=keep), earliest)
    by_due = sorted(waiting, key=lambda each: (each.due, each.key))
    at = max(ready_at, by_due[0].due)
    if kind is Kind.REFUNDS:
        at = _best_moment(by_due[:HORIZON], at, bucket, rules, keep)
    there = sorted((each for each in by_due if each.due <= at), key=_ships_first)
    return Departure(kind, tuple(each.key for each in there[: rules.messages_per_feed]), at)


def _ships_first(each: Waiting) -> tuple[datetime, datetime, int]:
    return (each.ship_by or datetime.max.replace(tzinfo=each.due.tzinfo), each.due, each.key)


def _best_moment(
    by_due: Sequence[Waiting], at: datetime, bucket: Bucket, rules: Rules, keep: int
) -> datetime:
    """Return whether to leave at `at` or to hold on a little for those whose undo window is about to end.

    Holding on pays only when tokens are scarce: the last of them would leave without the others, who would
    then wait for the next. Exact for what is known now: dynamic programming over groups that leave together.
    """
    later = [each.due for each in by_due if each.due > at]
    free = bucket.level(at) - keep
    if not later or free >= len(later) + 1:
        return at
    dues = [max((each.due - at).total_seconds(), 0.0) for each in by_due]
    tokens = [max(0.0, (k - free) / bucket.rate) for k in range(1, len(dues) + 1)]
    return at + timedelta(seconds=_first_leaves(dues, tokens, rules.messages_per_feed))


def _first_leaves(dues: Sequence[float], tokens: Sequence[float], most: int) -> float:
    """Return when the first group leaves in the plan with the least waiting (seconds from now).

    `dues` ascend; the k-th feed cannot leave before `tokens[k]`. best[j] after k feeds is the least waiting
    of the first j actions and when their first group leaves.
    """
    sums = [0.0]
    for due in dues:
        sums.append(sums[-1] + due)
    count = len(dues)
    best: list[tuple[float, float] | None] = [(0.0, 0.0), *([None] * count)]
    answer: tuple[float, float] | None = None
    for k in range(count):
        following: list[tuple[float, float] | None] = [None] * (count + 1)
        for j in range(k + 1, count + 1):
            leaves = max(dues[j - 1], tokens[k])
            for i in range(max(k, j - most), j):
                before = best[i]
                if before is None:
                    continue
                waits = before[0] + leaves * (j - i) - (sums[j] - sums[i])
                known = following[j]
                if known is None or waits < known[0] - 1e-9:
                    following[j] = (waits, before[1] if k else leaves)
        best = following
        reached = best[count]
        if reached is not None and (answer is None or reached[0] < answer[0] - 1e-9):
            answer = reached
    assert answer, "as many feeds as actions always suffice"
    return answer[1]
