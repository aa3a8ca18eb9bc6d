"""Figures: how often each fault is tried (a sample or the full proof), from which seed, what came out."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

SIZE = os.environ.get("MOSTRADOR_FAULTS", "")
NIGHT = 20


def figure(*, sample: int, full: int, night: int = 0) -> int:
    """Return how often: a sample in the ordinary run, `MOSTRADOR_FAULTS=full`, or `=night`."""
    if SIZE == "night":
        return night or NIGHT * full
    return full if SIZE == "full" else sample


@dataclass
class Row:
    """One row of the proof: what was done how often, and the four figures that must be zero."""

    name: str
    done: int = 0
    doubled: int = 0
    lost: int = 0
    false_accepted: int = 0
    false_rejected: int = 0
    seconds: float = 0.0
    seed: int = 0
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Fail when anything was wrong, naming the seed that replays it."""
        four = (self.doubled, self.lost, self.false_accepted, self.false_rejected)
        assert four == (0, 0, 0, 0), f"MOSTRADOR_SEED={self.seed} replays it: {self} {self.wrong[:10]}"
        assert not self.wrong, f"MOSTRADOR_SEED={self.seed} replays it: {self.wrong[:10]}"


ROWS: list[Row] = []


@contextmanager
def row(name: str) -> Iterator[tuple[Row, random.Random]]:
    """Measure one row from a seed; it is entered into the table whatever comes out."""
    seed = int(os.environ.get("MOSTRADOR_SEED") or random.SystemRandom().randrange(10**9))
    print(f"{name}: MOSTRADOR_SEED={seed}")  # noqa: T201  (pytest shows it when the test fails)
    entry = Row(name, seed=seed)
    began = time.monotonic()
    ROWS.append(entry)
    try:
        yield entry, random.Random(seed)
    finally:
        entry.seconds = time.monotonic() - began
    entry.check()


def table() -> list[str]:
    """Return the rows as lines of a table."""
    lines = [f"{'fault':58} {'done':>6} {'doubled':>7} {'lost':>5} {'f.acc':>5} {'f.rej':>5} {'seconds':>8}"]
    for each in ROWS:
        four = f"{each.doubled:>7} {each.lost:>5} {each.false_accepted:>5} {each.false_rejected:>5}"
        lines.append(f"{each.name[:58]:58} {each.done:>6} {four} {each.seconds:>8.1f}")
        lines += [f"    {note}" for note in each.notes]
    return lines
