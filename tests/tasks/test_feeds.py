"""Feeds: from the press to Amazon's answer, against the simulator over HTTP; its ledger is the truth."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connections
from django.utils import timezone

from mostrador.amazon.components import Component
from mostrador.amazon.feeds import FeedType
from mostrador.domain import refunds as rules
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.domain.refunds import Line
from mostrador.domain.refusals import RefusalCode, Refused
from mostrador.models import Feed, Order, Quota, Refund
from mostrador.tasks import feeds, orders, sealing
from tests.shop import Shop, state_of

pytestmark = pytest.mark.django_db(transaction=True)

LAMP = "303-5512894-7749126"  # DE, 59,95 € and 4,99 € shipping, shipped
LAMP_ITEM = "30155128947741"
PARTLY_REFUNDED = "204-8830127-4471956"  # UK, four mugs, one refunded elsewhere
SHIPS_SOON = "114-7720418-3395061"  # US, unshipped, the buyer asked on Amazon to cancel
UNSHIPPED = "406-7740218-3356179"  # FR, unshipped
YEN = "250-6617204-8839155"  # JP, shipped
GIFT = "112-4456093-9917824"  # US, shipped, tax, gift wrap


def lamp(minor: int) -> Line:
    return Line(LAMP_ITEM, {Component.PRINCIPAL: minor})


def test_a_refund_is_accepted_and_then_seen_in_amazons_accounts(shop: Shop) -> None:
    order = shop.order(LAMP)
    refund = shop.refund(order, lamp(1500))
    shop.work_until(lambda: state_of(refund) is State.CONFIRMED)

    assert shop.ledger(order)["items"][LAMP_ITEM]["components"]["Principal"]["refunded"] == "15.00"
    kinds = list(refund.events.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["requested", "sealed", "sent", "accepted", "confirmed"]
    assert refund.feed_messages.get().feed.feed_id
    balance = order.items.get().balances.get(component=Component.PRINCIPAL)
    assert (balance.paid, balance.posted, balance.pending) == (5995, 1500, 0)
    assert order.refunds.count() == 1, "the booking of our own refund is not one made elsewhere"


@pytest.mark.parametrize("number", [LAMP, YEN, GIFT])
def test_a_full_refund_agrees_with_amazons_ledger_to_the_smallest_unit(shop: Shop, number: str) -> None:
    order = shop.order(number)
    refund = shop.refund(order, *rules.full(order.facts()))
    shop.settle(refund)

    assert refund.state in (State.ACCEPTED, State.CONFIRMED), refund.answer_words
    parts = [part for item in shop.ledger(order)["items"].values() for part in item["components"].values()]
    assert {part["remaining"] for part in parts} <= {"0.00", "0"}
    assert sum(Decimal(part["refunded"]) for part in parts) == refund.money.decimal


def test_a_refund_made_elsewhere_is_taken_off_what_is_left(shop: Shop) -> None:
    order = shop.order(PARTLY_REFUNDED)
    elsewhere = order.refunds.get()

    assert (elsewhere.source, elsewhere.state, elsewhere.total) == ("elsewhere", State.CONFIRMED, 950)
    facts = order.facts().items[0]
    assert facts.balances[Component.PRINCIPAL].left == 4 * 950 - 950
    orders.refresh(order_id=order.pk)
    assert order.refunds.count() == 1, "the same booking is taken over once"


def test_amazons_refusal_is_shown_in_its_words_and_gives_the_money_free(shop: Shop) -> None:
    order = shop.order(LAMP)
    shop.control(
        "PATCH",
        f"orders/{LAMP}",
        refund={"items": {LAMP_ITEM: {"Principal": "50.00"}}, "reason": "CustomerReturn"},
    )
    refund = shop.refund(order, lamp(2000))
    shop.settle(refund)

    assert refund.state == State.REJECTED
    assert refund.answer_code == "25161"
    assert refund.answer_words
    balance = order.items.get().balances.get(component=Component.PRINCIPAL)
    assert balance.pending == 0
    assert shop.ledger(order)["items"][LAMP_ITEM]["components"]["Principal"]["refunded"] == "50.00"


def test_a_lost_answer_is_unknown_and_never_sent_again(shop: Shop) -> None:
    order = shop.order(LAMP)
    shop.fault(operation="createFeed", times=1, action="drop_after")
    refund = shop.refund(order, lamp(1500))
    shop.work_until(lambda: state_of(refund) is State.UNKNOWN)

    with pytest.raises(Refused) as refused:
        shop.refund(order, lamp(1500))
    assert refused.value.refusals[0].code == RefusalCode.ITEM_HAS_OPEN_REFUND
    for _ in range(3):
        feeds.dispatch(partner_id=order.selling_partner_id, feed_type=FeedType.POST_PAYMENT_ADJUSTMENT_DATA)
    assert len(shop.calls("createFeed")) == 1


def test_a_feed_whose_answer_was_lost_is_found_in_amazons_list(shop: Shop) -> None:
    order = shop.order(LAMP)
    shop.fault(operation="createFeed", times=1, action="drop_after")
    refund = shop.refund(order, lamp(1500))
    shop.work_until(lambda: state_of(refund) is State.UNKNOWN)
    Feed.objects.update(next_action_at=timezone.now() - timedelta(minutes=1))

    shop.settle(refund)

    assert refund.state in (State.ACCEPTED, State.CONFIRMED)
    assert len(shop.calls("createFeed")) == 1
    assert shop.ledger(order)["items"][LAMP_ITEM]["components"]["Principal"]["refunded"] == "15.00"


def test_a_feed_that_amazon_never_got_is_proven_absent_behind_the_fence(shop: Shop) -> None:
    order = shop.order(LAMP)
    shop.fault(operation="createFeed", times=1, action="drop_before")
    refund = shop.refund(order, lamp(1500))
    shop.work_until(lambda: state_of(refund) is State.UNKNOWN)
    feed = Feed.objects.get()
    long_ago = timezone.now() - timedelta(hours=2)
    looks = [long_ago + timedelta(minutes=m) for m in (10, 30)]
    Feed.objects.update(
        marked_at=long_ago,
        token_expires_at=long_ago + timedelta(hours=1),
        empty_looks=looks,
        next_action_at=timezone.now() - timedelta(minutes=1),
    )
    shop.work_until(lambda: state_of(refund) is State.NOT_SENT)

    feed.refresh_from_db()
    assert feed.state == FeedState.ABSENT
    assert order.items.get().balances.get(component=Component.PRINCIPAL).pending == 0
    assert shop.ledger(order)["items"][LAMP_ITEM]["components"]["Principal"]["refunded"] == "0.00"


def test_a_throttled_createfeed_is_tried_again_and_sent_once(shop: Shop) -> None:
    order = shop.order(LAMP)
    shop.fault(operation="createFeed", times=1, action="status", status=429)
    refund = shop.refund(order, lamp(1500))
    shop.work_until(lambda: len(shop.calls("createFeed")) == 1)
    assert state_of(refund) is State.SENDING
    Quota.objects.filter(operation="createFeed").update(tokens=15)
    Feed.objects.update(next_action_at=timezone.now())

    shop.settle(refund)

    assert refund.state in (State.ACCEPTED, State.CONFIRMED)
    assert shop.ledger(order)["items"][LAMP_ITEM]["components"]["Principal"]["refunded"] == "15.00"


def test_a_second_dispatch_leaves_a_feed_to_its_carrier_and_burns_no_token(shop: Shop) -> None:
    order = shop.order(LAMP)
    shop.refund(order, lamp(1500))
    shop.fault(operation="createFeedDocument", times=None, action="delay", seconds=0.5)
    job = {"partner_id": order.selling_partner_id, "feed_type": FeedType.POST_PAYMENT_ADJUSTMENT_DATA}

    def carry() -> None:
        try:
            feeds.dispatch(**job)
        finally:
            connections.close_all()

    carrier = threading.Thread(target=carry)
    carrier.start()
    shop.work_until(Feed.objects.exists)
    feeds.dispatch(**job)
    carrier.join()

    assert len(shop.calls("createFeedDocument")) == 1
    assert len(shop.calls("createFeed")) == 1
    assert round(Quota.objects.get(operation="createFeed").tokens) == 14


def test_a_sealed_feed_of_a_paused_selling_partner_does_not_leave(shop: Shop) -> None:
    order = shop.order(LAMP)
    refund = shop.refund(order, lamp(1500))
    kind = FeedType.POST_PAYMENT_ADJUSTMENT_DATA
    feed = sealing.seal(partner=order.selling_partner, feed_type=kind, keys=[refund.pk], now=timezone.now())
    assert feed
    order.selling_partner.pause(because="a test", now=timezone.now())
    feeds.follow(feed_pk=feed.pk)
    assert shop.calls("createFeed") == []

    order.selling_partner.resume()
    Feed.objects.update(next_action_at=timezone.now())
    shop.settle(refund)
    assert len(shop.calls("createFeed")) == 1


def test_two_workers_that_dispatch_at_once_send_one_feed(shop: Shop) -> None:
    order = shop.order(LAMP)
    refund = shop.refund(order, lamp(1500))

    def dispatch() -> None:
        try:
            feeds.dispatch(
                partner_id=order.selling_partner_id, feed_type=FeedType.POST_PAYMENT_ADJUSTMENT_DATA
            )
        finally:
            connections.close_all()

    threads = [threading.Thread(target=dispatch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shop.settle(refund)

    assert len(shop.calls("createFeed")) == 1
    assert shop.ledger(order)["items"][LAMP_ITEM]["components"]["Principal"]["refunded"] == "15.00"


def test_when_tokens_run_low_refunds_wait_and_travel_together(shop: Shop) -> None:
    first, second = shop.order(LAMP), shop.order("302-7718203-5540291")
    Quota.objects.take(partner=first.selling_partner, operation="createFeed", now=timezone.now())
    Quota.objects.filter(operation="createFeed").update(tokens=0.5, at=timezone.now())
    one = shop.refund(first, lamp(1000))
    item = second.items.order_by("place")[0]
    other = shop.refund(second, Line(item.item_id, {Component.PRINCIPAL: 700}))
    shop.work_until(lambda: True)
    assert {state_of(one), state_of(other)} == {State.REQUESTED}
    assert shop.calls("createFeed") == []

    Quota.objects.filter(operation="createFeed").update(tokens=15)
    shop.settle(one, other)

    assert Feed.objects.count() == 1
    assert len(shop.calls("createFeed")) == 1


@pytest.mark.parametrize(
    "variant", ["unreadable", "truncated", "html", "wrong_counts", "unknown_code", "xxe"]
)
def test_a_report_that_cannot_be_believed_goes_to_a_person(shop: Shop, variant: str) -> None:
    order = shop.order(LAMP)
    shop.fault(times=1, action="report", variant=variant)
    refund = shop.refund(order, lamp(1500))
    shop.settle(refund)

    assert refund.state == State.REVIEW
    assert refund.answer_words
    assert order.items.get().balances.get(component=Component.PRINCIPAL).pending == 1500


def test_a_fatal_feed_goes_to_a_person(shop: Shop) -> None:
    order = shop.order(LAMP)
    shop.fault(times=1, action="fatal_applied")
    refund = shop.refund(order, lamp(1500))
    shop.settle(refund)

    assert refund.state == State.REVIEW


def test_a_cancellation_is_confirmed_by_the_order_itself(shop: Shop) -> None:
    order = shop.order(UNSHIPPED)
    wish = shop.cancel(order)
    with pytest.raises(Refused) as refused:
        shop.cancel(order)
    assert refused.value.refusals[0].code == RefusalCode.ORDER_FROZEN
    shop.work_until(lambda: state_of(wish) is State.CONFIRMED)

    assert wish.counts_in_rate is True
    assert shop.ledger(order)["status"] == "CANCELLED"
    order.refresh_from_db()
    assert order.status == "CANCELLED"


def test_an_order_already_cancelled_counts_as_success_without_a_feed(shop: Shop) -> None:
    order = shop.order(SHIPS_SOON)
    wish = shop.cancel(order, reason="BuyerCanceled")
    assert wish.counts_in_rate is False
    shop.control("PATCH", f"orders/{SHIPS_SOON}", cancel={"by": "BUYER"})
    Order.objects.update(read_at=timezone.now() - timedelta(minutes=5))
    shop.work_until(lambda: state_of(wish) is State.CONFIRMED)

    assert shop.calls("createFeed") == []


def test_a_cancellation_that_the_parcel_overtook_is_taken_back(shop: Shop) -> None:
    order = shop.order(UNSHIPPED)
    wish = shop.cancel(order)
    shop.control("PATCH", f"orders/{UNSHIPPED}", ship={})
    Order.objects.update(read_at=timezone.now() - timedelta(minutes=5))
    shop.work_until(lambda: state_of(wish) is State.WITHDRAWN)

    assert wish.answer_code == RefusalCode.ORDER_SHIPPED
    assert shop.calls("createFeed") == []


def test_the_first_search_brings_every_order_of_the_shop(shop: Shop) -> None:
    for partner in shop.partners.values():
        orders.sync(partner_id=partner.pk)
    known = set(Order.objects.exclude(read_at=None).values_list("amazon_order_id", flat=True))
    young = {number for number, row in shop.control("GET", "ledger")["orders"].items() if row}
    assert known <= young
    assert len(known) >= len(young) - 3  # the youngest are outside Amazon's two minutes
    assert Refund.objects.count() == 0
