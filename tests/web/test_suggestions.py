"""The likely step above the buttons of the order panel: its reasons, and a link that only opens a form."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from mostrador.domain.delivery import State
from mostrador.domain.suggestions import Sign
from mostrador.models import Cancellation, Order, Refund, SavedMacro, Ticket
from mostrador.web.suggestions import SIGN_WORDS
from tests import makers

pytestmark = pytest.mark.django_db


def shown(desk: Client, ticket: Ticket) -> str:
    """Return the suggestion of a ticket's page, or nothing."""
    html = desk.get(f"/tickets/{ticket.pk}/").content.decode()
    found = re.search(r'<div class="suggestion".*?id="put-aside"', html, re.S)
    return found[0] if found else ""


def test_a_buyer_who_asked_amazon_is_cancelled_for_with_one_press(desk: Client) -> None:
    item = makers.make_item(shipped=0, cancel_requested=True)
    order = makers.make_order(status="UNSHIPPED", items=[item])
    Order.objects.filter(pk=order.pk).update(ship_by=timezone.now() + timedelta(hours=3, minutes=10))
    ticket = makers.make_ticket(order=order, text="Hallo?")
    said = shown(desk, ticket)
    assert "asked Amazon to cancel · unshipped · ships in 3 h" in said
    path = f"/tickets/{ticket.pk}/cancel?reason=BuyerCanceled"
    assert f'hx-get="{path}"' in said
    assert '<option value="BuyerCanceled" selected>' in desk.get(path).content.decode()
    assert not Cancellation.objects.exists()


def test_a_wish_in_words_is_heard_and_a_refund_form_opens_with_its_reason(desk: Client) -> None:
    ticket = makers.make_ticket(
        order=makers.make_order(), text="Falscher Artikel! Ich will mein Geld zurück."
    )
    said = shown(desk, ticket)
    assert "wants money back · says it is wrong or not complete · shipped" in said
    path = f"/tickets/{ticket.pk}/refund?reason=DifferentItem"
    assert f'href="{path}"' in said
    assert '<option value="DifferentItem" selected>' in desk.get(path).content.decode()
    assert not Refund.objects.exists()


def test_a_shipped_order_is_answered_by_the_macro_that_says_so(desk: Client) -> None:
    ticket = makers.make_ticket(order=makers.make_order(), text="Bitte stornieren Sie die Bestellung.")
    said = shown(desk, ticket)
    assert 'data-fill-macro="already_shipped"' in said
    assert "Answer: Already shipped" in said


def test_a_macro_the_team_switched_off_is_not_suggested(desk: Client) -> None:
    macro = SavedMacro.objects.named("already_shipped")
    assert macro
    ticket = makers.make_ticket(order=makers.make_order(), text="Bitte stornieren.")
    SavedMacro.objects.keep(macro=replace(macro, is_active=False), agent=None, now=makers.NOW)
    assert shown(desk, ticket) == ""


@pytest.mark.parametrize("text", ["Bitte NICHT stornieren!", "Danke, alles gut."])
def test_where_nothing_is_asked_for_nothing_is_suggested(desk: Client, text: str) -> None:
    assert shown(desk, makers.make_ticket(order=makers.make_order(status="UNSHIPPED"), text=text)) == ""


def test_what_was_answered_is_not_suggested_again(desk: Client) -> None:
    ticket = makers.make_ticket(order=makers.make_order(), text="Bitte stornieren.")
    assert shown(desk, ticket)
    makers.make_reply(ticket=ticket, text="Schon unterwegs.", now=timezone.now())
    assert shown(desk, ticket) == ""


def test_a_refund_under_way_is_told_instead_of_a_second_one(desk: Client) -> None:
    ticket = makers.make_ticket(order=makers.make_order(), text="Ich möchte mein Geld zurück.")
    refund = makers.make_refund(ticket=ticket, state=State.SENT)
    said = shown(desk, ticket)
    assert f"refund {refund.reference} is under way" in said
    assert 'data-fill-macro="refund_under_way"' in said


def test_every_sign_has_its_words() -> None:
    assert set(SIGN_WORDS) == set(Sign)


def put_aside(desk: Client, ticket: Ticket, key: str = "") -> str:
    """Put what a ticket's page proposes aside; return the order panel that comes back."""
    found = re.search(r'name="suggestion" value="([^"]*)"', shown(desk, ticket))
    path = f"/tickets/{ticket.pk}/suggestion"
    said = {"suggestion": key or (found[1] if found else "")}
    return desk.post(path, said, HTTP_HX_REQUEST="true").content.decode()


def test_a_suggestion_that_was_put_aside_stays_away_for_everybody(desk: Client) -> None:
    ticket = makers.make_ticket(order=makers.make_order(), text="Ich will mein Geld zurück.")
    other = makers.make_ticket(order=makers.make_order(), text="Ich will mein Geld zurück.")
    answer = put_aside(desk, ticket)
    assert 'id="act"' in answer
    assert 'class="suggestion"' not in answer
    ben = Client()
    ben.force_login(makers.make_agent(name="Ben Ek"))
    assert shown(ben, ticket) == shown(desk, ticket) == ""
    assert shown(ben, other) != ""


def test_something_else_is_proposed_after_a_suggestion_was_put_aside(desk: Client) -> None:
    ticket = makers.make_ticket(order=makers.make_order(), text="Ich will mein Geld zurück.")
    put_aside(desk, ticket)
    makers.make_message(ticket=ticket, text="Bitte stornieren Sie die Bestellung.", at=makers.NOW)
    Ticket.objects.filter(pk=ticket.pk).update(claim_at=timezone.now())
    assert "Answer the claim in Seller Central" in shown(desk, ticket)


def test_the_page_of_others_learns_that_a_suggestion_was_put_aside(desk: Client) -> None:
    ticket = makers.make_ticket(order=makers.make_order(), text="Ich will mein Geld zurück.")
    live = f"/tickets/{ticket.pk}/live"
    before = desk.get(live)
    assert desk.get(live, HTTP_IF_NONE_MATCH=before["ETag"]).status_code == 304
    put_aside(desk, ticket)
    assert desk.get(live, HTTP_IF_NONE_MATCH=before["ETag"]).status_code == 200


@pytest.mark.parametrize("key", ["x" * 1000, "a\0b", "<script>"])
def test_any_words_may_be_put_aside_and_hide_nothing(desk: Client, key: str) -> None:
    ticket = makers.make_ticket(order=makers.make_order(), text="Ich will mein Geld zurück.")
    assert 'class="suggestion"' in put_aside(desk, ticket, key)
