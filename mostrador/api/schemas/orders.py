"""Orders as JSON: what Amazon last said, what is left of every component, and what may be done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from mostrador.amazon.components import Component
from mostrador.api.problems import ShownRefusal
from mostrador.api.schemas.cancellations import Cancellation
from mostrador.api.schemas.refunds import Refund
from mostrador.api.schemas.shapes import Money, Partner, Shown
from mostrador.domain import cancellations, refunds
from mostrador.domain.orders import Balance, ItemFacts, OrderFacts
from mostrador.domain.refusals import Refusal
from mostrador.models import Order as OrderRow
from mostrador.models import OrderItem as OrderItemRow

MOST_WISHES = 200  # refunds and cancellations shown with an order, the newest

_PARTNER = {"name": "Nordlicht", "seller_id": "A2EXAMPLE", "region": "eu"}
_SUMMARY_EXAMPLE: dict[str, Any] = {
    "order_id": "302-1234567-1234567",
    "selling_partner": _PARTNER,
    "marketplace_id": "A1PA6795UKMFR9",
    "status": "SHIPPED",
    "fulfilled_by": "MERCHANT",
    "purchased_at": "2026-11-20T09:00:00Z",
    "ship_by": "2026-11-22T22:59:59Z",
    "deliver_by": "2026-11-25T22:59:59Z",
    "read_at": "2026-11-24T10:30:00Z",
}


class Permission(Shown):
    """Whether something may be done now, and if not, every reason."""

    allowed: bool
    refusals: list[ShownRefusal]

    @classmethod
    def of(cls, found: list[Refusal]) -> Permission:
        """Return what these refusals leave allowed."""
        return cls(allowed=not found, refusals=[ShownRefusal.of(refusal) for refusal in found])


class ComponentBalance(Shown):
    """One component of an item: paid, given back, on its way back, and left."""

    component: Component
    paid: Money
    posted: Money = Field(description="Given back: Amazon accepted it.")
    pending: Money = Field(description="On its way back, or it may have happened.")
    left: Money = Field(description="What a refund may still ask for.")

    @classmethod
    def of(cls, component: Component, balance: Balance, currency: str) -> ComponentBalance:
        """Return the balance as JSON shows it."""
        return cls(
            component=component,
            paid=Money.of(balance.paid, currency),
            posted=Money.of(balance.posted, currency),
            pending=Money.of(balance.pending, currency),
            left=Money.of(balance.left, currency),
        )


class OrderItem(Shown):
    """One line of an order."""

    item_id: str
    asin: str
    sku: str
    title: str
    quantity_ordered: int
    quantity_shipped: int
    quantity_cancelled: int
    buyer_asked_to_cancel: bool
    buyer_cancel_reason: str
    cancelled_by: str
    open_refund: str | None = Field(description="The refund that must end before the next one of this item.")
    components: list[ComponentBalance]

    @classmethod
    def of(cls, row: OrderItemRow, facts: ItemFacts, currency: str) -> OrderItem:
        """Return the item as JSON shows it."""
        return cls(
            item_id=row.item_id,
            asin=row.asin,
            sku=row.sku,
            title=row.title,
            quantity_ordered=row.quantity_ordered,
            quantity_shipped=row.quantity_shipped,
            quantity_cancelled=row.quantity_cancelled,
            buyer_asked_to_cancel=row.buyer_asked_to_cancel,
            buyer_cancel_reason=row.buyer_cancel_reason,
            cancelled_by=row.cancelled_by,
            open_refund=facts.open_refund,
            components=[
                ComponentBalance.of(component, balance, currency)
                for component, balance in facts.balances.items()
            ],
        )


class Package(Shown):
    """A parcel, as Amazon tells of it."""

    carrier: str
    tracking_number: str
    status: str
    shipped_at: str


class OrderSummary(Shown):
    """An order as a list shows it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SUMMARY_EXAMPLE]})

    order_id: str = Field(description="Amazon's id.")
    selling_partner: Partner
    marketplace_id: str
    status: str = Field(description="Amazon's word; empty until the order has been read.")
    fulfilled_by: str = Field(description="Amazon's word: AMAZON or MERCHANT.")
    purchased_at: datetime | None
    ship_by: datetime | None
    deliver_by: datetime | None
    read_at: datetime | None = Field(description="When Amazon was last asked about it.")

    @classmethod
    def of(cls, row: OrderRow) -> OrderSummary:
        """Return the order as a list shows it."""
        return cls(**_summary_facts(row))


