"""Orders 2026-01-01: orders with their items, money, packages and cancellations, as Amazon tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

from mostrador.amazon.client import Client, unreadable
from mostrador.amazon.components import Component
from mostrador.amazon.lwa import AccessToken
from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.amazon.proceeds import paid_components
from mostrador.amazon.reading import Part, root
from mostrador.money import Money

BASE = "/orders/2026-01-01/orders"
MAX_RESULTS = 100

# Everything the desk shows. RECIPIENT is left out: the buyer's address is not needed to refund or answer.
INCLUDED = ("BUYER", "PROCEEDS", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES")


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One line of an order. `paid` is what the buyer paid for the whole line, discounts taken off.

    `quantity_cancelled` is worked out: Amazon names only ordered, fulfilled and unfulfilled units.
    """

    item_id: str
    asin: str | None
    sku: str | None
    title: str | None
    quantity_ordered: int
    quantity_shipped: int
    quantity_cancelled: int
    unit_price: Money | None
    paid: Mapping[Component, Money] = field(hash=False)
    total: Money | None
    cancel_requested: bool
    buyer_cancel_request: str | None
    cancelled_by: str | None
    cancel_reason: str | None


@dataclass(frozen=True, slots=True)
class Package:
    """A parcel of a merchant-fulfilled order."""

    package_id: str
    carrier: str | None
    tracking_number: str | None
    status: str | None
    shipped_at: datetime | None
    service: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """An order as Amazon tells it; status, programs and fulfilled_by are Amazon's words, new ones too."""

    order_id: str
    marketplace_id: str | None
    status: str | None
    fulfilled_by: str | None
    programs: tuple[str, ...]
    purchased_at: datetime
    last_updated_at: datetime
    ship_from: datetime | None
    ship_by: datetime | None
    deliver_from: datetime | None
    deliver_by: datetime | None
    buyer_name: str | None = field(repr=False)
    buyer_email: str | None = field(repr=False)
    replacement_of: str | None
    currency: str | None
    total: Money | None
    items: tuple[OrderItem, ...]
    packages: tuple[Package, ...]

    @property
    def is_cancelled(self) -> bool:
        """Whether Amazon says that the whole order is cancelled."""
        return self.status == "CANCELLED"

    @property
    def is_cancel_requested(self) -> bool:
        """Whether the buyer asked on Amazon to cancel any item."""
        return any(item.cancel_requested for item in self.items)


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One page of orders. `last_updated_before` is how far this search has looked."""

    orders: tuple[Order, ...]
    next_token: str | None
    last_updated_before: datetime | None


def search_orders(
    client: Client,
    *,
    marketplace_ids: Sequence[str],
    last_updated_after: datetime,
    last_updated_before: datetime | None = None,
    pagination_token: str | None = None,
    token: AccessToken | None = None,
    now: datetime,
) -> OrderPage:
    """Return one page of the orders changed since a moment; `last_updated_before` is 2 minutes old or more.

    Raises: AmazonError.
    """
    answer = client.call(
        "searchOrders",
        "GET",
        BASE,
        query={
            "marketplaceIds": list(marketplace_ids),
            "lastUpdatedAfter": _iso(last_updated_after),
            "lastUpdatedBefore": _iso(last_updated_before) if last_updated_before else None,
            "maxResultsPerPage": MAX_RESULTS,
            "paginationToken": pagination_token,
            "includedData": INCLUDED,
        },
        token=token,
        now=now,
    )
    part = root(answer)
    return OrderPage(
        orders=tuple(_order(each) for each in part.parts("orders")),
        next_token=part.part("pagination").text("nextToken"),
        last_updated_before=part.time("lastUpdatedBefore"),
    )


def get_order(client: Client, *, order_id: str, token: AccessToken | None = None, now: datetime) -> Order:
    """Return one order as it stands now.

    Raises: AmazonError; Refused with status 404 when Amazon does not know it.
    """
    answer = client.call(
        "getOrder",
        "GET",
        f"{BASE}/{quote(order_id, safe='')}",
        query={"includedData": INCLUDED},
        token=token,
        now=now,
    )
    order = _order(root(answer).part("order"))
    if order.order_id != order_id:
        raise unreadable("getOrder", "the answer is about another order", reply=answer)
    return order


def _order(part: Part) -> Order:
    fulfillment, buyer = part.part("fulfillment"), part.part("buyer")
    ship, deliver = fulfillment.part("shipByWindow"), fulfillment.part("deliverByWindow")
    marketplace_id = part.part("salesChannel").text("marketplaceId")
    known = MARKETPLACES.get(marketplace_id or "")
    # An unknown store is read as one with prices that contain the tax: the smaller sum that may go back.
    tax_included = known.tax_included if known else True
    items = tuple(_item(each, tax_included=tax_included) for each in part.parts("orderItems"))
    total = part.part("proceeds").money("grandTotal")
    return Order(
        order_id=part.required_text("orderId"),
        marketplace_id=marketplace_id,
        status=fulfillment.text("fulfillmentStatus"),
        fulfilled_by=fulfillment.text("fulfilledBy"),
        programs=part.texts("programs"),
        purchased_at=part.required_time("createdTime"),
        last_updated_at=part.required_time("lastUpdatedTime"),
        ship_from=ship.time("earliestDateTime"),
        ship_by=ship.time("latestDateTime"),
        deliver_from=deliver.time("earliestDateTime"),
        deliver_by=deliver.time("latestDateTime"),
        buyer_name=buyer.text("buyerName"),
        buyer_email=buyer.text("buyerEmail"),
        replacement_of=_replacement_of(part),
        currency=_currency(total, items) or (known.currency if known else None),
        total=total,
        items=items,
        packages=tuple(_package(each) for each in part.parts("packages")),
    )


def _item(part: Part, *, tax_included: bool) -> OrderItem:
    product, cancellation = part.part("product"), part.part("cancellation")
    request, execution = cancellation.part("cancellationRequest"), cancellation.part("cancellationExecution")
    ordered = part.whole("quantityOrdered") or 0
    shipped = part.part("fulfillment").whole("quantityFulfilled") or 0
    return OrderItem(
        item_id=part.required_text("orderItemId"),
        asin=product.text("asin"),
        sku=product.text("sellerSku"),
        title=product.text("title"),
        quantity_ordered=ordered,
        quantity_shipped=shipped,
        quantity_cancelled=_cancelled(part, ordered, shipped, executed=bool(execution.content)),
        unit_price=product.part("price").money("unitPrice"),
        paid=paid_components(part.part("proceeds"), tax_included=tax_included),
        total=part.part("proceeds").money("proceedsTotal"),
        cancel_requested=bool(request.content),
        buyer_cancel_request=request.text("cancelReason"),
        cancelled_by=execution.text("cancelledBy"),
        cancel_reason=execution.text("cancelReason"),
    )


def _cancelled(part: Part, ordered: int, shipped: int, *, executed: bool) -> int:
    waiting = part.part("fulfillment").whole("quantityUnfulfilled")
    if waiting is None:
        return max(ordered - shipped, 0) if executed else 0
    return max(ordered - shipped - waiting, 0)


def _package(part: Part) -> Package:
    return Package(
        package_id=part.text("packageReferenceId") or "",
        carrier=part.text("carrier"),
        tracking_number=part.text("trackingNumber"),
        status=part.part("packageStatus").text("status"),
        shipped_at=part.time("shipTime"),
        service=part.text("shippingService"),
    )


def _replacement_of(part: Part) -> str | None:
    for related in part.parts("associatedOrders"):
        if related.text("associationType") in ("REPLACEMENT_ORIGINAL_ID", "EXCHANGE_ORIGINAL_ID"):
            return related.text("orderId")
    return None


def _currency(total: Money | None, items: Sequence[OrderItem]) -> str | None:
    if total is not None:
        return total.currency
    return next((money.currency for item in items for money in item.paid.values()), None)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
