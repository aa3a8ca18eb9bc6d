"""Order adjustments: the rules under which Amazon gives money back, and giving it back. Never idempotent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from lxml import etree

from mostrador.simulator.book import (
    TAX_COMPONENTS,
    Adjustment,
    Component,
    Item,
    Order,
    Status,
)
from mostrador.simulator.reports import Problem
from mostrador.simulator.world import Feed, World

INCOMPLETE = "18028"
ABOVE_PRICE = "25161"
ABOVE_SHIPPING = "25181"
NEGATIVE = "25221"
BAD_ORDER = "25441"
NOT_A_CREDIT = "30741"

MAY_BE_NEGATIVE = frozenset({"RestockingFee", "RestockingFeeTax"})
SHIPPED = frozenset({Status.SHIPPED, Status.PARTIALLY_SHIPPED})
CAPPED = frozenset(component.value for component in Component)


@dataclass
class _Line:
    """What one AdjustedItem asks for."""

    item: Item
    reason: str
    amounts: dict[str, Decimal] = field(default_factory=dict)
    named: bool = False


def text_of(element: etree._Element, name: str) -> str:
    """Return the content of a child, or nothing."""
    return (element.findtext(name) or "").strip()


def known_order(world: World, feed: Feed, order_id: str) -> Order | None:
    """Return the seller's own order with this id."""
    order = world.orders.get(order_id)
    return order if order is not None and order.seller_id == feed.seller_id else None


def adjust(world: World, feed: Feed, message_id: str, body: etree._Element) -> list[Problem]:
    """Apply one OrderAdjustment, all or nothing, and return what is wrong with it."""
    order = known_order(world, feed, text_of(body, "AmazonOrderID"))
    if order is None:
        return [Problem(BAD_ORDER, "The order id is invalid.")]
    problems = list(_order_problems(order, body))
    if problems:
        return problems
    lines: list[_Line] = []
    for element in body.findall("AdjustedItem"):
        line, found = _line(world, order, element)
        problems += found
        if line is not None:
            lines.append(line)
    problems = problems or list(_money_problems(world, order, lines))
    if not problems:
        _apply(world, feed, message_id, order, lines)
    return problems


def _order_problems(order: Order, body: etree._Element) -> Iterator[Problem]:
    if text_of(body, "ActionType") == "Cancel":
        yield Problem(INCOMPLETE, "The ActionType Cancel is not possible for this order.", order.order_id)
    if order.fulfilled_by == "AMAZON":
        yield Problem(INCOMPLETE, "The order is fulfilled by Amazon and cannot be adjusted.", order.order_id)
    elif order.status is Status.CANCELLED:
        yield Problem(INCOMPLETE, "The order is cancelled.", order.order_id)
    elif order.status not in SHIPPED:
        yield Problem(INCOMPLETE, "The order is not shipped yet.", order.order_id)


def _line(world: World, order: Order, element: etree._Element) -> tuple[_Line | None, list[Problem]]:
    code = text_of(element, "AmazonOrderItemCode")
    item = order.item(code)
    if item is None:
        return None, [Problem(INCOMPLETE, "The order item is not part of the order.", order.order_id, code)]
    if not item.shipped:
        return None, [Problem(INCOMPLETE, "The order item is not shipped yet.", order.order_id, code)]
    if element.find("DirectPaymentAdjustments") is not None:
        return None, [Problem("5000", "DirectPaymentAdjustments is not accepted here.", order.order_id, code)]
    line = _Line(item, text_of(element, "AdjustmentReason"))
    problems = [
        problem for problem in (_take(world, order, line, part) for part in _components(element)) if problem
    ]
    if int(text_of(element, "QuantityCancelled") or 0) > item.quantity:
        problems.append(Problem(INCOMPLETE, "QuantityCancelled is above the quantity.", order.order_id, code))
    units = int(text_of(element, "Quantity") or 1)
    if world.assumes("quantity") == "multiply":
        line.amounts = {name: amount * units for name, amount in line.amounts.items()}
    if not line.named and world.assumes("empty-adjustment") == "error":
        problems.append(Problem(INCOMPLETE, "The adjustment has no amounts.", order.order_id, code))
    return line, problems


