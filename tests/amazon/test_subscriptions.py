"""Subscriptions: requests that Amazon's model allows, and its answers read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mostrador.amazon import subscriptions
from mostrador.amazon.client import Client
from mostrador.amazon.errors import AmazonError, Refused
from mostrador.amazon.notifications import NotificationType
from mostrador.amazon.subscriptions import Destination, Subscription

from .amazonlike import NOW, Amazonlike
from .conftest import model
from .test_requests import _check_body, _check_query, _operation

ARN = "arn:aws:sqs:eu-west-1:123456789012:desk"
FEEDS, ORDERS = NotificationType.FEED_PROCESSING_FINISHED, NotificationType.ORDER_CHANGE
BASE = "/notifications/v1"

CALLS: dict[str, tuple[str, Callable[[Client], object]]] = {
    "getDestinations": (f"{BASE}/destinations", lambda client: subscriptions.destinations(client, now=NOW)),
    "createDestination": (
        f"{BASE}/destinations",
        lambda client: subscriptions.create_destination(client, name="M" * 300, queue_arn=ARN, now=NOW),
    ),
    "getSubscription": (
        f"{BASE}/subscriptions/ORDER_CHANGE",
        lambda client: subscriptions.subscription(client, wanted=ORDERS, now=NOW),
    ),
    "createSubscription": (
        f"{BASE}/subscriptions/FEED_PROCESSING_FINISHED",
        lambda client: subscriptions.subscribe(client, wanted=FEEDS, destination_id="d1", now=NOW),
    ),
    "deleteSubscriptionById": (
        f"{BASE}/subscriptions/ORDER_CHANGE/s%2F1",
        lambda client: subscriptions.unsubscribe(client, wanted=ORDERS, subscription_id="s/1", now=NOW),
    ),
}


@pytest.mark.parametrize("operation_id", CALLS)
def test_a_request_is_one_that_amazons_model_allows(amazon: Amazonlike, operation_id: str) -> None:
    swagger = model("notifications.json")
    method, _, operation = _operation(swagger, operation_id)
    path, call = CALLS[operation_id]
    amazon.answers[(method, path)] = (500, {"errors": [{"code": "InternalFailure", "message": "no"}]})
    with pytest.raises(AmazonError) as caught:
        call(amazon.client())
    assert (caught.value.operation, caught.value.status) == (operation_id, 500)
    (asked,) = amazon.calls()
    assert (asked.method, asked.path) == (method, path)
    _check_query(asked, operation.get("parameters", []))
    _check_body(asked, operation.get("parameters", []), swagger)


def destination(**resource: Any) -> dict[str, Any]:
    """Return a destination as Amazon writes it."""
    return {"name": "Mostrador", "destinationId": "d1", "resource": resource}


def test_destinations_of_every_kind_are_read(amazon: Amazonlike) -> None:
    bridge = {"name": "b", "region": "eu-west-1", "accountId": "1"}
    payload = [destination(sqs={"arn": ARN}), destination(eventBridge=bridge)]
    amazon.answers[("GET", f"{BASE}/destinations")] = (200, {"payload": payload})
    assert subscriptions.destinations(amazon.client(), now=NOW) == (
        Destination("d1", "Mostrador", ARN),
        Destination("d1", "Mostrador", ""),
    )


def test_no_destinations_are_none(amazon: Amazonlike) -> None:
    amazon.answers[("GET", f"{BASE}/destinations")] = (200, {})
    assert subscriptions.destinations(amazon.client(), now=NOW) == ()


def test_a_subscription_that_is_not_there_is_none(amazon: Amazonlike) -> None:
    assert subscriptions.subscription(amazon.client(), wanted=ORDERS, now=NOW) is None


def test_a_refused_look_at_a_subscription_is_not_taken_for_none(amazon: Amazonlike) -> None:
    path = f"{BASE}/subscriptions/ORDER_CHANGE"
    amazon.answers[("GET", path)] = (400, {"errors": [{"code": "InvalidInput", "message": "no"}]})
    with pytest.raises(Refused):
        subscriptions.subscription(amazon.client(), wanted=ORDERS, now=NOW)


def test_a_subscription_is_read(amazon: Amazonlike) -> None:
    payload = {"subscriptionId": "s1", "payloadVersion": "1.0", "destinationId": "d1"}
    amazon.answers[("GET", f"{BASE}/subscriptions/ORDER_CHANGE")] = (200, {"payload": payload})
    said = subscriptions.subscription(amazon.client(), wanted=ORDERS, now=NOW)
    assert said == Subscription("s1", "d1", "1.0")
