"""Times the dispatch policy in virtual time beside the naive way and the lower bound for any policy.

`python -m bench.dispatch` prints, for each kind of arrivals, how long actions wait after their undo window.
Nothing here sleeps or calls Amazon: `domain.dispatch` is run as it is in the worker, with Amazon's createFeed
bucket (15 tokens, one more every 120 s).
"""

from __future__ import annotations

import heapq
import random
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mostrador.domain.dispatch import (
    Kind,
    Past,
    Rules,
    Waiting,
    next_departure,
    tokens_kept,
)
from mostrador.domain.quotas import Bucket

START = datetime(2026, 1, 1, tzinfo=UTC)
UNDO = 60.0
RATE, BURST = 0.0083, 15
MOST_KEPT = 2
PER_FEED = 50


@dataclass(frozen=True)
class Arrivals:
    """When refunds and cancellations are pressed, in seconds from the start."""

    name: str
    refunds: Sequence[float]
    cancellations: Sequence[float] = ()


@dataclass
class Outcome:
    """How long each action waited after its undo window, in seconds, and when feeds left."""

    refund_waits: list[float] = field(default_factory=list)
    cancel_waits: list[float] = field(default_factory=list)
    refund_feeds: list[float] = field(default_factory=list)
    cancel_feeds: list[float] = field(default_factory=list)


def run(arrivals: Arrivals) -> Outcome:
    """Return what the policy makes of the arrivals."""
    pressed = sorted(
        [(at, Kind.REFUNDS) for at in arrivals.refunds]
        + [(at, Kind.CANCELLATIONS) for at in arrivals.cancellations]
    )
    due = {key: at + UNDO for key, (at, _) in enumerate(pressed)}
    waiting: dict[Kind, dict[int, Waiting]] = {Kind.REFUNDS: {}, Kind.CANCELLATIONS: {}}
    bucket, past, outcome = Bucket(RATE, BURST, BURST, START), Past(), Outcome()
    moments = [at for at, _ in pressed]
    heapq.heapify(moments)
    upcoming = 0
    while moments:
        now = heapq.heappop(moments)
        while moments and moments[0] <= now:
            heapq.heappop(moments)
        while upcoming < len(pressed) and pressed[upcoming][0] <= now:
            kind = pressed[upcoming][1]
            waiting[kind][upcoming] = Waiting(upcoming, _at(due[upcoming]))
            upcoming += 1
        while True:
            keep = tokens_kept(most=MOST_KEPT, cancellations_in_sight=len(waiting[Kind.CANCELLATIONS]))
            departure = next_departure(
                refunds=list(waiting[Kind.REFUNDS].values()),
                cancellations=list(waiting[Kind.CANCELLATIONS].values()),
                bucket=bucket,
                past=past,
                rules=Rules(messages_per_feed=PER_FEED, keep=keep),
                now=_at(now),
            )
            if departure is None:
                break
            leaves = (departure.at - START).total_seconds()
            if leaves > now + 1e-6:
                heapq.heappush(moments, leaves)
                break
            bucket = bucket.take(departure.at)
            for key in departure.keys:
                del waiting[departure.kind][key]
            _note(outcome, departure.kind, now, [now - due[key] for key in departure.keys])
            past = _past(past, departure.kind, departure.at)
    return outcome


def _note(outcome: Outcome, kind: Kind, now: float, waits: list[float]) -> None:
    if kind is Kind.REFUNDS:
        outcome.refund_waits += waits
        outcome.refund_feeds.append(now)
    else:
        outcome.cancel_waits += waits
        outcome.cancel_feeds.append(now)


def _past(past: Past, kind: Kind, at: datetime) -> Past:
    if kind is Kind.REFUNDS:
        return Past(at, past.cancellations_at, 0)
    return Past(past.refunds_at, at, past.cancellations_in_a_row + 1)


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def tokens_at(count: int, start: float, taken: Sequence[float] = ()) -> list[float]:
    """Return when the 1st, 2nd … token is there at the earliest, after those `taken` by others.

    The bucket is full at `start`, before which nothing is due; from there on it is taken to lose nothing, so
    these moments are never late and a bound built on them is a bound.
    """
    moments = []
    for k in range(1, count + 1):
        ready, gone = start, -1
        while gone != (gone := sum(start <= at <= ready + 1e-6 for at in taken)):
            ready = start + max(0.0, (k + gone - BURST) / RATE)
        moments.append(ready)
    return moments


