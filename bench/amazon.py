"""Amazon's side of a measurement: orders put into the simulator, and what its log says."""

from __future__ import annotations

from typing import Any

import httpx

from bench.environment import AMAZON
from mostrador.amazon.marketplaces import Marketplace

_client = httpx.Client(base_url=AMAZON.url, trust_env=False)


def shipped_order(*, order_id: str, seller_id: str, place: Marketplace, buyer: str) -> dict[str, Any]:
    """Return a shipped order with one item, as a shop file of the simulator describes it."""
    item = {
        "order_item_id": order_id.replace("-", "")[-14:],
        "asin": "B0BENCH001",
        "sku": "BENCH-1",
        "title": "A lamp to measure with",
        "unit_price": "1000" if place.currency == "JPY" else "25.00",
    }
    return {
        "marketplace": place.country_code,
        "seller_id": seller_id,
        "order_id": order_id,
        "created": "-6d",
        "status": "SHIPPED",
        "buyer": {"name": buyer, "tagged": True},
        "address": {},
        "items": [item],
    }


def add_order(body: dict[str, Any]) -> None:
    """Put an order into the simulator."""
    _client.post("/control/orders", json=body).raise_for_status()


def calls_of(*operations: str) -> dict[str, list[dict[str, Any]]]:
    """Return the calls the simulator received, oldest first, for each operation."""
    log = all_calls()
    return {name: [call for call in log if call["operation"] == name] for name in operations}


def all_calls() -> list[dict[str, Any]]:
    """Return every call the simulator received, oldest first."""
    log: list[dict[str, Any]] = _client.get("/control/requests").raise_for_status().json()["requests"]
    return log
