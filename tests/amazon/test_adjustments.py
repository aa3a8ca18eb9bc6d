"""The refund feed: its exact XML, and everything that is stopped before it becomes XML."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from mostrador.amazon.adjustments import SAFE_REASONS, Adjustment, AdjustmentLine, AdjustmentReason, render
from mostrador.amazon.components import Component
from mostrador.amazon.envelope import FeedContentError, begin, child, finish, message
from mostrador.money import Money

ORDER, ITEM, OTHER_ITEM = "123-1234567-1234567", "00000000000017", "12345678901234"
RETURN = AdjustmentReason.CUSTOMER_RETURN


def line(item_id: str = ITEM, reason: Any = RETURN, currency: str = "USD", **amounts: int) -> AdjustmentLine:
    return AdjustmentLine(
        item_id, reason, {Component(name): Money(minor, currency) for name, minor in amounts.items()}
    )


def adjustment(
    *lines: AdjustmentLine, message_id: int = 1, order_id: str = ORDER, vat: bool = False
) -> Adjustment:
    return Adjustment(message_id, order_id, lines, vat)


def xml(*adjustments: Adjustment) -> etree._Element:
    return etree.fromstring(render(adjustments, seller_id="A3TH9S8BH6GOGM"))


def test_a_refund_is_exactly_this_xml() -> None:
    asked = line(tax=100, shipping=5, principal=1250)
    content = render([adjustment(asked, message_id=81)], seller_id="A3TH9S8BH6GOGM")
    assert content.decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        "<AmazonEnvelope><Header><DocumentVersion>1.01</DocumentVersion>"
        "<MerchantIdentifier>A3TH9S8BH6GOGM</MerchantIdentifier></Header>"
        "<MessageType>OrderAdjustment</MessageType>"
        "<Message><MessageID>81</MessageID><OrderAdjustment>"
        "<AmazonOrderID>123-1234567-1234567</AmazonOrderID><ActionType>Refund</ActionType>"
        "<AdjustedItem><AmazonOrderItemCode>00000000000017</AmazonOrderItemCode>"
        "<AdjustmentReason>CustomerReturn</AdjustmentReason><ItemPriceAdjustments>"
        '<Component><Type>Principal</Type><Amount currency="USD">12.50</Amount></Component>'
        '<Component><Type>Tax</Type><Amount currency="USD">1.00</Amount></Component>'
        '<Component><Type>Shipping</Type><Amount currency="USD">0.05</Amount></Component>'
        "</ItemPriceAdjustments></AdjustedItem></OrderAdjustment></Message></AmazonEnvelope>"
    )


def test_yen_have_no_decimals() -> None:
    amount = xml(adjustment(line(currency="JPY", principal=1099), vat=True)).find(".//Amount")
    assert amount is not None
    assert (amount.text, amount.get("currency")) == ("1099", "JPY")


def test_every_component_has_amazons_word() -> None:
    root = xml(adjustment(line(principal=1, tax=2, shipping=3, shipping_tax=4, gift_wrap=5, gift_wrap_tax=6)))
    assert [element.text for element in root.iter("Type")] == [
        "Principal", "Tax", "Shipping", "ShippingTax", "GiftWrap", "GiftWrapTax",
    ]  # fmt: skip


@pytest.mark.parametrize("reason", list(AdjustmentReason))
def test_every_reason_of_amazons_is_allowed(reason: AdjustmentReason) -> None:
    assert xml(adjustment(line(reason=reason, principal=1))).findtext(".//AdjustmentReason") == reason.value


def test_there_are_eighteen_reasons_of_which_five_are_documented() -> None:
    assert len(AdjustmentReason) == 18
    assert {reason.value for reason in SAFE_REASONS} == {
        "NoInventory", "CustomerReturn", "GeneralAdjustment", "CouldNotShip", "DifferentItem",
    }  # fmt: skip


def test_there_is_never_a_quantity_nor_a_cancel() -> None:
    content = render([adjustment(line(principal=1), line(OTHER_ITEM, principal=1))], seller_id="A")
    assert b"Quantity" not in content
    assert b"Cancel" not in content


GOOD = adjustment(line(principal=1))
BROKEN: dict[str, list[Adjustment]] = {
    "no messages": [],
    "a message id twice": [GOOD, adjustment(line(principal=1), order_id="123-1234567-0000000")],
    "an order twice": [GOOD, adjustment(line(principal=1), message_id=2)],
    "message id zero": [adjustment(line(principal=1), message_id=0)],
    "a negative message id": [adjustment(line(principal=1), message_id=-1)],
    "21 digits of message id": [adjustment(line(principal=1), message_id=10**20)],
    "a message id that is true": [adjustment(line(principal=1), message_id=True)],
    "no lines": [adjustment()],
    "no amounts": [adjustment(line())],
    "one line without amounts": [adjustment(line(principal=1), line(OTHER_ITEM))],
    "zero": [adjustment(line(principal=0))],
    "below zero": [adjustment(line(principal=10, shipping=-1))],
    "an item twice": [adjustment(line(principal=1), line(principal=1))],
    "two currencies in one line": [
        adjustment(
            AdjustmentLine(
                ITEM, RETURN, {Component.PRINCIPAL: Money(1, "USD"), Component.TAX: Money(1, "EUR")}
            )
        )
    ],
    "two currencies in one order": [
        adjustment(line(principal=1), line(OTHER_ITEM, currency="EUR", principal=1))
    ],
    "a short item id": [adjustment(line("1234567890123", principal=1))],
    "a long item id": [adjustment(line("123456789012345", principal=1))],
    "letters in an item id": [adjustment(line("1234567890123a", principal=1))],
    "other digits in an item id": [adjustment(line("١" * 14, principal=1))],
    "an item id with a newline": [adjustment(line(ITEM + "\n", principal=1))],
    "a bad order id": [adjustment(line(principal=1), order_id="12-1234567-1234567")],
    "an order id with markup": [adjustment(line(principal=1), order_id="<a>-1234567-1234567")],
    "tax where prices contain it": [adjustment(line(principal=1, tax=1), vat=True)],
    "shipping tax where prices contain it": [adjustment(line(principal=1, shipping_tax=1), vat=True)],
    "gift-wrap tax where prices contain it": [adjustment(line(principal=1, gift_wrap_tax=1), vat=True)],
    "a currency Amazon's feeds do not know": [adjustment(line(currency="ZAR", principal=1))],
    "a reason for cancelling": [adjustment(line(reason="BuyerCanceled", principal=1))],
    "a reason in our own words": [adjustment(line(reason="because", principal=1))],
    "a component as a word": [adjustment(AdjustmentLine(ITEM, RETURN, {"goodwill": Money(1, "USD")}))],  # type: ignore[dict-item]  # what a careless caller may do
    "too many messages": [
        adjustment(line(principal=1), message_id=n + 1, order_id=f"123-1234567-{n:07}") for n in range(1001)
    ],
    "an absurd amount": [adjustment(line(principal=10**17))],
}


@pytest.mark.parametrize("adjustments", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_rule_stops_the_feed(adjustments: list[Adjustment]) -> None:
    with pytest.raises(FeedContentError) as caught:
        render(adjustments, seller_id="A3TH9S8BH6GOGM")
    assert str(caught.value)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("seller_id", ["", "a b", "<a>", "A" * 51, "A\n"])
def test_a_seller_id_must_be_one(seller_id: str) -> None:
    with pytest.raises(FeedContentError):
        render([GOOD], seller_id=seller_id)


def _written(
    amount: str, currency: str = "USD", reason: str = "Other", kind: str = "Principal", more: str = ""
) -> bytes:
    envelope = begin("A", "OrderAdjustment")
    body = message(envelope, 1, "OrderAdjustment")
    child(body, "AmazonOrderID", ORDER)
    child(body, "ActionType", "Refund")
    item = child(body, "AdjustedItem")
    child(item, "AmazonOrderItemCode", ITEM)
    child(item, "AdjustmentReason", reason)
    component = child(child(item, "ItemPriceAdjustments"), "Component")
    child(component, "Type", kind)
    child(component, "Amount", amount).set("currency", currency)
    if more:
        child(item, more, "1")
    return finish(envelope)


@pytest.mark.parametrize(
    "written",
    [
        {"amount": "1.000"},
        {"amount": "1"},
        {"amount": "0.00"},
        {"amount": "-1.00"},
        {"amount": "01.00"},
        {"amount": "1,00"},
        {"amount": ""},
        {"amount": "1.00", "currency": "JPY"},
        {"amount": "1.00", "currency": "ZAR"},
        {"amount": "1.00", "currency": ""},
        {"amount": "1.00", "reason": "BuyerCanceled"},
        {"amount": "1.00", "kind": "Goodwill"},
        {"amount": "1.00", "more": "Quantity"},
        {"amount": "1.00", "more": "QuantityCancelled"},
        {"amount": "1.00", "more": "MerchantAdjustmentItemID"},
    ],
)
def test_our_schema_alone_stops_wrong_xml(written: dict[str, str]) -> None:
    assert b"1.00" in _written("1.00")
    with pytest.raises(FeedContentError, match="schema"):
        _written(**written)


currencies = st.sampled_from(["USD", "EUR", "JPY", "GBP", "SEK"])
amounts = st.dictionaries(st.sampled_from(list(Component)), st.integers(1, 10**9), min_size=1)


@given(currencies, st.lists(amounts, min_size=1, max_size=4), st.integers(1, 10**20 - 1))
def test_the_xml_says_the_same_money_to_the_last_unit(
    currency: str, lines: list[dict[Component, int]], message_id: int
) -> None:
    asked = [
        AdjustmentLine(
            f"{number:014}", RETURN, {part: Money(minor, currency) for part, minor in each.items()}
        )
        for number, each in enumerate(lines)
    ]
    root = xml(adjustment(*asked, message_id=message_id))
    assert root.findtext(".//MessageID") == str(message_id)
    for told, item in zip(asked, root.iter("AdjustedItem"), strict=True):
        assert item.findtext("AmazonOrderItemCode") == told.item_id
        written = [Money.parse(Decimal(a.text or ""), a.get("currency", "")) for a in item.iter("Amount")]
        assert written == [told.amounts[part] for part in Component if part in told.amounts]
