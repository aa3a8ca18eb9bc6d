"""Changing tickets through the API: all or nothing, each change on the timeline."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mostrador.models import Agent, Mention, Ticket
from tests.actions.tables import rows
from tests.api.programs import Program
from tests.makers import make_agent, make_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket() -> Ticket:
    """A ticket whose buyer has just written."""
    return make_ticket(now=timezone.now())


def test_several_things_change_at_once(program: Program, agent: Agent, ticket: Ticket) -> None:
    ben = make_agent(name="Ben Ek", email="ben@desk.test")
    until = (timezone.now() + timedelta(hours=3)).isoformat()
    told = program.patch(
        f"tickets/{ticket.reference}",
        {
            "assigned_to": "Ben@desk.test",
            "tags": ["VIP", "late parcel"],
            "priority": "high",
            "snoozed_until": until,
        },
    ).body
    assert (told["assigned_to"], told["tags"], told["priority"]) == (
        "Ben Ek",
        ["late-parcel", "vip"],
        "high",
    )
    assert told["snoozed_until"]
    assert [event["kind"] for event in told["events"]] == [
        "ticket_assigned",
        "ticket_tagged",
        "ticket_priority",
        "ticket_snoozed",
    ]
    assert {event["agent"] for event in told["events"]} == {agent.name}
    assert Ticket.objects.get().assigned_to == ben


def test_what_is_left_out_stays(program: Program, agent: Agent, ticket: Ticket) -> None:
    ticket.assign(agent)
    ticket.retag(["vip"])
    before = rows()
    told = program.patch(f"tickets/{ticket.reference}", {}).body
    assert (told["assigned_to"], told["tags"], told["priority"]) == (agent.name, ["vip"], "normal")
    assert rows() == before


def test_null_gives_it_to_nobody_and_wakes_it(program: Program, agent: Agent, ticket: Ticket) -> None:
    ticket.assign(agent)
    ticket.rest(timezone.now() + timedelta(hours=1))
    told = program.patch(f"tickets/{ticket.reference}", {"assigned_to": None, "snoozed_until": None}).body
    assert (told["assigned_to"], told["snoozed_until"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"tags": ["vip", "#"]}, "no_tag"),
        ({"tags": ["vip"], "snoozed_until": "2020-01-01T00:00:00Z"}, "snooze_out_of_range"),
    ],
)
def test_one_refusal_changes_nothing_of_it(
    program: Program, ticket: Ticket, body: dict[str, Any], code: str
) -> None:
    before = rows()
    refused = program.patch(f"tickets/{ticket.reference}", {"priority": "urgent", **body})
    assert (refused.status, refused.codes) == (422, [code])
    assert rows() == before
    assert (Ticket.objects.get().priority, Ticket.objects.get().tags) == (0, [])


def test_a_rest_past_the_24_hours_has_to_be_accepted(program: Program, ticket: Ticket) -> None:
    until = (timezone.now() + timedelta(hours=30)).isoformat()
    assert program.patch(f"tickets/{ticket.reference}", {"snoozed_until": until}).codes == ["snooze_past_due"]
    accepted = program.patch(f"tickets/{ticket.reference}", {"snoozed_until": until, "accept_late": True})
    assert accepted.status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"assigned_to": "nobody@desk.test"},
        {"assigned_to": 3},
        {"tags": "vip"},
        {"tags": ["x"] * 21},
        {"priority": "highest"},
        {"priority": 2},
        {"snoozed_until": "tomorrow"},
        {"snoozed_until": "2026-11-25T08:00:00"},
        {"snoozed_until": 1764057600},
        {"state": "closed"},
        [],
    ],
)
def test_a_wrong_body_changes_nothing(program: Program, ticket: Ticket, body: object) -> None:
    before = rows()
    refused = program.patch(f"tickets/{ticket.reference}", body)
    assert (refused.status, refused.body["code"]) == (422, "invalid_request")
    assert rows() == before


def test_a_note_is_kept_and_calls_people(program: Program, agent: Agent, ticket: Ticket) -> None:
    ben = make_agent(name="Ben Ek")
    kept = program.post(f"tickets/{ticket.reference}/notes", {"text": "@Ben Ek look"}, key=None)
    assert (kept.status, kept.body["direction"], kept.body["text"]) == (201, "note", "@Ben Ek look")
    assert kept.body["from_name"] == agent.name
    assert Mention.objects.unseen(ben).get().ticket == ticket
    empty = program.post(f"tickets/{ticket.reference}/notes", {"text": " "}, key=None)
    assert (empty.status, empty.codes) == (422, ["empty_message"])


def test_no_ticket_has_this_id(program: Program) -> None:
    assert program.patch("tickets/T-9999", {"priority": "low"}).status == 404
    assert program.post("tickets/T-9999/notes", {"text": "x"}, key=None).status == 404
