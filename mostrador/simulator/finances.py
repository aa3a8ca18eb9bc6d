"""Finances 2024-06-19: listTransactions, made from the ledger and shown after a delay."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from aiohttp import web

from mostrador.simulator.answers import invalid
from mostrador.simulator.book import Adjustment, Component, Item, Order
from mostrador.simulator.clock import iso, parse_iso
from mostrador.simulator.gate import Call
from mostrador.simulator.sealing import digest_word
from mostrador.simulator.store import Json
from mostrador.simulator.world import World

TWO_MINUTES = 120.0
DAY = 86400.0
LONGEST_SPAN = 180 * DAY
PAGE_SIZE = 100
# Money of a merchant's order is held back until a week after delivery.
HELD_AFTER_DELIVERY = 7 * DAY
STATUSES = frozenset({"DEFERRED", "RELEASED", "DEFERRED_RELEASED"})
REFUND_NAMES = {"PromotionPrincipal": "Promotion", "PromotionShipping": "Promotion"}


@dataclass(frozen=True)
class Transaction:
    """One booking and when it became visible."""

    order_id: str
    marketplace_id: str
    status: str
    posted: float
    body: Json


async def list_transactions(call: Call) -> web.Response:
    """Answer listTransactions."""
    query = _query(call)
    found = [t for t in _transactions(call, query["order"]) if _matches(t, query)]
    found.sort(key=lambda transaction: transaction.posted)
    start = query["offset"]
    payload: Json = {"transactions": [t.body for t in found[start : start + PAGE_SIZE]]}
    following = start + PAGE_SIZE if start + PAGE_SIZE < len(found) else None
    if start == 0 and not query["emptied"] and call.world.assumes("finances-empty-pages") == "yes":
        payload, following = {"transactions": []}, 0
        query["emptied"] = True
    if following is not None:
        token = query | {"offset": following, "seller": call.seller.seller_id}
        payload["nextToken"] = call.world.seal.close(token)
    return _response({"payload": payload})


def _response(body: Json) -> web.Response:
    return web.Response(text=_json_with_exact_numbers(body), content_type="application/json")


def _json_with_exact_numbers(body: Json) -> str:
    """Return JSON whose decimals are numbers written exactly, never through a float."""
    numbers: dict[str, str] = {}

    def placeholder(value: object) -> str:
        if not isinstance(value, Decimal):
            raise TypeError(f"not JSON: {value!r}")
        name = f"\x01{len(numbers)}\x01"
        numbers[name] = str(value)
        return name

    text = json.dumps(body, default=placeholder, ensure_ascii=False)
    for name, number in numbers.items():
        text = text.replace(json.dumps(name, ensure_ascii=False), number, 1)
    return text


def _query(call: Call) -> Json:
    asked = call.request.query
    if token := asked.get("nextToken"):
        query = call.world.seal.open(token)
        if query is None or query.get("seller") != call.seller.seller_id:
            raise invalid("The nextToken is invalid.")
        return query
    order_id = _related_order(call)
    if "postedAfter" not in asked and not order_id:
        raise invalid("postedAfter is required without a related identifier.")
    latest = call.world.clock.now() - TWO_MINUTES
    after = _time(call, "postedAfter", 0.0)
    # Asked for one order without times, everything posted so far is meant.
    before = _time(call, "postedBefore", call.world.clock.now() if "postedAfter" not in asked else latest)
    if after > latest or ("postedBefore" in asked and before > latest):
        raise invalid("postedAfter and postedBefore must be more than two minutes in the past.")
    if before < after:
        raise invalid("postedBefore must be later than postedAfter.")
    status = asked.get("transactionStatus", "")
    if status and status not in STATUSES:
        raise invalid("transactionStatus is unknown.")
    return {
        "order": order_id,
        "after": after,
        "before": before,
        "too_long": "postedAfter" in asked and before - after > LONGEST_SPAN,
        "place": asked.get("marketplaceId", ""),
        "status": status,
        "offset": 0,
        "emptied": False,
    }


def _related_order(call: Call) -> str:
    name = call.request.query.get("relatedIdentifierName", "")
    value = call.request.query.get("relatedIdentifierValue", "")
    if bool(name) != bool(value):
        raise invalid("relatedIdentifierName and relatedIdentifierValue belong together.")
    if name and name not in ("ORDER_ID", "FINANCIAL_EVENT_GROUP_ID"):
        raise invalid("relatedIdentifierName cannot be used as a filter.")
    return value


def _time(call: Call, name: str, otherwise: float) -> float:
    if name not in call.request.query:
        return otherwise
    try:
        return parse_iso(call.request.query[name])
    except ValueError:
        raise invalid(f"{name} is not an ISO 8601 time.") from None


def _matches(transaction: Transaction, query: Json) -> bool:
    return (
        not query["too_long"]
        and query["order"] in ("", transaction.order_id)
        and query["after"] <= transaction.posted < query["before"]
        and query["place"] in ("", transaction.marketplace_id)
        and query["status"] in ("", transaction.status)
    )


def _transactions(call: Call, order_id: str) -> list[Transaction]:
    """Return the seller's bookings that have become visible, of one order or of all."""
    world = call.world
    found: list[Transaction] = []
    for order in [world.orders[order_id]] if order_id in world.orders else world.orders.values():
        if order.seller_id == call.seller.seller_id:
            found += _shipments(world, order)
            found += _refunds(world, order)
    visible = world.clock.now() - world.settings.finances_delay
    return [transaction for transaction in found if transaction.posted <= visible]


