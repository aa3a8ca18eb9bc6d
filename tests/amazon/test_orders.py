"""Orders as Amazon tells them, whole, odd and broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mostrador.amazon.components import Component
from mostrador.amazon.errors import AmazonError, Refused, Unreadable
from mostrador.amazon.orders import Order, get_order, search_orders
from mostrador.money import Money

from .amazonlike import NOW, Amazonlike
from .conftest import model

PATH = "/orders/2026-01-01/orders"
ORDER_ID = "123-1234567-1234567"


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currencyCode": "USD"}


def order_json(**changes: Any) -> dict[str, Any]:
    return {
        "orderId": ORDER_ID,
        "createdTime": "2026-11-20T10:00:00Z",
        "lastUpdatedTime": "2026-11-21T10:00:00.5Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER"},
        "orderItems": [],
    } | changes


def item_json(**changes: Any) -> dict[str, Any]:
    return {"orderItemId": "01234567890123", "quantityOrdered": 2, "product": {}} | changes


def ask(amazon: Amazonlike, order: Any) -> Order:
    told = order.get("orderId")
    order_id = told if isinstance(told, str) and told else ORDER_ID
    amazon.answers["GET", f"{PATH}/{order_id}"] = (200, {"order": order})
    return get_order(amazon.client(), order_id=order_id, now=NOW)


def row(kind: str, subtotal: str, **details: str) -> dict[str, Any]:
    detailed = [{"subtype": subtype, "value": usd(value)} for subtype, value in details.items()]
    return {"type": kind, "subtotal": usd(subtotal)} | ({"detailedBreakdowns": detailed} if detailed else {})


@pytest.mark.parametrize("operation", ["searchOrders", "getOrder"])
def test_every_example_of_amazons_own_model_is_read(amazon: Amazonlike, operation: str) -> None:
    paths = model("orders_2026-01-01.json")["paths"]
    found = next(each["get"] for each in paths.values() if each["get"]["operationId"] == operation)
    examples = found["responses"]["200"]["x-amzn-api-sandbox"]["static"]
    assert len(examples) == 3
    for example in examples:
        body = example["response"]
        if operation == "searchOrders":
            amazon.answers["GET", PATH] = (200, body)
            page = search_orders(amazon.client(), marketplace_ids=["x"], last_updated_after=NOW, now=NOW)
            told, read = body["orders"], page.orders
            assert page.next_token == body.get("pagination", {}).get("nextToken")
        else:
            told, read = [body["order"]], (ask(amazon, body["order"]),)
        for as_told, as_read in zip(told, read, strict=True):
            assert as_read.order_id == as_told["orderId"]
            assert as_read.status == as_told["fulfillment"]["fulfillmentStatus"]
            assert [item.item_id for item in as_read.items] == [
                i["orderItemId"] for i in as_told["orderItems"]
            ]
            assert all(item.paid[Component.PRINCIPAL].minor > 0 for item in as_read.items)
            assert as_read.buyer_email == as_told.get("buyer", {}).get("buyerEmail")


def test_an_order_is_read_whole(amazon: Amazonlike) -> None:
    order = ask(
        amazon,
        order_json(
            programs=["PRIME", "A_NEW_PROGRAM"],
            associatedOrders=[
                {"orderId": "111-1111111-1111111", "associationType": "REPLACEMENT_ORIGINAL_ID"}
            ],
            buyer={"buyerName": "Ann", "buyerEmail": "a@marketplace.amazon.com"},
            proceeds={"grandTotal": usd("32.10")},
            fulfillment={
                "fulfillmentStatus": "A_NEW_STATUS",
                "fulfilledBy": "MERCHANT",
                "shipByWindow": {
                    "earliestDateTime": "2026-11-22T00:00:00Z",
                    "latestDateTime": "2026-11-23T08:00:00+08:00",
                },
                "deliverByWindow": {"latestDateTime": "2026-11-30T00:00:00Z"},
            },
            orderItems=[
                item_json(
                    quantityOrdered=3,
                    product={
                        "asin": "B0",
                        "title": "T",
                        "sellerSku": "S",
                        "price": {"unitPrice": usd("10.70")},
                    },
                    proceeds={"proceedsTotal": usd("32.10"), "breakdowns": [row("ITEM", "32.10")]},
                    fulfillment={"quantityFulfilled": 1, "quantityUnfulfilled": 1},
                    cancellation={
                        "cancellationRequest": {"requester": "BUYER", "cancelReason": "Bought by mistake"},
                        "cancellationExecution": {"cancelledBy": "MERCHANT", "cancelReason": "No stock"},
                    },
                )
            ],
            packages=[
                {
                    "packageReferenceId": "1",
                    "carrier": "DHL",
                    "trackingNumber": "JD01",
                    "packageStatus": {"status": "IN_TRANSIT"},
                    "shipTime": "2026-11-22T09:00:00Z",
                    "shippingService": "Paket",
                }
            ],
        ),
    )
    (item,), (package,) = order.items, order.packages
    assert (order.status, order.fulfilled_by, order.programs) == (
        "A_NEW_STATUS",
        "MERCHANT",
        ("PRIME", "A_NEW_PROGRAM"),
    )
    assert (order.currency, order.total) == ("USD", Money(3210, "USD"))
    assert order.replacement_of == "111-1111111-1111111"
    assert (order.buyer_name, order.buyer_email) == ("Ann", "a@marketplace.amazon.com")
    assert order.last_updated_at == datetime(2026, 11, 21, 10, 0, 0, 500000, UTC)
    assert order.ship_by == datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    assert (order.deliver_from, order.deliver_by) == (None, datetime(2026, 11, 30, tzinfo=UTC))
    assert (item.asin, item.sku, item.title, item.unit_price) == ("B0", "S", "T", Money(1070, "USD"))
    assert (item.quantity_ordered, item.quantity_shipped, item.quantity_cancelled) == (3, 1, 1)
    assert order.is_cancel_requested
    assert (item.buyer_cancel_request, item.cancelled_by, item.cancel_reason) == (
        "Bought by mistake",
        "MERCHANT",
        "No stock",
    )
    assert (package.carrier, package.tracking_number, package.status, package.service) == (
        "DHL",
        "JD01",
        "IN_TRANSIT",
        "Paket",
    )
    assert "Ann" not in repr(order)
    assert "marketplace.amazon.com" not in repr(order)


def test_what_is_missing_is_none_and_not_an_error(amazon: Amazonlike) -> None:
    order = ask(amazon, order_json(salesChannel={"channelName": "AMAZON"}, orderItems=[item_json()]))
    assert (order.marketplace_id, order.status, order.fulfilled_by, order.currency) == (
        None,
        None,
        None,
        None,
    )
    assert (order.buyer_name, order.ship_by, order.replacement_of, order.packages) == (None, None, None, ())
    assert (dict(order.items[0].paid), order.items[0].quantity_shipped) == ({}, 0)
    assert not order.is_cancelled
    assert not order.is_cancel_requested


def test_a_request_to_cancel_without_a_reason_is_still_one(amazon: Amazonlike) -> None:
    asked = {"cancellationRequest": {"requester": "BUYER"}}
    order = ask(amazon, order_json(orderItems=[item_json(cancellation=asked)]))
    assert order.is_cancel_requested
    assert order.items[0].buyer_cancel_request is None


def test_a_cancelled_item_without_quantities_is_cancelled_as_far_as_it_was_not_shipped(
    amazon: Amazonlike,
) -> None:
    done = {"cancellationExecution": {"cancelledBy": "BUYER"}}
    order = ask(amazon, order_json(orderItems=[item_json(cancellation=done)]))
    assert order.items[0].quantity_cancelled == 2


WRONG = [
    ("orderId", 5),
    ("orderId", ""),
    ("createdTime", "yesterday"),
    ("createdTime", None),
    ("lastUpdatedTime", 3),
    ("programs", ["A", 1]),
    ("programs", "A"),
    ("salesChannel", "AMAZON"),
    ("buyer", []),
    ("orderItems", {}),
    ("orderItems", ["x"]),
    ("orderItems", [item_json(orderItemId=12345678901234)]),
    ("orderItems", [item_json(quantityOrdered="2")]),
    ("orderItems", [item_json(quantityOrdered=True)]),
    ("orderItems", [item_json(quantityOrdered=1.5)]),
    ("orderItems", [item_json(product=None, proceeds=[])]),
    ("proceeds", {"grandTotal": usd("12,50")}),
    ("proceeds", {"grandTotal": usd("1e999")}),
    ("proceeds", {"grandTotal": {"amount": "1", "currencyCode": "usd"}}),
    ("proceeds", {"grandTotal": {"amount": True, "currencyCode": "USD"}}),
    ("packages", [{"shipTime": "9999-99-99"}]),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_type_is_a_clear_error(amazon: Amazonlike, name: str, value: object) -> None:
    with pytest.raises(Unreadable) as caught:
        ask(amazon, order_json(**{name: value}))
    assert caught.value.operation == "getOrder"


def test_an_error_does_not_repeat_what_the_buyer_said(amazon: Amazonlike) -> None:
    with pytest.raises(AmazonError) as caught:
        ask(amazon, order_json(buyer={"buyerName": ["Jane Buyer"]}))
    assert caught.value.message == "order.buyer.buyerName is not a text"


def test_an_answer_about_another_order_is_not_taken(amazon: Amazonlike) -> None:
    amazon.answers["GET", f"{PATH}/{ORDER_ID}"] = (200, {"order": order_json(orderId="111-1111111-1111111")})
    with pytest.raises(Unreadable, match="another order"):
        get_order(amazon.client(), order_id=ORDER_ID, now=NOW)


def test_an_unknown_order_is_refused(amazon: Amazonlike) -> None:
    with pytest.raises(Refused) as caught:
        get_order(amazon.client(), order_id="999-9999999-9999999", now=NOW)
    assert (caught.value.status, caught.value.code) == (404, "NotFound")


def test_a_search_gives_a_page_and_the_way_to_the_next(amazon: Amazonlike) -> None:
    amazon.answers["GET", PATH] = (
        200,
        {
            "orders": [order_json()],
            "pagination": {"nextToken": "n"},
            "lastUpdatedBefore": "2026-11-24T11:58:00Z",
        },
    )
    page = search_orders(
        amazon.client(), marketplace_ids=["A", "B"], last_updated_after=NOW - timedelta(hours=1), now=NOW
    )
    assert (len(page.orders), page.next_token) == (1, "n")
    assert page.last_updated_before == datetime(2026, 11, 24, 11, 58, tzinfo=UTC)
    query = amazon.calls()[0].query
    assert "RECIPIENT" not in query
    assert "lastUpdatedAfter=2026-11-24T11%3A00%3A00Z" in query
