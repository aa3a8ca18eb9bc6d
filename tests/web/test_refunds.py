"""The refund form: what an agent types becomes exactly one wish, or stays in the form with the reason."""

from __future__ import annotations

import re
from http import HTTPStatus

import pytest
from django.test import Client

from mostrador.amazon.components import Component
from mostrador.domain.delivery import State
from mostrador.models import Refund, Ticket
from tests import makers

HTMX = {"HTTP_HX_REQUEST": "true"}
LAMP = "00000000000001"
SHADE = "00000000000002"


@pytest.fixture
def ticket(agent: object) -> Ticket:
    """A ticket about a shipped order: a lamp of 59.95 with 4.99 shipping, and two shades of 20.00 in all."""
    items = [
        makers.make_item(
            item_id=LAMP,
            title="Lamp",
            paid={Component.PRINCIPAL: 5995, Component.SHIPPING: 499},
        ),
        makers.make_item(item_id=SHADE, title="Shade", quantity=2, paid={Component.PRINCIPAL: 2000}),
    ]
    return makers.make_ticket(order=makers.make_order(items=items))


def _form(desk: Client, ticket: Ticket) -> dict[str, str]:
    """Return the fields of the form as it opens."""
    html = desk.get(f"/tickets/{ticket.pk}/refund", **HTMX).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    return {
        "mode": "full",
        "reason": "GeneralAdjustment",
        "request_key": hidden["request_key"],
        "seen_available": hidden["seen_available"],
    }


def _post(desk: Client, ticket: Ticket, fields: dict[str, str]) -> tuple[int, str]:
    answer = desk.post(f"/tickets/{ticket.pk}/refund", fields, **HTMX)
    return answer.status_code, answer.content.decode()


def test_the_form_opens_ready_for_a_full_refund_in_one_press(desk: Client, ticket: Ticket) -> None:
    html = desk.get(f"/tickets/{ticket.pk}/refund", **HTMX).content.decode()
    assert "Refund €84.94" in html
    assert 'value="8494"' in html
    status, html = _post(desk, ticket, _form(desk, ticket))
    refund = Refund.objects.get()
    assert status == HTTPStatus.OK
    assert (refund.total, refund.currency, refund.state) == (8494, "EUR", State.REQUESTED)
    assert refund.ticket_id == ticket.pk
    assert "Take back" in html
    assert "data-until=" in html


@pytest.mark.parametrize(
    ("mode", "more"),
    [
        ("full", {}),
        ("percent", {"percent": "10"}),
        ("sum", {"sum": "10,00"}),
        ("quantity", {f"q-{SHADE}": "1"}),
        ("partial", {f"a-{LAMP}-principal": "15.00"}),
    ],
)
def test_a_double_press_is_one_refund(desk: Client, ticket: Ticket, mode: str, more: dict[str, str]) -> None:
    fields = {**_form(desk, ticket), "mode": mode, **more}
    assert [_post(desk, ticket, fields)[0] for _ in range(2)] == [HTTPStatus.OK, HTTPStatus.OK]
    assert Refund.objects.count() == 1


def test_the_same_key_for_another_wish_is_refused(desk: Client, ticket: Ticket) -> None:
    fields = {**_form(desk, ticket), "mode": "partial", f"a-{LAMP}-principal": "15.00"}
    _post(desk, ticket, fields)
    status, html = _post(desk, ticket, {**fields, f"a-{LAMP}-principal": "16.00"})
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "already used for another wish" in html
    assert Refund.objects.get().total == 1500


def test_a_partial_refund_holds_exactly_what_was_typed(desk: Client, ticket: Ticket) -> None:
    fields = _form(desk, ticket) | {
        "mode": "partial",
        "note": "cracked",
        f"a-{LAMP}-principal": "15,00",
        f"a-{LAMP}-shipping": "4.99",
        f"a-{SHADE}-principal": "",
    }
    _post(desk, ticket, fields)
    line = Refund.objects.get().lines.get()
    assert line.item.item_id == LAMP
    assert line.amounts() == {Component.PRINCIPAL: 1500, Component.SHIPPING: 499}
    assert line.refund.note == "cracked"


