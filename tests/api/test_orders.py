"""Orders through the API."""

from __future__ import annotations

from datetime import datetime

import pytest

from mostrador.amazon.components import Component
from mostrador.domain.delivery import State
from mostrador.models import Order
from tests.api.programs import Program, euros
from tests.makers import NOW, make_item, make_order, make_refund, make_selling_partner

pytestmark = pytest.mark.django_db


def listed(program: Program, **query: object) -> list[str]:
    """Return the order ids of one page."""
    return [order["order_id"] for order in program.get("orders", **query).body["items"]]


def test_an_order_tells_what_is_left_of_every_component(program: Program) -> None:
    paid = {Component.PRINCIPAL: 2500, Component.SHIPPING: 490}
    order = make_order(items=[make_item(item_id="11111111111111", quantity=2, paid=paid)])
    make_refund(order=order, amounts={Component.PRINCIPAL: 700}, state=State.ACCEPTED)
    pending = make_refund(order=order, amounts={Component.PRINCIPAL: 300, Component.SHIPPING: 490})

    told = program.get(f"orders/{order.amazon_order_id}").body

    assert (told["status"], told["fulfilled_by"], told["currency"]) == ("SHIPPED", "MERCHANT", "EUR")
    assert (told["tax_included"], told["left"]) == (True, euros("15.00"))
    assert datetime.fromisoformat(told["read_at"]) == NOW
    (item,) = told["items"]
    assert (item["item_id"], item["quantity_ordered"]) == ("11111111111111", 2)
    assert item["open_refund"] == pending.reference
    assert item["components"] == [
        {
            "component": "principal",
            "paid": euros("25.00"),
            "posted": euros("7.00"),
            "pending": euros("3.00"),
            "left": euros("15.00"),
        },
        {
            "component": "shipping",
            "paid": euros("4.90"),
            "posted": euros("0.00"),
            "pending": euros("4.90"),
            "left": euros("0.00"),
        },
    ]
    assert len(told["refunds"]) == 2


def test_an_order_tells_what_may_be_done_and_why_not(program: Program) -> None:
    shipped = program.get(f"orders/{make_order().amazon_order_id}").body
    waiting = program.get(f"orders/{make_order(status='UNSHIPPED').amazon_order_id}").body

    assert shipped["refund"] == {"allowed": True, "refusals": []}
    assert shipped["cancellation"]["allowed"] is False
    assert [refusal["code"] for refusal in shipped["cancellation"]["refusals"]] == ["order_shipped"]
    assert waiting["cancellation"] == {"allowed": True, "refusals": []}
    assert waiting["cancelling_counts_in_rate"] is True
    assert [refusal["code"] for refusal in waiting["refund"]["refusals"]] == ["order_unshipped"]


def test_an_order_that_was_never_read_says_so(program: Program) -> None:
    order = Order.objects.expect(partner=make_selling_partner(), amazon_order_id="302-0-0")

    told = program.get("orders/302-0-0").body

    assert (told["read_at"], told["currency"], told["left"], told["items"]) == (None, None, None, [])
    assert [refusal["code"] for refusal in told["refund"]["refusals"]] == ["order_not_read_yet"]
    body = {
        "reason": "CustomerReturn",
        "lines": [{"item_id": "1", "amounts": {"principal": euros("1.00")}}],
    }
    assert program.post(f"orders/{order.amazon_order_id}/refunds", body).codes == ["order_not_read_yet"]


def test_an_order_number_of_two_selling_partners_needs_a_choice(program: Program) -> None:
    for name, seller_id in (("Nordlicht", "A1NORTH"), ("Südwind", "A1SOUTH")):
        make_order(partner=make_selling_partner(name=name, seller_id=seller_id), number="302-1-1")

    unclear = program.get("orders/302-1-1")
    clear = program.get("orders/302-1-1", selling_partner="A1SOUTH")

    assert (unclear.status, unclear.body["code"]) == (409, "selling_partner_needed")
    assert [each["seller_id"] for each in unclear.body["selling_partners"]] == ["A1NORTH", "A1SOUTH"]
    assert clear.body["selling_partner"]["name"] == "Südwind"
    assert program.get("orders/302-1-1", selling_partner="A1WEST").status == 404


def test_orders_are_filtered(program: Program) -> None:
    first = make_order(status="SHIPPED")
    second = make_order(status="UNSHIPPED")

    assert listed(program) == [second.amazon_order_id, first.amazon_order_id]
    assert listed(program, order_id=first.amazon_order_id) == [first.amazon_order_id]
    assert listed(program, status="UNSHIPPED") == [second.amazon_order_id]
    assert listed(program, selling_partner=first.selling_partner.seller_id) == [first.amazon_order_id]
    assert listed(program, selling_partner="A1NOBODY") == []


def test_pages_show_every_order_once(program: Program) -> None:
    partner = make_selling_partner()
    numbers = [make_order(partner=partner, read_at=NOW).amazon_order_id for _ in range(5)]

    found, cursor = [], None
    for _ in range(3):
        answer = program.get("orders", limit=2, **({"cursor": cursor} if cursor else {}))
        found += [order["order_id"] for order in answer.body["items"]]
        cursor = answer.body["next"]

    assert (found, cursor) == (numbers[::-1], None)


@pytest.mark.parametrize("order_id", ["302-9-9", "x" * 41, "302%00", "302%20OR"])
def test_an_unknown_order_is_not_found(program: Program, order_id: str) -> None:
    answer = program.get(f"orders/{order_id}")

    assert (answer.status, answer.body["code"]) == (404, "not_found")
