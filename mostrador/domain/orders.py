"""Orders: what the desk knows of an order, as facts the rules can judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mostrador.amazon.components import Component
from mostrador.money import Money


class FulfillmentStatus(StrEnum):
    """Amazon's words of Orders API 2026-01-01; others may come and stay text."""

    PENDING_AVAILABILITY = "PENDING_AVAILABILITY"
    PENDING = "PENDING"
    UNSHIPPED = "UNSHIPPED"
    PARTIALLY_SHIPPED = "PARTIALLY_SHIPPED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"
    UNFULFILLABLE = "UNFULFILLABLE"


# Something of the order can still be kept from leaving.
NOT_YET_SHIPPED = frozenset(
    {
        FulfillmentStatus.PENDING_AVAILABILITY,
        FulfillmentStatus.PENDING,
        FulfillmentStatus.UNSHIPPED,
        FulfillmentStatus.PARTIALLY_SHIPPED,
    }
)

# Money may have moved, so Amazon's accounts may say something of the order.
MAY_HAVE_BOOKINGS = frozenset(
    {FulfillmentStatus.SHIPPED, FulfillmentStatus.PARTIALLY_SHIPPED, FulfillmentStatus.CANCELLED}
)

FULFILLED_BY_AMAZON = "AMAZON"
PRIME = "PRIME"


def charged(paid: int, *, status: str, shipped: int, ordered: int) -> int:
    """Return how much of `paid` (minor units of one component) Amazon has charged the buyer so far.

    Buyers are charged when a shipment is confirmed: of a partly shipped order only what has left. Source:
    docs/reference/what-amazon-allows.md.
    """
    if status != FulfillmentStatus.PARTIALLY_SHIPPED or ordered <= 0:
        return paid
    return paid * min(shipped, ordered) // ordered


@dataclass(frozen=True, slots=True)
class Balance:
    """One component of an item, in minor units: `paid` by the buyer, `posted` back, `pending` on its way."""

    paid: int
    posted: int = 0
    pending: int = 0

    @property
    def left(self) -> int:
        """What may still be refunded, in minor units."""
        return self.paid - self.posted - self.pending


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One order item; `open_refund` names the refund that has not ended yet."""

    item_id: str
    title: str
    quantity_ordered: int
    balances: Mapping[Component, Balance]
    quantity_shipped: int = 0
    quantity_cancelled: int = 0
    open_refund: str | None = None

    @property
    def left(self) -> int:
        """What may still be refunded over all components, in minor units."""
        return sum(balance.left for balance in self.balances.values())


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """One order with its items, as of `read_at`; `status` is Amazon's word, whatever it is."""

    order_id: str
    marketplace_id: str
    status: str
    fulfilled_by: str
    currency: str | None
    tax_included: bool
    items: tuple[ItemFacts, ...]
    read_at: datetime | None = None
    programs: frozenset[str] = field(default_factory=frozenset)
    replacement_of: str | None = None
    buyer_asked_to_cancel: bool = False
    open_cancellation: str | None = None
    partner_paused: bool = False
    held_since: datetime | None = None  # something unknown may have left for Amazon before a restore

    @property
    def by_amazon(self) -> bool:
        """Whether Amazon fulfils it (FBA)."""
        return self.fulfilled_by == FULFILLED_BY_AMAZON

    @property
    def left(self) -> int:
        """What may still be refunded over all items, in minor units."""
        return sum(item.left for item in self.items)

    def money(self, minor: int) -> Money:
        """Return `minor` units as money of this order.

        Raises: AssertionError for an order whose prices are not known yet.
        """
        assert self.currency, "an order without prices has no money"
        return Money(minor, self.currency)

    def item(self, item_id: str) -> ItemFacts | None:
        """Return the item with Amazon's `item_id`, or nothing."""
        return next((item for item in self.items if item.item_id == item_id), None)
