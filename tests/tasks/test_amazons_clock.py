"""Amazon's clock: a wrong clock of ours neither hides a feed nor proves that there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from mostrador.amazon.components import Component
from mostrador.amazon.feeds import FeedType
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.domain.refunds import Line
from mostrador.models import Feed, Refund
from mostrador.tasks import amazons_clock, feeds
from tests.shop import Shop, state_of

pytestmark = pytest.mark.django_db(transaction=True)

LAMP = "303-5512894-7749126"
REFUNDS = FeedType.POST_PAYMENT_ADJUSTMENT_DATA


class Clock:
    """Our clock, which somebody sets."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self._real = timezone.now

    def now(self) -> datetime:
        """Return what it shows."""
        return self._real() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The desk's clock, right at first."""
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock.now)
    return clock


def lose(shop: Shop, clock: Clock, *, ahead: timedelta, action: str) -> Refund:
    """Send a refund whose answer is lost, by a clock that is `ahead`."""
    order = shop.order(LAMP)
    refund = shop.refund(order, Line("30155128947741", {Component.PRINCIPAL: 1500}))
    shop.fault(operation="createFeed", times=1, action=action)
    clock.ahead = ahead
    feeds.dispatch(partner_id=order.selling_partner_id, feed_type=REFUNDS.value)
    assert state_of(refund) is State.UNKNOWN
    return refund


def look() -> Feed:
    feed = Feed.objects.get()
    Feed.objects.update(next_action_at=timezone.now())
    feeds.follow(feed_pk=feed.pk)
    feed.refresh_from_db()
    return feed


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=-1)])
def test_a_feed_marked_by_a_wrong_clock_is_found_by_the_right_one(
    shop: Shop, clock: Clock, ahead: timedelta
) -> None:
    lose(shop, clock, ahead=ahead, action="drop_after")
    clock.ahead = timedelta(0)
    feed = look()
    assert (feed.state, feed.adopted) == (FeedState.SENT, True)
    assert len(shop.calls("createFeed")) == 1


def test_a_feed_is_found_even_by_a_wrong_clock(shop: Shop, clock: Clock) -> None:
    lose(shop, clock, ahead=timedelta(0), action="drop_after")
    clock.ahead = timedelta(days=2)
    assert look().state == FeedState.SENT


def test_an_empty_list_proves_nothing_while_the_clocks_differ(shop: Shop, clock: Clock) -> None:
    refund = lose(shop, clock, ahead=timedelta(0), action="drop_before")
    for days in range(1, 6):
        clock.ahead = timedelta(days=days)
        feed = look()
    assert (state_of(refund), list(feed.empty_looks)) == (State.UNKNOWN, [])
    assert feed.trouble.startswith(feeds.CLOCKS_DIFFER)


@pytest.mark.parametrize("headers", [{}, {"date": ""}, {"date": "yesterday"}])
def test_an_answer_without_a_readable_time_names_none(headers: dict[str, str]) -> None:
    amazons_clock.hear({"date": "Tue, 24 Nov 2026 12:00:00 GMT"})
    assert amazons_clock.said() == datetime(2026, 11, 24, 12, tzinfo=UTC)
    amazons_clock.hear(headers)
    assert amazons_clock.said() is None
    assert amazons_clock.ahead(datetime(2026, 11, 25, tzinfo=UTC)) == timedelta(0)


@pytest.mark.parametrize(("seconds", "told"), [(5, 0), (-5, 0), (6, 6), (-300, -300)])
def test_a_few_seconds_say_nothing_of_a_clock(seconds: int, told: int) -> None:
    amazons_clock.hear({"date": "Tue, 24 Nov 2026 12:00:00 GMT"})
    ours = datetime(2026, 11, 24, 12, tzinfo=UTC) + timedelta(seconds=seconds)
    assert amazons_clock.ahead(ours) == timedelta(seconds=told)


@pytest.mark.parametrize("ahead", [timedelta(days=-1), timedelta(days=1), timedelta(minutes=-4)])
def test_the_fence_stands_by_amazons_clock_whatever_ours_showed_at_the_mark(
    shop: Shop, clock: Clock, ahead: timedelta
) -> None:
    lose(shop, clock, ahead=ahead, action="drop_before")
    clock.ahead = timedelta(0)
    expires_at = Feed.objects.get().token_expires_at
    assert expires_at is not None
    assert abs(expires_at - timezone.now() - timedelta(hours=1)) < timedelta(seconds=30)


def test_looks_are_told_by_amazons_clock_and_the_next_one_by_ours(shop: Shop, clock: Clock) -> None:
    lose(shop, clock, ahead=timedelta(0), action="drop_before")
    clock.ahead = timedelta(minutes=8)
    feed = look()
    real = timezone.now() - clock.ahead
    assert abs(feed.empty_looks[0] - real) < timedelta(seconds=30)
    assert feed.next_action_at is not None
    assert feed.next_action_at > timezone.now()
