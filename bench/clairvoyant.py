"""The bounds of a clairvoyant: the least mean wait of refunds if every arrival of the day were known."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from bench.virtual import BURST, MOST_KEPT, PER_FEED, RATE, UNDO, Arrivals

Spans = Sequence[tuple[float, float]]


def tokens_at(count: int, start: float, taken: Sequence[float] = (), in_sight: Spans = ()) -> list[float]:
    """Return when the 1st, 2nd … token is there for refunds at the earliest.

    The bucket is full at `start`, before which nothing is due; from there on it is taken to lose nothing, so
    these moments are never late and a bound built on them is a bound. `taken` are the moments at which
    cancellations took one; while some are `in_sight`, as many tokens are kept for them, two at the most.
    """
    changes = sorted({start, *taken, *(at for span in in_sight for at in span)})
    changes = [at for at in changes if at >= start]
    gone_by = sorted(at for at in taken if at >= start)
    moments: list[float] = []
    ready = start
    for k in range(1, count + 1):
        for since, until in pairwise([*changes, float("inf")]):
            if until <= ready:
                continue
            gone = bisect_right(gone_by, since)
            kept = min(MOST_KEPT, sum(known <= since < left for known, left in in_sight))
            at = max(ready, since, start + (k + gone + kept - BURST) / RATE)
            if at < until:
                ready = at
                break
        moments.append(ready)
    return moments


def bound(arrivals: Arrivals, taken: Sequence[float], in_sight: Spans = ()) -> float:
    """Return the least mean wait of refunds that any policy can reach, one that knows the future included.

    `taken` are the moments at which cancellations took a token; with `in_sight` the bound is that of policies
    which keep tokens for them. Groups that leave together are chosen by
    dynamic programming; the k-th of them not before the k-th token.
    """
    dues = sorted(at + UNDO for at in arrivals.refunds)
    count = len(dues)
    last = dues[-1]
    if dues[0] == last:
        feeds = -(-count // PER_FEED)
        tokens = tokens_at(feeds, dues[0], taken, in_sight)
        full = [min(PER_FEED, count - PER_FEED * k) for k in range(feeds)]
        return sum(max(tokens[k] - last, 0.0) * full[k] for k in range(feeds)) / count
    until = int(BURST + (last - dues[0]) * RATE) + -(-count // PER_FEED) + 1
    tokens = tokens_at(min(count, until), dues[0], taken, in_sight)
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
