"""Trips: a bug at each step ends the job there and then; whoever comes next neither doubles nor loses it."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.tasks import failpoints
from mostrador.tasks.failpoints import Tripped
from tests.faults import hand
from tests.faults.books import PAID
from tests.faults.figures import figure, row, share_of
from tests.faults.market import Asked, Market, open_market, read_orders
from tests.faults.test_crashes import AFTER_A_LOSS, points_of

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db(transaction=True)

# Between these the desk cannot know whether Amazon got it.
AFTER_THE_MARK = ("send.marked", "send.recorded", "send.failed", "send.answered")
SETTLED_AGAIN = 4


def test_a_bug_at_any_step_doubles_and_loses_nothing(
    tmp_path: Path, settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = share_of(range(figure(sample=1, full=10)))
    with (
        row("F1 a bug (exception) at every step") as (entry, rng),
        open_market(tmp_path, settings, sellers=16 + 16 * len(rounds), orders_each=8) as market,
    ):
        read_orders(market)
        sellers = itertools.cycle(market.sellers())
        for round_, kind in itertools.product(rounds, ("partial", "cancel")):
            steps = steps_of(kind)
            if kind == "cancel" and round_ == 0:
                steps = [step for step in steps if step[0] == "preflight.read"] + rng.sample(steps, 3)
            for point, nth in steps:
                trip(market, monkeypatch, market.ask(kind, next(sellers)), point, nth)
                entry.count()
        market.tell(entry)


def steps_of(kind: str) -> list[tuple[str, int]]:
    """Return every step of an action of this kind, and how many times it is reached before it trips."""
    times = {point: SETTLED_AGAIN if point == "settle.committed" else 1 for point in points_of(kind)}
    return [(point, nth) for point, most in times.items() for nth in range(1, most + 1)]


def trip(market: Market, monkeypatch: pytest.MonkeyPatch, asked: Asked, point: str, nth: int) -> None:
    """Carry an action until it trips, then to its end as a person would have it: sent again if never sent."""
    if point in AFTER_A_LOSS:
        market.fault(action="drop_after", operation="createFeed", times=1)
    monkeypatch.setattr(failpoints, "_times", itertools.count(1))
    monkeypatch.setenv(failpoints.VARIABLE, f"{point}:raise:{nth}")
    with pytest.raises(Tripped, match=point):
        hand.finish(market, asked)
    monkeypatch.delenv(failpoints.VARIABLE)
    feed = hand.feed_of(asked)
    if point in AFTER_THE_MARK:
        assert feed is not None
        assert feed.state == FeedState.MARKED, f"{point} left the feed {feed.state}"
    state = hand.finish(market, asked)
    is_marked_only = point in ("send.marked", "send.recorded") or (point, nth) == ("settle.committed", 2)
    expected = {State.NOT_SENT} if is_marked_only else PAID
    assert state in expected, f"after a bug at {point}:{nth} a {asked.kind} is {state}"
