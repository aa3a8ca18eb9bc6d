"""Cancellations: believe the order itself."""

from __future__ import annotations

from datetime import datetime

from mostrador.domain.delivery import State
from mostrador.models import Event, EventKind, Order
from mostrador.tasks import messages


def confirm(*, order: Order, now: datetime) -> None:
    """Confirm the accepted cancellation of an order that Amazon shows as cancelled; the order is locked."""
    if not order.is_cancelled():
        return
    for wish in order.cancellations.filter(state=State.ACCEPTED):
        wish.move(State.CONFIRMED, now=now, seen_in_order_at=now)
        Event.objects.step(EventKind.CONFIRMED, wish, at=now, status=order.status)
        messages.release_armed(action=wish, now=now)
