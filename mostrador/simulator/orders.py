"""Orders 2026-01-01: searchOrders and getOrder.

How the money of a line is expressed (orders_2026-01-01.json, ItemProceedsBreakdown, read 2026-08-05):
`proceeds.breakdowns[]` has the line's totals by `type`. ITEM is Principal, SHIPPING is Shipping, GIFT_WRAP
is GiftWrap. All tax is one entry TAX, whose `detailedBreakdowns[]` split it by `subtype`: ITEM is Tax,
SHIPPING is ShippingTax, GIFT_WRAP is GiftWrapTax. DISCOUNT is split the same way and is negative here, so
that the parts add up to `proceedsTotal`; the sign is not confirmed. Where prices include tax there is no TAX.
"""

from __future__ import annotations

from decimal import Decimal

from aiohttp import web

from mostrador.simulator.answers import invalid, json_response, listed, not_found
from mostrador.simulator.book import NOT_YET_CHARGEABLE, Component, Item, Order, Package, Status, money_text
from mostrador.simulator.clock import iso, parse_iso
from mostrador.simulator.gate import Call
from mostrador.simulator.marketplaces import Marketplace, country_code
from mostrador.simulator.store import Json

TWO_MINUTES = 120.0
PAGE_TOKEN_LIFE = 24 * 3600.0
MAX_PER_PAGE = 100
INCLUDABLE = frozenset(
    [
        "BUYER",
        "RECIPIENT",
        "PROCEEDS",
        "EXPENSE",
        "PROMOTION",
        "CANCELLATION",
        "FULFILLMENT",
        "PACKAGES",
        "TAX",
        "PAYMENT",
        "FULFILLMENT_ORDERS",
    ]
)
WITH_BUYER_EMAIL = frozenset({Status.UNSHIPPED, Status.PARTIALLY_SHIPPED, Status.SHIPPED})


async def get_order(call: Call) -> web.Response:
    """Answer getOrder."""
    order = call.world.orders.get(call.request.match_info["orderId"])
    included = _included(call)
    if order is None or order.seller_id != call.seller.seller_id:
        raise not_found("order")
    return json_response({"order": order_json(order, included)})


async def search_orders(call: Call) -> web.Response:
    """Answer searchOrders."""
    included = _included(call)
    per_page = _per_page(call)
    query = _query(call)
    matches = [order for order in call.world.orders.values() if _matches(order, call.seller.seller_id, query)]
    matches.sort(key=lambda order: (getattr(order, query["by"]), order.order_id))
    page = matches[query["offset"] : query["offset"] + per_page]
    body: Json = {"orders": [order_json(order, included) for order in page]}
    body["createdBefore" if query["by"] == "created" else "lastUpdatedBefore"] = iso(query["before"])
    if query["offset"] + per_page < len(matches):
        following = query | {
            "offset": query["offset"] + per_page,
            "expires": call.world.clock.now() + PAGE_TOKEN_LIFE,
            "seller": call.seller.seller_id,
        }
        body["pagination"] = {"nextToken": call.world.seal.close(following)}
    return json_response(body)


def _included(call: Call) -> set[str]:
    included = set(listed(call.request.query.getall("includedData", [])))
    if not included <= INCLUDABLE:
        raise invalid(f"includedData has unknown values: {', '.join(sorted(included - INCLUDABLE))}")
    return included


def _per_page(call: Call) -> int:
    text = call.request.query.get("maxResultsPerPage", str(MAX_PER_PAGE))
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PER_PAGE:
        raise invalid("maxResultsPerPage must be between 1 and 100.")
    return int(text)


def _query(call: Call) -> Json:
    token = call.request.query.get("paginationToken")
    if token is None:
        return _new_query(call)
    query = call.world.seal.open(token)
    if query is None or query.get("seller") != call.seller.seller_id:
        raise invalid("The paginationToken is invalid.")
    if query["expires"] < call.world.clock.now():
        raise invalid("The paginationToken has expired.")
    return query


def _new_query(call: Call) -> Json:
    asked = call.request.query
    if ("createdAfter" in asked) == ("lastUpdatedAfter" in asked):
        raise invalid("Provide exactly one of createdAfter and lastUpdatedAfter.")
    by, prefix, other = (
        ("created", "created", "lastUpdated")
        if "createdAfter" in asked
        else ("updated", "lastUpdated", "created")
    )
    if f"{other}Before" in asked:
        raise invalid(f"{other}Before cannot be combined with {prefix}After.")
    latest = call.world.clock.now() - TWO_MINUTES
    after = _time(call, f"{prefix}After")
    before = _time(call, f"{prefix}Before") if f"{prefix}Before" in asked else latest
    if before > latest:
        raise invalid(f"{prefix}Before must be at least two minutes before the time of the request.")
    if f"{prefix}Before" in asked and before < after:
        raise invalid(f"{prefix}Before must not be earlier than {prefix}After.")
    return {"by": by, "after": after, "before": before, "offset": 0} | _filters(call)


def _time(call: Call, name: str) -> float:
    try:
        return parse_iso(call.request.query[name])
    except ValueError:
        raise invalid(f"{name} is not an ISO 8601 time.") from None


def _filters(call: Call) -> Json:
    asked = call.request.query
    filters = {
        name: listed(asked.getall(name, []))
        for name in ("fulfillmentStatuses", "fulfilledBy", "marketplaceIds")
    }
    if not set(filters["fulfillmentStatuses"]) <= set(Status):
        raise invalid("fulfillmentStatuses has unknown values.")
    if not set(filters["fulfilledBy"]) <= {"MERCHANT", "AMAZON"}:
        raise invalid("fulfilledBy has unknown values.")
    if len(filters["marketplaceIds"]) > 50:
        raise invalid("At most 50 marketplaceIds are allowed.")
    return filters


def _matches(order: Order, seller_id: str, query: Json) -> bool:
    def among(name: str, value: str) -> bool:
        return not query[name] or value in query[name]

    return (
        order.seller_id == seller_id
        and query["after"] <= getattr(order, query["by"]) <= query["before"]
        and among("fulfillmentStatuses", order.status)
        and among("fulfilledBy", order.fulfilled_by)
        and among("marketplaceIds", order.marketplace_id)
    )


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
