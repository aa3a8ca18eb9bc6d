"""Finding on the screen: filters, views in the rail, what needs no answer, and what Amazon has to hear."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.utils import timezone

from mostrador.domain.tickets import Priority
from mostrador.models import Agent, Message, SavedView, Ticket
from mostrador.web.queue import KEYS, Lists
from mostrador.web.turns import amazon_url
from tests import makers

HTMX = {"HTTP_HX_REQUEST": "true"}


def _html(desk: Client, path: str, **data: str) -> str:
    return desk.get(path, data).content.decode()


# ── the box ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_filter_is_a_chip_that_can_be_taken_off(desk: Client) -> None:
    makers.make_ticket(buyer_name="Ana")
    html = _html(desk, "/", q="is:open tag:late")
    assert "Nothing found" in html
    assert 'href="/?list=needs-reply&amp;q=tag%3Alate" title="Take off is:open"' in html
    assert 'href="/?list=needs-reply&amp;q=is%3Aopen" title="Take off tag:late"' in html


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("agnet:ana", "There is no filter “agnet:”. Put it into quotes to search for the words."),
        (
            "is:opne",
            "“is:opne” is no value of this filter. Examples: is:open, is:waiting, is:closed, is:mine",
        ),
    ],
)
def test_what_is_no_filter_is_said_and_finds_nothing(desk: Client, typed: str, words: str) -> None:
    makers.make_ticket(buyer_name="Ana")
    html = _html(desk, "/", q=f"is:open {typed}")
    assert words in html
    assert "<b>Ana</b>" not in html
    assert "Keep as a view" not in html


def test_every_filter_stands_under_the_box(desk: Client) -> None:
    html = _html(desk, "/")
    for words in ("is:open", "has:claim", "status:unshipped", "fulfilled:fbm", 'data-add="amount:"'):
        assert words in html


def test_what_was_filtered_for_open_tickets_is_sorted_by_the_time_left(desk: Client) -> None:
    now = timezone.now()
    makers.make_ticket(buyer_name="Later", now=now - timedelta(hours=1))
    makers.make_ticket(buyer_name="Sooner", now=now - timedelta(hours=9))
    rows = desk.get("/", {"q": "is:open"}).context["queue"].rows
    assert [row.name for row in rows] == ["Sooner", "Later"]
    rows = desk.get("/", {"q": "-is:closed"}).context["queue"].rows
    assert [row.name for row in rows] == ["Later", "Sooner"]


def test_a_row_says_how_the_team_has_marked_it(desk: Client, agent: Agent) -> None:
    ticket = makers.make_ticket(now=timezone.now())
    ticket.assign(agent)
    ticket.rank(Priority.URGENT)
    ticket.retag(["late", "vip"])
    ticket.has_claim(since=timezone.now())
    row = desk.get("/").context["queue"].rows[0]
    assert [str(tag.text) for tag in row.tags] == ["urgent", "A-to-z claim", "DE", "no order", "late", "vip"]
    assert (row.whose, row.initials) == ("Marta Gil", "MG")


def test_urgent_tickets_do_not_overtake_amazons_clock(desk: Client) -> None:
    now = timezone.now()
    makers.make_ticket(buyer_name="Calm", now=now - timedelta(hours=1)).rank(Priority.URGENT)
    makers.make_ticket(buyer_name="Late", now=now - timedelta(hours=30))
    rows = desk.get("/").context["queue"].rows
    assert [row.name for row in rows] == ["Late", "Calm"]


# ── the rail ──────────────────────────────────────────────────────────────────────────────────────────────


def test_every_list_has_a_key_of_its_own_and_words_for_when_it_is_empty(desk: Client) -> None:
    assert len(set(KEYS.values())) == len(KEYS) == len(Lists)
    for name in Lists:
        html = _html(desk, "/", list=name.value)
        assert f'data-go="{KEYS[name]}"' in html
        assert html.count('aria-current="page"') == 1


def test_the_rail_counts_as_far_as_99(desk: Client) -> None:
    partner = makers.make_selling_partner()
    mailbox = makers.make_mailbox(partner=partner)
    for _ in range(101):
        makers.make_ticket(partner=partner, mailbox=mailbox, now=timezone.now())
    page = desk.get("/").context["queue"]
    assert {entry.name.value: entry.count for entry in page.rail if entry.count} == {
        "needs-reply": "99+",
        "unassigned": "99+",
    } | ({"tonight": "99+"} if page.numbers["tonight"] else {})
    assert page.total == "99+"


def test_what_is_late_colours_the_rail(desk: Client) -> None:
    tones = []
    for hours in (1, 22, 30):
        makers.make_ticket(now=timezone.now() - timedelta(hours=hours))
        tones.append(desk.get("/").context["queue"].rail[0].tone)
    assert tones == ["", "warn", "bad"]


def test_a_ticket_page_leaves_the_list_to_be_fetched(desk: Client) -> None:
    ticket = makers.make_ticket(buyer_name="Ana")
    html = _html(desk, f"/tickets/{ticket.pk}/", list="mine")
    assert "data-waiting" in html
    assert 'data-url="/queue?list=mine&amp;q="' in html
    assert 'href="/?list=mine&amp;q="' in html
    fragment = _html(desk, "/queue", list="mine")
    assert 'id="queue"' in fragment
    assert 'id="lists"' in fragment


# ── views ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_filters_are_kept_as_a_view_that_stands_in_the_rail_with_its_count(desk: Client) -> None:
    makers.make_ticket(now=timezone.now())
    answer = desk.post("/views/keep", {"filters": "is:open  IS:open", "name": "Open ones", "is_shared": "1"})
    assert (answer.status_code, answer.headers["Location"]) == (HTTPStatus.FOUND, "/?q=is%3Aopen")
    view = SavedView.objects.get()
    assert (view.name, view.text, view.is_shared) == ("Open ones", "is:open", True)
    assert f'data-list="view-{view.pk}"' in _html(desk, "/")
    assert '<span class="n">1</span>' in _html(desk, "/views/counts")


def test_a_view_is_changed_and_deleted_on_its_page(desk: Client, agent: Agent) -> None:
    desk.post("/views/keep", {"filters": "is:open", "name": "Open ones"})
    view = SavedView.objects.get()
    desk.post(f"/views/{view.pk}/change", {"name": "Mine", "filters": "is:mine", "is_shared": "1"})
    view.refresh_from_db()
    assert (view.name, view.text, view.is_shared) == ("Mine", "is:mine", True)
    html = desk.post(f"/views/{view.pk}/change", {"name": "Mine", "filters": "is:mien"}, follow=True)
    assert "is no value of this filter" in html.content.decode()
    desk.post(f"/views/{view.pk}/delete")
    assert not SavedView.objects.exists()


def test_a_view_of_another_agent_can_only_be_looked_at(desk: Client) -> None:
    other = makers.make_agent(name="Ben Osei")
    view = SavedView.objects.create(
        owner=other, name="Ours", filters={"q": "is:open"}, is_shared=True, changed_at=timezone.now()
    )
    html = _html(desk, "/views")
    assert "Shared by Ben Osei" in html
    assert f"/views/{view.pk}/change" not in html
    desk.post(f"/views/{view.pk}/delete")
    assert SavedView.objects.exists()


# ── no answer needed, claims ──────────────────────────────────────────────────────────────────────────────


def test_no_answer_needed_shows_where_amazon_wants_it_marked(desk: Client) -> None:
    ticket = makers.make_ticket(order=makers.make_order(number="302-1112223-4445556"), now=timezone.now())
    assert "No answer needed" in _html(desk, f"/tickets/{ticket.pk}/")
    html = desk.post(f"/tickets/{ticket.pk}/no-answer", **HTMX).content.decode()
    assert "Mark it on Amazon too" in html
    link = "https://sellercentral.amazon.de/messaging/contact?orderID=302-1112223-4445556"
    assert f"{link}&amp;marketplaceID=A1PA6795UKMFR9" in html
    page = _html(desk, f"/tickets/{ticket.pk}/")
    assert "Marta Gil found that no answer is needed" in page
    desk.post(f"/tickets/{ticket.pk}/answer-needed", **HTMX)
    assert "Marta Gil found that it needs an answer after all" in _html(desk, f"/tickets/{ticket.pk}/")


def test_the_mails_own_link_leads_to_amazons_page(desk: Client) -> None:
    ticket = makers.make_ticket()
    link = "https://sellercentral.amazon.de/communication-manager/no-response-needed?t=abc123"
    for authentic, expected in ((True, link), (False, "https://sellercentral.amazon.de/messaging/inbox")):
        Message.objects.filter(ticket=ticket).update(
            whole_text=f"Keine Antwort: {link}\n", authentic=authentic
        )
        assert amazon_url(Ticket.objects.get()) == expected
    Message.objects.update(whole_text="https://sellercentral.amazon.de.evil.example/no-response-needed")
    assert amazon_url(Ticket.objects.get()) == "https://sellercentral.amazon.de/messaging/inbox"


def test_a_claim_is_marked_and_taken_away_by_a_press(desk: Client) -> None:
    ticket = makers.make_ticket()
    for verb, is_marked in (("claim", True), ("unclaim", False)):
        answer = desk.post(f"/tickets/{ticket.pk}/{verb}", **HTMX)
        ticket.refresh_from_db()
        assert (ticket.claim_at is not None) is is_marked
        assert answer.headers["HX-Trigger"] == "desk:changed"
