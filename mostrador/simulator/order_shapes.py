"""An order as the Orders API shows it.

How the money of a line is expressed (orders_2026-01-01.json, ItemProceedsBreakdown, read 2026-08-05):
`proceeds.breakdowns[]` has the line's totals by `type`. ITEM is Principal, SHIPPING is Shipping, GIFT_WRAP
is GiftWrap. All tax is one entry TAX, whose `detailedBreakdowns[]` split it by `subtype`: ITEM is Tax,
SHIPPING is ShippingTax, GIFT_WRAP is GiftWrapTax. DISCOUNT is split the same way and is negative here, so
that the parts add up to `proceedsTotal`; the sign is not confirmed. Where prices include tax there is no TAX.
"""

from __future__ import annotations

from decimal import Decimal

from mostrador.simulator.book import NOT_YET_CHARGEABLE, Component, Item, Order, Package, Status, money_text
from mostrador.simulator.clock import iso
from mostrador.simulator.marketplaces import Marketplace, country_code
from mostrador.simulator.store import Json

WITH_BUYER_EMAIL = frozenset({Status.UNSHIPPED, Status.PARTIALLY_SHIPPED, Status.SHIPPED})


def order_json(order: Order, included: set[str]) -> Json:
    """Return the order as Amazon shows it, with the data sets that were asked for."""
    place = order.marketplace
    body: Json = {
        "orderId": order.order_id,
        "createdTime": iso(order.created),
        "lastUpdatedTime": iso(order.updated),
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": place.id, "marketplaceName": place.name},
        "orderItems": [_item_json(order, item, included) for item in order.items],
    }
    if order.programs:
        body["programs"] = order.programs
    if order.seller_order_id:
        body["orderAliases"] = [{"aliasId": order.seller_order_id, "aliasType": "SELLER_ORDER_ID"}]
    if order.replacement_of:
        body["associatedOrders"] = [
            {"orderId": order.replacement_of, "associationType": "REPLACEMENT_ORIGINAL_ID"}
        ]
    return body | _included_parts(order, included)


def _included_parts(order: Order, included: set[str]) -> Json:
    body: Json = {}
    priced = _has_prices(order)
    if "BUYER" in included and order.status not in NOT_YET_CHARGEABLE:
        body["buyer"] = _buyer_json(order)
    if "RECIPIENT" in included and order.status not in NOT_YET_CHARGEABLE:
        body["recipient"] = {"deliveryAddress": _address_json(order)}
    if "PROCEEDS" in included and priced:
        body["proceeds"] = _order_proceeds(order)
    if "FULFILLMENT" in included:
        body["fulfillment"] = _fulfillment_json(order)
    if "PACKAGES" in included and order.fulfilled_by == "MERCHANT" and order.packages:
        body["packages"] = [_package_json(package) for package in order.packages]
    if "PAYMENT" in included and priced:
        total = _money(sum((_line_total(item) for item in order.items), Decimal(0)), order.marketplace)
        body["payment"] = {"paymentExecutions": [{"paymentMethod": "CreditCard", "paymentAmount": total}]}
    return body


def _has_prices(order: Order) -> bool:
    return order.status not in NOT_YET_CHARGEABLE and order.status is not Status.CANCELLED


def _buyer_json(order: Order) -> Json:
    body = {"buyerName": order.buyer_name}
    if order.fulfilled_by == "MERCHANT" and order.status in WITH_BUYER_EMAIL:
        body["buyerEmail"] = order.relay_address
    if order.buyer_company:
        body["buyerCompanyName"] = order.buyer_company
    return body


def _address_json(order: Order) -> Json:
    body: Json = {"countryCode": country_code(order.marketplace)} | order.address
    if order.fulfilled_by == "AMAZON":
        return {
            key: body[key] for key in ("city", "stateOrRegion", "postalCode", "countryCode") if key in body
        }
    return {"name": order.buyer_name, "addressType": "RESIDENTIAL"} | body


def _fulfillment_json(order: Order) -> Json:
    body: Json = {
        "fulfillmentStatus": order.status.value,
        "fulfilledBy": order.fulfilled_by,
        "fulfillmentServiceLevel": order.shipping_speed,
    }
    if order.status is not Status.PENDING:
        body["shipByWindow"] = _window_json(order.ship_by)
        body["deliverByWindow"] = _window_json(order.deliver_by)
    return body


def _window_json(window: list[float]) -> Json:
    return {"earliestDateTime": iso(window[0]), "latestDateTime": iso(window[1])}


def _package_json(package: Package) -> Json:
    return {
        "packageReferenceId": package.reference,
        "createdTime": iso(package.shipped_at - 1800),
        "packageStatus": {"status": package.status},
        "carrier": package.carrier,
        "shipTime": iso(package.shipped_at),
        "shippingService": package.shipping_option,
        "trackingNumber": package.tracking,
        "packageItems": [{"orderItemId": key, "quantity": n} for key, n in package.quantities.items()],
    }


