"""The database's own rules: what must not be is refused by PostgreSQL itself, whatever the code does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from mostrador.amazon.components import Component
from mostrador.domain.delivery import Source, State
from mostrador.domain.feeds import FeedState
from mostrador.domain.refunds import Line
from mostrador.models import (
    Cancellation,
    Event,
    EventKind,
    Feed,
    FeedMessage,
    ItemBalance,
    Order,
    OrderItem,
    Quota,
    Refund,
    RefundLine,
    SeenFeed,
    SellingPartner,
)
from tests.makers import (
    NOW,
    make_agent,
    make_cancellation,
    make_order,
    make_refund,
    make_selling_partner,
    make_ticket,
)

pytestmark = pytest.mark.django_db

FEED = "POST_PAYMENT_ADJUSTMENT_DATA"


@contextmanager
def refused(rule: str) -> Iterator[None]:
    """Assert that the database refuses the block by the rule of this name, and roll it back."""
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        yield


def balance_of(order: Order, component: Component = Component.PRINCIPAL) -> ItemBalance:
    return ItemBalance.objects.get(item__order=order, component=component)


def begin_feed(partner: SellingPartner, feed_type: str = FEED) -> Feed:
    return Feed.objects.begin(partner=partner, feed_type=feed_type, marketplace_ids=["A1"], now=NOW)


# ── money ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("posted", "pending"), [(2501, 0), (0, 2501), (1250, 1251), (2500, 1)])
def test_never_more_goes_back_than_was_paid(posted: int, pending: int) -> None:
    balance = balance_of(make_order())
    with refused("never_more_back_than_was_paid"):
        ItemBalance.objects.filter(pk=balance.pk).update(posted=posted, pending=pending)
    balance.refresh_from_db()
    assert (balance.paid, balance.posted, balance.pending) == (2500, 0, 0)


@pytest.mark.parametrize("column", ["posted", "pending", "excess"])
def test_no_money_is_negative(column: str) -> None:
    balance = balance_of(make_order())
    with refused("no_negative_money"):
        ItemBalance.objects.filter(pk=balance.pk).update(**{column: -1})


def test_what_was_paid_cannot_be_lowered_below_what_went_back() -> None:
    refund = make_refund(state=State.ACCEPTED)
    with refused("never_more_back_than_was_paid"):
        ItemBalance.objects.filter(item__order=refund.order_id).update(paid=999)


def test_a_component_has_one_balance() -> None:
    balance = balance_of(make_order())
    with refused("one_balance_per_component"):
        ItemBalance.objects.bulk_create([ItemBalance(item=balance.item, component="principal", paid=1)])


def test_more_than_is_left_cannot_be_put_on_its_way() -> None:
    order = make_order()
    with refused("never_more_back_than_was_paid"):
        make_refund(order=order, amounts={Component.PRINCIPAL: 2501})
    assert Refund.objects.count() == 0
    assert balance_of(order).pending == 0


def test_a_refund_gives_something_back() -> None:
    refund = make_refund()
    for total in (0, -1):
        with refused("a_refund_gives_something_back"):
            Refund.objects.filter(pk=refund.pk).update(total=total)


def test_a_line_gives_something_back_and_no_part_is_negative() -> None:
    line = make_refund().lines.get()
    with refused("a_line_gives_something_back"):
        RefundLine.objects.filter(pk=line.pk).update(principal=0)
    with refused("no_negative_part"):
        RefundLine.objects.filter(pk=line.pk).update(principal=1000, tax=-1)


# ── one at a time ─────────────────────────────────────────────────────────────────────────────────────────

OPEN_STATES = [State.REQUESTED, State.SENDING, State.SENT, State.UNKNOWN, State.REVIEW]


@pytest.mark.parametrize("state", OPEN_STATES)
def test_an_item_has_one_open_refund(state: State) -> None:
    order = make_order()
    make_refund(order=order, amounts={Component.PRINCIPAL: 1}, state=state)
    with refused("one_open_refund_per_item"):
        make_refund(order=order, amounts={Component.PRINCIPAL: 1})


@pytest.mark.parametrize("state", sorted(set(State) - set(OPEN_STATES)))
def test_a_refund_that_is_decided_leaves_room_for_the_next(state: State) -> None:
    order = make_order()
    make_refund(order=order, amounts={Component.PRINCIPAL: 1}, state=state)
    make_refund(order=order, amounts={Component.PRINCIPAL: 1})
    assert RefundLine.objects.filter(open=True).count() == 1


def test_a_refund_has_one_line_for_an_item() -> None:
    line = make_refund(state=State.REJECTED).lines.get()
    with refused("one_line_per_item"):
        RefundLine.objects.bulk_create([RefundLine(refund=line.refund, item=line.item, principal=1)])


@pytest.mark.parametrize("state", [*OPEN_STATES, State.ACCEPTED])
def test_an_order_has_one_cancellation_that_freezes_it(state: State) -> None:
    order = make_order(status="UNSHIPPED")
    make_cancellation(order=order, state=state)
    with refused("one_open_cancellation_per_order"):
        make_cancellation(order=order)


@pytest.mark.parametrize("state", [State.REJECTED, State.NOT_SENT, State.WITHDRAWN, State.CONFIRMED])
def test_a_cancellation_that_has_ended_freezes_nothing(state: State) -> None:
    order = make_order(status="UNSHIPPED")
    make_cancellation(order=order, state=state)
    make_cancellation(order=order)
    assert order.cancellations.freezing().count() == 1


def test_a_request_key_is_one_wish_of_its_selling_partner() -> None:
    first, other = make_refund(), make_refund(state=State.WITHDRAWN)
    assert first.selling_partner_id != other.selling_partner_id
    Refund.objects.filter(pk=other.pk).update(request_key=first.request_key)  # another seller's key
    with refused("one_refund_per_request_key"):
        Refund.objects.filter(pk=other.pk).update(selling_partner=first.selling_partner)
    one = make_cancellation()
    two = make_cancellation(order=make_order(partner=one.selling_partner, status="UNSHIPPED"))
    with refused("one_cancellation_per_request_key"):
        Cancellation.objects.filter(pk=two.pk).update(request_key=one.request_key)


def test_a_booking_of_amazon_belongs_to_one_refund() -> None:
    partner = make_selling_partner()
    one, two = (make_refund(order=make_order(partner=partner), state=State.ACCEPTED) for _ in range(2))
    Refund.objects.filter(pk=one.pk).update(finances_refund_id="B-1")
    with refused("one_refund_per_booking"):
        Refund.objects.filter(pk=two.pk).update(finances_refund_id="B-1")


# ── feeds ─────────────────────────────────────────────────────────────────────────────────────────────────

MARK = {"marked_at": NOW, "token_expires_at": NOW + timedelta(hours=1)}


@pytest.mark.parametrize("state", [FeedState.MARKED, FeedState.UNKNOWN])
def test_one_feed_of_a_kind_is_in_flight(state: FeedState) -> None:
    partner = make_selling_partner()
    first, second = begin_feed(partner), begin_feed(partner)
    Feed.objects.filter(pk=first.pk).update(state=state, **MARK)
    with refused("one_feed_in_flight"):
        Feed.objects.filter(pk=second.pk).update(state=FeedState.MARKED, **MARK)
    other_kind, other_seller = begin_feed(partner, "OTHER"), begin_feed(make_selling_partner())
    for feed in (other_kind, other_seller):
        Feed.objects.filter(pk=feed.pk).update(state=FeedState.MARKED, **MARK)
    Feed.objects.filter(pk=first.pk).update(state=FeedState.SENT)
    assert Feed.objects.filter(pk=second.pk).update(state=FeedState.MARKED, **MARK) == 1


@pytest.mark.parametrize("missing", ["marked_at", "token_expires_at"])
@pytest.mark.parametrize("state", [FeedState.MARKED, FeedState.UNKNOWN])
def test_nothing_is_sent_without_a_mark(state: FeedState, missing: str) -> None:
    feed = begin_feed(make_selling_partner())
    with refused("no_sending_without_a_mark"):
        Feed.objects.filter(pk=feed.pk).update(state=state, **MARK | {missing: None})


def test_amazons_feed_id_stands_in_one_row_of_a_seller() -> None:
    partner = make_selling_partner()
    first, second = begin_feed(partner), begin_feed(partner)
    Feed.objects.filter(pk=first.pk).update(feed_id="50001")
    with refused("one_row_per_feed_id"):
        Feed.objects.filter(pk=second.pk).update(feed_id="50001")
    elsewhere = begin_feed(make_selling_partner())
    assert Feed.objects.filter(pk=elsewhere.pk).update(feed_id="50001") == 1


def test_an_action_is_in_one_live_feed() -> None:
    refund, wish = make_refund(state=State.SENDING), make_cancellation(state=State.SENDING)
    first, second = begin_feed(refund.selling_partner), begin_feed(refund.selling_partner)
    for action, rule in ((refund, "a_refund_is_in_one"), (wish, "a_cancellation_is_in_one_live_feed")):
        message = first.add(action)
        with refused(rule):
            second.add(action)
        FeedMessage.objects.filter(pk=message.pk).update(live=False)
        assert second.add(action).pk > message.pk


def test_a_message_is_about_exactly_one_action() -> None:
    refund, wish = make_refund(), make_cancellation()
    feed = begin_feed(refund.selling_partner)
    for about in ({}, {"refund": refund, "cancellation": wish}):
        with refused("a_message_is_about_one_action"):
            FeedMessage.objects.bulk_create([FeedMessage(feed=feed, **about)])


def test_a_seen_feed_and_a_bucket_are_one_row_each() -> None:
    partner = make_selling_partner()
    SeenFeed.objects.note(partner=partner, feed_ids=["50001"], now=NOW)
    SeenFeed.objects.note(partner=partner, feed_ids=["50001", "50002"], now=NOW)
    assert SeenFeed.objects.unseen(partner=partner, feed_ids=["50003", "50002"]) == ["50003"]
    assert SeenFeed.objects.unseen(partner=make_selling_partner(), feed_ids=["50001"]) == ["50001"]
    assert Quota.objects.take(partner=partner, operation="getFeed", now=NOW) is None
    quota = Quota.objects.get()
    with refused("one_bucket_per_operation"):
        quota.pk = None
        Quota.objects.bulk_create([quota])


def test_an_order_and_its_items_are_one_row_each() -> None:
    order = make_order()
    with refused("one_row_per_order"):
        Order.objects.bulk_create(
            [Order(selling_partner=order.selling_partner, amazon_order_id=order.amazon_order_id)]
        )
    item = order.items.get()
    with refused("one_row_per_item"):
        OrderItem.objects.bulk_create(
            [OrderItem(order=order, item_id=item.item_id, place=9, quantity_ordered=1)]
        )


# ── the timeline ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE mostrador_event SET facts = '{}'",
        "UPDATE mostrador_event SET at = at",
        "DELETE FROM mostrador_event",
    ],
)
def test_the_timeline_only_grows(statement: str) -> None:
    ticket = make_ticket()
    event = Event.objects.note(EventKind.TICKET_CLOSED, at=NOW, ticket=ticket, agent=make_agent(), why="x")
    with refused("the timeline only grows"), connection.cursor() as cursor:
        cursor.execute(statement)
    event.refresh_from_db()
    assert (event.facts, event.at) == ({"why": "x"}, NOW)


def test_what_stands_on_the_timeline_cannot_be_deleted_from_under_it() -> None:
    refund = make_refund()
    event = Event.objects.step(EventKind.REQUESTED, refund, at=NOW, agent=refund.requested_by)
    refund.lines.all().delete()
    with refused("mostrador_event"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM mostrador_refund")
    event.refresh_from_db()
    assert event.refund_id == refund.pk


def test_the_factory_of_refunds_moves_the_money_with_the_row() -> None:
    order = make_order()
    item = order.items.get()
    refund = Refund.objects.request(
        order=order,
        ticket=None,
        agent=None,
        source=Source.API,
        lines=[Line(item.item_id, {Component.PRINCIPAL: 700, Component.SHIPPING: 0})],
        reason="CustomerReturn",
        note="",
        seen_available=2500,
        request_key="k",
        request_sha256="",
        send_after=NOW,
        now=NOW,
    )
    assert (refund.total, refund.currency, str(refund.money)) == (700, "EUR", "7.00 EUR")
    assert refund.lines.get().amounts() == {Component.PRINCIPAL: 700}
    assert balance_of(order).pending == 700
