"""Refunds in Amazon's accounts: ours are proven, others' are taken over, each once."""

from __future__ import annotations

import pytest

from mostrador.amazon.components import Component
from mostrador.amazon.finances import OutsideRefund, RefundLine
from mostrador.domain.delivery import Source, State
from mostrador.models import Order, Refund
from mostrador.money import Money
from mostrador.tasks import refunds
from tests.makers import NOW, make_item, make_order, make_refund

pytestmark = pytest.mark.django_db

PRINCIPAL, SHIPPING = Component.PRINCIPAL, Component.SHIPPING


def two_items() -> Order:
    paid = {PRINCIPAL: 2500, SHIPPING: 499}
    return make_order(items=[make_item(paid=paid), make_item(paid=paid)])


def booking(*lines: tuple[str | None, Component | None, int], name: str = "B-1") -> OutsideRefund:
    parts: tuple[RefundLine, ...] = tuple((item, part, Money(minor, "EUR")) for item, part, minor in lines)
    total = sum(minor for _, part, minor in lines if part)
    return OutsideRefund(name, NOW, "EUR", parts, Money(total, "EUR"))


def book(order: Order, *bookings: OutsideRefund) -> None:
    refunds.take_over(order=order, bookings=bookings, now=NOW)


def books(order: Order) -> list[tuple[str, int, int, int]]:
    return [
        (balance.component, balance.posted, balance.pending, balance.excess)
        for item in order.items.order_by("place")
        for balance in item.balances.order_by("component")
    ]


def test_a_booking_without_an_item_is_taken_from_where_most_is_left() -> None:
    order = two_items()
    book(order, booking((None, PRINCIPAL, 3000)))
    assert books(order) == [
        ("principal", 2500, 0, 0),
        ("shipping", 0, 0, 0),
        ("principal", 500, 0, 0),
        ("shipping", 0, 0, 0),
    ]


def test_what_was_given_back_elsewhere_above_what_was_left_is_shown_as_excess() -> None:
    refund = make_refund(amounts={PRINCIPAL: 2000}, state=State.ACCEPTED)
    item = refund.order.items.get().item_id
    book(refund.order, booking((item, PRINCIPAL, 800)))
    assert books(refund.order) == [("principal", 2500, 0, 300)]
    outside = refund.order.refunds.get(source=Source.ELSEWHERE)
    assert outside.events.get().facts["excess"] == 300


def test_a_booking_with_a_part_that_went_the_other_way_does_not_stop_the_reading() -> None:
    order = two_items()
    item = order.items.order_by("place")[0].item_id
    book(order, booking((item, PRINCIPAL, 1000), (item, SHIPPING, -99)))
    outside = order.refunds.get()
    assert (outside.total, outside.state) == (901, State.CONFIRMED)
    assert books(order)[:2] == [("principal", 1000, 0, 0), ("shipping", 0, 0, 0)]


@pytest.mark.parametrize("state", [State.SENDING, State.SENT, State.UNKNOWN, State.REVIEW])
def test_a_booking_that_may_be_ours_is_left_until_that_is_known(state: State) -> None:
    refund = make_refund(state=state)
    item = refund.order.items.get().item_id
    book(refund.order, booking((item, PRINCIPAL, 1000)))
    assert Refund.objects.count() == 1
    assert books(refund.order) == [("principal", 0, 1000, 0)]


def test_two_equal_refunds_are_proven_by_two_bookings() -> None:
    order = two_items()
    first = make_refund(order=order, state=State.ACCEPTED)
    second = make_refund(order=order, state=State.ACCEPTED)
    line = (order.items.order_by("place")[0].item_id, PRINCIPAL, 1000)
    book(order, booking(line, name="B-1"))
    book(order, booking(line, name="B-1"))
    second.refresh_from_db()
    assert second.state == State.ACCEPTED, "one booking proves one refund"
    book(order, booking(line, name="B-1"), booking(line, name="B-2"))
    for refund, name in ((first, "B-1"), (second, "B-2")):
        refund.refresh_from_db()
        assert (refund.state, refund.finances_refund_id) == (State.CONFIRMED, name)
    assert Refund.objects.count() == 2
    assert books(order)[0] == ("principal", 2000, 0, 0)
