"""Preflight: look at the order itself before a cancellation leaves, and again when Amazon refused one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from mostrador.amazon.errors import AmazonError
from mostrador.domain import cancellations as rules
from mostrador.domain.delivery import State
from mostrador.domain.feeds import Verdict
from mostrador.domain.refusals import RefusalCode
from mostrador.models import Cancellation, Event, EventKind, Feed, Order, SellingPartner
from mostrador.tasks import messages, orders
from mostrador.tasks.gate import NoToken

# What the order may have become between the press and the sending, so that cancelling would be wrong.
_OVERTAKEN = frozenset(
    {RefusalCode.ORDER_SHIPPED, RefusalCode.ORDER_PARTLY_SHIPPED, RefusalCode.ORDER_UNFULFILLABLE}
)


def look_again(*, partner: SellingPartner, now: datetime) -> None:
    """Read the orders of the due cancellations once more, and take back what the order has overtaken.

    A cancellation sent after a first parcel has been confirmed would refund the whole order; an order that
    is cancelled already needs no feed. An order that cannot be read now does not hold the others back.
    """
    due = Cancellation.objects.due(now).filter(selling_partner=partner).select_related("order")
    for wish in due.order_by("order__ship_by", "pk"):
        if not wish.order.is_fresh(now):
            try:
                orders.read_order(wish.order, now)
            except (NoToken, AmazonError):
                continue
        _overtake(wish.pk, wish.order_id, now)


def _overtake(wish_pk: int, order_pk: int, now: datetime) -> None:
    with transaction.atomic():
        order = Order.objects.locked(order_pk)
        wish = Cancellation.objects.get(pk=wish_pk)
        if wish.state != State.REQUESTED:
            return
        if order.is_cancelled():
            wish.move(State.CONFIRMED, now=now, seen_in_order_at=now)
            Event.objects.step(EventKind.CONFIRMED, wish, at=now, status=order.status)
        else:
            reasons = [r.code for r in rules.order_refusals(order.facts()) if r.code in _OVERTAKEN]
            if not reasons:
                return
            wish.move(State.WITHDRAWN, now=now, answer_code=reasons[0])
            Event.objects.step(EventKind.WITHDRAWN, wish, at=now, refusal=reasons[0], status=order.status)
        messages.release_armed(action=wish, now=now)


def already_done(*, feed: Feed, verdicts: Mapping[int, Verdict], now: datetime) -> dict[int, Verdict]:
    """Return the verdicts, where a refused cancellation of an order that is cancelled counts as accepted.

    Raises: NoToken, AmazonError when the order cannot be read: the report is settled later then.
    """
    result = dict(verdicts)
    wishes = feed.feed_messages.filter(cancellation__isnull=False).select_related("cancellation__order")
    for message in wishes:
        verdict = result[message.pk]
        if verdict.outcome is not State.REJECTED or message.cancellation is None:
            continue
        order = orders.read_order(message.cancellation.order, now)
        if order.is_cancelled():
            result[message.pk] = replace(verdict, outcome=State.ACCEPTED)
    return result