def test_an_unreadable_amount_keeps_the_form_and_writes_nothing(desk: Client, ticket: Ticket) -> None:
    fields = _form(desk, ticket) | {
        "mode": "partial",
        "note": "kept",
        f"a-{LAMP}-principal": "1.500",
        f"a-{SHADE}-principal": "3,00",
    }
    status, html = _post(desk, ticket, fields)
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "“1.500” cannot be read as an amount" in html
    for kept in ('value="1.500"', 'value="3,00"', 'value="kept"', fields["request_key"]):
        assert kept in html
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"mode": "partial", f"a-{LAMP}-principal": "60.00"}, "€60.00 is more than the €59.95 that are left"),
        ({"mode": "partial", f"a-{LAMP}-principal": "-1"}, "a refund cannot be negative"),
        ({"mode": "partial"}, "Nothing to refund"),
        ({"mode": "sum", "sum": "84.95"}, "is more than the €84.94 that are left"),
        ({"mode": "percent", "percent": "120"}, "cannot be read as an amount"),
        ({"mode": "quantity", f"q-{SHADE}": "3"}, "cannot be read as an amount"),
        ({"reason": ""}, "Choose Amazon&#x27;s reason"),
        ({"reason": "BuyerCanceled"}, "Choose Amazon&#x27;s reason"),
        ({"seen_available": "9000"}, "Something changed on this order"),
        ({"seen_available": "x"}, "Something changed on this order"),
    ],
)
def test_a_refusal_stands_on_the_form_in_words(
    desk: Client, ticket: Ticket, more: dict[str, str], words: str
) -> None:
    status, html = _post(desk, ticket, _form(desk, ticket) | more)
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in html
    assert 'id="refund-form"' in html
    assert not Refund.objects.exists()


def test_after_a_change_the_form_shows_the_new_balance_and_may_be_sent(desk: Client, ticket: Ticket) -> None:
    fields = _form(desk, ticket) | {"mode": "partial", f"a-{SHADE}-principal": "5"}
    makers.make_refund(order=ticket.order, amounts={Component.PRINCIPAL: 1000}, state=State.ACCEPTED)
    status, html = _post(desk, ticket, fields)
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'name="seen_available" value="7494"' in html
    assert _post(desk, ticket, fields | {"seen_available": "7494"})[0] == HTTPStatus.OK


def test_the_preview_tells_the_total_what_stays_and_what_is_sent(desk: Client, ticket: Ticket) -> None:
    fields = _form(desk, ticket) | {"mode": "sum", "sum": "10,00"}
    html = desk.post(f"/tickets/{ticket.pk}/refund/preview", fields, **HTMX).content.decode()
    assert "<output>€10.00</output>" in html
    assert "leaves €74.94 refundable" in html
    assert re.findall(r"<td>([\d.]+)</td>", html) == ["7.06", "0.59", "2.35"]
    assert "the upper line first" in html
    assert not Refund.objects.exists()


def test_a_yen_order_has_no_decimals(desk: Client) -> None:
    item = makers.make_item(item_id=LAMP, currency="JPY", paid={Component.PRINCIPAL: 10990})
    ticket = makers.make_ticket(order=makers.make_order(country="JP", items=[item]))
    fields = _form(desk, ticket) | {"mode": "partial", f"a-{LAMP}-principal": "1,099"}
    assert _post(desk, ticket, fields)[0] == HTTPStatus.OK
    assert str(Refund.objects.get().money) == "1099 JPY"


