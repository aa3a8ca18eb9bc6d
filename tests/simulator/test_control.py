"""Changing orders from outside, as a buyer, a warehouse or Seller Central would."""

from __future__ import annotations

from typing import Any

from tests.simulator.caller import Caller

ORDER: dict[str, Any] = {
    "order_id": "114-0000001-0000001",
    "marketplace": "US",
    "created": "-1h",
    "buyer": {"name": "Test Buyer"},
    "items": [
        {
            "order_item_id": "00000000000001",
            "asin": "B0A",
            "sku": "A",
            "title": "A",
            "quantity": 2,
            "unit_price": "5.00",
        },
        {"order_item_id": "00000000000002", "asin": "B0B", "sku": "B", "title": "B", "unit_price": "7.00"},
    ],
}
PATH = f"orders/{ORDER['order_id']}"


def status(us: Caller) -> str:
    found: str = us.order("114-0000001-0000001")["fulfillment"]["fulfillmentStatus"]
    return found


def test_an_order_is_made_shipped_in_parts_and_refunded_elsewhere(us: Caller) -> None:
    made = us.control("POST", "orders", ORDER)
    assert made["items"]["00000000000001"]["components"]["Principal"]["price"] == "10.00"
    assert made["items"]["00000000000001"]["components"]["Principal"]["paid"] == "0.00"
    us.control("PATCH", PATH, {"cancellation_request": "Too late"})
    us.control("PATCH", PATH, {"ship": {"quantities": {"00000000000001": 1}}})
    assert status(us) == "PARTIALLY_SHIPPED"
    us.control("PATCH", PATH, {"ship": True})
    assert status(us) == "SHIPPED"
    order = us.order("114-0000001-0000001", "FULFILLMENT,PACKAGES,CANCELLATION")
    assert len(order["packages"]) == 2
    assert order["orderItems"][0]["fulfillment"] == {"quantityFulfilled": 2, "quantityUnfulfilled": 0}
    assert order["orderItems"][0]["cancellation"]["cancellationRequest"]["cancelReason"] == "Too late"
    book = us.control("PATCH", PATH, {"refund": {"items": {"00000000000002": {"Principal": "7.00"}}}})
    assert book["items"]["00000000000002"]["components"]["Principal"]["remaining"] == "0.00"
    assert book["adjustments"][0]["source"] == "outside"


def test_the_buyer_can_cancel(us: Caller) -> None:
    us.control("POST", "orders", ORDER | {"status": "PENDING"})
    us.control("PATCH", PATH, {"cancel": {"by": "BUYER", "reason": "Changed my mind"}})
    assert status(us) == "CANCELLED"
    item = us.order("114-0000001-0000001")["orderItems"][0]
    assert item["cancellation"] == {
        "cancellationExecution": {"cancelledBy": "BUYER", "cancelReason": "Changed my mind"}
    }


def test_what_makes_no_sense_is_refused(us: Caller) -> None:
    url = f"{us.simulator.url}/control"
    short = ORDER | {"items": [{**ORDER["items"][0], "order_item_id": "1"}]}
    for method, path, body in (
        ("POST", "orders", short),
        ("POST", "orders", {}),
        ("POST", "orders", ORDER | {"marketplace": "XX"}),
        ("PATCH", PATH, {"explode": True}),
        ("PATCH", PATH, {"refund": {"items": {"99999999999999": {"Principal": "1"}}}}),
        ("POST", "clock", {"advance": -5}),
        ("POST", "assumptions", {"quantity": "divide"}),
        ("POST", "mail", {"order_id": "none", "text": "?"}),
    ):
        assert us.plain.request(method, f"{url}/{path}", json=body).status_code == 400
    assert us.plain.patch(f"{url}/orders/none", json={}).status_code == 404


def test_a_browser_page_cannot_steer_it(us: Caller) -> None:
    url = f"{us.simulator.url}/control/ledger"
    assert us.plain.get(url, headers={"Origin": "https://example.com"}).status_code == 403
    assert us.plain.get(url, headers={"Host": "rebound.example.com"}).status_code == 403


def test_many_orders_can_be_made_at_once(us: Caller) -> None:
    orders = [ORDER | {"order_id": f"114-{n:07d}-0000009"} for n in range(3)]
    made = us.control("POST", "orders", {"orders": orders})
    assert made["order_ids"] == ["114-0000000-0000009", "114-0000001-0000009", "114-0000002-0000009"]


def test_the_log_has_operation_seller_both_times_and_request_id(us: Caller) -> None:
    answer = us.http.get("/orders/2026-01-01/orders/112-4456093-9917824")
    entry = us.control("GET", "requests", operation="getOrder")["requests"][-1]
    assert entry["seller_id"] == us.seller["seller_id"]
    assert entry["status"] == 200
    assert entry["request_id"] == answer.headers["x-amzn-RequestId"]
    assert entry["at"] > entry["wall"] > 1_700_000_000
    assert entry["with_access_token"] is True
