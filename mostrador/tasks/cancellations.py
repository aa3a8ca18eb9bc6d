"""Cancellations: believe the order itself, and tell the agents when a buyer asks Amazon for one."""

from __future__ import annotations

from datetime import datetime

from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.domain.delivery import State
from mostrador.domain.tickets import TicketState
from mostrador.models import Event, EventKind, Order, Ticket
from mostrador.tasks import assignment, messages


def confirm(*, order: Order, now: datetime) -> None:
    """Confirm the accepted cancellation of an order that Amazon shows as cancelled; the order is locked."""
    if not order.is_cancelled():
        return
    for wish in order.cancellations.filter(state=State.ACCEPTED):
        wish.move(State.CONFIRMED, now=now, seen_in_order_at=now)
        Event.objects.step(EventKind.CONFIRMED, wish, at=now, status=order.status)
        messages.release_armed(action=wish, now=now)


def note_request(*, order: Order, now: datetime) -> None:
    """Note that the buyer asked on Amazon to cancel, and have a ticket open about it; the order is locked.

    An order that has left, or that Amazon ships, gets no ticket: nobody here can stop it.
    """
    Event.objects.note(EventKind.BUYER_ASKED_TO_CANCEL, at=now, order=order)
    if not order.can_be_held():
        return
    known = Ticket.objects.of_order(order).first()
    if known is None:
        _begin_ticket(order, now)
    elif (ticket := Ticket.objects.standing_for(known.pk)).state != TicketState.OPEN:
        ticket.reopen()
        Event.objects.note(
            EventKind.TICKET_REOPENED, at=now, ticket=ticket, because=EventKind.BUYER_ASKED_TO_CANCEL
        )


def _begin_ticket(order: Order, now: datetime) -> None:
    """Open a ticket without a mail: the buyer can be answered as soon as their relay address is known."""
    market = MARKETPLACES.get(order.marketplace_id)
    ticket = Ticket.objects.begin(
        partner=order.selling_partner,
        mailbox=order.selling_partner.mailboxes.order_by("pk").first(),
        order=order,
        subject="",
        buyer_name=order.buyer_name,
        buyer_address=order.buyer_email,
        marketplace_id=order.marketplace_id,
        language=market.language if market else "",
        now=now,
    )
    Event.objects.note(EventKind.TICKET_BEGUN, at=now, ticket=ticket, because=EventKind.BUYER_ASKED_TO_CANCEL)
    assignment.give(ticket, now)
