"""Frozen workers: stopped at a step, overtaken by others, woken again; nothing is paid twice."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mostrador.domain.feeds import FeedState
from mostrador.models import Feed
from tests.faults import hand
from tests.faults.figures import SIZE, Row, figure, row, share_of
from tests.faults.market import Market, open_market, open_nursery, read_orders
from tests.faults.test_crashes import AFTER_A_LOSS, KINDS, Siege, points_of
from tests.faults.workers import Worker

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN_LIFE_AND_MORE = 5_000  # seconds
AT_ONCE = 10
# Each worker takes some of the database's hundred connections, frozen or not.
JOBS_AT_ONCE = 2
SECONDS_TO_REACH = 40.0 if SIZE else 12.0
SECONDS_AWAKE = 5.0
SECONDS_TO_FINISH = 45.0
SPREAD = 12  # times as long as the shortest freeze is the longest


@dataclass(frozen=True)
class Frost:
    """Where a worker freezes, for how long, and whether its token's hour passes meanwhile."""

    kind: str
    point: str
    seconds: float
    past_the_fence: bool = False


def plan(rng: random.Random, wanted: int, longest: float) -> list[Frost]:
    """Return what freezes where: the worst first, then every step of every kind, the rest drawn."""
    shortest = longest / SPREAD
    worst = [
        Frost("partial", "send.recorded", shortest, past_the_fence=True),
        Frost("partial", "send.marked", longest),
    ]
    every = [(kind, point) for kind in KINDS for point in points_of(kind)]
    steps = rng.sample(every, len(every))
    steps += rng.choices(every, k=max(0, wanted - len(every)))
    return (worst + [Frost(k, p, rng.uniform(shortest, longest)) for k, p in steps])[:wanted]


def test_a_frozen_worker_that_wakes_up_doubles_and_loses_nothing(
    tmp_path: Path, settings: SettingsWrapper
) -> None:
    wanted = figure(sample=4, full=120)
    with row("F11 frozen workers (SIGSTOP, SIGCONT)") as (entry, rng):
        frosts = share_of(plan(random.Random(entry.seed), wanted, longest=120.0 if SIZE else 2.0))
        with open_market(tmp_path, settings, sellers=10 + len(frosts), cancellable_each=4) as market:
            read_orders(market)
            with open_nursery(tmp_path, market) as nursery:
                siege = Siege(market, nursery, rng)
                siege.keep_survivor(True)
                let_them_freeze(siege, frosts, entry)
                siege.drain(seconds=180 + len(frosts))
            market.tell(entry)
        if entry.done < len(frosts) * 0.9:
            entry.wrong.append(f"only {entry.done} of {len(frosts)} were frozen")


def let_them_freeze(siege: Siege, frosts: Sequence[Frost], entry: Row) -> None:
    """Freeze one worker after the other, some at a time, and wake each when its time has come."""
    sleepers = Sleepers()
    for frost in frosts:
        worker = freeze(siege, frost) or freeze(siege, frost)  # others may have been faster
        if worker is None:
            entry.tally[f"not reached: {frost.point}/{frost.kind}"] += 1
            continue
        entry.count()
        entry.measure("frozen for", frost.seconds)
        if frost.past_the_fence:
            let_the_fence_pass(siege.market)
        sleepers.add(worker, frost.seconds)
        sleepers.wait(most=AT_ONCE)
    sleepers.wait(most=0)
    sleepers.send_away()


def freeze(siege: Siege, frost: Frost) -> Worker | None:
    """Start a worker that freezes at a step, and ask until it does."""
    market = siege.market
    worker = siege.nursery.start(f"{frost.point}:freeze", concurrency=JOBS_AT_ONCE)
    until = time.monotonic() + SECONDS_TO_REACH
    asked_before = len(market.asked)
    while time.monotonic() < until:
        if frost.point in AFTER_A_LOSS:
            market.fault(operation="createFeed", action="drop_after", times=1)
        siege.ask_somebody(frost.kind)
        for _ in range(8):
            time.sleep(0.1)
            if worker.is_frozen():
                market.control("DELETE", "faults")
                return worker
        if frost.point.startswith("look"):
            age_own(market, asked_before)
    market.control("DELETE", "faults")
    worker.kill()
    return None


def age_own(market: Market, asked_before: int) -> None:
    """Age what was asked for since; the feeds of the frozen must wait for them, their tokens are alive."""
    for asked in market.asked[asked_before:]:
        feed = hand.feed_of(asked)
        if feed is not None and feed.state == FeedState.UNKNOWN:
            market.age_lost(pk=feed.pk)


class Sleepers:
    """The frozen workers. Those that were woken work on for a while, then they are told to stop."""

    def __init__(self) -> None:
        self._asleep: list[tuple[float, Worker]] = []
        self._awake: list[tuple[float, Worker]] = []
        self._woken: list[Worker] = []

    def add(self, worker: Worker, seconds: float) -> None:
        """Let one sleep so long."""
        self._asleep.append((time.monotonic() + seconds, worker))

    def send_away(self) -> None:
        """Let those just woken do their worst, then tell all to stop and see them off."""
        time.sleep(1.0)
        for worker in self._woken:
            worker.send(signal.SIGTERM)
        for worker in self._woken:
            worker.ended.wait(SECONDS_TO_FINISH)

    def wait(self, *, most: int) -> None:
        """Wake whose time has come, until no more than `most` are left asleep."""
        while True:
            now = time.monotonic()
            for due, worker in self._asleep:
                if due <= now:
                    worker.send(signal.SIGCONT)
                    self._awake.append((now + SECONDS_AWAKE, worker))
                    self._woken.append(worker)
            for due, worker in self._awake:
                if due <= now:
                    worker.send(signal.SIGTERM)
            self._asleep = [each for each in self._asleep if each[0] > now]
            self._awake = [each for each in self._awake if each[0] > now]
            if len(self._asleep) <= most:
                return
            time.sleep(0.2)


def let_the_fence_pass(market: Market) -> None:
    """Let more than an hour pass for Amazon and the desk: the feed is proven absent, its token is dead."""
    market.control("POST", "clock", {"advance": TOKEN_LIFE_AND_MORE, "dated": False})
    lost = Feed.objects.filter(state__in=(FeedState.MARKED, FeedState.UNKNOWN))

    def is_decided() -> bool:
        market.age_lost()
        return not lost.exists()

    market.wait(is_decided, seconds=30, what="the proof of absence", every=0.5)
