"""Figures: how often each fault is tried, by which share of the whole, from which seed, and what came out.

`MOSTRADOR_FAULTS` is `full`, `night`, or a fraction of the full figures ("0.1"); without it, a sample.
`MOSTRADOR_SHARE=2/4` does the second quarter of every row, as one of four processes that share the work.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

SIZE = os.environ.get("MOSTRADOR_FAULTS", "")
NIGHT = 20
SHARE, SHARES = (int(part) for part in os.environ.get("MOSTRADOR_SHARE", "1/1").split("/"))
# Where the runner of `make faults` reads what became of the rows, and how far they are.
ROWS_FILE = os.environ.get("MOSTRADOR_FAULTS_ROWS", "")
SECONDS_BETWEEN_SIGNS = 1.0

Thing = TypeVar("Thing")


def figure(*, sample: int, full: int, night: int = 0) -> int:
    """Return how often, by all shares together."""
    match SIZE:
        case "":
            return sample
        case "full":
            return full
        case "night":
            return night or NIGHT * full
        case fraction:
            return max(sample, round(full * float(fraction)))


def share_of(every: Sequence[Thing]) -> Sequence[Thing]:
    """Return what of it this process does."""
    return every[SHARE - 1 :: SHARES]


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
    shares: int = 1
    # Beyond the four: things counted, and times measured in seconds.
    tally: Counter[str] = field(default_factory=Counter)
    times: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def count(self) -> None:
        """Count one trial, and give the runner a sign now and then."""
        self.done += 1
        if ROWS_FILE and time.monotonic() - _last_sign[0] > SECONDS_BETWEEN_SIGNS:
            self.give_sign()

    def give_sign(self) -> None:
        """Tell the runner how far this row is."""
        _last_sign[0] = time.monotonic()
        _tell({"sign": self.name, "done": self.done})

    def measure(self, what: str, seconds: float) -> None:
        """Enter a time."""
        self.times.setdefault(what, []).append(seconds)

    def check(self) -> None:
        """Fail when anything was wrong, naming the seed that replays it."""
        replay = (
            f"MOSTRADOR_SEED={self.seed} MOSTRADOR_SHARE={SHARE}/{SHARES} MOSTRADOR_FAULTS={SIZE} replays it"
        )
        four = (self.doubled, self.lost, self.false_accepted, self.false_rejected)
        assert four == (0, 0, 0, 0), f"{replay}: {self.name}, {four} {self.wrong[:10]}"
        assert not self.wrong, f"{replay}: {self.name}, {self.wrong[:10]}"


_last_sign = [0.0]
ROWS: list[Row] = []


@contextmanager
def row(name: str, *, seed: int | None = None) -> Iterator[tuple[Row, random.Random]]:
    """Measure one row from a seed; it is entered into the table whatever comes out.

    The shares of a row differ in their randomness, but a plan made from `Row.seed` is the same for all.
    """
    seed = int(os.environ.get("MOSTRADOR_SEED") or seed or random.SystemRandom().randrange(10**9))
    print(f"{name}: MOSTRADOR_SEED={seed} MOSTRADOR_SHARE={SHARE}/{SHARES}")  # noqa: T201  (shown when it fails)
    entry = Row(name, seed=seed)
    began = time.monotonic()
    ROWS.append(entry)
    entry.give_sign()
    try:
        yield entry, random.Random(seed if SHARES == 1 else f"{seed}, share {SHARE}")
    except Exception as broken:
        entry.wrong.append(f"{broken!r:.500}")
        raise
    finally:
        entry.seconds = time.monotonic() - began
        _tell({"row": vars(entry)})
    entry.check()


def _tell(sign: dict[str, Any]) -> None:
    if ROWS_FILE:
        with Path(ROWS_FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(sign) + "\n")


def read_row(said: dict[str, Any]) -> Row:
    """Return a row that another process has told of."""
    return Row(**{**said, "tally": Counter(said["tally"])})


def merged(rows: Sequence[Row]) -> list[Row]:
    """Return one row for each name: counts are added up, the longest share's seconds stay."""
    whole: dict[str, Row] = {}
    for each in rows:
        one = whole.setdefault(each.name, Row(each.name, seed=each.seed, shares=0))
        one.shares += each.shares
        one.seconds = max(one.seconds, each.seconds)
        for name in ("done", "doubled", "lost", "false_accepted", "false_rejected"):
            setattr(one, name, getattr(one, name) + getattr(each, name))
        one.tally.update(each.tally)
        one.wrong += each.wrong
        for what, times in each.times.items():
            one.times[what] = one.times.get(what, []) + times
    return list(whole.values())


def table(rows: Sequence[Row]) -> list[str]:
    """Return the rows as lines of a table."""
    heads = f"{'done':>7} {'doubled':>7} {'lost':>5} {'f.acc':>5} {'f.rej':>5} {'seconds':>8}"
    lines = [f"{'fault':58} {heads}"]
    for each in merged(rows):
        four = f"{each.doubled:>7} {each.lost:>5} {each.false_accepted:>5} {each.false_rejected:>5}"
        lines.append(f"{each.name[:58]:58} {each.done:>7,} {four} {each.seconds:>8.1f}")
        lines += [f"    {what}: {number:,}" for what, number in sorted(each.tally.items())]
        lines += [f"    {what}: {spread(times)}" for what, times in sorted(each.times.items())]
        lines += [f"    WRONG: {words}" for words in each.wrong[:10]]
    return lines


def spread(times: Sequence[float]) -> str:
    """Return the middle, the 95th percentile and the longest of some times."""
    ranked = sorted(times)
    middle, high = ranked[len(ranked) // 2], ranked[int(len(ranked) * 0.95)]
    return f"{len(ranked):,} times, p50 {middle:.1f} s, p95 {high:.1f} s, max {ranked[-1]:.1f} s"
