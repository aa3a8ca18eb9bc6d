"""Cancellations: when an order may be cancelled, and what that costs the seller."""

from __future__ import annotations

from mostrador.amazon.acknowledgements import CancelReason
from mostrador.domain.orders import FulfillmentStatus, OrderFacts
from mostrador.domain.refusals import Refusal, RefusalCode

_BY_STATUS = {
    FulfillmentStatus.PENDING_AVAILABILITY: RefusalCode.ORDER_PENDING,
    FulfillmentStatus.PENDING: RefusalCode.ORDER_PENDING,
    FulfillmentStatus.PARTIALLY_SHIPPED: RefusalCode.ORDER_PARTLY_SHIPPED,
    FulfillmentStatus.SHIPPED: RefusalCode.ORDER_SHIPPED,
    FulfillmentStatus.CANCELLED: RefusalCode.ORDER_CANCELLED,
    FulfillmentStatus.UNFULFILLABLE: RefusalCode.ORDER_UNFULFILLABLE,
}


def order_refusals(order: OrderFacts) -> list[Refusal]:
    """Return why `order` may not be cancelled; empty means the button works.

    Source: docs/reference/what-amazon-allows.md (unshipped FBM orders only).
    """
    if order.read_at is None:
        return [Refusal(RefusalCode.ORDER_NOT_READ_YET)]
    found = []
    if order.partner_paused:
        found.append(Refusal(RefusalCode.SELLING_PARTNER_PAUSED))
    if order.open_cancellation:
        found.append(Refusal(RefusalCode.ORDER_FROZEN, {"cancellation": order.open_cancellation}))
    if order.by_amazon:
        return [*found, Refusal(RefusalCode.FULFILLED_BY_AMAZON)]
    if order.status in _BY_STATUS:
        found.append(Refusal(_BY_STATUS[FulfillmentStatus(order.status)]))
    elif order.status != FulfillmentStatus.UNSHIPPED:
        found.append(Refusal(RefusalCode.ORDER_STATUS_UNKNOWN, {"status": order.status}))
    busy = next((item.open_refund for item in order.items if item.open_refund), None)
    if busy:
        found.append(Refusal(RefusalCode.ORDER_HAS_OPEN_ACTION, {"refund": busy}))
    return found


def refusals(order: OrderFacts, *, reason: str) -> list[Refusal]:
    """Return why this cancellation is refused; empty means it is allowed."""
    found = order_refusals(order)
    if reason not in set(CancelReason):
        found.append(Refusal(RefusalCode.UNKNOWN_REASON, {"reason": reason}))
    return found


def counts_in_cancellation_rate(order: OrderFacts) -> bool:
    """Return whether Amazon counts this cancellation against the seller.

    Only an official request of the buyer on Amazon is neutral, whatever reason is chosen.
    Source: docs/reference/what-amazon-allows.md.
    """
    return not order.buyer_asked_to_cancel


def restocks(reason: str) -> bool:
    """Return whether Amazon puts the units back in stock.

    It does for every reason but NoInventory. Source: docs/reference/what-amazon-allows.md.
    """
    return reason != CancelReason.NO_INVENTORY
