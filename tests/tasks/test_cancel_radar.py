"""The cancel radar: a buyer's request on Amazon opens or marks a ticket, and the next to ship comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mostrador.amazon import orders as amazon
from mostrador.domain.tickets import TicketState
from mostrador.models import Event, Order, SellingPartner, Ticket
from mostrador.tasks import orders
from tests.makers import NOW, make_item, make_mailbox, make_selling_partner, make_ticket

pytestmark = pytest.mark.django_db

NUMBER = "302-0000001-0000001"
HOUR = timedelta(hours=1)


def said(*, asked: bool = True, number: str = NUMBER, **more: object) -> amazon.Order:
    """Return an unshipped order of a merchant, whose buyer asked to cancel."""
    order = amazon.Order(
        order_id=number,
        marketplace_id="A1PA6795UKMFR9",
        status="UNSHIPPED",
        fulfilled_by="MERCHANT",
        programs=(),
        purchased_at=NOW - 24 * HOUR,
        last_updated_at=NOW,
        ship_from=None,
        ship_by=NOW + 3 * HOUR,
        deliver_from=None,
        deliver_by=None,
        buyer_name="Jürgen Groß",
        buyer_email="abc@marketplace.amazon.de",
        replacement_of=None,
        currency="EUR",
        total=None,
        items=(make_item(item_id=f"{int(number[-7:]):014d}", shipped=0, cancel_requested=asked),),
        packages=(),
    )
    return replace(order, **more)  # type: ignore[arg-type]  # the fields of one dataclass


def take(partner: SellingPartner, now: datetime = NOW, **more: object) -> Order:
    return orders.take_over(partner=partner, said=said(**more), now=now)  # type: ignore[arg-type]  # as above


def kinds(ticket: Ticket) -> list[str]:
    return [event.kind for event in Event.objects.about(ticket)]


def test_a_request_opens_a_ticket_that_says_where_it_came_from() -> None:
    partner = make_selling_partner()
    mailbox = make_mailbox(partner=partner)
    order = take(partner)
    ticket = Ticket.objects.get()
    assert (ticket.order, ticket.mailbox, ticket.state) == (order, mailbox, TicketState.OPEN)
    assert (ticket.buyer_name, ticket.buyer_address, ticket.language) == (
        "Jürgen Groß",
        "abc@marketplace.amazon.de",
        "de",
    )
    assert (ticket.answer_due_at, ticket.messages.count()) == (None, 0)
    assert sorted(kinds(ticket)) == ["buyer_asked_to_cancel", "ticket_begun"]
    assert Event.objects.get(kind="ticket_begun").facts == {"because": "buyer_asked_to_cancel"}


def test_reading_the_same_request_again_opens_nothing_more() -> None:
    partner = make_selling_partner()
    for hours in range(3):
        take(partner, last_updated_at=NOW + hours * HOUR)
    assert Ticket.objects.count() == 1
    assert Event.objects.count() == 2


@pytest.mark.parametrize("state", [TicketState.OPEN, TicketState.WAITING, TicketState.CLOSED])
def test_a_request_marks_the_ticket_there_is(state: TicketState) -> None:
    partner = make_selling_partner()
    ticket = make_ticket(order=take(partner, asked=False))
    Ticket.objects.filter(pk=ticket.pk).update(state=state)
    take(partner, last_updated_at=NOW + HOUR)
    assert Ticket.objects.get().state == TicketState.OPEN
    assert "buyer_asked_to_cancel" in kinds(ticket)
    assert ("ticket_reopened" in kinds(ticket)) is (state is not TicketState.OPEN)


def test_a_closed_ticket_stays_closed_when_the_same_request_is_read_again() -> None:
    partner = make_selling_partner()
    take(partner)
    Ticket.objects.get().close(now=NOW)
    take(partner, last_updated_at=NOW + HOUR)
    assert Ticket.objects.get().state == TicketState.CLOSED


@pytest.mark.parametrize("gone", [{"status": "SHIPPED"}, {"status": "CANCELLED"}, {"fulfilled_by": "AMAZON"}])
def test_a_request_for_what_nobody_here_can_stop_opens_nothing(gone: dict[str, object]) -> None:
    take(make_selling_partner(), **gone)
    assert not Ticket.objects.exists()
    assert [event.kind for event in Event.objects.all()] == ["buyer_asked_to_cancel"]


def test_the_radar_shows_the_next_to_ship_first_and_what_is_left() -> None:
    partner = make_selling_partner()
    for number, ship_by in ((1, 5), (2, -1), (3, None), (4, 2)):
        take(partner, number=f"302-0000001-000000{number}", ship_by=ship_by and NOW + ship_by * HOUR)
    shown = [(ticket.order.amazon_order_id[-1], ticket.time_to_ship(NOW)) for ticket in radar()]
    assert shown == [("2", -HOUR), ("4", 2 * HOUR), ("1", 5 * HOUR), ("3", None)]


def radar() -> list[Ticket]:
    return list(Ticket.objects.cancel_radar())


@pytest.mark.parametrize(
    "later",
    [{"status": "SHIPPED"}, {"status": "CANCELLED"}, {"fulfilled_by": "AMAZON"}, {"asked": False}],
)
def test_what_is_over_leaves_the_radar(later: dict[str, object]) -> None:
    partner = make_selling_partner()
    take(partner)
    assert len(radar()) == 1
    take(partner, last_updated_at=NOW + HOUR, **later)
    assert radar() == []


def test_a_closed_ticket_leaves_the_radar() -> None:
    take(make_selling_partner())
    Ticket.objects.get().close(now=NOW)
    assert radar() == []
