"""Refunds: find ours in Amazon's accounts, and take over those that were made elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from mostrador.amazon.components import Component
from mostrador.amazon.finances import OutsideRefund
from mostrador.domain.delivery import State
from mostrador.models import Event, EventKind, ItemBalance, Order, OrderItem, Refund, RefundLine
from mostrador.tasks import forgotten, messages

# While one of these could be the booking we see, the booking is left for later.
_MAY_BE_OURS = (State.SENDING, State.SENT, State.UNKNOWN, State.REVIEW)


def take_over(*, order: Order, bookings: Iterable[OutsideRefund], now: datetime) -> None:
    """Match each booking with a refund of ours that Amazon accepted, or store it as made elsewhere, once."""
    with transaction.atomic():
        locked = Order.objects.locked(order.pk)
        for booking in sorted(bookings, key=lambda each: (each.posted_at is None, each.posted_at)):
            if not Refund.objects.is_booked(partner=locked.selling_partner, refund_id=booking.refund_id):
                _book(locked, booking, now)
        forgotten.match_accounts(order=locked, now=now)
        locked.money_was_read(now)


def _book(order: Order, booking: OutsideRefund, now: datetime) -> None:
    ours = _ours(order, booking)
    if ours is not None:
        ours.move(State.CONFIRMED, now=now, seen_in_finances_at=now, finances_refund_id=booking.refund_id)
        Event.objects.step(EventKind.CONFIRMED, ours, at=now, booking=booking.refund_id)
        messages.release_armed(action=ours, now=now)
    elif not _may_become_ours(order, booking):
        _made_elsewhere(order, booking, now)


def _ours(order: Order, booking: OutsideRefund) -> Refund | None:
    """Return the oldest accepted refund with exactly these amounts, part by part."""
    wanted = _parts(booking)
    for refund in order.refunds.filter(state=State.ACCEPTED, finances_refund_id="").order_by("pk"):
        if refund.total == booking.total.minor and (not wanted or _own_parts(refund) == wanted):
            return refund
    return None


def _may_become_ours(order: Order, booking: OutsideRefund) -> bool:
    return order.refunds.filter(state__in=_MAY_BE_OURS, total=booking.total.minor).exists()


def _parts(booking: OutsideRefund) -> Counter[Component]:
    parts: Counter[Component] = Counter()
    for _, component, money in booking.lines:
        if component is not None:
            parts[component] += money.minor
    return parts


def _own_parts(refund: Refund) -> Counter[Component]:
    parts: Counter[Component] = Counter()
    for line in refund.lines.all():
        parts.update(line.amounts())
    return parts


def _made_elsewhere(order: Order, booking: OutsideRefund, now: datetime) -> None:
    """Store a refund of somebody else's hand and take it off what is left, part by part."""
    if booking.total.minor <= 0:
        return
    refund = Refund.objects.elsewhere(
        order=order,
        refund_id=booking.refund_id,
        total=booking.total.minor,
        posted_at=booking.posted_at or now,
        now=now,
    )
    items = {item.item_id: item for item in order.items.order_by("place")}
    per_item: dict[OrderItem, Counter[Component]] = {}
    for (item_id, component), whole in _given_back(booking).items():
        for item, minor in _places(items, item_id, component, whole):
            per_item.setdefault(item, Counter())[component] += minor
    excess = 0
    for item, amounts in per_item.items():
        RefundLine.objects.note_elsewhere(refund=refund, item=item, amounts=amounts)
        for component, minor in amounts.items():
            excess += ItemBalance.objects.post_elsewhere(item=item, component=component, minor=minor)
    Event.objects.step(
        EventKind.REFUNDED_ELSEWHERE,
        refund,
        at=booking.posted_at or now,
        total=refund.total,
        currency=refund.currency,
        booking=booking.refund_id,
        excess=excess,
    )


def _given_back(booking: OutsideRefund) -> dict[tuple[str | None, Component], int]:
    """Return the sum of each part of each item; what went the other way gives nothing back to the desk."""
    sums: Counter[tuple[str | None, Component]] = Counter()
    for item_id, component, money in booking.lines:
        if component is not None:
            sums[item_id, component] += money.minor
    return {part: minor for part, minor in sums.items() if minor > 0}


def _places(
    items: dict[str, OrderItem], item_id: str | None, component: Component, minor: int
) -> list[tuple[OrderItem, int]]:
    """Return which items an amount came from; if Amazon is silent, those with most of the part left."""
    if item_id is not None and item_id in items:
        return [(items[item_id], minor)]
    left = {
        balance.item_id: balance.paid - balance.posted - balance.pending
        for balance in ItemBalance.objects.filter(item__in=items.values(), component=component)
    }
    ordered = sorted(items.values(), key=lambda item: (-left.get(item.pk, 0), item.place))
    places: list[tuple[OrderItem, int]] = []
    for item in ordered:
        take = min(minor, left.get(item.pk, 0))
        if take > 0:
            places.append((item, take))
            minor -= take
    if minor and ordered:
        places.append((ordered[0], minor))
    return places
