"""Every request we send is one that Amazon's own models allow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote

import jsonschema
import pytest

from mostrador.amazon import feeds, finances, orders
from mostrador.amazon.client import Client
from mostrador.amazon.errors import AmazonError
from mostrador.amazon.wire import boot_clock

from .amazonlike import NOW, TOKEN, Amazonlike, Asked
from .conftest import model

ORDERS, FEEDS, FINANCES = "orders_2026-01-01.json", "feeds_2021-06-30.json", "finances_2024-06-19.json"
GERMANY = ["A1PA6795UKMFR9"]
REFUNDS = feeds.FeedType.POST_PAYMENT_ADJUSTMENT_DATA

SENT: dict[str, tuple[str, Callable[[Client], object]]] = {
    "searchOrders": (
        ORDERS,
        lambda client: orders.search_orders(
            client,
            marketplace_ids=[*GERMANY, "A13V1IB3VIYZZH"],
            last_updated_after=NOW - timedelta(days=1),
            last_updated_before=NOW - timedelta(minutes=2),
            pagination_token="a+b/c=",
            now=NOW,
        ),
    ),
    "getOrder": (ORDERS, lambda client: orders.get_order(client, order_id="123-1234567-1234567", now=NOW)),
    "createFeedDocument": (FEEDS, lambda client: feeds.create_feed_document(client, now=NOW)),
    "createFeed": (
        FEEDS,
        lambda client: feeds.create_feed(
            client,
            feed_type=REFUNDS,
            marketplace_ids=GERMANY,
            document_id="doc",
            token=TOKEN,
            deadline=boot_clock() + 60,
            now=NOW,
        ),
    ),
    "getFeed": (FEEDS, lambda client: feeds.get_feed(client, feed_id="50/3", now=NOW)),
    "getFeeds": (
        FEEDS,
        lambda client: feeds.list_feeds(
            client, feed_type=REFUNDS, marketplace_ids=GERMANY, created_since=NOW, now=NOW
        ),
    ),
    "cancelFeed": (FEEDS, lambda client: feeds.cancel_feed(client, feed_id="503", now=NOW)),
    "getFeedDocument": (FEEDS, lambda client: feeds.get_feed_document(client, document_id="doc.1", now=NOW)),
    "listTransactions": (
        FINANCES,
        lambda client: finances.list_transactions(client, order_id="123-1234567-1234567", now=NOW),
    ),
}


def _operation(swagger: dict[str, Any], operation_id: str) -> tuple[str, str, dict[str, Any]]:
    for path, methods in swagger["paths"].items():
        for method, operation in methods.items():
            if isinstance(operation, dict) and operation.get("operationId") == operation_id:
                return method.upper(), path, operation
    raise AssertionError(operation_id)


def _check_query(asked: Asked, parameters: list[dict[str, Any]]) -> None:
    known = {parameter["name"]: parameter for parameter in parameters if parameter["in"] == "query"}
    for name, values in parse_qs(asked.query, strict_parsing=bool(asked.query)).items():
        assert name in known
        assert len(values) == 1
        jsonschema.validate(_typed(values[0], known[name]), _schema(known[name]))


def _typed(text: str, parameter: dict[str, Any]) -> object:
    if parameter["type"] == "array":
        return text.split(",")
    return int(text) if parameter["type"] == "integer" else text


def _schema(parameter: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameter.items() if name not in ("required", "in", "name")}


def _check_body(asked: Asked, parameters: list[dict[str, Any]], swagger: dict[str, Any]) -> None:
    bodies = [parameter for parameter in parameters if parameter["in"] == "body"]
    if not bodies:
        assert asked.body == b""
        return
    assert asked.headers["content-type"] == "application/json"
    schema = {"definitions": swagger["definitions"], **bodies[0]["schema"]}
    jsonschema.validate(json.loads(asked.body), schema)


@pytest.mark.parametrize("operation_id", SENT)
def test_a_request_is_one_that_amazons_model_allows(amazon: Amazonlike, operation_id: str) -> None:
    name, send = SENT[operation_id]
    swagger = model(name)
    method, path, operation = _operation(swagger, operation_id)
    with pytest.raises(AmazonError) as caught:
        send(amazon.client())
    assert caught.value.operation == operation_id
    (asked,) = amazon.calls()
    pattern = re.sub(r"\\\{[^/]+\\\}", "[^/]+", re.escape(path))
    assert asked.method == method
    assert re.fullmatch(pattern, asked.path)
    _check_query(asked, operation.get("parameters", []))
    _check_body(asked, operation.get("parameters", []), swagger)
    assert unquote(asked.path).startswith("/")


def test_every_operation_with_a_usage_plan_is_checked_here() -> None:
    from mostrador.amazon.quotas import USAGE_PLANS

    from .test_subscriptions import CALLS

    assert {*SENT, *CALLS} == set(USAGE_PLANS)
