"""Whole stories through the API: the simulator as Amazon, a real worker, and programs that ask at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from pytest_django.fixtures import Settings

from mostrador.models import Agent, Refund
from mostrador.simulator.server import start
from tests.api.programs import Program, contract, euros, wish
from tests.makers import make_item, make_order
from tests.shop import Shop
from tests.worker import empty_queue

pytestmark = pytest.mark.django_db(transaction=True)

LAMP = "303-5512894-7749126"  # DE, 59,95 € and 4,99 € shipping, shipped
LAMP_ITEM = "30155128947741"
UNSHIPPED = "406-7740218-3356179"  # FR, unshipped
AT_ONCE = 4


@pytest.fixture
def shop(transactional_db: None, settings: Settings) -> Iterator[Shop]:
    """Nordlicht, connected; actions leave at once and feeds take no time."""
    empty_queue()
    with start("--processing", "0-0") as simulator:
        settings.SPAPI_ENDPOINT = settings.LWA_ENDPOINT = simulator.url
        settings.UNDO_SECONDS = 0
        yield Shop(simulator).connect()


def test_a_refund_of_a_program_reaches_the_buyer(shop: Shop, program: Program) -> None:
    order = shop.order(LAMP)
    asked = program.post(f"orders/{LAMP}/refunds", wish(LAMP_ITEM, principal=euros("15.00")))
    path = f"refunds/{asked.body['id']}"

    shop.work_until(lambda: program.get(path).body["state"] == "confirmed")

    told = program.get(path).body
    assert [event["kind"] for event in told["events"]] == [
        "requested",
        "sealed",
        "sent",
        "accepted",
        "confirmed",
    ]
    assert told["feed_id"]
    assert told["sent_at"]
    assert told["seen_in_finances_at"]
    assert shop.ledger(order)["items"][LAMP_ITEM]["components"]["Principal"]["refunded"] == "15.00"
    principal = program.get(f"orders/{LAMP}").body["items"][0]["components"][0]
    assert (principal["posted"], principal["left"]) == (euros("15.00"), euros("44.95"))


def test_a_cancellation_of_a_program_is_seen_in_the_order(shop: Shop, program: Program) -> None:
    shop.order(UNSHIPPED)
    asked = program.post(f"orders/{UNSHIPPED}/cancellations", {"reason": "NoInventory"})
    path = f"cancellations/{asked.body['id']}"

    shop.work_until(lambda: program.get(path).body["state"] == "confirmed")

    told = program.get(path).body
    assert told["feed_id"]
    assert told["seen_in_order_at"]
    assert program.get(f"orders/{UNSHIPPED}").body["status"] == "CANCELLED"


def at_once(program: Program, keys: list[str]) -> list[Any]:
    """Ask for the same refund with each of these keys, all at the same moment."""
    order = make_order(items=[make_item(item_id="11111111111111")])
    body = wish("11111111111111", principal=euros("20.00"))
    contract()

    def ask(key: str) -> Any:
        try:
            return program.post(f"orders/{order.amazon_order_id}/refunds", body, key=key)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(ask, keys))


def test_the_same_request_at_the_same_moment_is_one_refund(agent: Agent, program: Program) -> None:
    answers = at_once(program, ["k-1"] * AT_ONCE)

    assert sorted(answer.status for answer in answers) == [200, 200, 200, 201]
    assert len({answer.body["id"] for answer in answers}) == 1
    assert Refund.objects.count() == 1


def test_of_programs_that_want_the_same_money_at_once_one_wins(agent: Agent, program: Program) -> None:
    answers = at_once(program, [f"k-{number}" for number in range(AT_ONCE)])

    assert sorted(answer.status for answer in answers) == [201, 422, 422, 422]
    refused = [answer for answer in answers if answer.status == 422]
    assert [answer.codes for answer in refused] == [["item_has_open_refund"]] * 3
    assert [refund.total for refund in Refund.objects.all()] == [2000]
