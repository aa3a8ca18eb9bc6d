"""Books: the wish, the XML that left, and Amazon's ledger agree to the smallest unit, in every currency."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest
from lxml import etree

from mostrador.domain import refunds as rules
from mostrador.domain.delivery import State
from mostrador.models import Feed, Refund
from tests.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)

Amounts = dict[tuple[str, str, str], Decimal]  # (order, item, Amazon's component) → amount

_COMPONENTS = {
    "principal": "Principal",
    "tax": "Tax",
    "shipping": "Shipping",
    "shipping_tax": "ShippingTax",
    "gift_wrap": "GiftWrap",
    "gift_wrap_tax": "GiftWrapTax",
}


def test_every_order_of_the_sample_that_can_be_refunded_agrees_on_all_three_sides(shop: Shop) -> None:
    refunds = []
    for number, row in shop.control("GET", "ledger")["orders"].items():
        if row["status"] in ("SHIPPED", "PARTIALLY_SHIPPED"):
            order = shop.order(number)
            if not rules.order_refusals(order.facts()):
                refunds.append(shop.refund(order, *rules.full(order.facts())))
    before = _ledger(shop)
    shop.settle(*refunds)

    assert {refund.currency for refund in refunds} == {"EUR", "GBP", "USD", "JPY"}
    assert [r.reference for r in refunds if r.state not in (State.ACCEPTED, State.CONFIRMED)] == []
    wished = _wishes(refunds)
    assert _sent() == wished
    after = _ledger(shop)
    assert {key: after[key] - before.get(key, Decimal(0)) for key in wished} == wished


def _wishes(refunds: list[Refund]) -> Amounts:
    return {
        (refund.order.amazon_order_id, line.item.item_id, _COMPONENTS[component.value]): refund.order.facts()
        .money(minor)
        .decimal
        for refund in refunds
        for line in refund.lines.select_related("item")
        for component, minor in line.amounts().items()
    }


def _sent() -> Amounts:
    amounts: Amounts = {}
    for feed in Feed.objects.all():
        for body in etree.fromstring(bytes(feed.body)).iter("OrderAdjustment"):
            for item in body.iter("AdjustedItem"):
                for part in item.iter("Component"):
                    key = (
                        body.findtext("AmazonOrderID") or "",
                        item.findtext("AmazonOrderItemCode") or "",
                        part.findtext("Type") or "",
                    )
                    assert key not in amounts, "the same money was sent twice"
                    amounts[key] = Decimal(part.findtext("Amount") or "")
    return amounts


def _ledger(shop: Shop) -> Amounts:
    amounts: Amounts = defaultdict(Decimal)
    for number, row in shop.control("GET", "ledger")["orders"].items():
        for item_id, item in row["items"].items():
            for name, part in item["components"].items():
                amounts[number, item_id, name] = Decimal(part["refunded"])
    return amounts
