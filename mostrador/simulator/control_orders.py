"""Changing orders through the control endpoint, as buyers, a warehouse or Seller Central would."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from aiohttp import web

from mostrador.simulator.answers import invalid, not_found
from mostrador.simulator.book import Component, Item, Order, Package, Status, charged, money_text, refunded
from mostrador.simulator.marketplaces import BY_COUNTRY
from mostrador.simulator.shop import read_order
from mostrador.simulator.store import Json
from mostrador.simulator.world import World, cancel, refund_outside


async def json_body(request: web.Request) -> Json:
    """Return the JSON object of a request; nothing is an empty one."""
    body = json.loads(await request.text() or "{}")
    if not isinstance(body, dict):
        raise invalid("The body is not a JSON object.")
    return body


def ledger_of(world: World, order: Order) -> Json:
    """Return the book of one order; amounts are decimal strings."""
    adjustments = world.adjustments_of(order.order_id)
    return {
        "seller_id": order.seller_id,
        "marketplace_id": order.marketplace_id,
        "status": order.status.value,
        "currency": order.marketplace.currency,
        "items": {item.order_item_id: _line_book(world, order, item) for item in order.items},
        "adjustments": [asdict(adjustment) for adjustment in adjustments],
    }


def _line_book(world: World, order: Order, item: Item) -> Json:
    place = order.marketplace
    adjustments = world.adjustments_of(order.order_id)
    cap = world.assumes("line-cap")
    components: Json = {}
    for component in Component:
        if not item.net(component):
            continue
        components[component.value] = {
            "price": money_text(item.net(component), place),
            "paid": money_text(charged(order, item, component, line_cap=cap), place),
            "refunded": money_text(refunded(adjustments, item.order_item_id, component), place),
            "remaining": money_text(world.remaining(order, item, component), place),
        }
    return {
        "quantity": item.quantity,
        "shipped": item.shipped,
        "cancelled_by": item.cancelled_by,
        "components": components,
    }


async def add_order(world: World, request: web.Request) -> Json:
    """Answer POST /control/orders: an order as in a shop file, with `marketplace`, or {"orders": [...]}."""
    body = await json_body(request)
    if "orders" not in body:
        return ledger_of(world, _added(world, body))
    return {"order_ids": [_added(world, each).order_id for each in body["orders"]]}


def _added(world: World, body: Json) -> Order:
    place = BY_COUNTRY[body["marketplace"]]
    sellers = (
        seller
        for seller in world.sellers.values()
        if place.id in seller.marketplaces and body.get("seller_id") in (None, seller.seller_id)
    )
    seller = next(sellers, None)
    if seller is None:
        raise invalid("No seller takes part in this marketplace.")
    order = read_order({"address": {}} | body, seller, place, world.clock.now())
    world.add_order(order)
    for refund in body.get("refunds", []):
        refund_outside(world, order, refund)
    world.commit()
    return order


async def change_order(world: World, request: web.Request) -> Json:
    """Answer PATCH /control/orders/{id} with one or more of ship, cancel, cancellation_request and refund."""
    order = world.orders.get(request.match_info["orderId"])
    if order is None:
        raise not_found("order")
    body = await json_body(request)
    unknown = set(body) - {"ship", "cancel", "cancellation_request", "refund", "status"}
    if unknown:
        raise invalid(f"Unknown change: {', '.join(sorted(unknown))}.")
    if "status" in body:
        order.status = Status(body["status"])
    if "cancellation_request" in body:
        for item in order.items:
            item.cancel_request = body["cancellation_request"]
    if "ship" in body:
        _ship(world, order, body["ship"])
    if "cancel" in body:
        cancel(world, order, by=body["cancel"]["by"], reason=body["cancel"].get("reason", ""))
    if "refund" in body:
        refund_outside(world, order, body["refund"])
    world.touch(order)
    world.commit()
    return ledger_of(world, order)


def _ship(world: World, order: Order, body: Any) -> None:
    """Confirm the shipment of everything, or of {"quantities": {item id: units}}."""
    chosen = body.get("quantities") if isinstance(body, dict) else None
    quantities = chosen or {item.order_item_id: item.quantity - item.shipped for item in order.items}
    for item in order.items:
        item.shipped = min(item.quantity, item.shipped + int(quantities.get(item.order_item_id, 0)))
    complete = all(item.shipped == item.quantity for item in order.items)
    order.status = Status.SHIPPED if complete else Status.PARTIALLY_SHIPPED
    package = Package(
        reference=str(len(order.packages) + 1),
        carrier="DHL",
        tracking=world.new_number(12),
        shipping_option="Standard",
        status="IN_TRANSIT",
        shipped_at=world.clock.now(),
        delivered_at=0.0,
        quantities={key: int(units) for key, units in quantities.items()},
    )
    order.packages.append(package)
