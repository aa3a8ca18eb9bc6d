"""Every order that Amazon's own model shows as an example is imported and shown in a ticket."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from mostrador.amazon.orders import Order as AmazonOrder
from mostrador.amazon.orders import get_order, search_orders
from mostrador.tasks.orders import take_over
from tests.amazon.amazonlike import Amazonlike, amazonlike
from tests.amazon.conftest import model
from tests.makers import NOW, make_selling_partner, make_ticket

pytestmark = pytest.mark.django_db

PATH = "/orders/2026-01-01/orders"


def examples(operation: str) -> list[dict[str, object]]:
    paths = model("orders_2026-01-01.json")["paths"]
    found = next(each["get"] for each in paths.values() if each["get"]["operationId"] == operation)
    static = found["responses"]["200"]["x-amzn-api-sandbox"]["static"]
    return [example["response"] for example in static]


def read(amazon: Amazonlike, operation: str, body: dict[str, object]) -> list[AmazonOrder]:
    client = amazon.client()
    if operation == "searchOrders":
        amazon.answers["GET", PATH] = (200, body)
        return list(search_orders(client, marketplace_ids=["x"], last_updated_after=NOW, now=NOW).orders)
    number = body["order"]["orderId"]  # type: ignore[index]
    amazon.answers["GET", f"{PATH}/{number}"] = (200, body)
    return [get_order(client, order_id=number, now=NOW)]


@pytest.mark.parametrize("operation", ["searchOrders", "getOrder"])
def test_every_example_is_imported_and_shown(desk: Client, operation: str) -> None:
    partner = make_selling_partner()
    shown = 0
    with amazonlike() as amazon:
        for body in examples(operation):
            for said in read(amazon, operation, body):
                order = take_over(partner=partner, said=said, now=timezone.now())
                page = desk.get(f"/tickets/{make_ticket(order=order).pk}/")
                assert page.status_code == 200
                text = page.content.decode()
                assert order.amazon_order_id in text
                assert order.status in text
                assert all(item.asin in text for item in order.items.all())
                shown += 1
    assert shown >= 3
