"""Notifications v1 as Amazon answers it, and messages in a real SQS queue as Amazon writes them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest

from tests.notices import schema
from tests.simulator.caller import ADJUSTMENTS, Caller, adjusted, adjustment
from tests.simulator.conftest import Fresh
from tests.simulator.models import Model
from tests.sqs import REGION, Sqs

BASE = "/notifications/v1"
ARN = "arn:aws:sqs:eu-west-1:123456789012:desk"
FEEDS, ORDERS = "FEED_PROCESSING_FINISHED", "ORDER_CHANGE"
VERSIONS = {FEEDS: "2020-09-04", ORDERS: "1.0"}
SCHEMAS = {FEEDS: "FeedProcessingFinishedNotification", ORDERS: "OrderChangeNotification"}
SHIPS_SOON = "114-7720418-3395061"
SHIPPED, SHIPPED_ITEM = "112-4456093-9917824", "01124456093991"


class Application:
    """The application behind a seller: it calls with grantless tokens."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        answer = caller.login(grant_type="client_credentials", scope="sellingpartnerapi::notifications")
        self.headers = {"x-amz-access-token": answer.json()["access_token"]}

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.caller.http.request(method, BASE + path, json=body, headers=self.headers)

    def destination(self, arn: str = ARN) -> str:
        body = {"name": "Desk", "resourceSpecification": {"sqs": {"arn": arn}}}
        made = self.call("POST", "/destinations", body)
        assert made.status_code == 200, made.text
        destination_id: str = made.json()["payload"]["destinationId"]
        return destination_id

    def subscribe(self, kind: str, destination_id: str) -> httpx.Response:
        body = {"payloadVersion": VERSIONS[kind], "destinationId": destination_id}
        return self.caller.http.post(f"{BASE}/subscriptions/{kind}", json=body)


@pytest.fixture
def caller(fresh: Fresh, sqs: Sqs) -> Iterator[Caller]:
    """The American seller of a simulator that notifies."""
    with Caller(fresh(sqs_endpoint=sqs.endpoint, sqs_queue_url=sqs.url, sqs_region=REGION), "na") as seller:
        yield seller


@pytest.fixture
def subscribed(caller: Caller) -> Caller:
    """The same, subscribed to both types."""
    application = Application(caller)
    destination_id = application.destination()
    for kind in VERSIONS:
        assert application.subscribe(kind, destination_id).status_code == 200
    return caller


def sent(sqs: Sqs, number: int) -> list[dict[str, Any]]:
    """Return so many messages of the queue, as soon as they are there."""
    found: list[dict[str, Any]] = []
    until = time.monotonic() + 10
    while len(found) < number:
        assert time.monotonic() < until, found
        found += sqs.taken()
        time.sleep(0.02)
    return found


def refund(caller: Caller) -> str:
    """Send a refund and return its feed's id."""
    content = adjustment(SHIPPED, adjusted(SHIPPED_ITEM, "USD", Principal="1.00"))
    return caller.send(ADJUSTMENTS, content)


def test_destinations_and_subscriptions_are_as_the_model_says(caller: Caller) -> None:
    model, application = Model("notifications"), Application(caller)
    destination_id = application.destination()
    model.check(application.call("GET", "/destinations").json(), "GetDestinationsResponse")
    one = application.call("GET", f"/destinations/{destination_id}").json()
    model.check(one, "GetDestinationResponse")
    assert one["payload"]["resource"] == {"sqs": {"arn": ARN}}
    made = application.subscribe(ORDERS, destination_id).json()
    model.check(made, "CreateSubscriptionResponse")
    found = caller.http.get(f"{BASE}/subscriptions/{ORDERS}").json()
    model.check(found, "GetSubscriptionResponse")
    assert found == made
    ended = application.call("DELETE", f"/subscriptions/{ORDERS}/{made['payload']['subscriptionId']}")
    model.check(ended.json(), "DeleteSubscriptionByIdResponse")
    assert caller.http.get(f"{BASE}/subscriptions/{ORDERS}").status_code == 404


def test_the_same_twice_is_a_conflict(caller: Caller) -> None:
    application = Application(caller)
    destination_id = application.destination()
    body = {"name": "Desk", "resourceSpecification": {"sqs": {"arn": ARN}}}
    assert application.call("POST", "/destinations", body).status_code == 409
    assert application.subscribe(FEEDS, destination_id).status_code == 200
    assert application.subscribe(FEEDS, destination_id).status_code == 409


def test_each_call_wants_a_token_of_its_own_kind(caller: Caller) -> None:
    application = Application(caller)
    assert caller.http.get(f"{BASE}/destinations").status_code == 403
    assert application.call("GET", f"/subscriptions/{ORDERS}").status_code == 403
    caller.http.headers["x-amz-access-token"] = ""
    assert caller.http.get(f"{BASE}/destinations").status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "", "resourceSpecification": {"sqs": {"arn": ARN}}},
        {"name": "Desk", "resourceSpecification": {"sqs": {"arn": "arn:aws:sns:eu-west-1:1:desk"}}},
        {"name": "Desk", "resourceSpecification": {"eventBridge": {"region": "a", "accountId": "1"}}},
    ],
)
def test_a_destination_that_is_no_queue_is_refused(caller: Caller, body: dict[str, Any]) -> None:
    assert Application(caller).call("POST", "/destinations", body).status_code == 400


