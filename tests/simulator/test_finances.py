"""listTransactions: bookings from the ledger, their delay, and the rules of its times."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from mostrador.simulator.server import Simulator
from tests.simulator.caller import Caller

PATH = "/finances/2024-06-19/transactions"
ORDER, ITEM = "112-4456093-9917824", "01124456093991"


def of_order(caller: Caller, order_id: str, **params: str) -> list[Any]:
    query = {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order_id} | params
    answer = caller.http.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    found: list[Any] = json.loads(answer.text, parse_float=Decimal)["payload"]["transactions"]
    return found


def ago(caller: Caller, **time: float) -> str:
    return (datetime.fromisoformat(caller.control("GET", "clock")["iso"]) - timedelta(**time)).isoformat()


def test_a_refund_is_booked_with_its_ids_and_exact_parts(us: Caller) -> None:
    assert us.refund(ORDER, ITEM, currency="USD", Principal="10.10", ShippingTax="0.20") == []
    shipment, refund = of_order(us, ORDER)
    assert shipment["description"] == "Order Payment"
    assert shipment["totalAmount"]["currencyAmount"] == Decimal("119.76")
    assert refund["description"] == "Refund Order"
    assert refund["totalAmount"] == {"currencyCode": "USD", "currencyAmount": Decimal("-10.30")}
    names = {
        each["relatedIdentifierName"]: each["relatedIdentifierValue"] for each in refund["relatedIdentifiers"]
    }
    assert names["ORDER_ID"] == ORDER
    assert names["REFUND_ID"] == us.book(ORDER)["adjustments"][0]["refund_id"]
    line = refund["items"][0]
    assert line["relatedIdentifiers"][0]["itemRelatedIdentifierName"] == "ORDER_ADJUSTMENT_ITEM_ID"
    assert line["contexts"][0]["sku"] == "NL-FJORD-BR"
    parts = {part["breakdownType"]: part["breakdownAmount"]["currencyAmount"] for part in line["breakdowns"]}
    assert parts == {"Principal": Decimal("-10.10"), "ShippingTax": Decimal("-0.20")}


def test_a_refund_made_elsewhere_is_booked_too(us: Caller) -> None:
    order = "111-5583920-2204417"
    us.control("PATCH", f"orders/{order}", {"refund": {"items": {"11155839202201": {"Principal": "27.90"}}}})
    assert [t["totalAmount"]["currencyAmount"] for t in of_order(us, order)][1] == Decimal("-27.90")
    assert us.refunded(order, "11155839202201") == "27.90"


def test_a_refund_appears_only_after_the_delay(fresh: Callable[..., Simulator]) -> None:
    with Caller(fresh(finances_delay=3600.0), "na") as us:
        assert us.refund(ORDER, ITEM, currency="USD", Principal="1.00") == []
        assert len(of_order(us, ORDER)) == 1
        us.control("POST", "clock", {"advance": 3601})
        us.http.headers["x-amz-access-token"] = us.new_token()
        assert [t["description"] for t in of_order(us, ORDER)] == ["Order Payment", "Refund Order"]


def test_money_is_deferred_until_a_week_after_delivery(us: Caller) -> None:
    order = "112-4456093-9917824"
    assert of_order(us, order)[0]["transactionStatus"] == "DEFERRED"
    us.control("POST", "clock", {"advance": 4 * 86400})
    us.http.headers["x-amz-access-token"] = us.new_token()
    assert of_order(us, order)[0]["transactionStatus"] == "DEFERRED_RELEASED"
    assert of_order(us, order, transactionStatus="DEFERRED") == []


def test_an_unshipped_or_replacement_order_has_no_booking(us: Caller) -> None:
    assert of_order(us, "114-7720418-3395061") == []
    assert of_order(us, "116-2209174-7785530") == []


def test_without_an_order_a_time_at_least_two_minutes_old_is_needed(us: Caller) -> None:
    assert us.http.get(PATH).status_code == 400
    assert us.http.get(PATH, params={"postedAfter": ago(us, seconds=60)}).status_code == 400
    late = {"postedAfter": ago(us, days=3), "postedBefore": ago(us, seconds=60)}
    assert us.http.get(PATH, params=late).status_code == 400
    assert us.http.get(PATH, params={"postedAfter": ago(us, days=30)}).json()["payload"]["transactions"]


def test_a_span_above_180_days_is_empty(us: Caller) -> None:
    long = us.http.get(PATH, params={"postedAfter": ago(us, days=181)})
    assert long.json()["payload"] == {"transactions": []}


def test_an_empty_page_may_come_before_the_last(us: Caller) -> None:
    us.control("POST", "assumptions", {"finances-empty-pages": "yes", "finances-order-item-id": "yes"})
    query = {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": ORDER}
    first = us.http.get(PATH, params=query).json()["payload"]
    assert first["transactions"] == []
    second = us.http.get(PATH, params=query | {"nextToken": first["nextToken"]}).json()["payload"]
    assert second["transactions"][0]["items"][0]["relatedIdentifiers"] == [
        {"itemRelatedIdentifierName": "ORDER_ITEM_ID", "itemRelatedIdentifierValue": ITEM}
    ]
    us.control("POST", "assumptions", {"finances-empty-pages": "no", "finances-order-item-id": "no"})
