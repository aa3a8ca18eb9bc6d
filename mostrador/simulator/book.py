"""The simulator's ledger: orders, what was paid for them per component, and every adjustment made to them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Self

from mostrador.simulator.marketplaces import BY_ID, Marketplace
from mostrador.simulator.store import Json


class Component(StrEnum):
    """A part of the price that is paid and refunded on its own."""

    PRINCIPAL = "Principal"
    SHIPPING = "Shipping"
    TAX = "Tax"
    SHIPPING_TAX = "ShippingTax"
    GIFT_WRAP = "GiftWrap"
    GIFT_WRAP_TAX = "GiftWrapTax"


TAX_COMPONENTS = frozenset({Component.TAX, Component.SHIPPING_TAX, Component.GIFT_WRAP_TAX})


class Status(StrEnum):
    """Amazon's fulfillment statuses of an order."""

    PENDING_AVAILABILITY = "PENDING_AVAILABILITY"
    PENDING = "PENDING"
    UNSHIPPED = "UNSHIPPED"
    PARTIALLY_SHIPPED = "PARTIALLY_SHIPPED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"
    UNFULFILLABLE = "UNFULFILLABLE"


NOT_YET_CHARGEABLE = frozenset({Status.PENDING, Status.PENDING_AVAILABILITY})


@dataclass
class Item:
    """One line of an order. Amounts are decimal strings and totals of the line."""

    order_item_id: str
    asin: str
    sku: str
    title: str
    quantity: int
    unit_price: str
    paid: dict[str, str]
    discount: dict[str, str] = field(default_factory=dict)
    promotion_id: str = ""
    shipped: int = 0
    gift_message: str = ""
    gift_level: str = ""
    cancel_request: str = ""
    cancelled_by: str = ""
    cancel_reason: str = ""
    programs: list[str] = field(default_factory=list)

    def net(self, component: str) -> Decimal:
        """Return what the buyer pays for the whole line under one component, after discounts."""
        return Decimal(self.paid.get(component, "0")) - Decimal(self.discount.get(component, "0"))


@dataclass
class Package:
    """One parcel of a merchant's order; times are seconds since 1970, 0 is never."""

    reference: str
    carrier: str
    tracking: str
    shipping_option: str
    status: str
    shipped_at: float
    delivered_at: float
    quantities: dict[str, int]


@dataclass
class Order:
    """One order with its buyer. Times are seconds since 1970."""

    order_id: str
    seller_id: str
    marketplace_id: str
    created: float
    updated: float
    status: Status
    fulfilled_by: str
    shipping_speed: str
    ship_by: list[float]
    deliver_by: list[float]
    buyer_name: str
    buyer_alias: str
    buyer_tag: str
    address: dict[str, str]
    items: list[Item]
    packages: list[Package] = field(default_factory=list)
    programs: list[str] = field(default_factory=list)
    replacement_of: str = ""
    seller_order_id: str = ""
    buyer_company: str = ""

    @property
    def marketplace(self) -> Marketplace:
        """Where it was placed."""
        return BY_ID[self.marketplace_id]

    @property
    def relay_address(self) -> str:
        """The buyer's alias as the Orders API gives it, without a mail's +token."""
        return f"{self.buyer_alias}@{self.marketplace.relay_domain}"

    def item(self, order_item_id: str) -> Item | None:
        """Return the line with this id, if there is one."""
        return next((item for item in self.items if item.order_item_id == order_item_id), None)

    def to_json(self) -> Json:
        """Return the order as a document for the store."""
        return asdict(self)

    @classmethod
    def from_json(cls, body: Json) -> Self:
        """Return the order that `to_json` wrote."""
        return cls(
            **{
                **body,
                "status": Status(body["status"]),
                "items": [Item(**item) for item in body["items"]],
                "packages": [Package(**package) for package in body["packages"]],
            }
        )


@dataclass(frozen=True)
class Adjustment:
    """Money given back on one line: positive amounts go to the buyer. Never changed once written."""

    adjustment_id: str
    refund_id: str
    order_id: str
    order_item_id: str
    amounts: dict[str, str]
    reason: str
    source: str
    feed_id: str
    message_id: str
    at: float


def charged(order: Order, item: Item, component: str, *, line_cap: str) -> Decimal:
    """Return what the buyer has really been charged on a line: nothing before it is shipped."""
    if order.status in NOT_YET_CHARGEABLE or not item.shipped:
        return Decimal(0)
    net = item.net(component)
    if item.shipped >= item.quantity or line_cap == "ordered":
        return net
    share = net * item.shipped / item.quantity
    return share.quantize(order.marketplace.unit, rounding=ROUND_DOWN)


def refunded(adjustments: list[Adjustment], order_item_id: str, component: str) -> Decimal:
    """Return what has been given back on a line under one component."""
    amounts = (a.amounts.get(component, "0") for a in adjustments if a.order_item_id == order_item_id)
    return sum((Decimal(amount) for amount in amounts), Decimal(0))


def money_text(amount: Decimal, place: Marketplace) -> str:
    """Return the amount with exactly the decimals of the marketplace's currency."""
    return str(amount.quantize(place.unit))