def _shipments(world: World, order: Order) -> list[Transaction]:
    """Return one booking per order that has left, at the time of its first parcel."""
    shipped = [item for item in order.items if item.shipped]
    if not shipped or order.replacement_of:
        return []
    posted = min((package.shipped_at for package in order.packages), default=order.created + DAY)
    delivered = max((package.delivered_at for package in order.packages), default=0.0)
    released = order.fulfilled_by == "AMAZON" or (
        delivered > 0 and world.clock.now() > delivered + HELD_AFTER_DELIVERY
    )
    status = "DEFERRED_RELEASED" if released else "DEFERRED"
    parts = [
        _item(
            world, order, item, {c.value: item.net(c) * item.shipped / item.quantity for c in Component}, ""
        )
        for item in shipped
    ]
    shipment = digest_word(f"shipment {order.order_id}", 9)
    identifiers = [("ORDER_ID", order.order_id), ("SHIPMENT_ID", shipment)]
    return [_transaction(order, "Shipment", "Order Payment", status, posted, identifiers, parts)]


def _refunds(world: World, order: Order) -> list[Transaction]:
    groups: dict[str, list[Adjustment]] = {}
    for adjustment in world.adjustments_of(order.order_id):
        groups.setdefault(adjustment.refund_id, []).append(adjustment)
    return [_refund(world, order, refund_id, group) for refund_id, group in groups.items()]


def _refund(world: World, order: Order, refund_id: str, group: list[Adjustment]) -> Transaction:
    parts = []
    for adjustment in group:
        item = order.item(adjustment.order_item_id)
        assert item is not None
        amounts = {name: -Decimal(amount) for name, amount in adjustment.amounts.items()}
        parts.append(_item(world, order, item, amounts, adjustment.adjustment_id))
    identifiers = [("ORDER_ID", order.order_id), ("REFUND_ID", refund_id)]
    status = world.assumes("finances-refund-status")
    return _transaction(order, "Refund", "Refund Order", status, group[0].at, identifiers, parts)


def _currency(amount: Decimal, order: Order) -> Json:
    place = order.marketplace
    return {"currencyCode": place.currency, "currencyAmount": amount.quantize(place.unit)}


def _item(world: World, order: Order, item: Item, amounts: dict[str, Decimal], adjustment_id: str) -> Json:
    """Return one line of a booking, with a breakdown per component."""
    exact = {name: amount.quantize(order.marketplace.unit) for name, amount in amounts.items()}
    total = sum(exact.values(), Decimal(0))
    identifiers = []
    if adjustment_id:
        identifiers.append(("ORDER_ADJUSTMENT_ITEM_ID", adjustment_id))
    if world.assumes("finances-order-item-id") == "yes":
        identifiers.append(("ORDER_ITEM_ID", item.order_item_id))
    return {
        "description": item.title,
        "relatedIdentifiers": [
            {"itemRelatedIdentifierName": name, "itemRelatedIdentifierValue": value}
            for name, value in identifiers
        ],
        "totalAmount": _currency(total, order),
        "breakdowns": [
            {
                "breakdownType": REFUND_NAMES.get(name, name),
                "breakdownAmount": _currency(amount, order),
                "breakdowns": [],
            }
            for name, amount in exact.items()
            if amount
        ],
        "contexts": [
            {
                "contextType": "ProductContext",
                "asin": item.asin,
                "sku": item.sku,
                "quantityShipped": item.shipped,
                "fulfillmentNetwork": "MFN" if order.fulfilled_by == "MERCHANT" else "AFN",
            }
        ],
    }


def _transaction(
    order: Order,
    kind: str,
    description: str,
    status: str,
    posted: float,
    identifiers: list[tuple[str, str]],
    parts: list[Json],
) -> Transaction:
    total = sum((part["totalAmount"]["currencyAmount"] for part in parts), Decimal(0))
    body = {
        "sellingPartnerMetadata": {
            "sellingPartnerId": order.seller_id,
            "accountType": "Standard Orders",
            "marketplaceId": order.marketplace_id,
        },
        "relatedIdentifiers": [
            {"relatedIdentifierName": name, "relatedIdentifierValue": value} for name, value in identifiers
        ],
        "transactionType": kind,
        "transactionId": digest_word(f"{kind} {identifiers[1][1]}", 43),
        "transactionStatus": status,
        "description": description,
        "postedDate": iso(posted),
        "totalAmount": _currency(total, order),
        "marketplaceDetails": {
            "marketplaceId": order.marketplace_id,
            "marketplaceName": order.marketplace.name,
        },
        "items": parts,
        "breakdowns": [
            {
                "breakdownType": "Sales" if kind == "Shipment" else "Refunds",
                "breakdownAmount": _currency(total, order),
                "breakdowns": [],
            }
        ],
    }
    return Transaction(order.order_id, order.marketplace_id, status, posted, body)