def test_a_subscription_wants_a_known_destination_version_and_type(caller: Caller) -> None:
    application = Application(caller)
    destination_id = application.destination()
    assert application.subscribe(FEEDS, "nowhere").status_code == 404
    old = {"payloadVersion": "0.9", "destinationId": destination_id}
    assert caller.http.post(f"{BASE}/subscriptions/{FEEDS}", json=old).status_code == 400
    assert caller.http.get(f"{BASE}/subscriptions/NO_SUCH_TYPE").status_code == 400


def test_a_feed_that_ends_is_told_as_amazons_schema_says(subscribed: Caller, sqs: Sqs) -> None:
    feed_id = refund(subscribed)
    (notice,) = sent(sqs, 1)
    jsonschema.validate(notice, schema(SCHEMAS[FEEDS]))
    about = notice["payload"]["feedProcessingFinishedNotification"]
    feed = subscribed.http.get(f"/feeds/2021-06-30/feeds/{feed_id}").json()
    assert about == {
        "sellerId": subscribed.seller["seller_id"],
        "accountId": f"amzn1.merchant.o.{subscribed.seller['seller_id']}",
        "feedId": feed_id,
        "feedType": ADJUSTMENTS,
        "processingStatus": "DONE",
        "resultFeedDocumentId": feed["resultFeedDocumentId"],
    }


def test_a_wish_to_cancel_is_told_as_amazons_schema_says(subscribed: Caller, sqs: Sqs) -> None:
    subscribed.control("PATCH", f"orders/{SHIPS_SOON}", {"cancellation_request": ""})
    subscribed.control("PATCH", f"orders/{SHIPS_SOON}", {"cancellation_request": "changed my mind"})
    (notice,) = sent(sqs, 1)
    jsonschema.validate(notice, schema(SCHEMAS[ORDERS]))
    about = notice["Payload"]["OrderChangeNotification"]
    assert (about["OrderChangeType"], about["AmazonOrderId"]) == ("BuyerRequestedChange", SHIPS_SOON)
    assert all(item["IsBuyerRequestedCancel"] for item in about["Summary"]["OrderItems"])


def test_a_shipment_is_told_as_a_change_of_status(subscribed: Caller, sqs: Sqs) -> None:
    subscribed.control("PATCH", f"orders/{SHIPS_SOON}", {"ship": True})
    (notice,) = sent(sqs, 1)
    jsonschema.validate(notice, schema(SCHEMAS[ORDERS]))
    about = notice["Payload"]["OrderChangeNotification"]
    assert (about["OrderChangeType"], about["Summary"]["OrderStatus"]) == ("OrderStatusChange", "Shipped")


def test_who_did_not_subscribe_hears_nothing(caller: Caller, sqs: Sqs) -> None:
    caller.control("PATCH", f"orders/{SHIPS_SOON}", {"ship": True})
    assert caller.control("GET", "notifications") == {"notifications": []}
    assert sqs.left() == 0


def test_notifications_are_doubled_foreign_and_forged_on_order(subscribed: Caller, sqs: Sqs) -> None:
    for action in ("notice_doubled", "notice_foreign", "notice_forged"):
        subscribed.fault(action, FEEDS)
    feed_id = refund(subscribed)
    told = sent(sqs, 4)
    abouts = [notice["payload"]["feedProcessingFinishedNotification"] for notice in told]
    own = subscribed.seller["seller_id"]
    assert sorted((about["sellerId"] == own, about["feedId"]) for about in abouts) == [
        (False, "49999999999"),
        (True, "48888888888"),
        (True, feed_id),
        (True, feed_id),
    ]
    assert len({notice["notificationMetadata"]["notificationId"] for notice in told}) == 3
    for notice in told:
        jsonschema.validate(notice, schema(SCHEMAS[FEEDS]))


def test_a_late_notification_comes_when_its_time_has_come(subscribed: Caller, sqs: Sqs) -> None:
    subscribed.fault("notice_late", ORDERS, seconds=86_400)
    subscribed.control("PATCH", f"orders/{SHIPS_SOON}", {"ship": True})
    assert subscribed.control("GET", "notifications") == {"notifications": []}
    subscribed.control("POST", "clock", {"advance": 86_400})
    assert len(sent(sqs, 1)) == 1


def test_a_lost_notification_never_comes(subscribed: Caller, sqs: Sqs) -> None:
    subscribed.fault("notice_lost", ORDERS)
    subscribed.control("PATCH", f"orders/{SHIPS_SOON}", {"ship": True})
    subscribed.control("PATCH", f"orders/{SHIPS_SOON}", {"cancel": {"by": "BUYER"}})
    (notice,) = sent(sqs, 1)
    assert notice["Payload"]["OrderChangeNotification"]["Summary"]["OrderStatus"] == "Canceled"


def test_any_text_can_be_put_into_the_queue(caller: Caller, sqs: Sqs) -> None:
    caller.control("POST", "notifications", {"text": '{"not": "Amazon"}'})
    assert sent(sqs, 1) == [{"not": "Amazon"}]
