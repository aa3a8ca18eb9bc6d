"""Inbox and ticket page: what they show, how little they ask of the database, how they stay fresh."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from procrastinate.contrib.django.models import ProcrastinateJob

from mostrador.domain.delivery import State
from mostrador.domain.senders import Doubt
from mostrador.models import Agent, Event, EventKind, Message, Order, Ticket
from mostrador.web.doubts import WARNINGS
from tests import makers

HTMX = {"HTTP_HX_REQUEST": "true"}


def _html(desk: Client, path: str) -> str:
    return desk.get(path).content.decode()


# ── the queue ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_answer_due_first_stands_on_top(desk: Client) -> None:
    now = timezone.now()
    makers.make_ticket(buyer_name="Later", now=now - timedelta(hours=1))
    makers.make_ticket(buyer_name="Sooner", now=now - timedelta(hours=23))
    html = _html(desk, "/")
    assert html.index("Sooner") < html.index("Later")
    assert 'class="left soon"' in html


def test_a_late_answer_says_how_late(desk: Client) -> None:
    makers.make_ticket(now=timezone.now() - timedelta(hours=26))
    assert "2 h late" in _html(desk, "/")


def test_each_list_holds_its_own_tickets(desk: Client) -> None:
    partner = makers.make_selling_partner()
    named = {
        name: makers.make_ticket(buyer_name=name, order=makers.make_order(partner=partner), partner=partner)
        for name in ("Open", "Waiting", "Closed", "Under way", "Review")
    }
    named["Waiting"].answered(at=timezone.now(), preview="x", close=False)
    named["Closed"].close(now=timezone.now())
    makers.make_refund(order=named["Under way"].order, state=State.SENT)
    makers.make_refund(order=named["Review"].order, state=State.UNKNOWN)
    shown = {
        name: [each for each in named if f"<b>{each}</b>" in _html(desk, f"/?list={name}")]
        for name in ("needs-reply", "waiting", "closed", "under-way", "review", "all")
    }
    assert shown == {
        "needs-reply": ["Open", "Under way", "Review"],
        "waiting": ["Waiting"],
        "closed": ["Closed"],
        "under-way": ["Under way"],
        "review": ["Review"],
        "all": list(named),
    }


def test_buyers_who_ask_amazon_to_cancel_stand_on_the_radar_the_next_to_ship_first(desk: Client) -> None:
    now = timezone.now()
    for name, hours in (("Later", 30), ("Sooner", 3)):
        items = [makers.make_item(shipped=0, cancel_requested=True)]
        order = makers.make_order(status="UNSHIPPED", items=items)
        Order.objects.filter(pk=order.pk).update(ship_by=now + timedelta(hours=hours))
        makers.make_ticket(order=order, buyer_name=name)
    makers.make_ticket(order=makers.make_order(status="UNSHIPPED"), buyer_name="Content")
    page = desk.get("/?list=cancel-radar").context["queue"]
    assert [row.name for row in page.rows] == ["Sooner", "Later"]
    assert page.numbers["cancel-radar"] == 2
    assert [row.tags[-1].text for row in page.rows] == ["ships in 2 h 59 m", "ships in 29 h"]
    Order.objects.update(status="SHIPPED")
    assert "No buyer waits for a cancellation" in _html(desk, "/?list=cancel-radar")


@pytest.mark.parametrize("name", ["needs-reply", "all"])
def test_paging_shows_every_ticket_once(desk: Client, name: str) -> None:
    partner = makers.make_selling_partner()
    mailbox = makers.make_mailbox(partner=partner)
    start = timezone.now() - timedelta(hours=20)
    for number in range(95):
        at = start + timedelta(minutes=number // 3)
        makers.make_ticket(partner=partner, mailbox=mailbox, buyer_name=f"Buyer {number:03d}", now=at)
    seen: list[str] = []
    path = f"/queue?list={name}"
    for _ in range(3):
        page = desk.get(path).context["queue"]
        seen += [row.name for row in page.rows]
        path = f"/queue?list={name}&after={page.after}"
    assert page.after == ""
    assert len(seen) == len(set(seen)) == 95


def test_an_odd_cursor_is_the_beginning(desk: Client) -> None:
    makers.make_ticket(buyer_name="Somebody")
    for cursor in ("x", "__", "2026_2026_1", f"_{timezone.now().isoformat()}_{10**30}"):
        assert "Somebody" in desk.get("/queue", {"after": cursor}).content.decode()


def test_search_finds_order_buyer_words_and_number(desk: Client) -> None:
    order = makers.make_order(number="305-7654321-1234567")
    ticket = makers.make_ticket(order=order, buyer_name="Zoë Quill", text="The shade is cracked")
    makers.make_ticket(buyer_name="Other", text="Hello")
    for words in ("305-7654321", "zoë q", "SHADE IS", ticket.reference, "desk lamp"):
        rows = desk.get("/", {"q": words}).context["queue"].rows
        assert [row.name for row in rows] == ["Zoë Quill"], words
    assert "Nothing found" in desk.get("/", {"q": "no such thing"}).content.decode()


def test_an_empty_queue_is_good_news(desk: Client) -> None:
    assert "Every buyer has an answer" in _html(desk, "/")


def test_the_inbox_asks_the_same_few_questions_however_many_tickets(
    desk: Client, django_assert_max_num_queries: object
) -> None:
    partner = makers.make_selling_partner()
    mailbox = makers.make_mailbox(partner=partner)
    for _ in range(30):
        order = makers.make_order(partner=partner)
        makers.make_refund(ticket=makers.make_ticket(order=order, mailbox=mailbox), state=State.SENT)
    with django_assert_max_num_queries(11):  # type: ignore[operator]
        desk.get("/")


def test_an_unchanged_queue_costs_no_body(desk: Client) -> None:
    makers.make_ticket()
    first = desk.get("/queue")
    again = desk.get("/queue", HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert (again.status_code, again.content) == (HTTPStatus.NOT_MODIFIED, b"")
    makers.make_ticket(buyer_name="News")
    assert desk.get("/queue", HTTP_IF_NONE_MATCH=first.headers["ETag"]).status_code == HTTPStatus.OK


# ── the ticket ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_ticket_page_asks_few_questions_however_long_the_story(
    desk: Client, django_assert_max_num_queries: object
) -> None:
    order = makers.make_order(items=[makers.make_item() for _ in range(6)], read_at=timezone.now())
    ticket = makers.make_ticket(order=order)
    for _ in range(20):
        makers.make_message(ticket=ticket)
    for _ in range(4):
        makers.make_refund(ticket=ticket, state=State.REJECTED)
    with django_assert_max_num_queries(26):  # type: ignore[operator]
        desk.get(f"/tickets/{ticket.pk}/")


def test_opening_a_ticket_reads_an_old_order_again_and_spares_a_fresh_one(desk: Client) -> None:
    old = makers.make_ticket(order=makers.make_order())
    fresh = makers.make_ticket(order=makers.make_order(read_at=timezone.now()))
    desk.get(f"/tickets/{fresh.pk}/")
    assert not ProcrastinateJob.objects.exists()
    desk.get(f"/tickets/{old.pk}/")
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args) == ("orders.refresh", {"order_id": old.order_id})


def test_closing_opening_and_taking_are_noted_with_the_agents_name(desk: Client, agent: Agent) -> None:
    ticket = makers.make_ticket()
    for verb in ("take", "close", "reopen", "release"):
        answer = desk.post(f"/tickets/{ticket.pk}/{verb}", **HTMX)
        assert answer.status_code == HTTPStatus.OK
        assert answer.headers["HX-Trigger"] == "desk:changed"
    html = _html(desk, f"/tickets/{ticket.pk}/")
    for words in ("took the ticket", "closed the ticket", "opened the ticket again", "put the ticket back"):
        assert f"Marta Gil {words}" in html
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assigned_to) == ("open", None)


def test_what_a_buyer_writes_is_never_markup(desk: Client) -> None:
    text = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    ticket = makers.make_ticket(buyer_name=text, text=text)
    html = _html(desk, f"/tickets/{ticket.pk}/")
    assert "<script>alert" not in html
    assert "<img src=x" not in html


@pytest.mark.parametrize(
    ("authentic", "trusted", "words"),
    [
        (True, ["mx.example"], ""),
        (None, ["mx.example"], "sender not verified"),
        (None, [], ""),
        (False, ["mx.example"], "The sender could not be verified"),
        (False, [], "The sender could not be verified"),
    ],
)
def test_an_unproven_sender_is_flagged_where_a_server_should_have_proven_it(
    desk: Client, settings: Any, authentic: bool | None, trusted: list[str], words: str
) -> None:
    settings.TRUSTED_AUTHSERV_IDS = trusted
    ticket = makers.make_ticket()
    Message.objects.filter(ticket=ticket).update(authentic=authentic)
    html = _html(desk, f"/tickets/{ticket.pk}/")
    for each in ("sender not verified", "The sender could not be verified"):
        assert (each in html) == (each == words)


def test_a_doubtful_mail_says_in_words_what_is_wrong(desk: Client) -> None:
    ticket = makers.make_ticket()
    Message.objects.filter(ticket=ticket).update(defects=[*Doubt, "A part cannot be decoded."])
    html = _html(desk, f"/tickets/{ticket.pk}/")
    assert "doubt:" not in html
    for warning in WARNINGS.values():
        assert escape(str(warning.first)) in html
    assert "A part cannot be decoded." in html


@pytest.mark.parametrize(
    "name", ["Ana Ruiz - Amazon Marketplace", "Ana Ruiz – Amazon.de Marketplace", "Ana Ruiz"]
)
def test_the_relays_own_words_are_not_part_of_a_name(desk: Client, name: str) -> None:
    ticket = makers.make_ticket(buyer_name="Ana Ruiz")
    Message.objects.filter(ticket=ticket).update(from_name=name)
    assert "<b>Ana Ruiz</b>" in _html(desk, f"/tickets/{ticket.pk}/").partition('id="line"')[2]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("UNSHIPPED", "Not charged yet: Amazon charges the buyer when it ships."),
        ("PENDING", "Not charged yet: Amazon charges the buyer when it ships."),
        ("CANCELLED", "Cancelled: the buyer was not charged."),
    ],
)
def test_what_is_not_charged_shows_no_refundable_sum(desk: Client, status: str, words: str) -> None:
    html = _html(desk, f"/tickets/{makers.make_ticket(order=makers.make_order(status=status)).pk}/")
    assert words in html
    assert "Still refundable" not in html
    assert "Part by part" not in html
    assert "Price of the order" in html


def test_a_pending_order_without_prices_says_so(desk: Client) -> None:
    order = makers.make_order(status="PENDING")
    Order.objects.filter(pk=order.pk).update(currency="")
    html = _html(desk, f"/tickets/{makers.make_ticket(order=order).pk}/")
    assert "Amazon shows no prices while the order is pending." in html


def test_the_queue_counts_the_late_apart_from_those_due_soon(desk: Client) -> None:
    now = timezone.now()
    for hours in (30, 26, 22, 1):
        makers.make_ticket(now=now - timedelta(hours=hours))
    html = _html(desk, "/")
    assert '4 · <span class="late">2 late</span> · <span class="soon">1 soon</span>' in html
    assert "<title>(4) Needs reply · Mostrador</title>" in html


def test_an_answer_that_is_held_or_disarmed_says_why(desk: Client) -> None:
    reply = makers.make_reply()
    kinds = ((EventKind.REVIEW, {"refusals": [{"code": "no_mailbox"}]}),)
    for kind, facts in (*kinds, (EventKind.WITHDRAWN, {"because": "R-1001", "state": "rejected"})):
        Event.objects.step(kind, reply, at=timezone.now(), **facts)
    for because in ("buyer_asked_to_cancel", "M-1003", "R-1001"):
        Event.objects.note(EventKind.TICKET_REOPENED, at=timezone.now(), ticket=reply.ticket, because=because)
    html = _html(desk, f"/tickets/{reply.ticket_id}/")
    for words in (
        "The answer is held, because it would not be true. This ticket has no mailbox",
        "The armed answer did not go out, because R-1001 is “refused by Amazon”",
        "Opened again: the buyer asked Amazon to cancel",
        "Opened again: the answer M-1003 could not be delivered",
        "Opened again: what was to be told did not happen (R-1001)",
    ):
        assert words in html


@pytest.mark.parametrize("state", State)
def test_every_state_of_a_refund_and_a_cancellation_can_be_shown(desk: Client, state: State) -> None:
    refund = makers.make_refund(ticket=makers.make_ticket(order=makers.make_order()), state=state)
    order = makers.make_order(status="UNSHIPPED")
    cancellation = makers.make_cancellation(ticket=makers.make_ticket(order=order), state=state)
    for action in (refund, cancellation):
        html = _html(desk, f"/tickets/{action.ticket_id}/")
        assert f'id="{action.LETTER.lower()}-{action.pk}"' in html


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_event_can_be_shown(desk: Client, agent: Agent, kind: EventKind) -> None:
    refund = makers.make_refund(ticket=makers.make_ticket(order=makers.make_order()), state=State.SENT)
    Event.objects.step(kind, refund, at=timezone.now(), agent=agent, words="Amazon's words")
    Event.objects.note(kind, at=timezone.now(), ticket=refund.ticket, order=refund.order)
    assert desk.get(f"/tickets/{refund.ticket_id}/").status_code == HTTPStatus.OK


def test_an_order_not_read_yet_and_one_that_failed_say_so(desk: Client) -> None:
    order = Order.objects.expect(
        partner=makers.make_selling_partner(), amazon_order_id="302-1-1", marketplace_id="A1PA6795UKMFR9"
    )
    ticket = makers.make_ticket(order=order)
    assert "The order is being read from Amazon" in _html(desk, f"/tickets/{ticket.pk}/")
    order.plan_read(at=timezone.now(), trouble="getOrder: 503")
    html = _html(desk, f"/tickets/{ticket.pk}/")
    assert "Amazon could not be read" in html
    assert "getOrder: 503" in html


# ── live ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def ticket(agent: Agent) -> Ticket:
    """A ticket about a shipped order."""
    return makers.make_ticket(order=makers.make_order())


def _look(desk: Client, ticket: Ticket, tag: str = "") -> tuple[int, str, str]:
    headers = {"HTTP_IF_NONE_MATCH": tag} if tag else {}
    answer = desk.get(f"/tickets/{ticket.pk}/live", **headers)
    return answer.status_code, answer.headers["ETag"], answer.content.decode()


def test_an_unchanged_ticket_costs_no_body(
    desk: Client, ticket: Ticket, django_assert_max_num_queries: object
) -> None:
    tag = _look(desk, ticket)[1]
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        status, _, body = _look(desk, ticket, tag)
    if status == HTTPStatus.OK:  # the minute turned between the two looks, and times are shown in minutes
        status, _, body = _look(desk, ticket, _look(desk, ticket)[1])
    assert (status, body) == (HTTPStatus.NOT_MODIFIED, "")


def test_every_step_changes_what_a_look_returns(desk: Client, ticket: Ticket, agent: Agent) -> None:
    tags = [_look(desk, ticket)[1]]
    makers.make_message(ticket=ticket, text="More words")
    tags.append(_look(desk, ticket)[1])
    refund = makers.make_refund(ticket=ticket)
    tags.append(_look(desk, ticket)[1])
    makers.bring_to(refund, State.SENT, now=timezone.now())
    tags.append(_look(desk, ticket)[1])
    Order.objects.filter(pk=ticket.order_id).update(read_at=timezone.now())
    tags.append(_look(desk, ticket)[1])
    ticket.assign(agent)
    tags.append(_look(desk, ticket)[1])
    assert len(set(tags)) == len(tags)


def test_a_look_holds_every_region_once_and_looks_closely_while_something_is_under_way(
    desk: Client, ticket: Ticket
) -> None:
    answer = desk.get(f"/tickets/{ticket.pk}/live")
    html = answer.content.decode()
    for region in ("head", "line", "order-top", "act", "order-rest", "reply-acts"):
        assert html.count(f'id="{region}"') == 1
    assert answer.headers["X-Look-Again"] == "1900"
    makers.make_refund(ticket=ticket)
    assert desk.get(f"/tickets/{ticket.pk}/live").headers["X-Look-Again"] == "1500"
