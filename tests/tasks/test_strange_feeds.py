"""Strange feeds: what only a notification named is read at Amazon before a lost feed is given up."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from mostrador.amazon.components import Component
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.domain.refunds import Line
from mostrador.models import Feed, Notification, Refund, SeenFeed
from mostrador.models.notifications import Outcome
from mostrador.tasks import feeds, notifications
from tests.notices import feed_finished
from tests.shop import Shop, state_of
from tests.worker import queued

pytestmark = pytest.mark.django_db(transaction=True)

LAMP, LAMP_ITEM = "303-5512894-7749126", "30155128947741"
UNSHIPPED = "406-7740218-3356179"  # FR
HOUR = timedelta(hours=1)


def now() -> datetime:
    return timezone.now()


def lost(shop: Shop, *, action: str) -> tuple[Refund, Feed]:
    """Return a refund whose answer was lost: with `drop_before` Amazon never got it."""
    shop.fault(operation="createFeed", times=1, action=action)
    refund = shop.refund(shop.order(LAMP), Line(LAMP_ITEM, {Component.PRINCIPAL: 1500}))
    shop.work_until(lambda: state_of(refund) is State.UNKNOWN)
    return refund, Feed.objects.get()


def tell(shop: Shop, feed_id: str, *, feed_type: str = "POST_PAYMENT_ADJUSTMENT_DATA") -> Outcome:
    notice = feed_finished(seller_id=shop.partners["eu"].seller_id, feed_id=feed_id, feedType=feed_type)
    return notifications.take_in(text=json.dumps(notice), now=now())


def look(feed: Feed) -> FeedState:
    Feed.objects.filter(pk=feed.pk).update(next_action_at=now() - timedelta(seconds=1))
    feeds.follow(feed_pk=feed.pk)
    feed.refresh_from_db()
    return FeedState(feed.state)


def let_the_fence_pass(feed: Feed, *, by: timedelta = 2 * HOUR) -> None:
    """Make the mark old, with one empty look long ago and one ten minutes ago."""
    at = now() - by
    looks = [at + timedelta(minutes=5), now() - timedelta(minutes=20)]
    Feed.objects.filter(pk=feed.pk).update(marked_at=at, token_expires_at=at + HOUR, empty_looks=looks)


def test_a_feed_that_the_list_does_not_show_yet_is_found_through_its_notification(shop: Shop) -> None:
    shop.fault(operation="getFeeds", times=None, action="listing_lag", seconds=3600)
    refund, feed = lost(shop, action="drop_after")
    created = shop.calls("createFeed")[0]["feed_id"]

    assert tell(shop, created) is Outcome.HINT_USED
    assert queued("feeds.follow")[0]["feed_pk"] == feed.pk
    assert look(feed) is FeedState.SENT
    assert (feed.feed_id, feed.adopted) == (created, True)
    shop.settle(refund)
    assert refund.state in (State.ACCEPTED, State.CONFIRMED)
    assert len(shop.calls("createFeed")) == 1


def test_a_listed_feed_is_found_again_after_a_look_that_could_conclude_nothing(shop: Shop) -> None:
    refund, feed = lost(shop, action="drop_after")
    created = shop.calls("createFeed")[0]["feed_id"]
    tell(shop, "999000111")
    shop.fault(operation="getFeed", times=1, action="status", status=500)
    assert look(feed) is FeedState.UNKNOWN, "the named feed may be ours as well"
    assert look(feed) is FeedState.SENT, "Amazon says now that there is no such feed"
    assert (feed.feed_id, feed.adopted) == (created, True)
    shop.settle(refund)
    assert refund.state in (State.ACCEPTED, State.CONFIRMED)
    assert len(shop.calls("createFeed")) == 1


def test_a_forged_notification_is_explained_by_amazon_and_absence_is_proven(shop: Shop) -> None:
    refund, feed = lost(shop, action="drop_before")
    Feed.objects.update(state=FeedState.SEALED)  # the forged one comes before the answer is lost
    assert tell(shop, "999000111") is Outcome.UNKNOWN_FEED
    Feed.objects.update(state=FeedState.UNKNOWN)
    let_the_fence_pass(feed)
    assert look(feed) is FeedState.ABSENT
    assert state_of(refund) is State.NOT_SENT
    assert Notification.objects.get().outcome == Outcome.NO_SUCH_FEED
    assert [call["status"] for call in shop.calls("getFeed")] == [404]


def test_never_sent_is_not_concluded_while_amazon_does_not_say_what_a_named_feed_is(shop: Shop) -> None:
    refund, feed = lost(shop, action="drop_before")
    tell(shop, "999000111")
    shop.fault(operation="getFeed", times=1, action="status", status=500)
    let_the_fence_pass(feed)
    assert look(feed) is FeedState.UNKNOWN
    assert len(feed.empty_looks) == 2
    assert feed.next_action_at is not None
    assert timedelta(0) < feed.next_action_at - now() <= timedelta(minutes=2)
    assert look(feed) is FeedState.ABSENT, "Amazon says now that there is no such feed"
    assert state_of(refund) is State.NOT_SENT


def test_what_stays_unexplained_for_hours_goes_to_a_person(shop: Shop) -> None:
    refund, feed = lost(shop, action="drop_before")
    tell(shop, "999000111")
    shop.fault(operation="getFeed", times=1, action="status", status=403)
    let_the_fence_pass(feed, by=6 * HOUR)
    assert look(feed) is FeedState.REVIEW
    refund.refresh_from_db()
    assert refund.state == State.REVIEW
    assert "999000111" in refund.answer_words


def test_a_feed_of_another_kind_is_no_candidate(shop: Shop) -> None:
    shop.settle(shop.cancel(shop.order(UNSHIPPED)))
    other = Feed.objects.get().feed_id
    Feed.objects.update(feed_id="as-if-another-program-had-sent-it")
    SeenFeed.objects.all().delete()

    shop.fault(operation="createFeed", times=1, action="drop_before")
    refund = shop.refund(shop.order(LAMP), Line(LAMP_ITEM, {Component.PRINCIPAL: 1500}))
    shop.work_until(lambda: state_of(refund) is State.UNKNOWN)
    tell(shop, other)
    feed = Feed.objects.get(state=FeedState.UNKNOWN)
    let_the_fence_pass(feed)
    assert look(feed) is FeedState.ABSENT
    assert state_of(refund) is State.NOT_SENT
