"""Orders 2026-01-01: searchOrders and getOrder."""

from __future__ import annotations

from aiohttp import web

from mostrador.simulator.answers import invalid, json_response, listed, not_found
from mostrador.simulator.book import Order, Status
from mostrador.simulator.clock import iso, parse_iso
from mostrador.simulator.gate import Call
from mostrador.simulator.order_shapes import order_json
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
