"""Reviews: what a person saw, said on the card itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus

from django.test import Client, override_settings
from django.utils import timezone

from mostrador.amazon.components import Component
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.domain.reviews import Outcome
from mostrador.models import Cancellation, Event, EventKind, Feed, Finding, Refund
from tests import makers

HTMX = {"HTTP_HX_REQUEST": "true"}


@override_settings(SECOND_PERSON_ABOVE={"EUR": 10_000})
def test_what_a_person_saw_decides_and_stands_on_the_card(desk: Client) -> None:
    refund = makers.make_refund(ticket=makers.make_ticket(order=makers.make_order()), state=State.REVIEW)
    path = f"/tickets/{refund.ticket_id}/"
    assert "The refund is not there" in desk.get(path).content.decode()
    fields = {"outcome": "done", "proof": "10.00 € on 24 Nov in Seller Central"}
    answer = desk.post(f"{path}refunds/{refund.pk}/finding", fields, **HTMX)
    assert answer.status_code == HTTPStatus.OK
    refund.refresh_from_db()
    assert refund.state == State.ACCEPTED
    assert "Marta Gil saw that it was done" in desk.get(path).content.decode()


def test_a_finding_without_proof_changes_nothing(desk: Client) -> None:
    refund = makers.make_refund(ticket=makers.make_ticket(order=makers.make_order()), state=State.REVIEW)
    path = f"/tickets/{refund.ticket_id}/refunds/{refund.pk}/finding"
    for fields in ({"outcome": "done", "proof": "ok"}, {"outcome": "x", "proof": "seen it there"}):
        answer = desk.post(path, fields, **HTMX)
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert "Say what you saw, and where" in answer.content.decode()
    refund.refresh_from_db()
    assert refund.state == State.REVIEW


def test_there_is_nothing_to_look_for_when_the_outcome_is_known(desk: Client) -> None:
    refund = makers.make_refund(ticket=makers.make_ticket(order=makers.make_order()), state=State.ACCEPTED)
    answer = desk.post(f"/tickets/{refund.ticket_id}/refunds/{refund.pk}/look", **HTMX)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Its outcome is not unknown any more" in answer.content.decode()


def _html(desk: Client, refund: Refund | Cancellation) -> str:
    return desk.get(f"/tickets/{refund.ticket_id}/").content.decode()


@override_settings(SECOND_PERSON_ABOVE={"EUR": 100})
def test_a_large_amount_needs_a_second_person_and_names_the_first(desk: Client) -> None:
    refund = makers.make_refund(ticket=makers.make_ticket(order=makers.make_order()), state=State.REVIEW)
    fields = {"outcome": "done", "proof": "10.00 € on 24 Nov in Seller Central"}
    path = f"/tickets/{refund.ticket_id}/refunds/{refund.pk}/finding"
    assert desk.post(path, fields, **HTMX).status_code == HTTPStatus.OK
    refund.refresh_from_db()
    assert refund.state == State.REVIEW
    html = _html(desk, refund)
    assert "A second person must look as well" in html
    assert "You have said what you saw; ask somebody else." in html
    assert "Marta Gil</b> saw that it was done: “10.00 € on 24 Nov in Seller Central”" in html
    assert "The refund is not there" not in html


@override_settings(SECOND_PERSON_ABOVE={"EUR": 100})
def test_two_people_who_disagree_need_a_third(desk: Client) -> None:
    refund = makers.make_refund(ticket=makers.make_ticket(order=makers.make_order()), state=State.REVIEW)
    for outcome in Outcome:
        Finding.objects.add(
            refund, agent=makers.make_agent(), outcome=outcome, proof="seen there", now=makers.NOW
        )
    html = _html(desk, refund)
    assert "Two people saw different things: a third must look." in html
    assert "The refund is not there" in html


def test_a_lost_answer_counts_down_to_its_next_look_and_its_decision(desk: Client) -> None:
    now = timezone.now()
    refund = makers.make_refund(ticket=makers.make_ticket(order=makers.make_order()), state=State.UNKNOWN)
    feed = _lost_feed(refund, now)
    html = _html(desk, refund)
    assert "<b>Do not refund it here or in Seller Central.</b> Sending began" in html
    assert "it may or may not have gone through. We keep looking" in html
    assert "decision at the latest" in html
    assert f'data-until="{feed.next_action_at.isoformat()}"' in html
    assert "Look now" in html
    assert 'class="btn small main" id="again-' not in html


def _lost_feed(refund: Refund, now: datetime) -> Feed:
    feed = Feed.objects.begin(
        partner=refund.selling_partner,
        feed_type="POST_PAYMENT_ADJUSTMENT_DATA",
        marketplace_ids=["A1PA6795UKMFR9"],
        now=now,
    )
    feed.add(refund)
    facts = {"marked_at": now, "token_expires_at": now + timedelta(minutes=50)}
    Feed.objects.filter(pk=feed.pk).update(
        state=FeedState.UNKNOWN, next_action_at=now + timedelta(minutes=3), **facts
    )
    feed.refresh_from_db()
    return feed


def test_what_never_left_may_be_sent_again_in_a_persons_name(desk: Client) -> None:
    refund = makers.make_refund(ticket=makers.make_ticket(order=makers.make_order()), state=State.NOT_SENT)
    html = _html(desk, refund)
    assert "Proven: nothing reached Amazon" in html
    assert "Refund €10.00 goes out once more, in your name (Marta Gil)." in html
    assert (
        desk.post(f"/tickets/{refund.ticket_id}/refunds/{refund.pk}/send-again", **HTMX).status_code
        == HTTPStatus.OK
    )
    assert "Sent again by Marta Gil" in _html(desk, refund)


def test_what_cannot_be_sent_again_says_why(desk: Client) -> None:
    ticket = makers.make_ticket(order=makers.make_order())
    refund = makers.make_refund(ticket=ticket, state=State.NOT_SENT)
    makers.make_refund(ticket=ticket, amounts={Component.PRINCIPAL: 2500}, state=State.CONFIRMED)
    html = _html(desk, refund)
    assert "It cannot be sent again now: Everything the buyer paid has been refunded" in html
    assert "Yes, send it again" not in html


def test_money_that_never_shows_in_the_accounts_is_disputed(desk: Client) -> None:
    refund = makers.make_refund(ticket=makers.make_ticket(order=makers.make_order()), state=State.ACCEPTED)
    now = timezone.now()
    Refund.objects.filter(pk=refund.pk).update(moved_at=now - timedelta(days=6, hours=23))
    assert "accepted, but not in the accounts" not in _html(desk, refund)
    Refund.objects.filter(pk=refund.pk).update(moved_at=now - timedelta(days=8))
    html = _html(desk, refund)
    assert "Amazon accepted this 8 days ago, but its accounts do not show it" in html
    assert "Do not refund it again: both might arrive." in html
    assert "Not seen in Amazon&#x27;s accounts" in html
    assert "within two days" not in html
    assert f"Order {refund.order.amazon_order_id}: we sent a refund of 10.00 EUR" in html
    rows = desk.get("/?list=review").context["queue"].rows
    assert [row.pk for row in rows] == [refund.ticket_id]
    assert rows[0].tags[-1].text == "refund: accepted, but not in the accounts"


def test_a_refused_refund_leads_to_another_amount(desk: Client) -> None:
    ticket = makers.make_ticket(order=makers.make_order())
    refund = makers.make_refund(ticket=ticket, amounts={Component.PRINCIPAL: 2000}, state=State.REJECTED)
    makers.make_refund(ticket=ticket, amounts={Component.PRINCIPAL: 1000}, state=State.CONFIRMED)
    html = _html(desk, refund)
    assert f"/refund?after={refund.pk}" in html
    form = desk.get(f"/tickets/{ticket.pk}/refund?after={refund.pk}", **HTMX).content.decode()
    assert 'value="partial" checked' in form
    assert 'value="15.00"' in form  # what is left of 25.00
    assert 'value="CustomerReturn" selected' in form


def test_a_refund_made_elsewhere_has_a_card_of_its_own(desk: Client) -> None:
    ticket = makers.make_ticket(order=makers.make_order())
    refund = Refund.objects.elsewhere(
        order=ticket.order, refund_id="amzn-1", total=500, posted_at=makers.NOW, now=makers.NOW
    )
    Event.objects.step(EventKind.REFUNDED_ELSEWHERE, refund, at=makers.NOW, booking="amzn-1")
    html = desk.get(f"/tickets/{ticket.pk}/").content.decode()
    assert f'<article class="card else" id="r-{refund.pk}"' in html
    assert "Made in Seller Central or by Amazon, not here." in html
    assert "Take back" not in html
