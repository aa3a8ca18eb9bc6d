"""Refunds through the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from mostrador.amazon.components import Component
from mostrador.domain.delivery import State
from mostrador.models import Agent, Event, ItemBalance, Order, Refund
from tests.api.programs import Program, euros, wish
from tests.makers import (
    make_agent,
    make_item,
    make_order,
    make_order_number,
    make_refund,
    make_selling_partner,
    make_ticket,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    """A lamp for 25.00 and 4.90 of shipping, shipped."""
    paid = {Component.PRINCIPAL: 2500, Component.SHIPPING: 490}
    return make_order(items=[make_item(item_id="11111111111111", paid=paid)])


def asked(program: Program, order: Order, amount: str = "15.00", **more: Any) -> Any:
    """Ask for a refund of principal."""
    return program.post(
        f"orders/{order.amazon_order_id}/refunds", wish("11111111111111", principal=euros(amount)), **more
    )


def nothing_was_written() -> bool:
    """Return whether no refund, event or pending money is stored."""
    moved = ItemBalance.objects.exclude(pending=0, posted=0)
    return not (Refund.objects.exists() or Event.objects.exists() or moved.exists())


def test_a_refund_is_stored_and_told(
    program: Program, agent: Agent, order: Order, settings: Settings
) -> None:
    settings.UNDO_SECONDS = 60
    ticket = make_ticket(order=order)
    body = {
        **wish("11111111111111", principal=euros("15.00"), shipping=euros("4.9")),
        "note": "broken",
        "ticket_id": ticket.reference,
    }

    answer = program.post(f"orders/{order.amazon_order_id}/refunds", body)

    refund = Refund.objects.get()
    assert (refund.total, refund.source, refund.requested_by, refund.ticket) == (1990, "api", agent, ticket)
    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v1/refunds/{refund.reference}"
    assert "Idempotent-Replayed" not in answer.headers
    told = answer.body
    assert told["id"] == refund.reference
    assert told["state"] == "requested"
    assert told["order_id"] == order.amazon_order_id
    assert told["ticket_id"] == ticket.reference
    assert told["total"] == euros("19.90")
    assert told["lines"][0]["amounts"]["shipping"] == euros("4.90")
    assert told["lines"][0]["amounts"]["tax"] is None
    assert told["requested_by"] == "Ana Ruiz"
    assert datetime.fromisoformat(told["send_after"]) - datetime.fromisoformat(
        told["requested_at"]
    ) == timedelta(seconds=60)
    assert [event["kind"] for event in told["events"]] == ["requested"]
    assert told["events"][0]["facts"]["total"] == euros("19.90")
    assert program.get(f"refunds/{refund.reference}").body == told


def test_the_same_key_again_is_the_same_refund(program: Program, order: Order) -> None:
    first = asked(program, order, key="k-1")

    second = asked(program, order, key="k-1")

    assert (first.status, second.status) == (201, 200)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.body == first.body
    assert Refund.objects.count() == 1


def test_the_same_key_with_other_content_is_refused(program: Program, order: Order) -> None:
    asked(program, order, "15.00", key="k-1")

    answer = asked(program, order, "15.01", key="k-1")

    assert (answer.status, answer.body["code"]) == (409, "request_key_reused")
    assert [refund.total for refund in Refund.objects.all()] == [1500]


def test_two_agents_may_use_the_same_key(program: Program) -> None:
    partner = make_selling_partner()
    one = make_order(partner=partner, items=[make_item(item_id="11111111111111")])
    two = make_order(partner=partner, items=[make_item(item_id="11111111111111")])
    other = Program.of(make_agent())

    assert asked(program, one, key="1").status == 201
    assert asked(other, two, key="1").status == 201


def test_a_key_of_a_program_never_stands_for_an_imported_refund(program: Program, order: Order) -> None:
    asked(program, order, key="elsewhere:REFUND-1")

    now = datetime.now(UTC)
    imported = Refund.objects.elsewhere(order=order, refund_id="REFUND-1", total=100, posted_at=now, now=now)

    assert imported is not None


def test_a_request_key_is_required(program: Program, order: Order) -> None:
    answer = asked(program, order, key=None)

    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert [fault["location"] for fault in answer.body["faults"]] == ["header.Idempotency-Key"]
    assert nothing_was_written()


@pytest.mark.parametrize("key", ["two words", "é", "x" * 65])
def test_a_request_key_is_short_visible_ascii(program: Program, order: Order, key: str) -> None:
    assert asked(program, order, key=key).status == 422
    assert nothing_was_written()


def test_more_than_is_left_is_refused_with_the_facts(program: Program, order: Order) -> None:
    answer = asked(program, order, "25.01")

    assert (answer.status, answer.body["code"]) == (422, "refused")
    assert answer.body["type"] == "/docs/reference/api.md#refused"
    assert answer.body["refusals"] == [
        {
            "code": "amount_above_left",
            "title": "An amount is above what is left of its component.",
            "facts": {
                "item": "11111111111111",
                "title": "Desk lamp",
                "component": "principal",
                "amount": euros("25.01"),
                "left": euros("25.00"),
            },
        }
    ]
    assert nothing_was_written()


@pytest.mark.parametrize(("amount", "currency"), [("15.00", "USD"), ("15.001", "EUR"), ("0.00000001", "EUR")])
def test_what_is_no_money_of_the_order_is_refused(
    program: Program, order: Order, amount: str, currency: str
) -> None:
    body = wish("11111111111111", principal={"amount": amount, "currency": currency})

    answer = program.post(f"orders/{order.amazon_order_id}/refunds", body)

    assert (answer.status, answer.codes) == (422, ["amount_unreadable"])
    assert answer.body["refusals"][0]["facts"] == {
        "item": "11111111111111",
        "component": "principal",
        "asked": f"{amount} {currency}",
        "order_currency": "EUR",
        "most_decimals": 2,
    }
    assert nothing_was_written()


def test_yen_have_no_decimals(program: Program) -> None:
    item = make_item(item_id="11111111111111", paid={Component.PRINCIPAL: 1099}, currency="JPY")
    order = make_order(country="JP", items=[item])
    path = f"orders/{order.amazon_order_id}/refunds"

    refused = program.post(path, wish("11111111111111", principal={"amount": "10.5", "currency": "JPY"}))
    stored = program.post(path, wish("11111111111111", principal={"amount": "1099", "currency": "JPY"}))

    assert refused.codes == ["amount_unreadable"]
    assert stored.body["total"] == {"amount": "1099", "currency": "JPY"}


@pytest.mark.parametrize("amount", [15, 15.0, None, True, "15,00", "1e3", "NaN", "", " 15", "+15", "１５"])
def test_an_amount_is_decimal_text(program: Program, order: Order, amount: object) -> None:
    body = wish("11111111111111", principal={"amount": amount, "currency": "EUR"})

    answer = program.post(f"orders/{order.amazon_order_id}/refunds", body)

    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert answer.body["faults"][0]["location"] == "body.lines.0.amounts.principal.amount"
    assert nothing_was_written()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (wish("11111111111111", principal=euros("-1.00")), "amount_negative"),
        (wish("11111111111111", principal=euros("1.00"), reason="Because"), "unknown_reason"),
        (wish("11111111111111", tax=euros("1.00")), "tax_is_in_the_price"),
        (wish("22222222222222", principal=euros("1.00")), "unknown_item"),
        (wish("11111111111111", principal=euros("0.00")), "no_lines"),
        ({"reason": "CustomerReturn", "lines": []}, "no_lines"),
        (
            {
                "reason": "CustomerReturn",
                "lines": wish("11111111111111", principal=euros("1.00"))["lines"] * 2,
            },
            "line_twice",
        ),
    ],
)
def test_what_the_rules_refuse_writes_nothing(
    program: Program, order: Order, body: object, code: str
) -> None:
    answer = program.post(f"orders/{order.amazon_order_id}/refunds", body)

    assert answer.status == 422
    assert code in answer.codes
    assert nothing_was_written()


def test_an_item_with_an_open_refund_waits(program: Program, order: Order) -> None:
    first = asked(program, order, "1.00")

    answer = asked(program, order, "1.00")

    assert answer.codes == ["item_has_open_refund"]
    assert answer.body["refusals"][0]["facts"]["refund"] == first.body["id"]
    assert Refund.objects.count() == 1


def test_a_ticket_of_another_order_is_refused(program: Program, order: Order) -> None:
    elsewhere = make_ticket(order=make_order())
    body = {**wish("11111111111111", principal=euros("1.00")), "ticket_id": elsewhere.reference}

    answer = program.post(f"orders/{order.amazon_order_id}/refunds", body)

    assert (answer.status, answer.body["faults"][0]["location"]) == (422, "body.ticket_id")
    assert nothing_was_written()


def test_an_unknown_order_is_not_found(program: Program, db: None) -> None:
    answer = program.post(f"orders/{make_order_number()}/refunds", wish("1", principal=euros("1.00")))

    assert (answer.status, answer.body["code"]) == (404, "not_found")


def test_an_order_number_of_two_selling_partners_needs_a_choice(program: Program) -> None:
    north = make_selling_partner(name="Nordlicht", seller_id="A1NORTH")
    south = make_selling_partner(name="Südwind", seller_id="A1SOUTH")
    for partner in (north, south):
        make_order(partner=partner, number="302-1-1", items=[make_item(item_id="11111111111111")])
    body = wish("11111111111111", principal=euros("1.00"))

    unclear = program.post("orders/302-1-1/refunds", body)
    clear = program.post("orders/302-1-1/refunds?selling_partner=A1SOUTH:eu", body)

    assert (unclear.status, unclear.body["code"]) == (409, "selling_partner_needed")
    assert unclear.body["selling_partners"] == [
        {"name": "Nordlicht", "seller_id": "A1NORTH", "region": "eu"},
        {"name": "Südwind", "seller_id": "A1SOUTH", "region": "eu"},
    ]
    assert (clear.status, clear.body["selling_partner"]["name"]) == (201, "Südwind")
    assert [refund.selling_partner for refund in Refund.objects.all()] == [south]


def test_a_waiting_refund_can_be_taken_back_and_stays_so(program: Program, order: Order) -> None:
    refund = asked(program, order).body["id"]

    first = program.post(f"refunds/{refund}/withdraw")
    second = program.post(f"refunds/{refund}/withdraw")

    assert (first.status, first.body["state"]) == (200, "withdrawn")
    assert second.body == first.body
    assert ItemBalance.objects.filter(pending__gt=0).count() == 0
    assert [event["kind"] for event in first.body["events"]] == ["requested", "withdrawn"]


def test_a_sent_refund_cannot_be_taken_back(program: Program) -> None:
    refund = make_refund(state=State.SENT)

    answer = program.post(f"refunds/{refund.reference}/withdraw")

    assert (answer.status, answer.codes) == (422, ["too_late_to_withdraw"])
    assert answer.body["refusals"][0]["facts"] == {"state": "sent"}
    refund.refresh_from_db()
    assert refund.state == State.SENT


def test_send_now_ends_the_undo_window_once(program: Program, order: Order, settings: Settings) -> None:
    settings.UNDO_SECONDS = 60
    refund = asked(program, order).body["id"]

    first = program.post(f"refunds/{refund}/send-now")
    second = program.post(f"refunds/{refund}/send-now")

    assert first.status == 200
    assert datetime.fromisoformat(first.body["send_after"]) <= datetime.now(UTC)
    assert second.codes == ["not_waiting"]


@pytest.mark.parametrize("reference", ["R-999", "R-1000", "T-1001", "1", "R-", "r-1001", "R-9" + "9" * 30])
def test_an_unknown_refund_is_not_found(program: Program, db: None, reference: str) -> None:
    for answer in (
        program.get(f"refunds/{reference}"),
        program.post(f"refunds/{reference}/withdraw"),
        program.post(f"refunds/{reference}/send-now"),
    ):
        assert (answer.status, answer.body["code"]) == (404, "not_found")


def test_amazons_words_and_feed_are_told(program: Program) -> None:
    from mostrador.models import Feed

    refund = make_refund(state=State.SENT)
    now = datetime.now(UTC)
    feed = Feed.objects.begin(
        partner=refund.selling_partner,
        feed_type="POST_PAYMENT_ADJUSTMENT_DATA",
        marketplace_ids=["A1PA6795UKMFR9"],
        now=now,
    )
    feed.add(refund)
    Feed.objects.filter(pk=feed.pk).update(feed_id="50123")
    refund.move(State.REJECTED, now=now, answer_code="25161", answer_words="Exceeds the balance.")

    told = program.get(f"refunds/{refund.reference}").body

    assert (told["state"], told["feed_id"]) == ("rejected", "50123")
    assert told["amazon_says"] == {"code": "25161", "words": "Exceeds the balance."}
