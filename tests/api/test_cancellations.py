"""Cancellations through the API."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from mostrador.domain.delivery import State
from mostrador.models import Agent, Cancellation, Event, Order
from tests.api.programs import Program
from tests.makers import make_cancellation, make_item, make_order, make_selling_partner, make_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    """An FBM order nobody has shipped."""
    return make_order(status="UNSHIPPED")


def asked(program: Program, order: Order, reason: str = "NoInventory", **more: Any) -> Any:
    """Ask for a cancellation."""
    return program.post(f"orders/{order.amazon_order_id}/cancellations", {"reason": reason}, **more)


def test_a_cancellation_is_stored_and_freezes_the_order(program: Program, agent: Agent, order: Order) -> None:
    ticket = make_ticket(order=order)
    body = {"reason": "NoInventory", "note": "lost in the store", "ticket_id": ticket.reference}

    answer = program.post(f"orders/{order.amazon_order_id}/cancellations", body)

    stored = Cancellation.objects.get()
    assert (stored.reason, stored.source, stored.requested_by) == ("NoInventory", "api", agent)
    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v1/cancellations/{stored.reference}"
    told = answer.body
    assert (told["id"], told["state"], told["note"]) == (stored.reference, "requested", "lost in the store")
    assert (told["ticket_id"], told["counts_in_cancellation_rate"]) == (ticket.reference, True)
    assert [event["kind"] for event in told["events"]] == ["requested"]
    assert program.get(f"cancellations/{stored.reference}").body == told
    frozen = program.get(f"orders/{order.amazon_order_id}").body
    assert "order_frozen" in [refusal["code"] for refusal in frozen["refund"]["refusals"]]
    assert frozen["cancellations"] == [told]


def test_the_buyers_own_request_does_not_count_in_the_rate(program: Program) -> None:
    order = make_order(status="UNSHIPPED", items=[make_item(shipped=0, cancel_requested=True)])

    assert asked(program, order, "BuyerCanceled").body["counts_in_cancellation_rate"] is False


def test_the_same_key_again_is_the_same_cancellation(program: Program, order: Order) -> None:
    first = asked(program, order, key="k-1")

    second = asked(program, order, key="k-1")

    assert (first.status, second.status) == (201, 200)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.body == first.body
    assert Cancellation.objects.count() == 1


def test_the_same_key_with_other_content_is_refused(program: Program, order: Order) -> None:
    asked(program, order, "NoInventory", key="k-1")

    answer = asked(program, order, "PricingError", key="k-1")

    assert (answer.status, answer.body["code"]) == (409, "request_key_reused")
    assert [stored.reason for stored in Cancellation.objects.all()] == ["NoInventory"]


def test_a_second_cancellation_is_refused(program: Program, order: Order) -> None:
    first = asked(program, order)

    answer = asked(program, order)

    assert (answer.status, answer.codes) == (422, ["order_frozen"])
    assert answer.body["refusals"][0]["facts"] == {"cancellation": first.body["id"]}


@pytest.mark.parametrize(
    ("status", "fulfilled_by", "codes"),
    [
        ("SHIPPED", "MERCHANT", ["order_shipped"]),
        ("PARTIALLY_SHIPPED", "MERCHANT", ["order_partly_shipped"]),
        ("PENDING", "MERCHANT", ["order_pending"]),
        ("CANCELLED", "MERCHANT", ["order_cancelled"]),
        ("UNSHIPPED", "AMAZON", ["fulfilled_by_amazon"]),
    ],
)
def test_what_amazon_does_not_allow_is_refused_and_writes_nothing(
    program: Program, status: str, fulfilled_by: str, codes: list[str]
) -> None:
    answer = asked(program, make_order(status=status, fulfilled_by=fulfilled_by))

    assert (answer.status, answer.codes) == (422, codes)
    assert not Cancellation.objects.exists()
    assert not Event.objects.exists()


def test_an_unknown_reason_is_refused(program: Program, order: Order) -> None:
    answer = asked(program, order, "Because")

    assert answer.codes == ["unknown_reason"]
    assert answer.body["refusals"][0]["facts"] == {"reason": "Because"}
    assert not Cancellation.objects.exists()


def test_an_order_number_of_two_selling_partners_needs_a_choice(program: Program) -> None:
    for seller_id in ("A1NORTH", "A1SOUTH"):
        make_order(partner=make_selling_partner(seller_id=seller_id), number="302-1-1", status="UNSHIPPED")

    unclear = program.post("orders/302-1-1/cancellations", {"reason": "NoInventory"})
    clear = program.post("orders/302-1-1/cancellations?selling_partner=A1NORTH", {"reason": "NoInventory"})

    assert (unclear.status, unclear.body["code"]) == (409, "selling_partner_needed")
    assert (clear.status, clear.body["selling_partner"]["seller_id"]) == (201, "A1NORTH")


def test_taking_it_back_frees_the_order(program: Program, order: Order) -> None:
    cancellation = asked(program, order).body["id"]

    first = program.post(f"cancellations/{cancellation}/withdraw")
    second = program.post(f"cancellations/{cancellation}/withdraw")

    assert (first.status, first.body["state"]) == (200, "withdrawn")
    assert second.body == first.body
    assert program.get(f"orders/{order.amazon_order_id}").body["cancellation"]["allowed"] is True


def test_a_sent_cancellation_cannot_be_taken_back(program: Program) -> None:
    sent = make_cancellation(state=State.SENT)

    answer = program.post(f"cancellations/{sent.reference}/withdraw")

    assert (answer.status, answer.codes) == (422, ["too_late_to_withdraw"])
    sent.refresh_from_db()
    assert sent.state == State.SENT


def test_send_now_ends_the_undo_window_once(program: Program, order: Order, settings: Settings) -> None:
    settings.UNDO_SECONDS = 60
    cancellation = asked(program, order).body["id"]

    first = program.post(f"cancellations/{cancellation}/send-now")
    second = program.post(f"cancellations/{cancellation}/send-now")

    assert [event["kind"] for event in first.body["events"]] == ["requested", "send_now"]
    assert (second.status, second.codes) == (422, ["not_waiting"])


@pytest.mark.parametrize("reference", ["C-1000", "R-1001", "C-x"])
def test_an_unknown_cancellation_is_not_found(program: Program, reference: str) -> None:
    for answer in (
        program.get(f"cancellations/{reference}"),
        program.post(f"cancellations/{reference}/withdraw"),
        program.post(f"cancellations/{reference}/send-now"),
    ):
        assert (answer.status, answer.body["code"]) == (404, "not_found")
