"""The ticket of an order that a restore has put on hold, in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from mostrador.actions.guards import release_order
from mostrador.domain.guards import MarkFate, Reason, ReasonCode
from mostrador.models import EventKind, ForgottenMark, Order, SendingStop, Ticket
from mostrador.tasks import forgotten
from tests import makers

pytestmark = pytest.mark.django_db

MARKED_AT = datetime(2026, 11, 24, 10, 32, tzinfo=UTC)


@pytest.fixture
def held() -> tuple[Ticket, ForgottenMark]:
    """A ticket whose order had a refund of 15,00 € about to leave."""
    now = timezone.now()
    stop = SendingStop.objects.close(
        [Reason(ReasonCode.MARKS_BEHIND)], record=None, certain_from=now, now=now
    )
    order = makers.make_order(read_at=now)
    ticket = makers.make_ticket(order=order)
    with transaction.atomic():
        mark = ForgottenMark.objects.hold(
            stop=stop,
            order=Order.objects.locked(order.pk),
            feed_type="POST_PAYMENT_ADJUSTMENT_DATA",
            message_id=1_000_000_001,
            reference="R-1042",
            items=[],
            total=1500,
            currency="EUR",
            marked_at=MARKED_AT,
            words="feed 50001",
            now=now,
        )
    assert mark is not None
    forgotten.note(EventKind.ORDER_HELD, mark, now, fate=MarkFate.HELD)
    return ticket, mark


def html(desk: Client, ticket: Ticket) -> str:
    return desk.get(f"/tickets/{ticket.pk}/").content.decode()


def test_a_held_order_says_why_and_offers_no_refund(desk: Client, held: tuple[Ticket, ForgottenMark]) -> None:
    page = html(desk, held[0])
    assert "On hold after the database was restored" in page
    assert "On hold: R-1042 (15.00" in page.replace("€", "").replace("\u00a0", "")
    assert "look in Seller Central" in page


def test_an_order_that_an_owner_released_says_who_and_why(
    desk: Client, held: tuple[Ticket, ForgottenMark]
) -> None:
    ticket, mark = held
    owner = makers.make_agent(email="owner@desk.test", is_owner=True)
    release_order(order=mark.order, agent=owner, because="no refund there", now=timezone.now())
    page = html(desk, ticket)
    assert "On hold after the database was restored" not in page
    assert f"{owner.name} released the order" in page
    assert "no refund there" in page


@pytest.mark.parametrize(
    ("fate", "words"),
    [
        (MarkFate.IN_ACCOUNTS, "accounts show R-1042"),
        (MarkFate.NEVER_SENT, "never reached Amazon"),
        (MarkFate.IN_ORDER, "the order itself shows what became of R-1042"),
    ],
)
def test_what_freed_an_order_is_said(
    desk: Client, held: tuple[Ticket, ForgottenMark], fate: MarkFate, words: str
) -> None:
    ticket, mark = held
    forgotten.note(EventKind.ORDER_RELEASED, mark, timezone.now(), fate=fate)
    assert words in html(desk, ticket)
