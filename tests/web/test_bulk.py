"""Bulk on the page: chosen by hand or by a filter, previewed with reasons, done as previewed."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.test import Client

from mostrador.domain.tickets import TicketState
from mostrador.models import Agent, Ticket
from mostrador.web import bulk
from tests import makers

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def tickets(db: None) -> list[Ticket]:
    """Two open tickets and a closed one."""
    mailbox = makers.make_mailbox()
    found = [
        makers.make_ticket(partner=mailbox.selling_partner, mailbox=mailbox, buyer_name=f"Buyer {name}")
        for name in "ABC"
    ]
    found[2].close(now=makers.NOW)
    return found


def ids(tickets: list[Ticket]) -> list[str]:
    return [str(ticket.pk) for ticket in tickets]


def names(found: list[bulk.Shown]) -> list[str]:
    return [each.ticket.buyer_name for each in found]


def test_the_preview_counts_and_gives_reasons_and_writes_nothing(desk: Client, tickets: list[Ticket]) -> None:
    answer = desk.post("/bulk", {"ticket": ids(tickets), "verb": "close"}, **HTMX)
    html = answer.content.decode()
    assert "3 tickets chosen" in html
    assert "Close: change 2 tickets" in html
    assert names(answer.context["changing"]) == ["Buyer A", "Buyer B"]
    assert names(answer.context["staying"]) == ["Buyer C"]
    assert "It is so already." in html
    assert Ticket.objects.filter(state=TicketState.OPEN).count() == 2


def test_what_was_previewed_is_done(desk: Client, tickets: list[Ticket]) -> None:
    answer = desk.post("/bulk", {"ticket": ids(tickets[:2]), "verb": "close", "step": "do"}, **HTMX)
    assert "Close: 2 tickets changed" in answer.content.decode()
    assert answer.headers["HX-Trigger"] == "desk:changed"
    assert not Ticket.objects.filter(state=TicketState.OPEN).exists()


@pytest.mark.parametrize(
    ("fields", "field", "value"),
    [
        ({"verb": "tag", "tag": "Late Parcel"}, "tags", ["late-parcel"]),
        ({"verb": "rank", "priority": "2"}, "priority", 2),
        ({"verb": "assign", "agent": "me"}, "assigned_to__name", "Marta Gil"),
    ],
)
def test_each_wish_is_carried_from_the_preview_to_the_doing(
    desk: Client, agent: Agent, tickets: list[Ticket], fields: dict[str, str], field: str, value: object
) -> None:
    fields = {name: str(agent.pk) if text == "me" else text for name, text in fields.items()}
    assert "change 1 ticket" in desk.post("/bulk", {"ticket": ids(tickets[:1]), **fields}).content.decode()
    desk.post("/bulk", {"ticket": ids(tickets[:1]), **fields, "step": "do"}, **HTMX)
    assert Ticket.objects.filter(pk=tickets[0].pk).values_list(field, flat=True).get() == value


def test_the_time_that_was_shown_is_the_time_that_is_kept(desk: Client, tickets: list[Ticket]) -> None:
    fields = {"ticket": ids(tickets[:1]), "verb": "snooze", "preset": "four-hours", "accepts_late": "1"}
    html = desk.post("/bulk", fields, **HTMX).content.decode()
    until = html.partition('name="until" value="')[2].partition('"')[0]
    desk.post("/bulk", {**fields, "until": until, "step": "do"}, **HTMX)
    rests_until = Ticket.objects.get(pk=tickets[0].pk).snoozed_until
    assert rests_until
    assert rests_until.isoformat() == until


def test_all_that_a_filter_finds_is_chosen_up_to_a_limit_that_is_named(
    desk: Client, tickets: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = desk.post("/bulk?list=needs-reply&q=", {"all": "1"}, **HTMX)
    assert "2 tickets chosen" in found.content.decode()
    assert "Do the same again for the rest" not in found.content.decode()
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 1)
    cut = desk.post("/bulk?list=needs-reply&q=", {"all": "1"}, **HTMX).content.decode()
    assert "1 ticket chosen" in cut
    assert "The filter finds more: these are the first 1" in cut


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"verb": "refund"},
        {"verb": "assign"},
        {"verb": "assign", "agent": "x"},
        {"verb": "tag", "tag": "#"},
        {"verb": "rank", "priority": "9"},
        {"verb": "snooze", "preset": "never"},
    ],
)
def test_half_a_wish_shows_no_preview_and_does_nothing(
    desk: Client, tickets: list[Ticket], fields: dict[str, str]
) -> None:
    for step in ("", "do"):
        answer = desk.post("/bulk", {"ticket": [*ids(tickets), "x"], "step": step, **fields}, **HTMX)
        assert answer.status_code == HTTPStatus.OK
        assert "Would change" not in answer.content.decode()
    assert Ticket.objects.filter(state=TicketState.OPEN).count() == 2


def test_a_row_can_be_chosen_and_says_whose_it_is(desk: Client, tickets: list[Ticket]) -> None:
    html = desk.get("/").content.decode() + desk.get("/queue").content.decode()
    assert "Choose Buyer A" in html
    assert f'name="ticket" value="{tickets[0].pk}" form="bulk"' in html
