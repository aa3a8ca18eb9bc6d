"""Finances 2024-06-19: listTransactions, made from the ledger and shown after a delay."""

from __future__ import annotations

import json
from decimal import Decimal

from aiohttp import web

from mostrador.simulator.answers import invalid
from mostrador.simulator.bookings import Transaction, refunds, shipments
from mostrador.simulator.clock import parse_iso
from mostrador.simulator.gate import Call
from mostrador.simulator.store import Json

TWO_MINUTES = 120.0
DAY = 86400.0
LONGEST_SPAN = 180 * DAY
PAGE_SIZE = 100
STATUSES = frozenset({"DEFERRED", "RELEASED", "DEFERRED_RELEASED"})


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
            found += shipments(world, order)
            found += refunds(world, order)
    visible = world.clock.now() - world.settings.finances_delay
    return [transaction for transaction in found if transaction.posted <= visible]
