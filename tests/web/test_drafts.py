"""Drafts: words typed in the box outlive refusals, other browsers and taking back."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.utils import timezone

from mostrador.actions.messages import ReplyWish, add_note, request_reply
from mostrador.domain.delivery import Source, State
from mostrador.models import Agent, Draft, Reply, Ticket
from tests import makers

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def ticket(agent: Agent) -> Ticket:
    """A ticket about a shipped order."""
    return makers.make_ticket(order=makers.make_order())


def typed(desk: Client, ticket: Ticket, text: str, **more: str) -> str:
    """Type words and pause; return what the box then says."""
    fields = {"text": text, "kind": "reply", "request_key": "k1", **more}
    answer = desk.post(f"/tickets/{ticket.pk}/draft", fields, **HTMX)
    assert answer.status_code == HTTPStatus.OK
    return answer.content.decode()


def sent(desk: Client, ticket: Ticket, text: str, **more: str) -> int:
    """Press send; return the status."""
    fields = {"kind": "reply", "text": text, "request_key": "k1", "press": "send", **more}
    return desk.post(f"/tickets/{ticket.pk}/reply", fields, **HTMX).status_code


def page(desk: Client, ticket: Ticket) -> str:
    """Return the ticket's page."""
    return desk.get(f"/tickets/{ticket.pk}/").content.decode()


def test_words_are_kept_as_they_are_typed_and_found_in_another_browser(
    desk: Client, ticket: Ticket, agent: Agent
) -> None:
    typed(desk, ticket, "Guten Tag,\nich sehe nach")
    other = Client()
    other.force_login(agent)
    html = page(other, ticket)
    assert "Guten Tag,\nich sehe nach</textarea>" in html
    assert "Draft kept" in html


def test_a_draft_belongs_to_its_agent_and_ticket(desk: Client, ticket: Ticket) -> None:
    typed(desk, ticket, "Nur für mich")
    other = Client()
    other.force_login(makers.make_agent(name="Jon Vidal"))
    assert "Nur für mich" not in page(other, ticket)
    assert "Nur für mich" not in page(desk, makers.make_ticket())


def test_there_is_one_draft_and_an_emptied_box_has_none(desk: Client, ticket: Ticket) -> None:
    typed(desk, ticket, "Eins")
    typed(desk, ticket, "Eins, zwei", kind="note")
    draft = Draft.objects.get()
    assert (draft.text, draft.kind) == ("Eins, zwei", "note")
    typed(desk, ticket, " \n")
    assert not Draft.objects.exists()


def test_a_drafted_note_opens_as_a_note(desk: Client, ticket: Ticket) -> None:
    typed(desk, ticket, "Be generous", kind="note")
    assert 'value="note" data-key="n" data-to="text" checked' in page(desk, ticket)


def test_sending_ends_the_draft_and_a_late_pause_does_not_bring_it_back(desk: Client, ticket: Ticket) -> None:
    typed(desk, ticket, "Guten Tag!")
    assert sent(desk, ticket, "Guten Tag!") == HTTPStatus.OK
    typed(desk, ticket, "Guten Tag!")
    assert not Draft.objects.exists()
    typed(desk, ticket, "Noch etwas", request_key="k2")
    assert Draft.objects.get().text == "Noch etwas"


@pytest.mark.parametrize("text", ["Wir haben {amount} erstattet.", "Write to a@shop.com", "x" * 10_001])
def test_a_refused_answer_is_kept(desk: Client, ticket: Ticket, text: str) -> None:
    assert sent(desk, ticket, text) == HTTPStatus.UNPROCESSABLE_ENTITY
    assert Draft.objects.get().text == text
    assert text in page(desk, ticket)


def test_an_answer_taken_back_stands_in_the_box_again_above_what_was_typed_since(
    desk: Client, ticket: Ticket
) -> None:
    sent(desk, ticket, "Guten Tag!")
    reply = Reply.objects.get()
    address = f"/tickets/{ticket.pk}/replies/{reply.pk}/withdraw"
    answer = desk.post(address, {"text": "Noch etwas"}, **HTMX)
    assert "Guten Tag!\n\nNoch etwas</textarea>" in answer.content.decode()
    assert Draft.objects.get().text == "Guten Tag!\n\nNoch etwas"
    reply.refresh_from_db()
    assert reply.state == State.WITHDRAWN
    assert "Guten Tag!\n\nNoch etwas</textarea>" in page(desk, ticket)


def test_without_scripts_taking_back_leads_to_the_ticket_with_the_words(desk: Client, ticket: Ticket) -> None:
    sent(desk, ticket, "Guten Tag!")
    typed(desk, ticket, "Schon begonnen", request_key="k2")
    answer = desk.post(f"/tickets/{ticket.pk}/replies/{Reply.objects.get().pk}/withdraw")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/tickets/{ticket.pk}/")
    assert "Guten Tag!\n\nSchon begonnen</textarea>" in page(desk, ticket)


def test_taking_back_too_late_says_so_and_loses_nothing(desk: Client, ticket: Ticket) -> None:
    sent(desk, ticket, "Guten Tag!")
    reply = Reply.objects.get()
    makers.bring_to(reply, State.SENT, now=makers.NOW)
    address = f"/tickets/{ticket.pk}/replies/{reply.pk}/withdraw"
    html = desk.post(address, {"text": "Noch etwas"}, **HTMX).content.decode()
    assert "Too late to take it back" in html
    assert "Noch etwas</textarea>" in html
    assert "Guten Tag!</textarea>" not in html


