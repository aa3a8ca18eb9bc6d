"""Times the dispatch policy in virtual time beside the naive way and the lower bounds for any policy.

`python -m bench.dispatch` prints how long actions wait after their undo window: first single days and bursts,
beside the bound of a clairvoyant; then steady streams of two days each, beside the bound for policies that do
not know the future (`bench.online`). Two to three minutes, half of them for the bounds.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
from collections.abc import Sequence

from bench import clairvoyant, online
from bench.online import Stream
from bench.virtual import BURST, RATE, UNDO, Arrivals, Outcome, drawn, naive, poisson, run

DAY = 8 * 3600.0
TWO_DAYS = 48 * 3600.0
CELLS_PER_TOKEN = 12
CELL = 1 / RATE / CELLS_PER_TOKEN
STREAMS = (
    ("below Amazon's rate, one every 150 s", Stream(150.0, CELL, 6, 1, 6)),
    ("at Amazon's rate, one every 120 s", Stream(120.0, CELL, 6, 1, 8)),
    ("1.5 times Amazon's rate, one every 80 s", Stream(80.0, CELL, 6, 1, 10)),
    ("3 times Amazon's rate, one every 40 s", Stream(40.0, 10.0, 6, 2, 20)),
    ("4 times Amazon's rate, one every 30 s", Stream(30.0, 10.0, 6, 2, 20)),
    ("10 times Amazon's rate, one every 12 s", Stream(12.0, 10.0, 6, 3, 40)),
)
# At more than this pace (beside Amazon's rate) a bucket of 15 is as good as one that never runs dry or over.
BUCKET_COUNTS_UPTO = 1.6
REFUNDS_WANTED = 16_000
CANCELLATION_EVERY = 1440.0  # seconds: twenty in eight hours


def scenarios(seed: int) -> list[Arrivals]:
    """Return the days and bursts that are measured."""
    rng = random.Random(seed)  # noqa: S311  # arrivals, not secrets
    quiet, busy = poisson(rng, 150, DAY), poisson(rng, 30, DAY)
    return [
        Arrivals("steady, one every 150 s for 8 h", quiet),
        Arrivals("steady, one every 30 s for 8 h", busy),
        Arrivals("burst of 1,000", [0.0] * 1000),
        Arrivals("recall of 5,000", [0.0] * 5000),
        Arrivals("steady 30 s with 20 cancellations", busy, poisson(rng, DAY / 20, DAY)),
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


def ratio(mean: float, least: float) -> str:
    """Return how many times the bound a mean is; below a second there is nothing to compare."""
    return f"{mean / least:.3f}" if least >= 1 else "–"


def report(arrivals: Arrivals) -> str:
    """Return the block of one day or burst."""
    outcome, alone = run(arrivals), naive(arrivals)
    mean = statistics.fmean(outcome.refund_waits)
    least = clairvoyant.bound(arrivals, outcome.cancel_feeds)
    sooner = max(alone) / max(*outcome.refund_waits, 0.001)
    lines = [
        f"{arrivals.name} ({len(arrivals.refunds)} refunds, {len(arrivals.cancellations)} cancellations)",
        f"  refunds wait   mean / p50 / p95 / max   {line(outcome.refund_waits)} s",
        f"  naive way                               {line(alone)} s",
        *_cancellations(outcome),
        f"  feeds {outcome.feeds}; clairvoyant bound {least:,.1f} s, ratio {ratio(mean, least)}; "
        f"last refund {sooner:,.0f} times sooner than the naive way",
    ]
    if arrivals.cancellations:
        least = clairvoyant.bound(arrivals, outcome.cancel_feeds, outcome.in_sight)
        keeps_none = statistics.fmean(run(arrivals, keep=0).refund_waits)
        lines.append(
            f"  clairvoyant bound if tokens are kept {least:,.1f} s, ratio {ratio(mean, least)}; "
            f"without keeping any the mean were {keeps_none:,.1f} s"
        )
    return "\n".join([*lines, "", ""])


def _cancellations(outcome: Outcome) -> list[str]:
    if not outcome.cancel_waits:
        return []
    found = outcome.found_a_token
    return [
        f"  cancellations                           {line(outcome.cancel_waits)} s",
        f"  those that found a token ({len(found)} of {len(outcome.cancel_waits)})        {line(found)} s",
    ]


def report_stream(name: str, stream: Stream, seed: int, *, with_cancellations: bool = False) -> str:
    """Return the block of one steady stream: some runs of two days, beside the bound."""
    seeds = range(seed, seed + _runs(stream))
    outcomes = [run(_two_days(stream, each, with_cancellations)) for each in seeds]
    mean = statistics.fmean(wait for each in outcomes for wait in each.refund_waits)
    taken = statistics.fmean(len(each.cancel_feeds) for each in outcomes)
    tokens = RATE + (BURST - taken) / (TWO_DAYS + UNDO)
    if stream.pace() / RATE > BUCKET_COUNTS_UPTO or with_cancellations:
        least = online.bound(stream, tokens_per_second=tokens)
    else:
        least = online.bound_with_bucket(stream, burst=BURST, cells_per_token=CELLS_PER_TOKEN)
    waits = [wait for each in outcomes for wait in each.refund_waits]
    cancels = [wait for each in outcomes for wait in each.cancel_waits]
    title = f"{name}, with cancellations" if with_cancellations else name
    lines = [
        f"{title} ({len(waits)} refunds in {len(seeds)} runs)",
        f"  refunds wait   mean / p50 / p95 / max   {line(waits)} s",
        f"  bound for any policy that does not know the future {least:,.2f} s, ratio {ratio(mean, least)}",
    ]
    if cancels:
        keeps_none = [run(_two_days(stream, each, True), keep=0).refund_waits for each in seeds]
        without = statistics.fmean(wait for each in keeps_none for wait in each)
        lines.append(f"  {len(cancels)} cancellations                       {line(cancels)} s")
        lines.append(f"  without keeping any token the mean were {without:,.2f} s")
    return "\n".join([*lines, "", ""])


def _runs(stream: Stream) -> int:
    """Return how many runs make the mean of what comes at this pace steady enough to compare."""
    return math.ceil(REFUNDS_WANTED * stream.every / TWO_DAYS)


def _two_days(stream: Stream, seed: int, with_cancellations: bool) -> Arrivals:
    rng = random.Random(seed)  # noqa: S311  # arrivals, not secrets
    refunds = drawn(rng, stream.law(), stream.cell, TWO_DAYS)
    cancellations = poisson(rng, CANCELLATION_EVERY, TWO_DAYS) if with_cancellations else []
    return Arrivals("", refunds, cancellations)


def main() -> None:
    """Print one block for each kind of arrivals."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    for arrivals in scenarios(seed):
        sys.stdout.write(report(arrivals))
        sys.stdout.flush()
    for name, stream in STREAMS:
        sys.stdout.write(report_stream(name, stream, seed))
        sys.stdout.flush()
    for name, stream in STREAMS[2:5:2]:
        sys.stdout.write(report_stream(name, stream, seed, with_cancellations=True))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
