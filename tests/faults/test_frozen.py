"""Frozen workers: stopped at a step, overtaken by others, woken again; nothing is paid twice."""

from __future__ import annotations

import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mostrador.domain.feeds import FeedState
from mostrador.models import Feed
from tests.faults.figures import figure, row
from tests.faults.market import Market, open_market, open_nursery, read_orders
from tests.faults.test_crashes import AFTER_A_LOSS, KINDS, Siege, points_of
from tests.faults.workers import Worker

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN_LIFE_AND_MORE = 5_000  # seconds
AT_ONCE = 10


@dataclass(frozen=True)
class Frost:
    """Where a worker freezes, for how long, and whether its token's hour passes meanwhile."""

    kind: str
    point: str
    seconds: float
    past_the_fence: bool = False


def plan(rng: random.Random, wanted: int, longest: float) -> list[Frost]:
    """Return what freezes where: the worst first, the others drawn."""
    worst = [
        Frost("partial", "send.recorded", 0.5, past_the_fence=True),
        Frost("partial", "send.marked", 0.5),
    ]
    rest = []
    while len(worst) + len(rest) < wanted:
        kind = rng.choice(KINDS)
        point = rng.choice([p for p in points_of(kind) if p not in AFTER_A_LOSS])
        rest.append(Frost(kind, point, rng.uniform(min(0.5, longest / 10), longest)))
    return worst[:wanted] + rest


def test_a_frozen_worker_that_wakes_up_doubles_and_loses_nothing(
    tmp_path: Path, settings: SettingsWrapper
) -> None:
    wanted = figure(sample=4, full=120)
    longest = float(figure(sample=2, full=75, night=120))
    with (
        row("F11 frozen workers (SIGSTOP, SIGCONT)") as (entry, rng),
        open_market(tmp_path, settings, sellers=10 + wanted) as market,
    ):
        read_orders(market)
        with open_nursery(tmp_path, market) as nursery:
            siege = Siege(market, nursery, rng)
            siege.keep_survivor(True)
            asleep: list[tuple[float, Worker]] = []
            for frost in plan(rng, wanted, longest):
                worker = freeze(siege, frost)
                if worker is None:
                    continue
                entry.done += 1
                if frost.past_the_fence:
                    let_the_fence_pass(market)
                asleep.append((time.monotonic() + frost.seconds, worker))
                asleep = wake(asleep, most=AT_ONCE)
            while asleep:
                asleep = wake(asleep, most=AT_ONCE)
                time.sleep(0.2)
            time.sleep(1.0)  # let those just woken do their worst
            siege.drain(seconds=120 + wanted)
        market.tell(entry)
        if entry.done < wanted * 0.9:
            entry.wrong.append(f"only {entry.done} of {wanted} were frozen")


def freeze(siege: Siege, frost: Frost) -> Worker | None:
    """Start a worker that freezes at a step, and ask until it does."""
    worker = siege.nursery.start(f"{frost.point}:freeze")
    until = time.monotonic() + 12
    while time.monotonic() < until:
        siege.market.ask(frost.kind, next(siege.free_sellers(frost.kind)))
        for _ in range(8):
            time.sleep(0.1)
            if worker.is_frozen():
                return worker
    worker.kill()
    return None


def let_the_fence_pass(market: Market) -> None:
    """Let more than an hour pass for Amazon and the desk: the feed is proven absent, its token is dead."""
    market.control("POST", "clock", {"advance": TOKEN_LIFE_AND_MORE})
    lost = Feed.objects.filter(state__in=(FeedState.MARKED, FeedState.UNKNOWN))

    def is_decided() -> bool:
        market.age_lost()
        return not lost.exists()

    market.wait(is_decided, seconds=30, what="the proof of absence", every=0.5)


def wake(asleep: list[tuple[float, Worker]], *, most: int) -> list[tuple[float, Worker]]:
    """Wake whose time has come; wait until no more than `most` are left asleep."""
    while True:
        now = time.monotonic()
        for until, worker in asleep:
            if until <= now:
                worker.send(signal.SIGCONT)
        asleep = [each for each in asleep if each[0] > now]
        if len(asleep) <= most:
            return asleep
        time.sleep(0.2)
