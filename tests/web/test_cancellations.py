"""The cancel form, and the hold it puts on an order."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.test import Client

from mostrador.domain.delivery import State
from mostrador.models import Agent, Cancellation, Ticket
from tests import makers

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def ticket(agent: Agent) -> Ticket:
    """A ticket about an unshipped order."""
    return makers.make_ticket(order=makers.make_order(status="UNSHIPPED"))


def test_the_form_says_whether_it_counts_in_the_cancellation_rate(desk: Client, ticket: Ticket) -> None:
    html = desk.get(f"/tickets/{ticket.pk}/cancel", **HTMX).content.decode()
    assert "Counts in your Cancellation Rate" in html
    asked = makers.make_order(status="UNSHIPPED", items=[makers.make_item(shipped=0, cancel_requested=True)])
    html = desk.get(f"/tickets/{makers.make_ticket(order=asked).pk}/cancel", **HTMX).content.decode()
    assert "Does not count in your Cancellation Rate" in html
    assert 'value="BuyerCanceled" selected' in html


def test_a_cancellation_holds_the_order_and_offers_nothing_else(desk: Client, ticket: Ticket) -> None:
    fields = {"reason": "NoInventory", "note": "sold out", "request_key": "k"}
    answers = [desk.post(f"/tickets/{ticket.pk}/cancel", fields, **HTMX) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [HTTPStatus.OK, HTTPStatus.OK]
    cancellation = Cancellation.objects.get()
    assert (cancellation.reason, cancellation.note, cancellation.state) == (
        "NoInventory",
        "sold out",
        State.REQUESTED,
    )
    html = answers[0].content.decode()
    assert "On hold: being cancelled" in html
    assert 'class="acts"' not in html
    assert "Take back" in html


def test_a_missing_reason_stays_on_the_form(desk: Client, ticket: Ticket) -> None:
    answer = desk.post(
        f"/tickets/{ticket.pk}/cancel", {"reason": "", "note": "kept", "request_key": "k"}, **HTMX
    )
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    html = answer.content.decode()
    assert "Choose Amazon&#x27;s reason" in html
    assert 'value="kept"' in html
    assert not Cancellation.objects.exists()


def test_taking_it_back_frees_the_order(desk: Client, ticket: Ticket) -> None:
    desk.post(f"/tickets/{ticket.pk}/cancel", {"reason": "NoInventory", "request_key": "k"}, **HTMX)
    pk = Cancellation.objects.get().pk
    answer = desk.post(f"/tickets/{ticket.pk}/cancellations/{pk}/withdraw", **HTMX)
    assert "On hold" not in answer.content.decode()
    assert Cancellation.objects.get().state == State.WITHDRAWN


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"status": "SHIPPED"}, "Shipped orders cannot be cancelled"),
        ({"status": "PARTIALLY_SHIPPED"}, "Part of it has shipped"),
        ({"status": "PENDING"}, "Amazon has not released this order yet"),
        ({"status": "UNSHIPPED", "fulfilled_by": "AMAZON"}, "Amazon fulfils this order (FBA)"),
    ],
)
def test_where_it_is_not_possible_the_rule_stands_there_and_nothing_is_written(
    desk: Client, order: dict[str, str], words: str
) -> None:
    ticket = makers.make_ticket(order=makers.make_order(**order))
    assert words in desk.get(f"/tickets/{ticket.pk}/").content.decode()
    fields = {"reason": "NoInventory", "request_key": "k"}
    answer = desk.post(f"/tickets/{ticket.pk}/cancel", fields, **HTMX)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in answer.content.decode()
    assert not Cancellation.objects.exists()