def test_the_box_counts_down_until_the_answer_leaves(desk: Client, ticket: Ticket) -> None:
    sent(desk, ticket, "Guten Tag!")
    reply = Reply.objects.get()
    html = page(desk, ticket)
    assert f'class="undo" data-until="{reply.send_after.isoformat()}"' in html
    assert 'id="take-back" data-key="z"' in html
    Reply.objects.filter(pk=reply.pk).update(send_after=timezone.now() - timedelta(seconds=1))
    assert 'id="take-back"' not in page(desk, ticket)


def test_the_answer_of_somebody_else_is_not_taken_back_by_a_key(desk: Client, ticket: Ticket) -> None:
    other = Client()
    other.force_login(makers.make_agent(name="Jon Vidal"))
    sent(other, ticket, "Guten Tag!")
    assert 'id="take-back"' not in page(desk, ticket)


def test_what_a_program_says_leaves_the_draft_alone(desk: Client, ticket: Ticket, agent: Agent) -> None:
    typed(desk, ticket, "Guten Tag")
    wish = ReplyWish(text="Automatisch.", request_key="api:1", source=Source.API)
    request_reply(ticket=ticket, agent=agent, wish=wish, now=makers.NOW)
    add_note(ticket=ticket, agent=agent, text="Notiz", now=makers.NOW)
    assert Draft.objects.get().text == "Guten Tag"


def test_the_page_says_when_its_agent_last_spoke(desk: Client, ticket: Ticket) -> None:
    assert 'data-said-at=""' in page(desk, ticket)
    sent(desk, ticket, "Guten Tag!")
    assert f'data-said-at="{Reply.objects.get().requested_at.isoformat()}"' in page(desk, ticket)


# ── Amazon's rules, while typing and when sending ─────────────────────────────────────────────────────────


def test_a_broken_rule_is_shown_as_the_agent_pauses(desk: Client, ticket: Ticket) -> None:
    html = typed(desk, ticket, "Please call +49 30 1234567, or cancel. Please cancel the order.")
    assert 'aria-live="polite"' in html
    assert "A telephone number" in html
    assert '<mark dir="auto">+49 30 1234567</mark>' in html
    assert "Asking the buyer to cancel (perhaps)" in html
    assert "Send all the same" not in html


def test_a_note_breaks_no_rule_of_amazon(desk: Client, ticket: Ticket) -> None:
    assert "flag" not in typed(desk, ticket, "Their phone: +49 30 1234567", kind="note")
    assert sent(desk, ticket, "Their phone: +49 30 1234567", kind="note", press="note") == HTTPStatus.OK


def test_a_hard_rule_stops_an_answer_and_says_what_to_change(desk: Client, ticket: Ticket) -> None:
    fields = {"kind": "reply", "text": "See https://shop.com", "request_key": "k1", "press": "close"}
    answer = desk.post(f"/tickets/{ticket.pk}/reply", {**fields, "accept": "external_link"}, **HTMX)
    html = answer.content.decode()
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "A link out of Amazon" in html
    assert '<mark dir="auto">https://shop.com</mark>' in html
    assert "Send all the same" not in html
    assert not Reply.objects.exists()


def test_a_soft_rule_warns_once(desk: Client, ticket: Ticket) -> None:
    fields = {"kind": "reply", "text": "Please cancel it.", "request_key": "k1", "press": "send"}
    first = desk.post(f"/tickets/{ticket.pk}/reply", fields, **HTMX)
    html = first.content.decode()
    assert first.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'name="accept" value="asks_to_cancel"' in html
    assert 'name="press" value="send" id="send-all-the-same"' in html
    assert not Reply.objects.exists()
    second = desk.post(f"/tickets/{ticket.pk}/reply", {**fields, "accept": "asks_to_cancel"}, **HTMX)
    assert second.status_code == HTTPStatus.OK
    assert Reply.objects.get().text == "Please cancel it."


# ── where else a draft, or an answer that is about to leave, is seen ──────────────────────────────────────


def test_a_pen_marks_the_tickets_an_agent_has_begun_to_answer(desk: Client, ticket: Ticket) -> None:
    makers.make_ticket(buyer_name="Berta Bild")
    typed(desk, ticket, "Guten Tag")
    html = desk.get("/queue?list=all").content.decode()
    row, other = html.partition(f'id="q-{ticket.pk}"')[2].partition("</li>")[0], html.count('class="pen"')
    assert 'class="pen"' in row
    assert other == 1
    stranger = Client()
    stranger.force_login(makers.make_agent(name="Jon Vidal"))
    assert 'class="pen"' not in stranger.get("/queue?list=all").content.decode()


def test_an_answer_that_closed_its_ticket_is_taken_back_from_the_next_page(
    desk: Client, ticket: Ticket
) -> None:
    fields = {"kind": "reply", "text": "Guten Tag!", "request_key": "k1", "press": "close"}
    there = desk.post(f"/tickets/{ticket.pk}/reply", fields)
    reply = Reply.objects.get()
    address = f"/tickets/{ticket.pk}/replies/{reply.pk}/withdraw"
    assert f'action="{address}"' in desk.get(there.headers["Location"]).content.decode()
    back = desk.post(address)
    assert back.headers["Location"] == f"/tickets/{ticket.pk}/"
    assert "Guten Tag!</textarea>" in page(desk, ticket)
    assert f'action="{address}"' not in desk.get(there.headers["Location"]).content.decode()