def _components(element: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    for component in element.iterfind("ItemPriceAdjustments/Component"):
        yield text_of(component, "Type"), component
    for component in element.iterfind("PromotionAdjustments/Component"):
        yield f"Promotion{text_of(component, 'Type')}", component


def _take(world: World, order: Order, line: _Line, part: tuple[str, etree._Element]) -> Problem | None:
    """Add one component to the line, or return why not."""
    name, element = part
    place = order.marketplace
    amount = Decimal(text_of(element, "Amount"))
    currency = element.find("Amount").get("currency", place.currency)  # type: ignore[union-attr]  # schema-checked
    where = (order.order_id, line.item.order_item_id)
    line.named = True
    if currency != place.currency:
        return Problem(INCOMPLETE, f"The currency of the order is {place.currency}.", *where)
    if amount != amount.quantize(place.unit):
        return Problem(INCOMPLETE, f"{amount} has too many decimals for {place.currency}.", *where)
    if name in TAX_COMPONENTS and place.tax_inclusive:
        return Problem(
            INCOMPLETE, "The tax or shipping tax refund is not eligible in this marketplace.", *where
        )
    if amount < 0 and name not in MAY_BE_NEGATIVE and not name.startswith("Promotion"):
        return Problem(NEGATIVE, f"The {name} adjustment must not be negative.", *where)
    if name in CAPPED or name in MAY_BE_NEGATIVE or name.startswith("Promotion"):
        line.amounts[name] = line.amounts.get(name, Decimal(0)) + amount
        return None
    return _concession(world, line, name, amount, where)


def _concession(
    world: World, line: _Line, name: str, amount: Decimal, where: tuple[str, str]
) -> Problem | None:
    """Treat a component beyond the price as the run assumes."""
    match world.assumes("concessions"):
        case "pay":
            line.amounts[name] = line.amounts.get(name, Decimal(0)) + amount
        case "refuse":
            return Problem(INCOMPLETE, f"The component {name} is not accepted.", *where)
    return None


def _money_problems(world: World, order: Order, lines: list[_Line]) -> Iterator[Problem]:
    asked: dict[tuple[str, str], Decimal] = {}
    for line in lines:
        for name, amount in line.amounts.items():
            key = (line.item.order_item_id, name)
            asked[key] = asked.get(key, Decimal(0)) + amount
    for (code, name), amount in asked.items():
        item = order.item(code)
        if item is not None and name in CAPPED and amount > world.remaining(order, item, name):
            number = ABOVE_SHIPPING if name in (Component.SHIPPING, Component.SHIPPING_TAX) else ABOVE_PRICE
            yield Problem(
                number, f"The {name} adjustment is above the remaining balance.", order.order_id, code
            )
    if any(line.named for line in lines) and sum(asked.values(), Decimal(0)) <= 0:
        yield Problem(NOT_A_CREDIT, "The adjustment as a whole must be a credit above zero.", order.order_id)


def _apply(world: World, feed: Feed, message_id: str, order: Order, lines: list[_Line]) -> None:
    refund_id = world.new_number(12)
    for line in lines:
        if not line.amounts:
            continue
        world.adjust(
            Adjustment(
                adjustment_id=world.new_number(14),
                refund_id=refund_id,
                order_id=order.order_id,
                order_item_id=line.item.order_item_id,
                amounts={
                    name: str(amount.quantize(order.marketplace.unit))
                    for name, amount in line.amounts.items()
                },
                reason=line.reason,
                source="feed",
                feed_id=feed.feed_id,
                message_id=message_id,
                at=world.clock.now(),
            )
        )
    world.touch(order)
