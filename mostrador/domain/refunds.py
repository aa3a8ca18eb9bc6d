"""Refunds: how much may go back to the buyer, and the ways to say how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from mostrador.amazon.adjustments import AdjustmentReason
from mostrador.amazon.components import Component
from mostrador.domain.orders import FulfillmentStatus, ItemFacts, OrderFacts
from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.money import MoneyError, spread

TAX_COMPONENTS = frozenset({Component.TAX, Component.SHIPPING_TAX, Component.GIFT_WRAP_TAX})


@dataclass(frozen=True, slots=True)
class Line:
    """The wish for one order item: minor units per component, totals for the units concerned."""

    item_id: str
    amounts: Mapping[Component, int]

    @property
    def total(self) -> int:
        """The sum of the line, in minor units."""
        return sum(self.amounts.values())


_BY_STATUS = {
    FulfillmentStatus.PENDING_AVAILABILITY: RefusalCode.ORDER_PENDING,
    FulfillmentStatus.PENDING: RefusalCode.ORDER_PENDING,
    FulfillmentStatus.UNSHIPPED: RefusalCode.ORDER_UNSHIPPED,
    FulfillmentStatus.CANCELLED: RefusalCode.ORDER_CANCELLED,
    FulfillmentStatus.UNFULFILLABLE: RefusalCode.ORDER_UNFULFILLABLE,
}
_REFUNDABLE = frozenset({FulfillmentStatus.SHIPPED, FulfillmentStatus.PARTIALLY_SHIPPED})


def order_refusals(order: OrderFacts) -> list[Refusal]:
    """Return why nothing at all may be refunded on `order`; empty means the button works.

    Source: docs/reference/what-amazon-allows.md (shipped FBM orders only, no replacements).
    """
    if order.read_at is None:
        return [Refusal(RefusalCode.ORDER_NOT_READ_YET)]
    found = []
    if order.partner_paused:
        found.append(Refusal(RefusalCode.SELLING_PARTNER_PAUSED))
    if order.held_since:
        found.append(Refusal(RefusalCode.ORDER_HELD, {"due": order.held_since.isoformat()}))
    if order.by_amazon:
        return [*found, Refusal(RefusalCode.FULFILLED_BY_AMAZON)]
    if order.replacement_of:
        found.append(Refusal(RefusalCode.REPLACEMENT_ORDER, {"original": order.replacement_of}))
    if order.open_cancellation:
        found.append(Refusal(RefusalCode.ORDER_FROZEN, {"cancellation": order.open_cancellation}))
    if order.status in _BY_STATUS:
        found.append(Refusal(_BY_STATUS[FulfillmentStatus(order.status)]))
    elif order.status not in _REFUNDABLE:
        found.append(Refusal(RefusalCode.ORDER_STATUS_UNKNOWN, {"status": order.status}))
    return found or _nothing_to_give(order)


def _nothing_to_give(order: OrderFacts) -> list[Refusal]:
    """Return why nothing is left to choose from: a refund that is under way, or all has gone back."""
    under_way = [_open_refund(item) for item in order.items if item.open_refund]
    if order.left <= 0:
        return under_way[:1] or [Refusal(RefusalCode.NOTHING_LEFT)]
    if all(item.open_refund for item in order.items if item.left):
        return under_way[:1]
    return []


def refusals(
    order: OrderFacts, *, lines: Sequence[Line], reason: str, seen_available: int | None
) -> list[Refusal]:
    """Return why this refund is refused; empty means it is allowed.

    `seen_available` is what the agent's page showed as left on the order (minor units), or nothing when a
    program asks.
    """
    found = order_refusals(order)
    if found:
        return found
    if reason not in set(AdjustmentReason):
        found.append(Refusal(RefusalCode.UNKNOWN_REASON, {"reason": reason}))
    if seen_available is not None and seen_available != order.left:
        found.append(_changed(order, seen_available))
    if not lines or not any(line.total for line in lines):
        found.append(Refusal(RefusalCode.NO_LINES))
    twice = {line.item_id for line in lines if [each.item_id for each in lines].count(line.item_id) > 1}
    found += [Refusal(RefusalCode.LINE_TWICE, {"item": item_id}) for item_id in sorted(twice)]
    for line in lines:
        found += _line_refusals(order, line)
    return found


def _line_refusals(order: OrderFacts, line: Line) -> list[Refusal]:
    item = order.item(line.item_id)
    if item is None:
        return [Refusal(RefusalCode.UNKNOWN_ITEM, {"item": line.item_id})]
    if item.open_refund:
        return [_open_refund(item)]
    found = []
    for component, minor in line.amounts.items():
        left = item.balances[component].left if component in item.balances else 0
        if minor < 0:
            found.append(_about(RefusalCode.AMOUNT_NEGATIVE, order, item, component, minor, left))
        elif minor and component in TAX_COMPONENTS and order.tax_included:
            found.append(_about(RefusalCode.TAX_IS_IN_THE_PRICE, order, item, component, minor, left))
        elif minor > left:
            found.append(_about(RefusalCode.AMOUNT_ABOVE_LEFT, order, item, component, minor, left))
    return found


def _about(
    code: RefusalCode, order: OrderFacts, item: ItemFacts, component: Component, minor: int, left: int
) -> Refusal:
    facts: dict[str, str | int] = {
        "item": item.item_id,
        "title": item.title,
        "component": component.value,
        "amount": minor,
        "left": left,
        "currency": order.currency or "",
    }
    return Refusal(code, facts)


def _open_refund(item: ItemFacts) -> Refusal:
    facts: dict[str, str | int] = {
        "item": item.item_id,
        "title": item.title,
        "refund": item.open_refund or "",
    }
    return Refusal(RefusalCode.ITEM_HAS_OPEN_REFUND, facts)


def _changed(order: OrderFacts, seen: int) -> Refusal:
    facts: dict[str, str | int] = {"seen": seen, "left": order.left, "currency": order.currency or ""}
    return Refusal(RefusalCode.CHANGED_SINCE_SEEN, facts)


def _open_items(order: OrderFacts) -> list[ItemFacts]:
    return [item for item in order.items if item.open_refund is None and item.left > 0]


def _without_zeros(item_id: str, amounts: Mapping[Component, int]) -> Line:
    return Line(item_id, {component: minor for component, minor in amounts.items() if minor})


def full(order: OrderFacts) -> list[Line]:
    """Return everything that is left on the order."""
    return [
        _without_zeros(item.item_id, {c: balance.left for c, balance in item.balances.items()})
        for item in _open_items(order)
    ]


def by_percentage(order: OrderFacts, *, percent: Decimal) -> list[Line]:
    """Return `percent` of what was paid for each component: half a unit up, never above what is left."""
    return [
        _without_zeros(
            item.item_id,
            {c: min(_share(balance.paid, percent), balance.left) for c, balance in item.balances.items()},
        )
        for item in _open_items(order)
    ]


def _share(minor: int, percent: Decimal) -> int:
    return int((Decimal(minor) * percent / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def by_quantity(order: OrderFacts, *, quantities: Mapping[str, int]) -> list[Line]:
    """Return the price and tax of so many units of each item, never above what is left; no shipping."""
    lines = []
    for item in _open_items(order):
        units = min(quantities.get(item.item_id, 0), item.quantity_ordered)
        if units <= 0:
            continue
        amounts: dict[Component, int] = {
            c: min(spread(b.paid, [units, item.quantity_ordered - units])[0], b.left)
            for c, b in item.balances.items()
            if c in (Component.PRINCIPAL, Component.TAX)
        }
        lines.append(_without_zeros(item.item_id, amounts))
    return [line for line in lines if line.amounts]


def fixed_sum(order: OrderFacts, *, minor: int) -> list[Line]:
    """Return `minor` units spread over all that is left, in proportion; the remainder as `money.spread` says.

    Raises: MoneyError when the sum is negative or more than is left.
    """
    slots = [
        (item.item_id, c, balance.left)
        for item in _open_items(order)
        for c, balance in item.balances.items()
        if balance.left
    ]
    weights = [left for _, _, left in slots]
    if minor > sum(weights):
        raise MoneyError("more than is left cannot be spread")
    shares = spread(minor, weights)
    amounts: dict[str, dict[Component, int]] = {}
    for (item_id, component, _), share in zip(slots, shares, strict=True):
        amounts.setdefault(item_id, {})[component] = share
    return [line for line in (_without_zeros(i, a) for i, a in amounts.items()) if line.amounts]
