"""Marks: of many workers one marks a feed, and none while its selling partner is paused."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from mostrador.domain import feeds as rules
from mostrador.domain.feeds import FeedState
from mostrador.models import Feed, FeedMark, LostRace
from mostrador.tasks import sealing
from mostrador.tasks.settling import settle
from tests.actions.races import Racers
from tests.makers import make_refund

pytestmark = pytest.mark.django_db(transaction=True)


def staged() -> Feed:
    now = timezone.now()
    refund = make_refund(now=now - timedelta(minutes=2))
    feed = sealing.seal(
        partner=refund.selling_partner,
        feed_type=sealing.FeedType.POST_PAYMENT_ADJUSTMENT_DATA,
        keys=[refund.pk],
        now=now,
    )
    assert feed is not None
    settle(feed, rules.Staged(), now, document_id="document")
    return Feed.objects.select_related("selling_partner").get()


def mark(feed: Feed) -> None:
    now = timezone.now()
    settle(feed, rules.AboutToSend(now + timedelta(hours=1)), now)


def test_of_four_workers_that_mark_at_once_one_wins() -> None:
    first = staged()
    with Racers(4) as racers:
        for _ in range(10):
            Feed.objects.update(state=FeedState.STAGED, marked_at=None, tries=0)
            FeedMark.objects.all().delete()
            held = [Feed.objects.select_related("selling_partner").get() for _ in range(4)]
            results = racers.run(*[partial(mark, feed) for feed in held])
            lost = [each for each in results if isinstance(each, LostRace)]
            assert (len(results) - len(lost), FeedMark.objects.count()) == (1, 1), results
    first.refresh_from_db()
    assert first.state == FeedState.MARKED


def test_a_pause_that_came_after_the_feed_was_read_holds_the_mark_back() -> None:
    feed = staged()
    feed.selling_partner.pause(because="just now", now=timezone.now())
    with pytest.raises(LostRace):
        mark(feed)
    feed.refresh_from_db()
    assert (feed.state, FeedMark.objects.count()) == (FeedState.STAGED, 0)
