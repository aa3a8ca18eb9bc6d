"""Collisions: two people on one ticket see each other, and the second press is stopped once, with words."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.test import Client
from django.utils import timezone

from mostrador.actions.messages import add_note
from mostrador.actions.tickets import close_ticket
from mostrador.models import Agent, Cancellation, Event, EventKind, Refund, Reply, Ticket
from tests import makers

HTMX = {"HTTP_HX_REQUEST": "true"}
STOPPED = "Something happened here since you began"
KEY = "3f0e7c1a-0000-4000-8000-00000000000"


@pytest.fixture
def ben(db: None) -> Agent:
    """The other agent."""
    return makers.make_agent(name="Ben Ek")


@pytest.fixture
def bens(ben: Agent) -> Client:
    """A browser in which Ben is signed in."""
    client = Client()
    client.force_login(ben)
    return client


@pytest.fixture
def ticket(db: None) -> Ticket:
    """A ticket about a shipped order."""
    return makers.make_ticket(order=makers.make_order())


def open_page(desk: Client, ticket: Ticket) -> str:
    """Open the ticket and return what its reply box has seen."""
    return str(desk.get(f"/tickets/{ticket.pk}/").context["seen"])


def send(desk: Client, ticket: Ticket, *, seen: str, key: str = "1", text: str = "We look into it.") -> str:
    """Press Send, and return the box."""
    fields = {"kind": "reply", "press": "send", "text": text, "request_key": KEY + key, "seen": seen}
    return desk.post(f"/tickets/{ticket.pk}/reply", fields, **HTMX).content.decode()


def seen_in(html: str) -> str:
    return html.partition('name="seen"')[2].partition('value="')[2].partition('"')[0]


# ── who is here ───────────────────────────────────────────────────────────────────────────────────────────


def test_two_people_see_each_other_and_who_writes(desk: Client, bens: Client, ticket: Ticket) -> None:
    desk.get(f"/tickets/{ticket.pk}/")
    page = bens.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "Marta Gil is in this ticket" in page
    tag = bens.get(f"/tickets/{ticket.pk}/live").headers["ETag"]
    desk.get(f"/tickets/{ticket.pk}/live", HTTP_X_TYPING="1")
    looked = bens.get(f"/tickets/{ticket.pk}/live", HTTP_IF_NONE_MATCH=tag)
    assert looked.status_code == HTTPStatus.OK
    assert "Marta Gil is writing here" in looked.content.decode()
    assert looked.headers["X-Look-Again"] == "900"


def test_nobody_sees_themselves(desk: Client, ticket: Ticket) -> None:
    desk.get(f"/tickets/{ticket.pk}/live", HTTP_X_TYPING="1")
    html = desk.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "Marta Gil is" not in html


def test_who_leaves_is_gone_at_once(desk: Client, bens: Client, ticket: Ticket) -> None:
    desk.get(f"/tickets/{ticket.pk}/")
    assert desk.post(f"/tickets/{ticket.pk}/leave").status_code == HTTPStatus.NO_CONTENT
    assert "Marta Gil is in" not in bens.get(f"/tickets/{ticket.pk}/live").content.decode()


def test_who_goes_on_to_another_ticket_is_there(desk: Client, bens: Client, ticket: Ticket) -> None:
    other = makers.make_ticket()
    desk.get(f"/tickets/{ticket.pk}/")
    desk.get(
        f"/tickets/{other.pk}/",
        **HTMX,
        HTTP_HX_CURRENT_URL=f"http://testserver/tickets/{ticket.pk}/?list=all",
        HTTP_HX_TARGET="ticket",
    )
    around = bens.get("/queue").content.decode()
    assert f'data-in="{other.pk}"' in around
    assert f'data-in="{ticket.pk}"' not in around


# ── a reply, a refund, a cancellation is stopped ──────────────────────────────────────────────────────────


def test_a_reply_is_stopped_by_anothers_answer_and_goes_on_the_second_press(
    desk: Client, bens: Client, ticket: Ticket
) -> None:
    martas, seen_by_ben = open_page(desk, ticket), open_page(bens, ticket)
    assert STOPPED not in send(bens, ticket, seen=seen_by_ben, key="2")
    box = send(desk, ticket, seen=martas)
    assert STOPPED in box
    assert f"Ben Ek sent an answer ({Reply.objects.get().reference})." in box
    assert "We look into it." in box, "the words are kept"
    assert Reply.objects.count() == 1
    assert STOPPED not in send(desk, ticket, seen=seen_in(box))
    assert Reply.objects.count() == 2


def test_a_reply_is_stopped_by_the_buyers_new_words(desk: Client, ticket: Ticket) -> None:
    seen = open_page(desk, ticket)
    makers.make_message(ticket=ticket, text="Never mind, it works!")
    box = send(desk, ticket, seen=seen)
    assert "The buyer wrote again." in box
    assert not Reply.objects.exists()


def test_what_i_do_myself_does_not_stop_me(desk: Client, agent: Agent, ticket: Ticket) -> None:
    seen = open_page(desk, ticket)
    add_note(ticket=ticket, agent=agent, text="for me", now=timezone.now())
    close_ticket(ticket=ticket, agent=agent, now=timezone.now())
    makers.make_refund(ticket=ticket, agent=agent)
    assert STOPPED not in send(desk, ticket, seen=seen)
    assert Reply.objects.count() == 1


def test_steps_on_their_way_do_not_stop_a_reply(desk: Client, ben: Agent, ticket: Ticket) -> None:
    refund = makers.make_refund(ticket=ticket, agent=ben)
    seen = open_page(desk, ticket)
    for kind in (EventKind.SENT, EventKind.ACCEPTED, EventKind.CONFIRMED):
        Event.objects.step(kind, refund, at=timezone.now())
    Event.objects.note(EventKind.TICKET_TAGGED, at=timezone.now(), ticket=ticket, agent=ben, added=["vip"])
    assert STOPPED not in send(desk, ticket, seen=seen)


def test_a_form_that_does_not_say_what_it_has_seen_is_not_stopped(desk: Client, ticket: Ticket) -> None:
    makers.make_message(ticket=ticket, text="More")
    for key, seen in enumerate(("", "x", "1", "1.2.3", "-1.2")):
        assert STOPPED not in send(desk, ticket, seen=seen, key=str(key))


def test_a_refund_is_stopped_by_anothers_refund_of_another_item(desk: Client, bens: Client) -> None:
    items = [makers.make_item(item_id=f"{n:014d}") for n in (1, 2)]
    ticket = makers.make_ticket(order=makers.make_order(items=items))
    forms = [browser.get(f"/tickets/{ticket.pk}/refund", **HTMX) for browser in (desk, bens)]

    def fields(form: object, number: int, **more: str) -> dict[str, str]:
        context = form.context  # type: ignore[attr-defined]
        return {
            "mode": "partial",
            f"a-{number:014d}-principal": "5.00",
            "reason": "GeneralAdjustment",
            "request_key": KEY + str(number),
            "seen_available": str(context["facts"].left),
            "seen": str(context["seen"]),
            **more,
        }

    assert bens.post(f"/tickets/{ticket.pk}/refund", fields(forms[1], 2), **HTMX).status_code == 200
    stopped = desk.post(f"/tickets/{ticket.pk}/refund", fields(forms[0], 1), **HTMX)
    html = stopped.content.decode()
    assert stopped.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert f"Ben Ek asked for a refund ({Refund.objects.get().reference})." in html
    assert 'value="5.00"' in html, "the amounts stay"
    again = fields(stopped, 1)
    assert desk.post(f"/tickets/{ticket.pk}/refund", again, **HTMX).status_code == HTTPStatus.OK
    assert Refund.objects.count() == 2


def test_a_cancellation_is_stopped_when_the_buyer_has_written_meanwhile(desk: Client) -> None:
    ticket = makers.make_ticket(order=makers.make_order(status="UNSHIPPED"))
    form = desk.get(f"/tickets/{ticket.pk}/cancel", **HTMX)
    makers.make_message(ticket=ticket, text="I want it after all")
    fields = {"reason": "BuyerCanceled", "note": "as asked", "request_key": KEY + "1"}
    stopped = desk.post(f"/tickets/{ticket.pk}/cancel", {**fields, "seen": str(form.context["seen"])}, **HTMX)
    assert stopped.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "The buyer wrote again." in stopped.content.decode()
    assert 'value="as asked"' in stopped.content.decode()
    assert not Cancellation.objects.exists()
    again = {**fields, "seen": str(stopped.context["seen"])}
    assert desk.post(f"/tickets/{ticket.pk}/cancel", again, **HTMX).status_code == HTTPStatus.OK
    assert Cancellation.objects.count() == 1


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_change_has_words(desk: Client, ben: Agent, ticket: Ticket, kind: EventKind) -> None:
    seen = open_page(desk, ticket)
    refund = makers.make_refund(ticket=ticket, agent=ben)
    before = Event.objects.count()
    Event.objects.step(kind, refund, at=timezone.now(), agent=ben)
    Event.objects.note(kind, at=timezone.now(), ticket=ticket)
    assert Event.objects.count() == before + 2
    box = send(desk, ticket, seen=seen)
    assert "%(" not in box
