"""Order acknowledgements: what a Failure does to an order in each of its statuses."""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

from mostrador.simulator.adjustments import BAD_ORDER, INCOMPLETE, known_order, text_of
from mostrador.simulator.book import Adjustment, Component, Order, Status
from mostrador.simulator.reports import Problem
from mostrador.simulator.world import Feed, World, cancel


def acknowledge(world: World, feed: Feed, message_id: str, body: etree._Element) -> list[Problem]:
    """Apply one OrderAcknowledgement, all or nothing, and return what is wrong with it."""
    order = known_order(world, feed, text_of(body, "AmazonOrderID"))
    if order is None:
        return [Problem(BAD_ORDER, "The order cannot be found.")]
    items = body.findall("Item")
    # A Failure without items is accepted and cancels nothing.
    if text_of(body, "StatusCode") == "Success" or not items:
        return []
    problems = _status_problems(world, order) or _item_problems(world, order, items)
    if problems or order.status is Status.CANCELLED:
        return problems
    if order.status is Status.PARTIALLY_SHIPPED:
        _refund_everything(world, feed, message_id, order)
    else:
        _cancel_items(world, order, items)
    return []


def _status_problems(world: World, order: Order) -> list[Problem]:
    if order.fulfilled_by == "AMAZON":
        return [
            Problem(INCOMPLETE, "The order is fulfilled by Amazon and cannot be cancelled.", order.order_id)
        ]
    match order.status:
        case Status.UNSHIPPED | Status.PARTIALLY_SHIPPED:
            return []
        case Status.CANCELLED if world.assumes("already-cancelled") == "success":
            return []
        case Status.CANCELLED:
            return [Problem(INCOMPLETE, "The order is already cancelled.", order.order_id)]
        case Status.SHIPPED:
            return [Problem(INCOMPLETE, "The order is already shipped.", order.order_id)]
        case _:
            return [
                Problem(INCOMPLETE, f"An order that is {order.status} cannot be cancelled.", order.order_id)
            ]


def _item_problems(world: World, order: Order, items: list[etree._Element]) -> list[Problem]:
    problems: list[Problem] = []
    named: set[str] = set()
    for element in items:
        code = text_of(element, "AmazonOrderItemCode")
        item = order.item(code)
        named.add(code)
        if item is None:
            problems.append(
                Problem(INCOMPLETE, "The order item is not part of the order.", order.order_id, code)
            )
            continue
        if not text_of(element, "CancelReason"):
            problems.append(Problem(INCOMPLETE, "The CancelReason is missing.", order.order_id, code))
        if int(text_of(element, "Quantity") or item.quantity) != item.quantity:
            problems.append(
                Problem(INCOMPLETE, "A part of a line cannot be cancelled.", order.order_id, code)
            )
    incomplete = named < {item.order_item_id for item in order.items}
    if incomplete and not problems and world.assumes("partial-cancellation") == "error":
        problems.append(Problem(INCOMPLETE, "Every item of the order must be cancelled.", order.order_id))
    return problems


def _cancel_items(world: World, order: Order, items: list[etree._Element]) -> None:
    reasons = {text_of(element, "AmazonOrderItemCode"): text_of(element, "CancelReason") for element in items}
    if len(reasons) == len(order.items):
        cancel(world, order, by="MERCHANT", reason=next(iter(reasons.values())))
    for item in order.items:
        if item.order_item_id in reasons:
            item.cancelled_by = "MERCHANT"
            item.cancel_reason = reasons[item.order_item_id]
    world.touch(order)


def _refund_everything(world: World, feed: Feed, message_id: str, order: Order) -> None:
    """Give back all that is left, as Amazon's guide warns of a Failure after a part was shipped."""
    refund_id = world.new_number(12)
    for item in order.items:
        left = {c.value: world.remaining(order, item, c) for c in Component}
        amounts = {name: str(amount) for name, amount in left.items() if amount > Decimal(0)}
        if item.shipped < item.quantity:
            item.cancelled_by = "MERCHANT"
        if not amounts:
            continue
        world.adjust(
            Adjustment(
                adjustment_id=world.new_number(14),
                refund_id=refund_id,
                order_id=order.order_id,
                order_item_id=item.order_item_id,
                amounts=amounts,
                reason="CouldNotShip",
                source="acknowledgement",
                feed_id=feed.feed_id,
                message_id=message_id,
                at=world.clock.now(),
            )
        )
    world.touch(order)
