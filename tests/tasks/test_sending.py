"""Sending: between the mark and the answer there is one call, and every answer has one meaning."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from mostrador.amazon.components import Component
from mostrador.amazon.feeds import FeedType
from mostrador.domain import feeds as rules
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.domain.refunds import Line
from mostrador.models import BrokenRule, Feed, FeedMark, Refund, SeenFeed, SellingPartner
from mostrador.tasks import feeds, sealing
from mostrador.tasks.settling import settle
from tests.shop import Shop, state_of

pytestmark = pytest.mark.django_db(transaction=True)

LAMP, LAMP_ITEM = "303-5512894-7749126", "30155128947741"  # DE
KIND = FeedType.POST_PAYMENT_ADJUSTMENT_DATA
HOUR = timedelta(hours=1)


def sealed(shop: Shop) -> tuple[Refund, Feed]:
    """Return a refund of 15.00 and the sealed feed it will leave in."""
    refund = shop.refund(shop.order(LAMP), Line(LAMP_ITEM, {Component.PRINCIPAL: 1500}))
    partner = refund.selling_partner
    feed = sealing.seal(partner=partner, feed_type=KIND, keys=[refund.pk], now=timezone.now())
    assert feed
    return refund, feed


def due(feed: Feed) -> None:
    Feed.objects.filter(pk=feed.pk).update(next_action_at=timezone.now() - timedelta(seconds=1))
    feeds.follow(feed_pk=feed.pk)
    feed.refresh_from_db()


def refunded(shop: Shop, refund: Refund) -> str:
    return str(shop.ledger(refund.order)["items"][LAMP_ITEM]["components"]["Principal"]["refunded"])


def test_a_feed_whose_document_has_grown_too_old_is_not_sent_before_it_is_staged_anew(shop: Shop) -> None:
    refund, feed = sealed(shop)
    old = timezone.now() - rules.DOCUMENT_LIFE - timedelta(minutes=1)
    Feed.objects.update(state=FeedState.STAGED, staged_at=old, document_id="forgotten")
    due(feed)
    assert (feed.state, feed.tries) == (FeedState.SEALED, 0)
    assert shop.calls("createFeed") == []
    assert FeedMark.objects.count() == 0

    shop.settle(refund)
    feed.refresh_from_db()
    assert len(shop.calls("createFeed")) == 1
    assert feed.document_id != "forgotten"
    assert refunded(shop, refund) == "15.00"


def test_a_refusal_of_createfeed_itself_ends_the_refund_in_amazons_words(shop: Shop) -> None:
    refund, feed = sealed(shop)
    shop.fault(operation="createFeed", times=1, action="status", status=400)
    due(feed)
    assert (feed.state, state_of(refund)) == (FeedState.REFUSED, State.REJECTED)
    assert "400" in refund.answer_words
    assert feed.request_id
    shop.work_until(lambda: True)
    assert len(shop.calls("createFeed")) == 1
    assert refunded(shop, refund) == "0.00"


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_right_is_no_refusal_and_the_next_try_brings_a_new_token(shop: Shop, status: int) -> None:
    refund, feed = sealed(shop)
    shop.fault(operation="createFeed", times=1, action="status", status=status)
    due(feed)
    assert (feed.state, feed.marked_at, state_of(refund)) == (FeedState.STAGED, None, State.SENDING)
    assert str(status) in feed.trouble
    tokens = len(shop.calls("token"))
    due(feed)
    assert len(shop.calls("token")) == tokens + 1
    assert (feed.state, state_of(refund)) == (FeedState.SENT, State.SENT)
    assert len(shop.calls("createFeed")) == 2


@pytest.mark.parametrize("status", [500, 503])
def test_an_error_of_amazons_own_is_no_proof_that_nothing_was_done(shop: Shop, status: int) -> None:
    refund, feed = sealed(shop)
    shop.fault(operation="createFeed", times=1, action="status", status=status)
    due(feed)
    assert (feed.state, state_of(refund)) == (FeedState.UNKNOWN, State.UNKNOWN)
    assert str(status) in feed.trouble


def test_a_worker_that_slept_too_long_behind_its_mark_sends_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    refund, feed = sealed(shop)
    monkeypatch.setattr(feeds, "SEND_WITHIN", -1.0)
    due(feed)
    assert shop.calls("createFeed") == []
    assert (feed.state, state_of(refund)) == (FeedState.STAGED, State.SENDING)
    assert FeedMark.objects.count() == 1


# ── an answer that comes late ─────────────────────────────────────────────────────────────────────────────


def answered_late(shop: Shop, feed: Feed, meanwhile: Callable[[], None]) -> None:
    """Send `feed`, and do something between its mark and Amazon's answer."""
    shop.fault(operation="createFeed", times=1, action="delay", seconds=1.0)

    def send() -> None:
        try:
            due(Feed.objects.get(pk=feed.pk))
        finally:
            connections.close_all()

    sender = threading.Thread(target=send)
    sender.start()
    shop.work_until(lambda: Feed.objects.filter(pk=feed.pk, state=FeedState.MARKED).exists())
    meanwhile()
    sender.join()
    feed.refresh_from_db()


def give_up(feed: Feed) -> None:
    settle(Feed.objects.get(pk=feed.pk), rules.NoAnswer("the lease ran out"), timezone.now())


def test_an_answer_after_the_lease_is_still_the_answer(shop: Shop) -> None:
    refund, feed = sealed(shop)
    answered_late(shop, feed, lambda: give_up(feed))
    assert (feed.state, state_of(refund)) == (FeedState.SENT, State.SENT)
    assert feed.feed_id
    shop.settle(refund)
    assert len(shop.calls("createFeed")) == 1
    assert refunded(shop, refund) == "15.00"


def test_an_answer_for_a_feed_that_a_person_has_is_kept_for_that_person(shop: Shop) -> None:
    refund, feed = sealed(shop)

    def two_candidates() -> None:
        give_up(feed)
        settle(Feed.objects.get(pk=feed.pk), rules.Listed(("1", "2")), timezone.now())

    answered_late(shop, feed, two_candidates)
    assert {"1", "2"} <= set(SeenFeed.objects.values_list("feed_id", flat=True)), "no later feed adopts them"
    assert (feed.state, state_of(refund)) == (FeedState.REVIEW, State.REVIEW)
    assert feed.feed_id
    assert SellingPartner.objects.filter(paused_at=None).count() == len(shop.partners)


def test_an_answer_for_a_feed_that_was_proven_absent_stops_the_selling_partner(shop: Shop) -> None:
    refund, feed = sealed(shop)

    def proven_absent() -> None:
        give_up(feed)
        now = timezone.now()
        looks = [now - 3 * HOUR, now - 2 * HOUR]
        Feed.objects.update(token_expires_at=now - HOUR, empty_looks=looks)
        settle(Feed.objects.get(pk=feed.pk), rules.Listed(()), now)

    answered_late(shop, feed, proven_absent)
    assert (feed.state, state_of(refund)) == (FeedState.ABSENT, State.NOT_SENT)
    assert feed.feed_id
    assert feed.feed_id in BrokenRule.objects.get().rule
    assert SellingPartner.objects.exclude(paused_at=None).get().pk == refund.selling_partner_id
