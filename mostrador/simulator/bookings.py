"""What Amazon's accounts book for an order: its shipment and its refunds, made from the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mostrador.simulator.book import Adjustment, Component, Item, Order
from mostrador.simulator.clock import iso
from mostrador.simulator.sealing import digest_word
from mostrador.simulator.store import Json
from mostrador.simulator.world import World

DAY = 86400.0
# Money of a merchant's order is held back until a week after delivery.
HELD_AFTER_DELIVERY = 7 * DAY
REFUND_NAMES = {"PromotionPrincipal": "Promotion", "PromotionShipping": "Promotion"}


@dataclass(frozen=True)
class Transaction:
    """One booking and when it became visible."""

    order_id: str
    marketplace_id: str
    status: str
    posted: float
    body: Json


def shipments(world: World, order: Order) -> list[Transaction]:
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


def refunds(world: World, order: Order) -> list[Transaction]:
    """Return one booking per refund, whoever made it."""
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
