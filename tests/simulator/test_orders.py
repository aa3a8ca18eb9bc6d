"""searchOrders and getOrder: bounds, filters, pages, data sets, and what is hidden in which status."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from mostrador.simulator.server import Simulator
from tests.simulator.caller import Caller

LONG_AGO = "2020-01-01T00:00:00Z"
PATH = "/orders/2026-01-01/orders"


def search(caller: Caller, **params: Any) -> Any:
    answer = caller.http.get(PATH, params={"lastUpdatedAfter": LONG_AGO} | params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(answer: Any) -> list[str]:
    return [order["orderId"] for order in answer["orders"]]


def moment(caller: Caller, **ago: float) -> str:
    now = datetime.fromisoformat(caller.control("GET", "clock")["iso"])
    return (now - timedelta(**ago)).isoformat()


def test_only_the_data_sets_asked_for_are_there(us: Caller) -> None:
    order = us.order("112-4456093-9917824", "")
    assert set(order) == {"orderId", "createdTime", "lastUpdatedTime", "salesChannel", "orderItems"}
    assert set(order["orderItems"][0]) == {"orderItemId", "quantityOrdered", "product"}
    assert (
        us.order("112-4456093-9917824", "PACKAGES")["packages"][0]["trackingNumber"] == "1Z8E45W20391188724"
    )


def test_the_money_of_a_line_stands_by_type_and_subtype(us: Caller) -> None:
    proceeds = us.order("112-4456093-9917824")["orderItems"][0]["proceeds"]
    assert proceeds["proceedsTotal"] == {"amount": "85.85", "currencyCode": "USD"}
    totals = {part["type"]: part["subtotal"]["amount"] for part in proceeds["breakdowns"]}
    assert totals == {"ITEM": "64.95", "SHIPPING": "7.49", "GIFT_WRAP": "5.99", "TAX": "7.42"}
    tax = {
        part["subtype"]: part["value"]["amount"] for part in proceeds["breakdowns"][3]["detailedBreakdowns"]
    }
    assert tax == {"ITEM": "6.14", "SHIPPING": "0.71", "GIFT_WRAP": "0.57"}


def test_a_discount_is_negative_and_the_parts_add_up(us: Caller) -> None:
    order = us.order("111-5583920-2204417")
    parts = {
        part["type"]: part["subtotal"]["amount"] for part in order["orderItems"][0]["proceeds"]["breakdowns"]
    }
    assert parts == {"ITEM": "83.70", "TAX": "7.74", "DISCOUNT": "-8.37"}
    assert order["proceeds"]["grandTotal"]["amount"] == "83.07"


def test_yen_have_no_decimals_and_included_tax_no_entry(amazon: Simulator) -> None:
    with Caller(amazon, "fe") as jp:
        proceeds = jp.order("250-6617204-8839155")["proceeds"]
        assert proceeds["grandTotal"] == {"amount": "3390", "currencyCode": "JPY"}
        assert [part["type"] for part in proceeds["breakdowns"]] == ["ITEM", "SHIPPING"]


def test_a_pending_order_shows_neither_price_nor_buyer(us: Caller) -> None:
    order = us.order("114-9038862-1154709")
    assert "proceeds" not in order
    assert "buyer" not in order
    assert "price" not in order["orderItems"][0]["product"]


@pytest.mark.parametrize(
    ("order_id", "visible"),
    [
        ("303-5512894-7749126", True),
        ("304-6650132-9987415", True),
        ("206-9912043-6673108", True),
        ("203-4471920-8816635", False),
        ("408-2216743-0954812", False),
        ("306-1182940-2205513", False),
    ],
)
def test_the_relay_address_is_shown_only_for_living_merchant_orders(
    eu: Caller, order_id: str, visible: bool
) -> None:
    assert ("buyerEmail" in eu.order(order_id).get("buyer", {})) is visible


def test_a_replacement_names_its_original(us: Caller) -> None:
    order = us.order("116-2209174-7785530")
    assert order["associatedOrders"] == [
        {"orderId": "112-4456093-9917824", "associationType": "REPLACEMENT_ORIGINAL_ID"}
    ]
    assert order["proceeds"]["grandTotal"]["amount"] == "0.00"


def test_search_filters_by_status_channel_and_marketplace(eu: Caller) -> None:
    assert ids(search(eu, fulfillmentStatuses="CANCELLED")) == ["203-4471920-8816635"]
    assert ids(search(eu, fulfilledBy="AMAZON", marketplaceIds="APJ6JRA9NG5V4")) == ["408-2216743-0954812"]
    assert set(ids(search(eu, fulfillmentStatuses="PENDING,PARTIALLY_SHIPPED"))) == {
        "304-6650132-9987415",
        "306-1182940-2205513",
    }


def test_search_is_paged_and_a_page_token_lives_a_day(eu: Caller) -> None:
    everything = ids(search(eu))
    first = search(eu, maxResultsPerPage=10)
    token = first["pagination"]["nextToken"]
    second = search(eu, maxResultsPerPage=10, paginationToken=token)
    assert ids(first) + ids(second) == everything[:20]
    eu.control("POST", "clock", {"advance": 86401})
    eu.http.headers["x-amz-access-token"] = eu.new_token()
    assert eu.http.get(PATH, params={"paginationToken": token}).status_code == 400


def test_a_page_token_of_another_seller_is_refused(eu: Caller, amazon: Simulator) -> None:
    token = search(eu, maxResultsPerPage=1)["pagination"]["nextToken"]
    with Caller(amazon, "fe") as jp:
        assert jp.http.get(PATH, params={"paginationToken": token}).status_code == 400


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"createdAfter": LONG_AGO, "lastUpdatedAfter": LONG_AGO},
        {"createdAfter": LONG_AGO, "lastUpdatedBefore": LONG_AGO},
        {"createdAfter": "yesterday"},
        {"createdAfter": LONG_AGO, "maxResultsPerPage": 101},
        {"createdAfter": LONG_AGO, "maxResultsPerPage": 0},
        {"createdAfter": LONG_AGO, "includedData": "SECRETS"},
        {"createdAfter": LONG_AGO, "fulfillmentStatuses": "Shipped"},
        {"createdAfter": LONG_AGO, "fulfilledBy": "FBA"},
    ],
)
def test_a_senseless_search_is_refused(us: Caller, params: dict[str, Any]) -> None:
    assert us.http.get(PATH, params=params).json()["errors"][0]["code"] == "InvalidInput"


def test_the_upper_bound_must_be_two_minutes_old(us: Caller) -> None:
    early = {"lastUpdatedAfter": LONG_AGO, "lastUpdatedBefore": moment(us, seconds=110)}
    assert us.http.get(PATH, params=early).status_code == 400
    late = {"lastUpdatedAfter": LONG_AGO, "lastUpdatedBefore": moment(us, seconds=125)}
    assert us.http.get(PATH, params=late).status_code == 200


def test_a_change_is_found_by_its_time_after_two_minutes(us: Caller) -> None:
    since = moment(us, seconds=1)
    us.control("PATCH", "orders/114-7720418-3395061", {"ship": True})
    assert ids(search(us, lastUpdatedAfter=since)) == []
    us.control("POST", "clock", {"advance": 121})
    assert ids(search(us, lastUpdatedAfter=since)) == ["114-7720418-3395061"]
    assert us.order("114-7720418-3395061")["fulfillment"]["fulfillmentStatus"] == "SHIPPED"


def test_a_seller_sees_only_its_own_orders(us: Caller) -> None:
    assert us.http.get(f"{PATH}/303-5512894-7749126").status_code == 404


def test_the_shop_has_every_status_and_channel(amazon: Simulator) -> None:
    seen = set()
    for region in ("na", "eu", "fe"):
        with Caller(amazon, region) as seller:
            seller.refill()
            for order in search(seller, includedData="FULFILLMENT")["orders"]:
                seen.add((order["fulfillment"]["fulfillmentStatus"], order["fulfillment"]["fulfilledBy"]))
    assert {status for status, _ in seen} == {
        "PENDING_AVAILABILITY",
        "PENDING",
        "UNSHIPPED",
        "PARTIALLY_SHIPPED",
        "SHIPPED",
        "CANCELLED",
        "UNFULFILLABLE",
    }
    assert {channel for _, channel in seen} == {"MERCHANT", "AMAZON"}
