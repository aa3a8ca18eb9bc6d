"""Plain makers of facts for the rules: an order and its items without a database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from mostrador.amazon.components import Component
from mostrador.domain.orders import Balance, ItemFacts, OrderFacts

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LAMP, CUP = "00000000000017", "00000000000025"


def item(item_id: str = LAMP, balances: Mapping[Component, Balance] | None = None, **more: Any) -> ItemFacts:
    """Return one desk lamp for 25.00, of which nothing was given back."""
    facts: dict[str, Any] = {"title": "Desk lamp", "quantity_ordered": 1, "quantity_shipped": 1} | more
    return ItemFacts(item_id=item_id, balances=balances or {Component.PRINCIPAL: Balance(2500)}, **facts)


def order(*items: ItemFacts, **more: Any) -> OrderFacts:
    """Return a shipped FBM order of Germany with `items`, by default one lamp."""
    facts: dict[str, Any] = {
        "order_id": "302-0000001-0000001",
        "marketplace_id": "A1PA6795UKMFR9",
        "status": "SHIPPED",
        "fulfilled_by": "MERCHANT",
        "currency": "EUR",
        "tax_included": True,
        "read_at": NOW,
    }
    return OrderFacts(items=items or (item(),), **(facts | more))


@st.composite
def balance_of(draw: st.DrawFn) -> Balance:
    """Return a balance the database would accept."""
    paid = draw(st.integers(0, 50_000))
    posted = draw(st.integers(0, paid))
    return Balance(paid, posted, draw(st.integers(0, paid - posted)))


@st.composite
def item_of(draw: st.DrawFn, *, tax_included: bool) -> ItemFacts:
    """Return an item with any parts, partly given back, sometimes with a refund under way."""
    parts = [c for c in Component if not (tax_included and c.is_tax)]
    balances = draw(st.dictionaries(st.sampled_from(parts), balance_of(), max_size=len(parts)))
    return ItemFacts(
        item_id=f"{draw(st.integers(1, 10**14 - 1)):014d}",
        title="Cup",
        quantity_ordered=draw(st.integers(0, 9)),
        balances=balances,
        open_refund=draw(st.sampled_from([None, None, None, "R-1001"])),
    )


@st.composite
def order_of(draw: st.DrawFn) -> OrderFacts:
    """Return a shipped order with up to five items."""
    tax_included = draw(st.booleans())
    each = item_of(tax_included=tax_included)
    items = draw(st.lists(each, min_size=1, max_size=5, unique_by=lambda one: one.item_id))
    return order(*items, tax_included=tax_included)
