"""The bar that says on every page what stops sending, and the expected times of what waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from mostrador.domain.dispatch import Kind
from mostrador.domain.feeds import FeedState
from mostrador.domain.guards import Reason, ReasonCode
from mostrador.models import Feed, Quota, Refund, SellingPartner, SendingStop
from mostrador.tasks import departures
from tests import makers


def _html(desk: Client, path: str) -> str:
    return desk.get(path).content.decode()


@pytest.mark.parametrize("path", ["/", "/profile", "/help", "/queue"])
def test_closed_sending_is_said_on_every_page(desk: Client, path: str) -> None:
    assert "Sending is closed" not in _html(desk, path)
    now = timezone.now()
    SendingStop.objects.close([Reason(ReasonCode.MARKS_BEHIND)], record=None, certain_from=now, now=now)
    html = _html(desk, path)
    assert "Sending is closed" in html
    assert "the database is older than what was sent last" in html
    assert "An owner has to compare everything" in html
    assert "Look in Seller Central before you ask for a refund again" in html


@pytest.mark.django_db
def test_an_owner_reads_what_to_run(client: Client) -> None:
    owner = makers.make_agent(email="owner@desk.test", is_owner=True)
    client.force_login(owner)
    now = timezone.now()
    SendingStop.objects.close([Reason(ReasonCode.NO_RECORD)], record=None, certain_from=now, now=now)
    assert "mostrador open-sending --agent owner@desk.test" in _html(client, "/")


def test_a_paused_selling_partner_is_named_with_the_reason(desk: Client) -> None:
    ticket = makers.make_ticket(order=makers.make_order())
    tag = desk.get(f"/tickets/{ticket.pk}/live").headers["ETag"]
    ticket.selling_partner.pause(because="a feed came twice", now=timezone.now())
    answer = desk.get(f"/tickets/{ticket.pk}/live", HTTP_IF_NONE_MATCH=tag)
    assert "Nordlicht is paused: nothing is sent for it." in answer.content.decode()
    assert "a feed came twice" in _html(desk, "/")


def test_a_selling_partner_whose_rule_broke_is_named_with_the_rule(desk: Client) -> None:
    partner = makers.make_ticket(order=makers.make_order()).selling_partner
    SellingPartner.objects.stop_for_broken_rule(
        partner, because="item 301 has no balance for <b>principal</b>", now=timezone.now()
    )
    html = _html(desk, "/")
    assert "Nordlicht is paused: nothing is sent for it." in html
    assert "a rule that keeps refunds safe did not hold" in html
    assert "item 301 has no balance for &lt;b&gt;principal&lt;/b&gt;" in html
    assert "mostrador doctor" in html


def test_what_leaves_in_time_shows_its_undo_window(desk: Client) -> None:
    refund = _waiting()
    html = _html(desk, f"/tickets/{refund.ticket_id}/")
    assert "Leaves for Amazon at" in html
    assert "Send now" in html


def test_what_amazons_limit_holds_back_shows_when_it_really_leaves(desk: Client) -> None:
    refund = _waiting()
    now = timezone.now()
    Quota.objects.empty(partner=refund.selling_partner, operation="createFeed", now=now)
    at = departures.expected(refund.selling_partner, now)[Kind.REFUNDS, refund.pk]
    assert at - now > timedelta(seconds=60)
    html = _html(desk, f"/tickets/{refund.ticket_id}/")
    assert f"Leaves about {timezone.localtime(at):%H:%M}" in html
    assert "when Amazon&#x27;s limit allows it" in html
    assert "Take back" in html
    assert "Send now" not in html


def test_what_waits_behind_a_lost_answer_says_so(desk: Client) -> None:
    refund = _waiting()
    now = timezone.now()
    feed = Feed.objects.begin(
        partner=refund.selling_partner,
        feed_type="POST_PAYMENT_ADJUSTMENT_DATA",
        marketplace_ids=["A1PA6795UKMFR9"],
        now=now,
    )
    Feed.objects.filter(pk=feed.pk).update(
        state=FeedState.UNKNOWN,
        marked_at=now,
        token_expires_at=now + timedelta(minutes=50),
        next_action_at=now + timedelta(minutes=3),
    )
    html = _html(desk, f"/tickets/{refund.ticket_id}/")
    assert "Waits for the answer to the feed before it" in html


def _waiting() -> Refund:
    refund = makers.make_refund(ticket=makers.make_ticket(order=makers.make_order()))
    Refund.objects.filter(pk=refund.pk).update(send_after=timezone.now() + timedelta(seconds=30))
    refund.refresh_from_db()
    return refund
