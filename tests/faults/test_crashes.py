"""Crashes: workers killed at every step of every kind of action; nothing is doubled and nothing is lost."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from mostrador.actions.refunds import send_refund_again
from mostrador.domain.delivery import State
from mostrador.models import Cancellation, Event, Feed, Refund
from mostrador.tasks.failpoints import NAMES
from tests.faults.figures import SIZE, Row, figure, row, share_of
from tests.faults.market import Market, open_market, open_nursery, read_orders, shuffled
from tests.faults.workers import KILLED, Nursery, Worker

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = ("refund", "partial", "cancel", "reply")
SECONDS_TO_REACH = 40.0 if SIZE else 12.0  # the whole proof shares the machine with itself
ASK_EVERY = 0.6
RECOVERY_P95, RECOVERY_MAX = 45.0, 90.0  # seconds
# Points that only a lost answer leads to.
AFTER_A_LOSS = ("send.failed", "look.listed", "look.settled")


def points_of(kind: str) -> list[str]:
    """Return the steps an action of this kind passes."""
    if kind == "reply":
        return [name for name in NAMES if name.startswith("reply.")]
    own = [name for name in NAMES if not name.startswith("reply.")]
    return own if kind == "cancel" else [name for name in own if name != "preflight.read"]


def plan(rng: random.Random, wanted: int) -> list[tuple[str, int, str, int]]:
    """Return (kind, workers, point, nth) of each kill, every step of every kind with one and two workers.

    What is wanted beyond that is drawn: the same steps again, also for the second to fifth time.
    """
    every = [(k, w, p, 1) for k in KINDS for w in (1, 2) for p in points_of(k)]
    if wanted < len(every):
        must = [(rng.choice(KINDS[:3]), rng.choice((1, 2)), p, 1) for p in ("send.marked", "send.answered")]
        return must + rng.sample(every, wanted - len(must))
    more = rng.choices(every, k=wanted - len(every))
    deeper = [(k, w, p, rng.choice((1, 2, 3, 5)) if p.startswith("settle") else 1) for k, w, p, _ in more]
    return every + deeper


@dataclass
class Siege:
    """Kills one worker after the other while the desk keeps asking."""

    market: Market
    nursery: Nursery
    rng: random.Random
    kills: list[tuple[datetime, int]] = field(default_factory=list)
    survivor: Worker | None = None

    def keep_survivor(self, wanted: bool) -> None:
        """Have a second worker that nobody kills, or none."""
        if wanted and self.survivor is None:
            self.survivor = self.nursery.start()
        elif not wanted and self.survivor is not None:
            self.survivor.kill()
            self.survivor = None

    def kill_at(self, kind: str, point: str, nth: int) -> bool:
        """Start a worker that dies at `point`, and ask until it does; return whether it did."""
        doomed = self.nursery.start(f"{point}:kill:{nth}")
        until = time.monotonic() + SECONDS_TO_REACH
        while time.monotonic() < until:
            if point in AFTER_A_LOSS:
                self.market.fault(operation="createFeed", action="drop_after", times=1)
            self.ask_somebody(kind)
            if doomed.ended.wait(ASK_EVERY):
                break
            if point.startswith("look"):
                self.market.age_lost()
        self.market.control("DELETE", "faults")
        if doomed.ended.is_set():
            self.kills.append((timezone.now(), 2 if self.survivor else 1))
        doomed.kill()
        return doomed.status == KILLED and doomed.ended_at > 0

    def ask_somebody(self, kind: str) -> None:
        """Ask of the seller with the most orders left; of none while all have something under way."""
        if seller := next(self.free_sellers(kind), None):
            self.market.ask(kind, seller)

    def free_sellers(self, kind: str) -> Iterator[str]:
        """Yield the sellers with nothing under way, in the order of who has the most orders left."""
        busy = set(Feed.objects.unfinished().values_list("selling_partner__seller_id", flat=True))
        suffix = "unshipped" if kind == "cancel" else "shipped"
        busy |= {seller for seller, _ in self.market.paused()}
        left = [(len(self.market.orders[f"{s}:{suffix}"]), s) for s in self.market.sellers() if s not in busy]
        yield from (seller for number, seller in sorted(left, reverse=True) if number)

    def drain(self, *, seconds: float) -> None:
        """Let a healthy worker finish everything; what was proven never sent is sent again by a person."""
        self.keep_survivor(True)
        until = time.monotonic() + seconds
        while open_now := self.market.open():
            assert time.monotonic() < until, f"not drained after {seconds} s: {self.market.situation()}"
            self.market.age_lost()
            self.market.age_replies()
            time.sleep(min(0.5 + len(open_now) / 50, 2))
            send_again(self.market)


def send_again(market: Market) -> None:
    """Press "send again" wherever it is proven that nothing was sent."""
    for each in market.asked:
        if each.kind != "reply" and each.state() is State.NOT_SENT:
            assert market.books().paid(each.order_id) == 0, "said to be never sent, but paid"
            if isinstance(each.action, Refund):
                send_refund_again(refund=each.action, agent=market.agent, now=timezone.now())
            elif isinstance(each.action, Cancellation):
                market.cancel_again(each)


def recoveries(siege: Siege) -> list[float]:
    """Return how long after a kill beside a second worker what was open then was answered, in seconds.

    What became unknown is left out: that it waits is the promise.
    """
    answered: dict[tuple[str, int], datetime] = {}
    unknown: set[tuple[str, int]] = set()
    events = Event.objects.filter(kind__in=("accepted", "rejected", "unknown", "sent")).order_by("-pk")
    for event in events.values("kind", "refund", "cancellation", "reply", "at"):
        owner = next((n, event[n]) for n in ("refund", "cancellation", "reply") if event[n])
        if event["kind"] == "unknown":
            unknown.add(owner)
        elif event["kind"] != "sent" or owner[0] == "reply":
            answered[owner] = event["at"]
    spans = []
    for killed_at, workers in siege.kills:
        for each in siege.market.asked if workers == 2 else ():
            owner = (type(each.action).__name__.lower(), each.action.pk)
            at = answered.get(owner)
            if at and owner not in unknown and each.action.requested_at < killed_at < at:
                spans.append((at - killed_at).total_seconds())
    return sorted(spans)


def note_recovery(entry: Row, spans: list[float]) -> None:
    """Enter the recovery times, and hold them against their limits."""
    if not spans:
        return
    p95 = spans[int(len(spans) * 0.95)]
    entry.times["F2 recovery beside a second worker"] = spans
    if p95 > RECOVERY_P95 or spans[-1] > RECOVERY_MAX:
        entry.wrong.append(f"recovery p95 {p95:.1f} s, max {spans[-1]:.1f} s")


def test_a_worker_killed_at_any_step_doubles_and_loses_nothing(
    tmp_path: Path, settings: SettingsWrapper
) -> None:
    wanted = figure(sample=10, full=720)
    with row("F1 kill -9 at every step, 1 and 2 workers") as (entry, rng):
        kills = share_of(plan(random.Random(entry.seed), wanted))
        with open_market(
            tmp_path, settings, sellers=8 + len(kills) // 3, orders_each=10, cancellable_each=5
        ) as market:
            read_orders(market)
            with open_nursery(tmp_path, market) as nursery:
                siege = Siege(market, nursery, rng)
                missed = lay_siege(siege, kills, entry)
                siege.drain(seconds=180 + len(kills))
                market.tell(entry)
                note_recovery(entry, recoveries(siege))
        entry.tally["actions asked for"] = len(market.asked)
        entry.tally.update(f"not reached: {step}" for step in missed)
        if len(missed) > len(kills) * 0.05:
            entry.wrong.append(f"steps that were not reached: {missed}")


def lay_siege(siege: Siege, kills: Sequence[tuple[str, int, str, int]], entry: Row) -> list[str]:
    """Kill as planned, grouped by kind and number of workers; return the steps that were not reached."""
    missed = []
    for workers, kind in itertools.product((1, 2), KINDS):
        siege.keep_survivor(workers == 2)
        for _, _, point, nth in shuffled(siege.rng, [k for k in kills if k[:2] == (kind, workers)]):
            if any(siege.kill_at(kind, point, nth) for _ in range(2)):  # others may have been faster
                entry.count()
            else:
                missed.append(f"{point}:{nth}/{kind}")
    return missed
