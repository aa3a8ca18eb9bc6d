"""Virtual time: the dispatch policy as it is in the worker, and the naive way, run against given arrivals.

Nothing here sleeps or calls Amazon. The bucket is that of createFeed: 15 tokens, one more every 120 s.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from mostrador.domain.dispatch import (
    PACE_LOOKS_AT,
    Departure,
    Kind,
    Past,
    Rules,
    Waiting,
    next_departure,
    pace,
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
    """When refunds and cancellations are asked for, in seconds from the start."""

    name: str
    refunds: Sequence[float]
    cancellations: Sequence[float] = ()


@dataclass
class Outcome:
    """How long each action waited after its undo window, in seconds, and when feeds left.

    `in_sight` is from when to when each cancellation was known and had not left; `found_a_token` are the
    waits of those that were due while a token was left.
    """

    refund_waits: list[float] = field(default_factory=list)
    cancel_waits: list[float] = field(default_factory=list)
    refund_feeds: list[float] = field(default_factory=list)
    cancel_feeds: list[float] = field(default_factory=list)
    in_sight: list[tuple[float, float]] = field(default_factory=list)
    found_a_token: list[float] = field(default_factory=list)

    @property
    def feeds(self) -> int:
        """How many feeds left."""
        return len(self.refund_feeds) + len(self.cancel_feeds)


class Run:
    """One run of the policy; it looks when something is due and when the plan says so, as the worker does."""

    def __init__(self, arrivals: Arrivals, *, keep: int = MOST_KEPT, undo: float = UNDO) -> None:
        self.keep, self.undo = keep, undo
        self.asked = sorted(
            [(at, Kind.REFUNDS) for at in arrivals.refunds]
            + [(at, Kind.CANCELLATIONS) for at in arrivals.cancellations]
        )
        self.waiting: dict[Kind, dict[int, Waiting]] = {Kind.REFUNDS: {}, Kind.CANCELLATIONS: {}}
        self.known = 0
        self.lately: list[datetime] = []  # newest first
        self.bucket, self.past, self.outcome = Bucket(RATE, BURST, BURST, START), Past(), Outcome()
        self.levels: dict[int, float] = {}  # of tokens, when a cancellation was due

    def result(self) -> Outcome:
        """Let everything leave, and return how long it took."""
        moments = [at + self.undo for at, _ in self.asked]
        heapq.heapify(moments)
        while moments:
            now = heapq.heappop(moments)
            while moments and moments[0] <= now:
                heapq.heappop(moments)
            self._learn(now)
            if (at := self._send(now)) is not None:
                heapq.heappush(moments, at)
        return self.outcome

    def _learn(self, now: float) -> None:
        while self.known < len(self.asked) and self.asked[self.known][0] <= now:
            at, kind = self.asked[self.known]
            self.waiting[kind][self.known] = Waiting(self.known, moment(at + self.undo))
            if kind is Kind.REFUNDS:
                self.lately = [moment(at), *self.lately[: PACE_LOOKS_AT - 1]]
            self.known += 1
        for key, each in self.waiting[Kind.CANCELLATIONS].items():
            if each.due <= moment(now):
                self.levels.setdefault(key, self.bucket.level(moment(now)))

    def _send(self, now: float) -> float | None:
        """Let leave what should leave now; return when to look again, if anything waits."""
        while (departure := self._next(now)) is not None:
            leaves = (departure.at - START).total_seconds()
            if leaves > now + 1e-6:
                return leaves
            self._leave(departure, now)
        return None

    def _next(self, now: float) -> Departure | None:
        cancellations = list(self.waiting[Kind.CANCELLATIONS].values())
        keep = tokens_kept(most=self.keep, cancellations_in_sight=len(cancellations))
        return next_departure(
            refunds=list(self.waiting[Kind.REFUNDS].values()),
            cancellations=cancellations,
            bucket=self.bucket,
            past=replace(self.past, pace=pace(self.lately, moment(now))),
            rules=Rules(messages_per_feed=PER_FEED, keep=keep, undo=timedelta(seconds=self.undo)),
            now=moment(now),
        )

    def _leave(self, departure: Departure, now: float) -> None:
        self.bucket = self.bucket.take(departure.at)
        self.past = self.past.after(departure)
        is_refunds = departure.kind is Kind.REFUNDS
        for key in departure.keys:
            del self.waiting[departure.kind][key]
            asked = self.asked[key][0]
            wait = max(now - asked - self.undo, 0.0)
            (self.outcome.refund_waits if is_refunds else self.outcome.cancel_waits).append(wait)
            if not is_refunds:
                self.outcome.in_sight.append((asked, now))
                if self.levels[key] >= 1:
                    self.outcome.found_a_token.append(wait)
        (self.outcome.refund_feeds if is_refunds else self.outcome.cancel_feeds).append(now)


def run(arrivals: Arrivals, *, keep: int = MOST_KEPT, undo: float = UNDO) -> Outcome:
    """Return what the policy makes of the arrivals."""
    outcome = Run(arrivals, keep=keep, undo=undo).result()
    if len(outcome.refund_waits) != len(arrivals.refunds):
        raise RuntimeError("a refund never left")
    return outcome


def moment(seconds: float) -> datetime:
    """Return the time so many seconds after the start."""
    return START + timedelta(seconds=seconds)


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


def poisson(rng: random.Random, every: float, until: float) -> list[float]:
    """Return arrivals that come independently, one every `every` seconds on average."""
    moments, at = [], rng.expovariate(1 / every)
    while at < until:
        moments.append(at)
        at += rng.expovariate(1 / every)
    return moments


def drawn(rng: random.Random, law: Sequence[float], cell: float, until: float) -> list[float]:
    """Return arrivals on a grid: in each cell so many as `law` says, with the likelihood it gives."""
    counts = rng.choices(range(len(law)), law, k=math.ceil(until / cell))
    return [place * cell for place, count in enumerate(counts) for _ in range(count)]
