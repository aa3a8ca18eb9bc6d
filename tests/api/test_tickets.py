"""Tickets through the API."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from mostrador.actions.messages import add_note
from mostrador.models import Agent, Attachment, Ticket
from tests.api.programs import Program
from tests.makers import (
    NOW,
    make_cancellation,
    make_order,
    make_refund,
    make_reply,
    make_selling_partner,
    make_ticket,
)

pytestmark = pytest.mark.django_db


def ids(tickets: list[Ticket]) -> list[str]:
    """Return the references of tickets."""
    return [ticket.reference for ticket in tickets]


def listed(program: Program, **query: object) -> list[str]:
    """Return the ids of one page."""
    return [ticket["id"] for ticket in program.get("tickets", **query).body["items"]]


def test_a_ticket_is_told_with_its_conversation(program: Program, agent: Agent) -> None:
    order = make_order()
    ticket = make_ticket(order=order, text="Die Lampe ist kaputt.")
    message = ticket.messages.get()
    Attachment.objects.keep(
        message=message, name="photo.jpg", content_type="image/jpeg", content=b"\xff\xd8", size=2, refused=""
    )
    add_note(ticket=ticket, agent=agent, text="Photo is clear.", now=NOW + timedelta(minutes=1))
    refund = make_refund(ticket=ticket)
    reply = make_reply(ticket=ticket, armed_on=refund)

    told = program.get(f"tickets/{ticket.reference}").body

    assert (told["id"], told["state"], told["order_id"]) == (ticket.reference, "open", order.amazon_order_id)
    assert datetime.fromisoformat(told["answer_due_at"]) == NOW + timedelta(hours=24)
    assert [(each["direction"], each["text"]) for each in told["messages"]] == [
        ("in", "Die Lampe ist kaputt."),
        ("note", "Photo is clear."),
    ]
    assert told["messages"][0]["attachments"] == [
        {"name": "photo.jpg", "content_type": "image/jpeg", "size": 2, "refused": None}
    ]
    assert [each["id"] for each in told["refunds"]] == [refund.reference]
    assert [(each["id"], each["armed_on"]) for each in told["replies"]] == [
        (reply.reference, refund.reference)
    ]
    assert told["cancellations"] == []


def test_the_timeline_tells_every_step_of_the_order(program: Program) -> None:
    order = make_order(status="UNSHIPPED")
    ticket = make_ticket(order=order)

    stored = program.post(f"orders/{order.amazon_order_id}/cancellations", {"reason": "NoInventory"})

    events = program.get(f"tickets/{ticket.reference}").body["events"]
    assert [(event["kind"], event["about"], event["agent"]) for event in events] == [
        ("requested", stored.body["id"], "Ana Ruiz")
    ]


def test_a_ticket_without_an_order_has_no_wishes_of_an_order(program: Program) -> None:
    make_cancellation()
    make_refund()

    told = program.get(f"tickets/{make_ticket().reference}").body

    assert (told["order_id"], told["refunds"], told["cancellations"]) == (None, [], [])


def test_the_latest_message_comes_first(program: Program) -> None:
    old, new, middle = (make_ticket(now=NOW + timedelta(hours=hours)) for hours in (0, 2, 1))

    assert listed(program) == ids([new, middle, old])


def test_pages_show_every_ticket_once_even_where_moments_are_equal(program: Program) -> None:
    partner = make_selling_partner()
    tickets = [make_ticket(partner=partner, now=NOW) for _ in range(5)]

    found, cursor = [], None
    for _ in range(3):
        answer = program.get("tickets", limit=2, **({"cursor": cursor} if cursor else {}))
        found.append([ticket["id"] for ticket in answer.body["items"]])
        cursor = answer.body["next"]

    assert cursor is None
    assert found == [ids(tickets)[:2:-1], ids(tickets)[2:0:-1], ids(tickets)[:1]]


def test_a_ticket_that_comes_while_paging_moves_no_other_page(program: Program) -> None:
    tickets = [make_ticket(now=NOW + timedelta(hours=hours)) for hours in range(4)]
    first = program.get("tickets", limit=2).body
    make_ticket(now=NOW + timedelta(days=1))

    assert listed(program, limit=2, cursor=first["next"]) == ids(tickets)[1::-1]


def test_tickets_are_filtered(program: Program) -> None:
    order = make_order()
    about, other = make_ticket(order=order), make_ticket()
    other.close(now=NOW)
    seller = order.selling_partner.seller_id

    assert listed(program, state="closed") == ids([other])
    assert listed(program, state="open") == ids([about])
    assert listed(program, order_id=order.amazon_order_id) == ids([about])
    assert listed(program, selling_partner=f"{seller}:eu") == ids([about])
    assert listed(program, selling_partner=f"{seller}:na") == []
    assert listed(program, selling_partner=seller, state="closed") == []


@pytest.mark.parametrize(
    ("query", "location"),
    [
        ({"state": "asleep"}, "query.state"),
        ({"limit": 0}, "query.limit"),
        ({"limit": 101}, "query.limit"),
        ({"limit": "9" * 5000}, "query.limit"),
        ({"cursor": "nonsense"}, "query.cursor"),
        ({"cursor": "W10"}, "query.cursor"),
        ({"cursor": "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwxXQ"}, "query.cursor"),
        ({"order_id": "302\x00"}, "query.order_id"),
        ({"selling_partner": "A1:mars"}, "query.selling_partner"),
    ],
)
def test_a_query_of_the_wrong_shape_is_told(
    program: Program, query: dict[str, object], location: str
) -> None:
    answer = program.get("tickets", **query)

    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert [fault["location"] for fault in answer.body["faults"]] == [location]


@pytest.mark.parametrize("ticket_id", ["T-1000", "R-1001", "1", "T-%00", "T-" + "9" * 200])
def test_an_unknown_ticket_is_not_found(program: Program, ticket_id: str) -> None:
    answer = program.get(f"tickets/{ticket_id}")

    assert (answer.status, answer.body["code"]) == (404, "not_found")


def test_a_list_costs_the_same_number_of_queries_however_long_it_is(
    program: Program, django_assert_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for _ in range(2):
        make_ticket(order=make_order())
        program.get("tickets")  # notes that the token was used
        with CaptureQueriesContext(
            connection,
        ) as queries:
            program.get("tickets")
        counts.append(len(queries))

    assert counts == [2, 2]


def test_tickets_are_filtered_as_in_the_search_box(program: Program, agent: Agent) -> None:
    mine, other = make_ticket(), make_ticket()
    mine.assign(agent)
    other.retag(["late"])

    assert listed(program, q="is:mine") == ids([mine])
    assert listed(program, q="is:open tag:late") == ids([other])
    assert sorted(listed(program, q=" ")) == ids([mine, other])


def test_a_filter_that_is_none_is_refused_with_its_text(program: Program) -> None:
    make_ticket()

    answer = program.get("tickets", q="is:open is:opne foo:bar")

    assert answer.status == 422
    assert "is:opne, foo:bar" in str(answer.body)
