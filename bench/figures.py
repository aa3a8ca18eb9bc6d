"""Figures: percentiles, and the table a measurement prints."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `aim` is empty where none was set."""

    what: str
    figure: str
    aim: str = ""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` (0 to 1) of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def milliseconds(seconds: Sequence[float]) -> str:
    """Return median, 95th percentile and maximum of times given in seconds."""
    p50, p95, most = median(seconds), percentile(seconds, 0.95), max(seconds)
    return f"p50 {p50 * 1000:6.1f}   p95 {p95 * 1000:6.1f}   max {most * 1000:6.1f} ms   n {len(seconds)}"


def show_one(row: Row, width: int = 32) -> None:
    """Print a line of a table that is still being measured."""
    sys.stdout.write(f"  {row.what:<{width}}  {row.figure}{f'   (aim {row.aim})' if row.aim else ''}\n")
    sys.stdout.flush()


def show(title: str, rows: Sequence[Row]) -> None:
    """Print the table."""
    width = max((len(row.what) for row in rows), default=0)
    lines = [f"  {row.what:<{width}}  {row.figure}{f'   (aim {row.aim})' if row.aim else ''}" for row in rows]
    sys.stdout.write("\n".join([f"\n{title}", *lines, ""]))
    sys.stdout.flush()
