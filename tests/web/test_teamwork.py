"""Teamwork: every verb of the strip by one press, with what was refused in words and its menu open."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.utils import timezone

from mostrador.actions.messages import add_note
from mostrador.domain.tickets import Priority
from mostrador.models import Agent, Mention, Ticket, TicketLink
from tests import makers

HTMX = {"HTTP_HX_REQUEST": "true"}
HOUR = timedelta(hours=1)


@pytest.fixture
def ticket(db: None) -> Ticket:
    """A ticket whose buyer has just written."""
    return makers.make_ticket(order=makers.make_order(), now=timezone.now())


def press(desk: Client, ticket: Ticket, verb: str, **fields: str) -> tuple[int, str]:
    answer = desk.post(f"/tickets/{ticket.pk}/{verb}", fields, **HTMX)
    return answer.status_code, answer.content.decode()


def stored(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related("assigned_to").get(pk=ticket.pk)


def test_a_ticket_is_given_to_anybody_and_to_nobody(desk: Client, agent: Agent, ticket: Ticket) -> None:
    ben = makers.make_agent(name="Ben Ek")
    status, head = press(desk, ticket, "assign", agent=str(ben.pk))
    assert (status, stored(ticket).assigned_to) == (HTTPStatus.OK, ben)
    assert "Ben Ek" in head
    press(desk, ticket, "assign", agent=str(agent.pk))
    assert stored(ticket).assigned_to == agent
    press(desk, ticket, "assign", agent="")
    assert stored(ticket).assigned_to is None
    assert press(desk, ticket, "assign", agent="99999999")[0] == HTTPStatus.NOT_FOUND


def test_a_tag_is_typed_pressed_and_taken_away(desk: Client, ticket: Ticket) -> None:
    assert "late-parcel" in press(desk, ticket, "tag", tag="Late Parcel")[1]
    desk.post(f"/tickets/{ticket.pk}/tag", {"tag": ["", "vip"]}, **HTMX)
    assert stored(ticket).tags == ["late-parcel", "vip"]
    press(desk, ticket, "untag", tag="vip")
    assert stored(ticket).tags == ["late-parcel"]
    status, strip = press(desk, ticket, "tag", tag=" # ")
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'id="pop-tag"' in strip
    assert "A tag needs a letter or a digit" in strip


def test_known_tags_are_offered_the_most_used_first(desk: Client) -> None:
    for tags in (["vip"], ["late", "vip"], ["vip"]):
        makers.make_ticket().retag(tags)
    html = desk.get("/tags").content.decode()
    assert html.index('value="vip"') < html.index('value="late"')


def test_a_priority_is_chosen(desk: Client, ticket: Ticket) -> None:
    assert "urgent" in press(desk, ticket, "priority", priority="2")[1]
    assert stored(ticket).priority == Priority.URGENT


def test_a_preset_rests_at_once_and_says_when_it_goes_past_the_24_hours(desk: Client, ticket: Ticket) -> None:
    assert desk.get(f"/tickets/{ticket.pk}/").content.decode().count("past Amazon's 24 hours") in (1, 2)
    assert press(desk, ticket, "snooze", preset="monday")[0] == HTTPStatus.OK
    rests_until = stored(ticket).snoozed_until
    assert rests_until
    assert (rests_until.weekday(), rests_until.hour) == (0, 9)
    press(desk, ticket, "wake")
    assert stored(ticket).snoozed_until is None


def test_an_own_time_past_the_24_hours_is_asked_about_once(desk: Client, ticket: Ticket) -> None:
    until = (timezone.now() + 30 * HOUR).strftime("%Y-%m-%dT%H:%M")
    status, strip = press(desk, ticket, "snooze", until=until)
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Amazon wants an answer before that" in strip
    assert 'name="accepts_late" value="1"' in strip
    assert f'value="{until}"' in strip, "what was typed stays"
    assert stored(ticket).snoozed_until is None
    assert press(desk, ticket, "snooze", until=until, accepts_late="1")[0] == HTTPStatus.OK
    assert stored(ticket).snoozed_until is not None


@pytest.mark.parametrize("until", ["", "soon", "2020-01-01T10:00", "9999-99-99T10:00"])
def test_a_time_that_is_none_is_refused(desk: Client, ticket: Ticket, until: str) -> None:
    status, strip = press(desk, ticket, "snooze", until=until)
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Choose a time from now on" in strip


def test_tickets_are_linked_by_their_number(desk: Client, ticket: Ticket) -> None:
    other = makers.make_ticket(buyer_address="other@marketplace.amazon.de")
    assert other.reference in press(desk, ticket, "link", other=other.reference.lower())[1]
    assert TicketLink.objects.of(other).count() == 1
    press(desk, ticket, "unlink", other=other.reference)
    assert TicketLink.objects.count() == 0
    status, strip = press(desk, ticket, "link", other="T-99999999")
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "There is no ticket T-99999999" in strip


def test_without_scripts_a_press_leads_back_to_the_ticket(desk: Client, ticket: Ticket) -> None:
    answer = desk.post(f"/tickets/{ticket.pk}/tag", {"tag": "vip"})
    assert (answer.status_code, answer.headers["Location"]) == (HTTPStatus.FOUND, f"/tickets/{ticket.pk}/")
    refused = desk.post(f"/tickets/{ticket.pk}/tag", {"tag": "#"})
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "A tag needs a letter" in refused.content.decode()


def test_a_call_is_seen_when_the_ticket_is_opened(desk: Client, agent: Agent, ticket: Ticket) -> None:
    add_note(ticket=ticket, agent=makers.make_agent(name="Ben"), text="@Marta?", now=timezone.now())
    assert Mention.objects.unseen(agent).count() == 1
    desk.get(f"/tickets/{ticket.pk}/")
    assert Mention.objects.unseen(agent).count() == 0


# ── merging and splitting ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def twin(ticket: Ticket) -> Ticket:
    """Another ticket of the same buyer and order."""
    return makers.make_ticket(order=ticket.order, mailbox=ticket.mailbox, text="And another thing")


def test_a_merge_shows_both_conversations_and_can_be_undone(
    desk: Client, ticket: Ticket, twin: Ticket
) -> None:
    assert "1 more of this buyer" in desk.get(f"/tickets/{ticket.pk}/").content.decode()
    assert press(desk, ticket, "merge", other=twin.reference)[0] == HTTPStatus.OK
    page = desk.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "And another thing" in page
    assert "1 more of this buyer" not in page
    assert f"merged {twin.reference} into this ticket" in page
    led = desk.get(f"/tickets/{twin.pk}/")
    assert (led.status_code, led.headers["Location"].partition("?")[0]) == (302, f"/tickets/{ticket.pk}/")
    press(desk, ticket, "unmerge", other=twin.reference)
    apart = desk.get(f"/tickets/{ticket.pk}/").content.decode()
    assert (page.count('class="msg in"'), apart.count('class="msg in"')) == (2, 1)
    assert desk.get(f"/tickets/{twin.pk}/").status_code == HTTPStatus.OK


def test_a_press_on_a_ticket_merged_meanwhile_leads_to_where_it_shows(
    desk: Client, ticket: Ticket, twin: Ticket
) -> None:
    press(desk, ticket, "merge", other=twin.reference)
    led = desk.post(f"/tickets/{twin.pk}/reopen", **HTMX)
    assert (led.status_code, led.headers["HX-Redirect"]) == (HTTPStatus.NO_CONTENT, f"/tickets/{twin.pk}/")
    assert stored(twin).state == "closed"


def test_a_refused_merge_says_why(desk: Client, ticket: Ticket) -> None:
    stranger = makers.make_ticket(buyer_address="z@marketplace.amazon.de")
    status, strip = press(desk, ticket, "merge", other=stranger.reference)
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert stored(stranger).merged_into is None
    assert "Link the two instead" in strip


def test_chosen_messages_become_a_ticket_of_their_own(desk: Client, ticket: Ticket) -> None:
    second = makers.make_message(ticket=ticket, text="The chair wobbles")
    page = desk.get(f"/tickets/{ticket.pk}/split").content.decode()
    assert "The chair wobbles" in page
    answer = desk.post(f"/tickets/{ticket.pk}/split", {"message": [str(second.pk)]})
    new = Ticket.objects.latest("pk")
    assert answer.headers["Location"].startswith(f"/tickets/{new.pk}/")
    assert [message.text for message in new.messages.all()] == ["The chair wobbles"]
    refused = desk.post(f"/tickets/{ticket.pk}/split", {})
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Choose messages of the buyer" in refused.content.decode()
