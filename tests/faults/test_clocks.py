"""Clocks: the desk's clock jumps by minutes, hours and days in the middle of the story; none is doubled."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from mostrador.domain.delivery import State
from mostrador.domain.dispatch import Past, Rules, Waiting, next_departure
from mostrador.domain.quotas import Bucket
from mostrador.tasks import gate
from tests.faults import hand
from tests.faults.figures import figure, row, share_of
from tests.faults.market import Asked, Market, open_market, read_orders

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db(transaction=True)

A_WHILE = 4_000  # seconds
JUMPS = [sign * timedelta(minutes=m) for m in (5, 60, 24 * 60) for sign in (1, -1)]
LOSSES = (None, None, "drop_after", "drop_before", "truncate")


class Clock:
    """The machine's clock, which somebody sets."""

    def __init__(self) -> None:
        self.offset = self.furthest = timedelta(0)
        self._real = timezone.now

    def now(self) -> datetime:
        """Return what it shows."""
        return self._real() + self.offset


def test_a_clock_that_jumps_doubles_and_loses_nothing(
    tmp_path: Path, settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = share_of(range(figure(sample=8, full=200)))
    clock = Clock()
    with (
        row("F9 clock jumps") as (entry, rng),
        open_market(tmp_path, settings, sellers=4 + len(trials) // 3) as market,
    ):
        read_orders(market)
        monkeypatch.setattr(timezone, "now", clock.now)
        sellers = itertools.cycle(market.sellers())
        for _ in trials:
            clock.offset = clock.furthest = timedelta(0)
            asked = market.ask(rng.choice(("partial", "refund", "cancel")), next(sellers))
            jump_about(market, rng, clock, asked)
            clock.offset = timedelta(0)
            # The jumps made the desk believe in tokens it did not have: let Amazon's buckets fill again.
            market.control("POST", "clock", {"advance": A_WHILE, "dated": False})
            gate._clients.clear()
            # What was noted in the future counts once the clock has caught up with it.
            market.age_lost(by=clock.furthest + timedelta(minutes=80))
            hand.finish(market, asked)
            entry.count()
        market.tell(entry)


def jump_about(market: Market, rng: random.Random, clock: Clock, asked: Asked) -> None:
    """Carry an action some steps while the clock is set before each of them."""
    if loss := rng.choice(LOSSES):
        market.fault(action=loss, operation="createFeed", times=1)
    for _ in range(rng.randint(2, 6)):
        clock.offset += rng.choice(JUMPS)
        clock.furthest = max(clock.furthest, clock.offset)
        if asked.state() is State.REQUESTED:
            hand.dispatch(market, asked)
        else:
            hand.follow(asked)
    market.control("DELETE", "faults")


def test_a_feed_that_left_while_the_clock_was_a_day_ahead_holds_the_next_one_no_longer_than_its_spacing() -> (
    None
):
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    past = Past(refunds_at=now + timedelta(days=1))
    spacing = timedelta(seconds=30)
    departure = next_departure(
        refunds=[Waiting(1, now)],
        cancellations=[],
        bucket=Bucket(0.0083, 15, 15.0, now),
        past=past,
        rules=Rules(spacing=spacing),
        now=now,
    )
    assert departure is not None
    assert departure.at == now + spacing
