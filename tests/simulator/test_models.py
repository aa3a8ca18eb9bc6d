"""Every answer of the simulator is one that Amazon's own models describe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from mostrador.simulator.server import Simulator
from tests.simulator.caller import ADJUSTMENTS, XML, Caller, adjusted, adjustment
from tests.simulator.models import Model

EVERYTHING = (
    "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT,"
    "FULFILLMENT_ORDERS"
)
LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture(params=["na", "eu", "fe"])
def seller(amazon: Simulator, request: pytest.FixtureRequest) -> Iterator[Caller]:
    with Caller(amazon, request.param) as caller:
        caller.refill()
        yield caller


def test_every_order_of_the_shop_is_valid(seller: Caller) -> None:
    model = Model("orders_2026-01-01")
    found = seller.http.get(
        "/orders/2026-01-01/orders", params={"lastUpdatedAfter": LONG_AGO, "includedData": EVERYTHING}
    )
    model.check(found.json(), "SearchOrdersResponse")
    assert len(found.json()["orders"]) >= 3
    for order in found.json()["orders"]:
        one = seller.http.get(
            f"/orders/2026-01-01/orders/{order['orderId']}", params={"includedData": EVERYTHING}
        )
        model.check(one.json(), "GetOrderResponse")
        assert one.json()["order"] == order


def test_every_answer_about_feeds_is_valid(us: Caller) -> None:
    model = Model("feeds_2021-06-30")
    made = us.http.post("/feeds/2021-06-30/documents", json={"contentType": XML})
    model.check(made.json(), "CreateFeedDocumentResponse")
    document = us.upload(
        adjustment("112-4456093-9917824", adjusted("01124456093991", "USD", Principal="1.00"))
    )
    created = us.create(ADJUSTMENTS, document)
    model.check(created.json(), "CreateFeedResponse")
    model.check(us.feed(created.json()["feedId"]), "Feed")
    ended = us.ended(created.json()["feedId"])
    model.check(ended, "Feed")
    listed = us.http.get("/feeds/2021-06-30/feeds", params={"feedTypes": ADJUSTMENTS})
    model.check(listed.json(), "GetFeedsResponse")
    result = us.http.get(f"/feeds/2021-06-30/documents/{ended['resultFeedDocumentId']}")
    model.check(result.json(), "FeedDocument")


def test_every_booking_is_valid_and_a_number(seller: Caller) -> None:
    model = Model("finances_2024-06-19")
    found = seller.http.get("/finances/2024-06-19/transactions", params={"postedAfter": _recent(seller)})
    model.check(found.json(), "ListTransactionsResponse")
    assert len(found.json()["payload"]["transactions"]) >= 1
    assert isinstance(
        json.loads(found.text)["payload"]["transactions"][0]["totalAmount"]["currencyAmount"], (int, float)
    )


def _recent(seller: Caller) -> str:
    """Return the time a hundred days ago."""
    now = datetime.fromisoformat(seller.control("GET", "clock")["iso"])
    return (now - timedelta(days=100)).isoformat()


def test_participations_are_valid(seller: Caller) -> None:
    found = seller.http.get("/sellers/v1/marketplaceParticipations")
    Model("sellers").check(found.json(), "GetMarketplaceParticipationsResponse")
    ids = [each["marketplace"]["id"] for each in found.json()["payload"]]
    assert ids == seller.seller["marketplaces"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/orders/2026-01-01/orders", 400, "InvalidInput"),
        ("/orders/2026-01-01/orders/111-0000000-0000000", 404, "NotFound"),
        ("/feeds/2021-06-30/feeds/1", 404, "NotFound"),
        ("/feeds/2021-06-30/feeds", 400, "InvalidInput"),
        ("/feeds/2021-06-30/documents/none", 404, "NotFound"),
        ("/finances/2024-06-19/transactions", 400, "InvalidInput"),
    ],
)
def test_a_refusal_is_a_valid_error_list(us: Caller, path: str, status: int, code: str) -> None:
    answer = us.http.get(path)
    assert answer.status_code == status
    Model("feeds_2021-06-30").check(answer.json(), "ErrorList")
    assert answer.json()["errors"][0]["code"] == code
    assert answer.headers["x-amzn-RequestId"]


def test_an_unknown_path_is_refused_in_amazons_words(us: Caller) -> None:
    answer = us.http.put("/orders/2026-01-01/orders/114-7720418-3395061/cancellation", json={})
    assert answer.status_code == 404
    Model("orders_2026-01-01").check(answer.json(), "ErrorList")
