"""Going on: a ticket that is done with leads to the next one of the list, with a way back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from mostrador.models import Agent, Order, Reply, Ticket
from tests import makers

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def three(agent: Agent) -> list[Ticket]:
    """Three open tickets, the one due first on top."""
    now = timezone.now()
    return [
        makers.make_ticket(buyer_name=name, now=now - timedelta(hours=hours))
        for name, hours in (("First", 20), ("Second", 10), ("Third", 5))
    ]


def _place(answer: object) -> str:
    where: str = json.loads(answer.headers["HX-Location"])["path"]  # type: ignore[attr-defined]
    return where


def test_closing_leads_to_the_ticket_below(desk: Client, three: list[Ticket]) -> None:
    first, second, third = three
    answer = desk.post(f"/tickets/{first.pk}/close?list=needs-reply", **HTMX)
    assert _place(answer) == f"/tickets/{second.pk}/?list=needs-reply&done={first.pk}"
    assert answer.headers["HX-Trigger"] == "desk:changed"
    html = desk.get(_place(answer)).content.decode()
    assert "The ticket of First is closed." in html
    assert f'href="/tickets/{first.pk}/?list=needs-reply"' in html
    assert _place(desk.post(f"/tickets/{third.pk}/close", **HTMX)).startswith(f"/tickets/{second.pk}/")


def test_closing_the_last_one_leads_to_the_list(desk: Client) -> None:
    only = makers.make_ticket(buyer_name="Only")
    answer = desk.post(f"/tickets/{only.pk}/close?list=needs-reply", **HTMX)
    assert answer.headers["HX-Redirect"] == f"/?list=needs-reply&done={only.pk}"
    assert "The ticket of Only is closed." in desk.get(answer.headers["HX-Redirect"]).content.decode()


def test_without_scripts_closing_redirects(desk: Client, three: list[Ticket]) -> None:
    answer = desk.post(f"/tickets/{three[0].pk}/close")
    assert answer.headers["Location"] == f"/tickets/{three[1].pk}/?list=needs-reply&done={three[0].pk}"


def test_the_list_is_the_one_around_the_ticket(desk: Client, three: list[Ticket]) -> None:
    for each in three[1:]:
        each.answered(at=timezone.now(), preview="x", close=False)
    around = {"HTTP_HX_CURRENT_URL": f"http://testserver/tickets/{three[1].pk}/?list=waiting"}
    answer = desk.post(f"/tickets/{three[1].pk}/close", **HTMX, **around)
    assert _place(answer) == f"/tickets/{three[2].pk}/?list=waiting&done={three[1].pk}"


def test_the_radar_goes_on_by_ship_by(desk: Client) -> None:
    now, tickets = timezone.now(), []
    for hours in (3, 9, 30):
        items = [makers.make_item(shipped=0, cancel_requested=True)]
        order = makers.make_order(status="UNSHIPPED", items=items)
        Order.objects.filter(pk=order.pk).update(ship_by=now + timedelta(hours=hours))
        tickets.append(makers.make_ticket(order=order))
    answer = desk.post(f"/tickets/{tickets[1].pk}/close?list=cancel-radar", **HTMX)
    assert _place(answer).startswith(f"/tickets/{tickets[2].pk}/?list=cancel-radar")


def test_sending_and_closing_leads_on_and_says_what_happens(desk: Client, three: list[Ticket]) -> None:
    fields = {"kind": "reply", "text": "Guten Tag!", "request_key": "k", "press": "close"}
    answer = desk.post(f"/tickets/{three[0].pk}/reply?list=needs-reply", fields, **HTMX)
    assert Reply.objects.get().closes_ticket
    html = desk.get(_place(answer)).content.decode()
    assert "Your answer to First leaves in a few seconds; then the ticket is closed." in html


def test_a_note_that_names_nothing_is_no_note(desk: Client, three: list[Ticket]) -> None:
    for done in ("x", "999999", "-1", "9" * 40):
        html = desk.get(f"/tickets/{three[0].pk}/?done={done}").content.decode()
        assert 'class="notice"' not in html
