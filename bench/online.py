"""Computes the least mean wait of refunds that any policy can reach which does not know the future.

Two bounds for a steady stream, both by relative value iteration over what such a policy can know: how many
refunds wait, and who is due within the undo window. Time goes in cells; how many refunds are asked for in
each is drawn from `law`, independently. `bench.dispatch` draws its steady streams from the same law, so that
the bounds hold for them without rounding.

- `bound`: a feed costs a fee, and the fees of the tokens that exist are given back. Whatever the fee, no
  policy can do better (Lagrange); the best fee gives the bound. It ignores that a bucket may run dry or over.
- `bound_with_bucket`: the tokens in hand and the way to the next one are part of the state. It is exact but
  for tokens that tick on while the bucket is full. It takes long where many wait; it is for paces near
  Amazon's rate.

Both stop when the improvement is nearly the same everywhere, and return its smallest: a bound at any time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SWEEPS_AT_MOST = 600
NEARLY = 0.01
FEES_TRIED = 9

Values = list[list[float]]  # by how many wait, then by who is due in the next cells (the first counts most)


@dataclass(frozen=True, slots=True)
class Stream:
    """Refunds that come one every `every` seconds or so; the policy sees `cells` of `cell` seconds ahead.

    At most `most` come in a cell; more than `waiting` are counted as so many (both make a bound lower).
    """

    every: float
    cell: float
    cells: int
    most: int
    waiting: int

    def law(self) -> list[float]:
        """Return how likely 0, 1 … refunds in a cell are: a Poisson law, cut off at `most`."""
        mean = self.cell / self.every
        likely = [math.exp(-mean) * mean**k / math.factorial(k) for k in range(self.most)]
        return [*likely, 1 - sum(likely)]

    def pace(self) -> float:
        """Return how many come in a second, on average."""
        return sum(count * likely for count, likely in enumerate(self.law())) / self.cell


def bound(stream: Stream, *, tokens_per_second: float) -> float:
    """Return the least mean wait in seconds, if feeds may leave at any time but not more often than this."""

    def with_fee(fee: float) -> float:
        return (_cost_per_second(stream, fee) - fee * tokens_per_second) / stream.pace()

    return max(0.0, _highest(with_fee, upto=4 * stream.pace() / tokens_per_second**2))


def bound_with_bucket(stream: Stream, *, burst: int, cells_per_token: int) -> float:
    """Return the least mean wait in seconds under a bucket that gets one token in so many cells."""
    blank = [[0.0] * (stream.most + 1) ** stream.cells for _ in range(stream.waiting + 1)]
    values = [blank] * (burst + 1)
    low = 0.0
    for _ in range(SWEEPS_AT_MOST):
        after = values
        for cell in range(cells_per_token):
            ahead = [_ahead(stream, rows) for rows in after]
            if cell == 0:  # counted from the end: here the token comes
                ahead = [*ahead[1:], ahead[-1]]
            after = [
                _decide(stream, ahead[n], ahead[n - 1] if n else None, fee=0.0) for n in range(burst + 1)
            ]
        low, high = _gain([row for rows in values for row in rows], [row for rows in after for row in rows])
        if high - low <= NEARLY * high:
            break
        values = [_less(rows, after[-1][0][0]) for rows in after]
    return low / (cells_per_token * stream.cell) / stream.pace()


def _cost_per_second(stream: Stream, fee: float) -> float:
    """Return the least cost of waiting and fees in the long run (or less)."""
    values: Values = [[0.0] * (stream.most + 1) ** stream.cells for _ in range(stream.waiting + 1)]
    low = 0.0
    for _ in range(SWEEPS_AT_MOST):
        ahead = _ahead(stream, values)
        after = _decide(stream, ahead, ahead, fee=fee)
        low, high = _gain(values, after)
        if high - low <= NEARLY / 5 * high:
            break
        values = _less(after, after[0][0])
    return low / stream.cell


def _ahead(stream: Stream, values: Values) -> Values:
    """Return the values expected before it is known who comes into sight in the newest cell."""
    likely, base = stream.law(), stream.most + 1
    rows = []
    for row in values:
        expected = [likely[0] * value for value in row[::base]]
        for count in range(1, base):
            share = likely[count]
            expected = [
                known + share * value for known, value in zip(expected, row[count::base], strict=True)
            ]
        rows.append(expected)
    return rows


def _decide(stream: Stream, stay: Values, go: Values | None, *, fee: float) -> Values:
    """Return the values one cell earlier: all that wait leave for `fee`, or each waits a cell longer."""
    most = stream.waiting
    rows = []
    for waiting in range(most + 1):
        wait = waiting * stream.cell
        row: list[float] = []
        for coming in range(stream.most + 1):
            kept = stay[min(most, waiting + coming)]
            if waiting and go is not None:
                gone = go[min(most, coming)]
                row += [min(wait + kept_on, fee + left) for kept_on, left in zip(kept, gone, strict=True)]
            else:
                row += [wait + value for value in kept]
        rows.append(row)
    return rows


def _gain(before: Sequence[Sequence[float]], after: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return the smallest and the largest growth of the values in one round."""
    grown = [
        new - old
        for rows in zip(before, after, strict=True)
        for old, new in zip(rows[0], rows[1], strict=True)
    ]
    return min(grown), max(grown)


def _less(values: Values, base: float) -> Values:
    return [[value - base for value in row] for row in values]


def _highest(function: Callable[[float], float], *, upto: float) -> float:
    """Return the highest value found of a concave function, by golden sections."""
    low, high, section = 0.0, upto, (math.sqrt(5) - 1) / 2
    left, right = high - section * (high - low), low + section * (high - low)
    of_left, of_right = function(left), function(right)
    for _ in range(FEES_TRIED):
        if of_left > of_right:
            high, right, of_right = right, left, of_left
            left = high - section * (high - low)
            of_left = function(left)
        else:
            low, left, of_left = left, right, of_right
            right = low + section * (high - low)
            of_right = function(right)
    return max(of_left, of_right)