def naive(arrivals: Arrivals) -> list[float]:
    """Return the waits of refunds when every action travels alone, first come first served."""
    dues = sorted(
        [(at + UNDO, 0) for at in arrivals.refunds] + [(at + UNDO, 1) for at in arrivals.cancellations]
    )
    waits, level, last = [], float(BURST), 0.0
    for due, is_cancel in dues:
        now = max(due, last)
        level = min(BURST, level + (now - last) * RATE)
        leaves = now if level >= 1 else now + (1 - level) / RATE
        level = min(BURST, level + (leaves - now) * RATE) - 1
        last = leaves
        if not is_cancel:
            waits.append(leaves - due)
    return waits


def bound(arrivals: Arrivals, taken: Sequence[float]) -> float:
    """Return the least mean wait of refunds that any policy can reach, one that knows the future included.

    `taken` are the moments at which cancellations took a token. Groups that leave together are chosen by
    dynamic programming; the k-th of them not before the k-th token.
    """
    dues = sorted(at + UNDO for at in arrivals.refunds)
    count = len(dues)
    last = dues[-1]
    if dues[0] == last:
        feeds = -(-count // PER_FEED)
        tokens = tokens_at(feeds, dues[0], taken)
        full = [min(PER_FEED, count - PER_FEED * k) for k in range(feeds)]
        return sum(max(tokens[k] - last, 0.0) * full[k] for k in range(feeds)) / count
    until = int(BURST + (last - dues[0]) * RATE) + -(-count // PER_FEED) + 1
    tokens = tokens_at(min(count, until), dues[0], taken)
    sums = [0.0]
    for due in dues:
        sums.append(sums[-1] + due)
    far = float("inf")
    best, least = [0.0] + [far] * count, far
    for k, token in enumerate(tokens):
        following = [far] * (count + 1)
        for j in range(k + 1, count + 1):
            leaves = max(dues[j - 1], token)
            low = far
            base = leaves * j - sums[j]
            for i in range(max(k, j - PER_FEED), j):
                waits = best[i] - leaves * i + sums[i]
                low = min(low, waits)
            following[j] = low + base
        best = following
        least = min(least, best[count])
    return least / count


def poisson(rng: random.Random, every: float, until: float) -> list[float]:
    """Return arrivals that come independently, one every `every` seconds on average."""
    moments, at = [], rng.expovariate(1 / every)
    while at < until:
        moments.append(at)
        at += rng.expovariate(1 / every)
    return moments


def scenarios(seed: int) -> list[Arrivals]:
    """Return the arrivals that are measured."""
    rng = random.Random(seed)  # noqa: S311  # arrivals, not secrets
    day = 8 * 3600.0
    quiet, busy = poisson(rng, 150, day), poisson(rng, 30, day)
    return [
        Arrivals("steady, one every 150 s for 8 h", quiet),
        Arrivals("steady, one every 30 s for 8 h", busy),
        Arrivals("burst of 1,000", [0.0] * 1000),
        Arrivals("recall of 5,000", [0.0] * 5000),
        Arrivals("steady 30 s with 20 cancellations", busy, poisson(rng, day / 20, day)),
        Arrivals("burst of 1,000, 20 cancellations in its hour", [600.0] * 1000, poisson(rng, 180, 3600.0)),
    ]


def quantile(values: Sequence[float], q: float) -> float:
    """Return the value that `q` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))] if ordered else 0.0


def line(values: Sequence[float]) -> str:
    """Return mean, p50, p95 and maximum in seconds."""
    if not values:
        return "–"
    parts = (statistics.fmean(values), quantile(values, 0.5), quantile(values, 0.95), max(values))
    return " / ".join(f"{part:,.1f}" for part in parts)


def main() -> None:
    """Print one block for each kind of arrivals."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    for arrivals in scenarios(seed):
        outcome = run(arrivals)
        if len(outcome.refund_waits) != len(arrivals.refunds):
            raise SystemExit("a refund never left")
        alone = naive(arrivals)
        least = bound(arrivals, outcome.cancel_feeds)
        mean = statistics.fmean(outcome.refund_waits)
        last, last_alone = max(outcome.refund_waits), max(alone)
        out = sys.stdout.write
        asked = f"{len(arrivals.refunds)} refunds, {len(arrivals.cancellations)} cancellations"
        out(f"{arrivals.name} ({asked})\n")
        out(f"  refunds wait   mean / p50 / p95 / max   {line(outcome.refund_waits)} s\n")
        out(f"  naive way                               {line(alone)} s\n")
        if outcome.cancel_waits:
            out(f"  cancellations                           {line(outcome.cancel_waits)} s\n")
        feeds = len(outcome.refund_feeds) + len(outcome.cancel_feeds)
        ratio = f"{mean / least:.3f}" if least > 1 else ("1.000" if mean < 1 else "–")
        out(f"  feeds {feeds}; bound on the mean {least:,.1f} s, ratio {ratio}; ")
        out(f"last refund {last_alone / max(last, 0.001):,.0f} times sooner than the naive way\n\n")


if __name__ == "__main__":
    main()