class Order(OrderSummary):
    """An order with its items, its money, and what may be done."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_SUMMARY_EXAMPLE,
                    "programs": ["PRIME"],
                    "currency": "EUR",
                    "tax_included": True,
                    "buyer_name": "Jürgen Groß",
                    "replacement_of": None,
                    "seller_central_url": "https://sellercentral.amazon.de/orders-v3/order/302-1234567-1234567",
                    "left": {"amount": "10.00", "currency": "EUR"},
                    "items": [],
                    "packages": [],
                    "refund": {"allowed": True, "refusals": []},
                    "cancellation": {
                        "allowed": False,
                        "refusals": [
                            {
                                "code": "order_shipped",
                                "title": "The order has been shipped; refund it instead.",
                                "facts": {},
                            }
                        ],
                    },
                    "cancelling_counts_in_rate": True,
                    "refunds": [],
                    "cancellations": [],
                }
            ]
        }
    )

    programs: list[str]
    currency: str | None
    tax_included: bool = Field(description="Prices hold their tax: refund it with the price, not beside it.")
    buyer_name: str
    replacement_of: str | None = Field(description="The order this one replaces for free.")
    seller_central_url: str
    left: Money | None = Field(description="What a refund of everything would give back.")
    items: list[OrderItem]
    packages: list[Package]
    refund: Permission
    cancellation: Permission
    cancelling_counts_in_rate: bool = Field(
        description="Whether Amazon would count a cancellation in the seller's Cancellation Rate."
    )
    refunds: list[Refund]
    cancellations: list[Cancellation]

    @classmethod
    def in_full(cls, row: OrderRow) -> Order:
        """Return the order with everything a program may want to judge."""
        facts = row.facts()
        return cls(
            **_summary_facts(row),
            **_wishes(row),
            programs=row.programs,
            currency=facts.currency,
            tax_included=facts.tax_included,
            buyer_name=row.buyer_name,
            replacement_of=facts.replacement_of,
            seller_central_url=row.seller_central_url(),
            left=Money.of(facts.left, facts.currency) if facts.currency else None,
            items=_items(row, facts),
            packages=[Package.model_validate(package) for package in row.packages],
            refund=Permission.of(refunds.order_refusals(facts)),
            cancellation=Permission.of(cancellations.order_refusals(facts)),
            cancelling_counts_in_rate=cancellations.counts_in_cancellation_rate(facts),
        )


def _summary_facts(row: OrderRow) -> dict[str, Any]:
    return {
        "order_id": row.amazon_order_id,
        "selling_partner": Partner.of(row.selling_partner),
        "marketplace_id": row.marketplace_id,
        "status": row.status,
        "fulfilled_by": row.fulfilled_by,
        "purchased_at": row.purchased_at,
        "ship_by": row.ship_by,
        "deliver_by": row.deliver_by,
        "read_at": row.read_at,
    }


def _items(row: OrderRow, facts: OrderFacts) -> list[OrderItem]:
    if facts.currency is None:  # never read: Amazon has told no prices yet, and no items
        return []
    rows = {item.item_id: item for item in row.items.all()}
    return [OrderItem.of(rows[item.item_id], item, facts.currency) for item in facts.items]


def _wishes(row: OrderRow) -> dict[str, Any]:
    found = {"order__selling_partner", "ticket", "requested_by"}
    refund_rows = row.refunds.select_related(*found).order_by("-pk")[:MOST_WISHES]
    cancellation_rows = row.cancellations.select_related(*found).order_by("-pk")[:MOST_WISHES]
    return {
        "refunds": [Refund.of(each) for each in refund_rows],
        "cancellations": [Cancellation.of(each) for each in cancellation_rows],
    }


class Orders(Shown):
    """One page of orders, those first that the desk came to know last."""

    items: list[OrderSummary]
    next: str | None = Field(description="Send it as `cursor` for the next page; nothing on the last.")