def _item_json(order: Order, item: Item, included: set[str]) -> Json:
    place = order.marketplace
    body: Json = {
        "orderItemId": item.order_item_id,
        "quantityOrdered": item.quantity,
        "product": {
            "asin": item.asin,
            "title": item.title,
            "sellerSku": item.sku,
            "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
        },
    }
    if item.programs:
        body["programs"] = item.programs
    if _has_prices(order):
        body["product"]["price"] = {"unitPrice": _money(Decimal(item.unit_price), place)}
        if "PROCEEDS" in included:
            body["proceeds"] = _item_proceeds(item, place)
        if "PROMOTION" in included and item.promotion_id:
            body["promotion"] = {"breakdowns": [{"promotionId": item.promotion_id}]}
    if "CANCELLATION" in included and (cancellation := _cancellation_json(item)):
        body["cancellation"] = cancellation
    if "FULFILLMENT" in included:
        body["fulfillment"] = _item_fulfillment(order, item)
    if "TAX" in included and item.net(Component.TAX) and not place.tax_inclusive:
        body["tax"] = {
            "taxCollections": [
                {"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services, Inc."}
            ]
        }
    return body


def _cancellation_json(item: Item) -> Json:
    body: Json = {}
    if item.cancel_request:
        body["cancellationRequest"] = {"requester": "BUYER", "cancelReason": item.cancel_request}
    if item.cancelled_by:
        body["cancellationExecution"] = {"cancelledBy": item.cancelled_by, "cancelReason": item.cancel_reason}
    return body


def _item_fulfillment(order: Order, item: Item) -> Json:
    gone = order.status is Status.CANCELLED or bool(item.cancelled_by)
    body: Json = {
        "quantityFulfilled": item.shipped,
        "quantityUnfulfilled": 0 if gone else item.quantity - item.shipped,
    }
    if item.gift_level or item.gift_message:
        gift = {"giftMessage": item.gift_message, "giftWrapLevel": item.gift_level}
        body["packing"] = {"giftOption": {key: value for key, value in gift.items() if value}}
    return body


_PLAIN_TYPES = {"ITEM": Component.PRINCIPAL, "SHIPPING": Component.SHIPPING, "GIFT_WRAP": Component.GIFT_WRAP}
_TAX_SUBTYPES = {
    "ITEM": Component.TAX,
    "SHIPPING": Component.SHIPPING_TAX,
    "GIFT_WRAP": Component.GIFT_WRAP_TAX,
}


def _money(amount: Decimal, place: Marketplace) -> Json:
    return {"amount": money_text(amount, place), "currencyCode": place.currency}


def _line_total(item: Item) -> Decimal:
    return sum((item.net(component) for component in Component), Decimal(0))


def _proceeds_parts(item: Item) -> dict[str, dict[str, Decimal]]:
    """Return the line's money by breakdown type and subtype."""
    parts = {name: {name: Decimal(item.paid.get(part, "0"))} for name, part in _PLAIN_TYPES.items()}
    parts["TAX"] = {name: Decimal(item.paid.get(part, "0")) for name, part in _TAX_SUBTYPES.items()}
    parts["DISCOUNT"] = {name: -Decimal(item.discount.get(part, "0")) for name, part in _PLAIN_TYPES.items()}
    return parts


def _item_proceeds(item: Item, place: Marketplace) -> Json:
    breakdowns: list[Json] = []
    for name, subtypes in _proceeds_parts(item).items():
        subtotal = sum(subtypes.values(), Decimal(0))
        if not subtotal and name != "ITEM":
            continue
        breakdown: Json = {"type": name, "subtotal": _money(subtotal, place)}
        if name in ("TAX", "DISCOUNT"):
            breakdown["detailedBreakdowns"] = [
                {"subtype": subtype, "value": _money(value, place)}
                for subtype, value in subtypes.items()
                if value
            ]
        breakdowns.append(breakdown)
    return {"proceedsTotal": _money(_line_total(item), place), "breakdowns": breakdowns}


def _order_proceeds(order: Order) -> Json:
    totals: dict[str, Decimal] = {}
    for item in order.items:
        for name, subtypes in _proceeds_parts(item).items():
            totals[name] = totals.get(name, Decimal(0)) + sum(subtypes.values(), Decimal(0))
    place = order.marketplace
    breakdowns = [
        {"type": name, "subtotal": _money(value, place)}
        for name, value in totals.items()
        if value or name == "ITEM"
    ]
    return {"grandTotal": _money(sum(totals.values(), Decimal(0)), place), "breakdowns": breakdowns}
