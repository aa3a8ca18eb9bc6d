"""What Amazon's ledger allows: caps, refusals, and that the same feed twice pays twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mostrador.simulator.server import Simulator
from tests.simulator.caller import ADJUSTMENTS, Caller, adjusted, adjustment, adjustment_body, envelope

SHOE: dict[str, object] = {
    "asin": "B0TESTTEST",
    "sku": "T-1",
    "title": "Thing",
    "unit_price": "20.00",
    "shipping": "4.00",
}


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return iter(range(1000, 9999))


@pytest.fixture
def new_order(amazon: Simulator, us: Caller, numbers: Iterator[int]) -> Callable[..., tuple[str, str]]:
    """Make an order of one line and return its ids."""

    def make(place: str = "US", status: str = "SHIPPED", **changes: object) -> tuple[str, str]:
        number = next(numbers)
        order_id, item_id = f"114-{number:07d}-0000001", f"{number:014d}"
        item = {key: changes.pop(key) for key in list(changes) if key in ITEM_KEYS}
        body = {
            "order_id": order_id,
            "marketplace": place,
            "status": status,
            "created": "-3d",
            "buyer": {"name": f"Buyer {number}"},
            "items": [{"order_item_id": item_id} | SHOE | item],
        }
        us.control("POST", "orders", body | changes)
        return order_id, item_id

    return make


ITEM_KEYS = {"unit_price", "quantity", "shipped", "tax", "shipping", "shipping_tax", "discount", "gift_wrap"}
NewOrder = Callable[..., tuple[str, str]]


def test_a_refund_reaches_the_ledger_to_the_cent(us: Caller) -> None:
    order, item = "112-4456093-9917824", "01124456093991"
    assert us.refund(order, item, currency="USD", GiftWrap="5.99", GiftWrapTax="0.57") == []
    components = us.book(order)["items"][item]["components"]
    assert components["GiftWrap"] == {
        "price": "5.99",
        "paid": "5.99",
        "refunded": "5.99",
        "remaining": "0.00",
    }
    assert components["GiftWrapTax"]["refunded"] == "0.57"
    assert components["Principal"]["refunded"] == "0.00"


def test_the_same_feed_twice_refunds_twice(us: Caller, new_order: NewOrder) -> None:
    order, item = new_order()
    feed = adjustment(order, adjusted(item, "USD", Principal="3.00"))
    assert us.codes(ADJUSTMENTS, feed) == []
    assert us.codes(ADJUSTMENTS, feed) == []
    assert us.refunded(order, item) == "6.00"


def test_the_same_document_twice_refunds_twice(us: Caller, new_order: NewOrder) -> None:
    order, item = new_order()
    document = us.upload(adjustment(order, adjusted(item, "USD", Principal="3.00")))
    first, second = (us.create(ADJUSTMENTS, document).json()["feedId"] for _ in range(2))
    assert us.ended(first)["processingStatus"] == us.ended(second)["processingStatus"] == "DONE"
    assert us.refunded(order, item) == "6.00"


def test_a_document_is_refused_twice_where_that_is_assumed(us: Caller, new_order: NewOrder) -> None:
    us.control("POST", "assumptions", {"document-reuse": "refuse"})
    document = us.upload(adjustment(*_one(new_order())))
    assert us.create(ADJUSTMENTS, document).status_code == 202
    assert us.create(ADJUSTMENTS, document).status_code == 400
    us.control("POST", "assumptions", {"document-reuse": "allow"})


def _one(ids: tuple[str, str]) -> tuple[str, str]:
    return ids[0], adjusted(ids[1], "USD", Principal="1.00")


def test_a_component_is_capped_by_what_is_left_of_it(us: Caller, new_order: NewOrder) -> None:
    order, item = new_order()
    assert us.refund(order, item, currency="USD", Principal="15.00") == []
    assert us.refund(order, item, currency="USD", Principal="5.01") == ["25161"]
    assert us.refund(order, item, currency="USD", Shipping="4.01") == ["25181"]
    assert us.refunded(order, item) == "15.00"
    assert us.refund(order, item, currency="USD", Principal="5.00", Shipping="4.00") == []
    assert us.refund(order, item, currency="USD", Principal="0.01") == ["25161"]


def test_the_whole_total_as_principal_is_refused(us: Caller, new_order: NewOrder) -> None:
    order, item = new_order()
    assert us.refund(order, item, currency="USD", Principal="24.00") == ["25161"]
    assert us.book(order)["adjustments"] == []


def test_a_discount_lowers_the_cap(us: Caller, new_order: NewOrder) -> None:
    order, item = new_order(discount={"Principal": "2.00"})
    assert us.refund(order, item, currency="USD", Principal="18.01") == ["25161"]
    assert us.refund(order, item, currency="USD", Principal="18.00") == []


@pytest.mark.parametrize(
    ("amounts", "code"),
    [
        ({"Principal": "-1.00"}, "25221"),
        ({"Principal": "5.00", "RestockingFee": "-5.00"}, "30741"),
        ({"Principal": "0.00"}, "30741"),
        ({"Principal": "1.005"}, "5000"),
        ({"Bribe": "1.00"}, "5000"),
        ({"Tax": "1.00"}, "25161"),
    ],
)
def test_an_amount_is_refused(us: Caller, new_order: NewOrder, amounts: dict[str, str], code: str) -> None:
    order, item = new_order()
    assert us.refund(order, item, currency="USD", **amounts) == [code]
    assert us.book(order)["adjustments"] == []


def test_a_restocking_fee_lowers_the_credit(us: Caller, new_order: NewOrder) -> None:
    order, item = new_order()
    assert us.refund(order, item, currency="USD", Principal="20.00", RestockingFee="-4.00") == []
    assert us.book(order)["adjustments"][0]["amounts"] == {"Principal": "20.00", "RestockingFee": "-4.00"}


@pytest.mark.parametrize("status", ["PENDING", "UNSHIPPED", "CANCELLED"])
def test_what_is_not_shipped_is_not_refunded(us: Caller, new_order: NewOrder, status: str) -> None:
    order, item = new_order(status=status)
    assert us.refund(order, item, currency="USD", Principal="1.00") == ["18028"]


def test_an_order_fulfilled_by_amazon_is_not_refunded(us: Caller, new_order: NewOrder) -> None:
    order, item = new_order(fulfilled_by="AMAZON")
    assert us.refund(order, item, currency="USD", Principal="1.00") == ["18028"]


def test_action_cancel_is_refused(us: Caller, new_order: NewOrder) -> None:
    order, item = new_order()
    body = adjustment(
        order, adjusted(item, "USD", Principal="1.00"), action="<ActionType>Cancel</ActionType>"
    )
    assert us.codes(ADJUSTMENTS, body) == ["18028"]


def test_a_replacement_has_nothing_to_refund(us: Caller) -> None:
    assert us.refund("116-2209174-7785530", "11622091747781", currency="USD", Principal="0.01") == ["25161"]


def test_another_sellers_order_is_unknown(us: Caller) -> None:
    assert us.refund("303-5512894-7749126", "30155128947741", currency="EUR", Principal="1.00") == ["25441"]


def test_a_foreign_currency_or_item_is_refused(us: Caller, new_order: NewOrder) -> None:
    order, item = new_order()
    assert us.refund(order, item, currency="EUR", Principal="1.00") == ["18028"]
    assert us.refund(order, "99999999999999", currency="USD", Principal="1.00") == ["18028"]


def test_tax_is_not_refunded_apart_where_prices_include_it(eu: Caller, amazon: Simulator) -> None:
    assert eu.refund(
        "303-5512894-7749126", "30155128947741", currency="EUR", Principal="9.00", Tax="1.00"
    ) == ["18028"]
    with Caller(amazon, "fe") as jp:
        order, item = "250-6617204-8839155", "25066172048831"
        assert jp.refund(order, item, currency="JPY", Principal="900", Tax="90") == ["18028"]
        assert jp.refund(order, item, currency="JPY", Principal="990") == []
        assert jp.refund(order, item, currency="JPY", Principal="10.50") == ["18028"]
        assert jp.refunded(order, item) == "990"


def test_an_earlier_refund_elsewhere_uses_up_the_balance(eu: Caller) -> None:
    mugs, item = "204-8830127-4471956", "20488301274471"
    assert eu.refunded(mugs, item) == "9.50"
    assert eu.refund(mugs, item, currency="GBP", Principal="28.51") == ["25161"]
    assert eu.refund(mugs, item, currency="GBP", Principal="28.50") == []


def test_quantity_multiplies_the_amount(us: Caller, new_order: NewOrder) -> None:
    order, item = new_order(quantity=3)
    line = adjusted(item, "USD", more="<Quantity>3</Quantity>", Principal="5.00")
    assert us.codes(ADJUSTMENTS, adjustment(order, line)) == []
    assert us.refunded(order, item) == "15.00"


def test_a_partly_shipped_line_is_refundable_for_its_shipped_part(us: Caller, new_order: NewOrder) -> None:
    order, item = new_order(status="PARTIALLY_SHIPPED", quantity=4, shipped=1)
    assert us.refund(order, item, currency="USD", Principal="20.01") == ["25161"]
    assert us.refund(order, item, currency="USD", Principal="20.00", Shipping="1.00") == []


def test_an_empty_adjustment_is_accepted_and_pays_nothing(us: Caller, new_order: NewOrder) -> None:
    order, item = new_order()
    assert us.codes(ADJUSTMENTS, adjustment(order, adjusted(item, "USD"))) == []
    assert us.book(order)["adjustments"] == []


def test_a_message_is_applied_whole_or_not_at_all(us: Caller, new_order: NewOrder) -> None:
    order, item = new_order()
    good, bad = adjusted(item, "USD", Principal="1.00"), adjusted("99999999999999", "USD", Principal="1.00")
    assert us.codes(ADJUSTMENTS, adjustment(order, good, bad)) == ["18028"]
    assert us.book(order)["adjustments"] == []


def test_the_report_names_the_failed_messages_and_counts_all(us: Caller, new_order: NewOrder) -> None:
    (first, a), (second, b), (third, c) = new_order(), new_order(), new_order()
    feed = envelope(
        "OrderAdjustment",
        adjustment_body(first, adjusted(a, "USD", Principal="1.00")),
        adjustment_body(second, adjusted(b, "USD", Principal="99.00")),
        adjustment_body(third, adjusted(c, "USD", reason="BuyerCanceled", Principal="1.00")),
    )
    report = us.report(us.send(ADJUSTMENTS, feed))
    assert report.counts == (3, 1, 2, 0)
    assert report.results == [("2", "25161"), ("3", "5000")]
    assert us.refunded(first, a) == "1.00"


@pytest.mark.parametrize(
    "content",
    [
        b"not xml",
        b"<AmazonEnvelope/>",
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><AmazonEnvelope>&x;</AmazonEnvelope>',
        envelope("OrderAcknowledgement", "<OrderAcknowledgement/>"),
    ],
)
def test_a_document_that_is_no_feed_is_refused_whole(us: Caller, content: bytes) -> None:
    report = us.report(us.send(ADJUSTMENTS, content))
    assert report.counts == (1, 0, 1, 0)
    assert report.results == [("0", "5000")]


@pytest.mark.parametrize(
    "item",
    [
        "<AdjustedItem><AdjustmentReason>Other</AdjustmentReason><AmazonOrderItemCode>{}</AmazonOrderItemCode></AdjustedItem>",
        "<AdjustedItem><AmazonOrderItemCode>1{}</AmazonOrderItemCode><AdjustmentReason>Other</AdjustmentReason></AdjustedItem>",
        "<AdjustedItem><AmazonOrderItemCode>{}</AmazonOrderItemCode><AdjustmentReason>CustomerCancelled</AdjustmentReason>"
        "</AdjustedItem>",
        "<AdjustedItem><AmazonOrderItemCode>{}</AmazonOrderItemCode><QuantityCancelled>1</QuantityCancelled>"
        "<AdjustmentReason>Other</AdjustmentReason></AdjustedItem>",
    ],
)
def test_order_words_and_digits_are_strict(us: Caller, new_order: NewOrder, item: str) -> None:
    order, item_id = new_order()
    assert us.codes(ADJUSTMENTS, adjustment(order, item.format(item_id))) == ["5000"]