def test_without_scripts_the_form_works_as_a_page(desk: Client, ticket: Ticket) -> None:
    page = desk.get(f"/tickets/{ticket.pk}/refund").content.decode()
    assert "<html" in page
    assert 'id="refund-form"' in page
    answer = desk.post(f"/tickets/{ticket.pk}/refund", _form(desk, ticket) | {"reason": ""})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "<html" in answer.content.decode()
    answer = desk.post(f"/tickets/{ticket.pk}/refund", _form(desk, ticket))
    assert answer.headers["Location"] == f"/tickets/{ticket.pk}/"
    assert Refund.objects.count() == 1


def test_taking_back_frees_the_money_and_says_who(desk: Client, ticket: Ticket) -> None:
    _post(desk, ticket, _form(desk, ticket))
    refund = Refund.objects.get()
    desk.post(f"/tickets/{ticket.pk}/refunds/{refund.pk}/withdraw", **HTMX)
    refund.refresh_from_db()
    assert refund.state == State.WITHDRAWN
    assert ticket.order
    assert ticket.order.facts().left == 8494
    assert (
        "Taken back by Marta Gil: Amazon never saw it" in desk.get(f"/tickets/{ticket.pk}/").content.decode()
    )


def test_too_late_to_take_back_is_said_and_changes_nothing(desk: Client, ticket: Ticket) -> None:
    refund = makers.make_refund(ticket=ticket, state=State.SENT)
    answer = desk.post(f"/tickets/{ticket.pk}/refunds/{refund.pk}/withdraw", **HTMX)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Too late to take it back: it is already “with Amazon”." in answer.content.decode()
    refund.refresh_from_db()
    assert refund.state == State.SENT


def test_send_now_ends_the_undo_window(desk: Client, ticket: Ticket) -> None:
    _post(desk, ticket, _form(desk, ticket))
    refund = Refund.objects.get()
    before = refund.send_after
    assert desk.post(f"/tickets/{ticket.pk}/refunds/{refund.pk}/send-now", **HTMX).status_code == 200
    refund.refresh_from_db()
    assert refund.send_after < before


@pytest.mark.parametrize("state", [state for state in State if state is not State.NOT_SENT])
def test_send_again_is_offered_only_when_it_is_proven_unsent(
    desk: Client, ticket: Ticket, state: State
) -> None:
    refund = makers.make_refund(ticket=ticket, state=state)
    assert "send-again" not in desk.get(f"/tickets/{ticket.pk}/").content.decode()
    answer = desk.post(f"/tickets/{ticket.pk}/refunds/{refund.pk}/send-again", **HTMX)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    refund.refresh_from_db()
    assert refund.state == state


def test_a_refund_proven_unsent_may_be_sent_again(desk: Client, ticket: Ticket) -> None:
    refund = makers.make_refund(ticket=ticket, state=State.NOT_SENT)
    assert f"refunds/{refund.pk}/send-again" in desk.get(f"/tickets/{ticket.pk}/").content.decode()
    assert desk.post(f"/tickets/{ticket.pk}/refunds/{refund.pk}/send-again", **HTMX).status_code == 200
    refund.refresh_from_db()
    assert refund.state == State.REQUESTED


def test_a_refund_of_another_order_is_out_of_reach(desk: Client, ticket: Ticket) -> None:
    other = makers.make_refund()
    answer = desk.post(f"/tickets/{ticket.pk}/refunds/{other.pk}/withdraw", **HTMX)
    assert answer.status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"fulfilled_by": "AMAZON"}, "Amazon fulfils this order (FBA)"),
        ({"status": "UNSHIPPED"}, "Not shipped yet, so the buyer has not paid"),
        ({"status": "PENDING"}, "Amazon has not released this order yet"),
        ({"status": "CANCELLED"}, "This order is cancelled"),
        ({"replacement_of": "302-1-1"}, "A free replacement of order 302-1-1"),
    ],
)
def test_a_button_that_cannot_work_says_why(desk: Client, order: dict[str, str], words: str) -> None:
    ticket = makers.make_ticket(order=makers.make_order(**order))
    html = desk.get(f"/tickets/{ticket.pk}/").content.decode()
    assert words in html
    assert 'data-key="f"' not in html
