"""Orders of the archive, written as the pretend Amazon reads its shops: it knows each of them too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from mostrador.management.demo.archive.places import (
    ASINS,
    PRICES,
    SHIPPING,
    SKUS,
    TAX_PERCENT,
    Place,
    texts,
)

BY_AMAZON_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Bought:
    """One order of one line; amounts are minor units of the marketplace's currency."""

    order_id: str
    item_id: str
    product: int
    title: str
    status: str
    fulfilled_by: str
    paid: dict[str, int]
    created: datetime
    ship_by: datetime
    deliver_by: datetime
    tracking: str
    wants_cancel: bool = False
    cancelled_by: str = ""
    refund_id: str = ""
    refunded: int = 0
    refunded_at: datetime | None = None

    @property
    def is_shipped(self) -> bool:
        """Whether it has left."""
        return self.status == "SHIPPED"


def new_order(random: Random, place: Place, number: int, *, topic: str, asked: datetime) -> Bought:
    """Return an order as somebody who asks about `topic` has it."""
    product = random.randrange(len(SKUS))
    price = PRICES[product]
    paid = {"principal": price, "shipping": SHIPPING if place.digits else 500}
    if place.has_tax:
        paid["tax"] = price * TAX_PERCENT // 100
    unshipped = topic == "cancel"
    created = asked - timedelta(hours=random.uniform(2, 20) if unshipped else random.uniform(90, 260))
    by_amazon = topic in ("question", "invoice") and random.random() < BY_AMAZON_SHARE
    tail = f"{random.randrange(10**7):07d}-{number:07d}"
    return Bought(
        order_id=f"{place.prefix}-{tail}",
        item_id=f"{place.prefix}{number:07d}{random.randrange(10**4):04d}",
        product=product,
        title=texts()[place.language]["products"][product],
        status="UNSHIPPED" if unshipped else "SHIPPED",
        fulfilled_by="AMAZON" if by_amazon else "MERCHANT",
        paid=paid,
        created=created,
        ship_by=created + timedelta(hours=48),
        deliver_by=created + timedelta(days=5),
        tracking="" if unshipped or by_amazon else f"{place.country}9{random.randrange(10**12):012d}",
        wants_cancel=unshipped,
    )


def written(
    order: Bought, place: Place, *, buyer: str, alias: str, unseen_before: datetime
) -> dict[str, Any]:
    """Return the order as a shop file has it.

    Its last change lies before `unseen_before`, where the desk's first search begins: it has the
    order already and need not spend its quota on it.
    """
    body: dict[str, Any] = {
        "order_id": order.order_id,
        "created": order.created.isoformat(),
        "updated": min(order.created, unseen_before - timedelta(days=1)).isoformat(),
        "status": order.status,
        "fulfilled_by": order.fulfilled_by,
        "ship_by": [order.created.isoformat(), order.ship_by.isoformat()],
        "deliver_by": [order.ship_by.isoformat(), order.deliver_by.isoformat()],
        "buyer": {"name": buyer, "alias": alias},
        "address": {"addressLine1": "1", "city": place.city, "postalCode": place.postal_code},
        "items": [_item(order, place)],
    }
    if order.tracking:
        body["packages"] = [_package(order, place)]
    if order.refunded_at:
        money = {"Principal": _decimal(order.refunded, place)}
        at = order.refunded_at.isoformat()
        body["refunds"] = [{"refund_id": order.refund_id, "at": at, "items": {order.item_id: money}}]
    return body


def _item(order: Bought, place: Place) -> dict[str, Any]:
    amounts = {name: _decimal(minor, place) for name, minor in order.paid.items() if name != "principal"}
    item = {
        "order_item_id": order.item_id,
        "asin": ASINS[order.product],
        "sku": SKUS[order.product],
        "title": order.title,
        "unit_price": _decimal(order.paid["principal"], place),
        **amounts,
    }
    if order.wants_cancel:
        item["cancel_request"] = "Ordered by mistake"
    if order.cancelled_by:
        item |= {"cancelled_by": order.cancelled_by, "cancel_reason": "BuyerCanceled"}
    return item


def _package(order: Bought, place: Place) -> dict[str, Any]:
    return {
        "carrier": place.carrier,
        "tracking": order.tracking,
        "shipped": (order.created + timedelta(hours=30)).isoformat(),
        "status": "IN_TRANSIT",
    }


def _decimal(minor: int, place: Place) -> str:
    return f"{minor / 10**place.digits:.{place.digits}f}"
