"""Orders: what Amazon last said of an order, and the balance of every component of every item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from mostrador.amazon import orders as amazon_orders
from mostrador.amazon.components import Component
from mostrador.amazon.marketplaces import MARKETPLACES, marketplace
from mostrador.domain.orders import (
    FULFILLED_BY_AMAZON,
    MAY_HAVE_BOOKINGS,
    NOT_YET_SHIPPED,
    Balance,
    FulfillmentStatus,
    ItemFacts,
    OrderFacts,
    charged,
)
from mostrador.models.selling_partners import SellingPartner

FRESH_FOR = timedelta(minutes=1)


class OrderQuerySet(models.QuerySet["Order"]):
    """Stores and finds orders."""

    def locked(self, pk: int) -> Order:
        """Return the order with its row locked: the first lock of every money transaction.

        Its key stays free: who only refers to the order, as the worker's events do, need not wait for it.
        """
        return self.select_for_update(of=("self",), no_key=True).select_related("selling_partner").get(pk=pk)

    def expect(self, *, partner: SellingPartner, amazon_order_id: str, marketplace_id: str = "") -> Order:
        """Return the order with this number; one that was never read is stored as such."""
        order, _ = self.get_or_create(
            selling_partner=partner,
            amazon_order_id=amazon_order_id,
            defaults={"marketplace_id": marketplace_id},
        )
        return order

    def expect_locked(
        self, *, partner: SellingPartner, amazon_order_id: str, marketplace_id: str
    ) -> tuple[Order, bool]:
        """Return the order with this number, its row locked, and whether this transaction is its first."""
        rows = self.select_for_update(of=("self",), no_key=True).select_related("selling_partner")
        return rows.get_or_create(
            selling_partner=partner,
            amazon_order_id=amazon_order_id,
            defaults={"marketplace_id": marketplace_id},
        )

    def store(self, *, partner: SellingPartner, said: amazon_orders.Order, now: datetime) -> Order:
        """Write what Amazon says of an order and return it; what we moved ourselves stays.

        Call it inside a transaction: it locks the order row first.
        """
        order = self.locked(
            self.expect(
                partner=partner, amazon_order_id=said.order_id, marketplace_id=said.marketplace_id or ""
            ).pk
        )
        if (
            order.amazon_updated_at
            and said.last_updated_at
            and said.last_updated_at < order.amazon_updated_at
        ):
            return order  # an older answer that arrived late
        order.take_over(said, now)
        for place, item in enumerate(said.items):
            OrderItem.objects.store(order=order, said=item, place=place)
        return order

    def asked_to_cancel(self, *, partner: SellingPartner, now: datetime) -> OrderQuerySet:
        """Return the unshipped FBM orders whose buyer asked on Amazon to cancel, and nobody has yet."""
        return (
            self.filter(
                selling_partner=partner,
                status=FulfillmentStatus.UNSHIPPED,
                items__buyer_asked_to_cancel=True,
                cancellations=None,
            )
            .exclude(fulfilled_by=FULFILLED_BY_AMAZON)
            .exclude(ship_by__lt=now)
            .distinct()
        )


class Order(models.Model):
    """An order as last read from Amazon; `read_at` is empty while only its number is known."""

    selling_partner = models.ForeignKey(SellingPartner, on_delete=models.CASCADE, related_name="orders")
    amazon_order_id = models.CharField(max_length=40)
    marketplace_id = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=40, blank=True)
    fulfilled_by = models.CharField(max_length=20, blank=True)
    programs = ArrayField(models.CharField(max_length=60), default=list)
    currency = models.CharField(max_length=3, blank=True)
    purchased_at = models.DateTimeField(null=True, blank=True)
    amazon_updated_at = models.DateTimeField(null=True, blank=True)
    ship_by = models.DateTimeField(null=True, blank=True)
    deliver_by = models.DateTimeField(null=True, blank=True)
    buyer_name = models.CharField(max_length=200, blank=True)
    buyer_email = models.CharField(max_length=200, blank=True)
    replacement_of = models.CharField(max_length=40, blank=True)
    # All that was paid, or is to be, in hundredths of the currency's unit, also for yen: such sums compare.
    total_hundredths = models.BigIntegerField(null=True, blank=True)
    packages = models.JSONField(default=list)  # [{carrier, tracking_number, status, shipped_at}]
    read_at = models.DateTimeField(null=True, blank=True)
    money_read_at = models.DateTimeField(null=True, blank=True)
    read_trouble = models.TextField(blank=True)
    next_read_at = models.DateTimeField(null=True, blank=True)
    # Since when something may have left for Amazon that a restored database does not know.
    held_since = models.DateTimeField(null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["selling_partner", "amazon_order_id"], name="one_row_per_order"),
        )
        indexes = (
            models.Index(fields=["amazon_order_id"], name="order_by_number"),
            models.Index(
                fields=["next_read_at"], name="order_to_read", condition=Q(next_read_at__isnull=False)
            ),
            models.Index(
                fields=["ship_by"], name="order_to_ship", condition=Q(status__in=sorted(NOT_YET_SHIPPED))
            ),
            models.Index(fields=["total_hundredths"], name="order_by_total"),
            models.Index(
                fields=["status"], name="order_by_status", condition=~Q(status=FulfillmentStatus.SHIPPED)
            ),
        )

    def __str__(self) -> str:
        return self.amazon_order_id

    # ── mutators ──────────────────────────────────────────────────────────────────────────────────────────

    def take_over(self, said: amazon_orders.Order, now: datetime) -> None:
        """Write Amazon's words about the order itself."""
        self.marketplace_id = said.marketplace_id or self.marketplace_id
        self.status = said.status or ""
        self.fulfilled_by = said.fulfilled_by or ""
        self.programs = sorted(said.programs)
        self.currency = said.currency or self.currency
        self.purchased_at = said.purchased_at
        self.amazon_updated_at = said.last_updated_at
        self.ship_by = said.ship_by
        self.deliver_by = said.deliver_by
        self.buyer_name = said.buyer_name or self.buyer_name
        self.buyer_email = said.buyer_email or self.buyer_email
        self.replacement_of = said.replacement_of or ""
        paid = [money.decimal for item in said.items for money in item.paid.values()]
        self.total_hundredths = int(sum(paid, Decimal(0)).scaleb(2)) if paid else self.total_hundredths
        self.packages = [
            {
                "carrier": package.carrier or "",
                "tracking_number": package.tracking_number or "",
                "status": package.status or "",
                "shipped_at": package.shipped_at.isoformat() if package.shipped_at else "",
            }
            for package in said.packages
        ]
        self.read_at, self.read_trouble = now, ""
        self.save()

    def plan_read(self, *, at: datetime, trouble: str = "") -> None:
        """Note that the order should be read at `at`, and what went wrong, if anything."""
        Order.objects.filter(pk=self.pk).update(
            next_read_at=at, **({"read_trouble": trouble} if trouble else {})
        )

    def read_is_done(self) -> None:
        """Note that nothing is planned to be read: all there was to prove is proven."""
        Order.objects.filter(pk=self.pk).update(next_read_at=None)

    def money_was_read(self, now: datetime) -> None:
        """Note that Amazon's accounts were read for this order."""
        Order.objects.filter(pk=self.pk).update(money_read_at=now)

    def hold(self, *, since: datetime | None) -> None:
        """Refuse refunds of this order because of something forgotten, or refuse them no longer."""
        Order.objects.filter(pk=self.pk).update(held_since=since)
        self.held_since = since

    # ── queries ───────────────────────────────────────────────────────────────────────────────────────────

    def is_fresh(self, now: datetime) -> bool:
        """Return whether it was read within the last minute, and its bookings at least once.

        A search brings orders without their bookings, and with them every refund made elsewhere.
        """
        if self.read_at is None or self.read_at <= now - FRESH_FOR:
            return False
        return self.money_read_at is not None or not self.may_have_bookings()

    def may_have_bookings(self) -> bool:
        """Return whether Amazon's accounts may say something of it."""
        return self.status in MAY_HAVE_BOOKINGS

    def tax_included(self) -> bool:
        """Return whether prices of this marketplace hold their tax; unknown marketplaces are taken so."""
        known = MARKETPLACES.get(self.marketplace_id)
        return known is None or known.tax_included

    def seller_central_url(self) -> str:
        """Return the page of this order in Seller Central, or nothing for an unknown marketplace."""
        try:
            return marketplace(self.marketplace_id).order_url(self.amazon_order_id)
        except LookupError:
            return ""

    def facts(self, items: Sequence[OrderItem] | None = None, *, cancellations: bool = True) -> OrderFacts:
        """Return the order as the rules see it (five queries; one with its items and their money at hand).

        `cancellations` is False where it is known that nobody has asked for one.
        """
        items = list(self.items.with_money()) if items is None else items
        cancellation = self.cancellations.freezing().first() if cancellations else None
        return OrderFacts(
            order_id=self.amazon_order_id,
            marketplace_id=self.marketplace_id,
            status=self.status,
            fulfilled_by=self.fulfilled_by,
            currency=self.currency or None,
            tax_included=self.tax_included(),
            items=tuple(item.facts() for item in items),
            read_at=self.read_at,
            programs=frozenset(self.programs),
            replacement_of=self.replacement_of or None,
            buyer_asked_to_cancel=any(item.buyer_asked_to_cancel for item in items),
            open_cancellation=cancellation.reference if cancellation else None,
            partner_paused=self.selling_partner.paused_at is not None,
            held_since=self.held_since,
        )

    def first_title(self) -> str:
        """Return the name of its first item, or nothing while it has not been read."""
        first = min(self.items.all(), key=lambda item: item.place, default=None)
        return first.title if first else ""

    def buyer_asked_to_cancel(self) -> bool:
        """Return whether the buyer asked on Amazon itself to cancel any item."""
        return any(item.buyer_asked_to_cancel for item in self.items.all())

    def can_be_held(self) -> bool:
        """Return whether the selling partner ships it and something of it has not left yet."""
        return self.fulfilled_by != FULFILLED_BY_AMAZON and self.status in NOT_YET_SHIPPED

    def is_cancelled(self) -> bool:
        """Return whether Amazon shows the order as cancelled."""
        return self.status == FulfillmentStatus.CANCELLED


class OrderItemQuerySet(models.QuerySet["OrderItem"]):
    """Stores and finds order items."""

    def store(self, *, order: Order, said: amazon_orders.OrderItem, place: int) -> OrderItem:
        """Write what Amazon says of one item, and what was paid for it."""
        item, _ = self.update_or_create(
            order=order,
            item_id=said.item_id,
            defaults={
                "place": place,
                "asin": said.asin or "",
                "sku": said.sku or "",
                "title": said.title or "",
                "quantity_ordered": said.quantity_ordered,
                "quantity_shipped": said.quantity_shipped,
                "quantity_cancelled": said.quantity_cancelled,
                "buyer_asked_to_cancel": said.cancel_requested,
                "buyer_cancel_reason": said.buyer_cancel_request or "",
                "cancelled_by": said.cancelled_by or "",
            },
        )
        for component, money in said.paid.items():
            ItemBalance.objects.pay(item=item, component=component, paid=money.minor)
        return item

    def with_money(self) -> OrderItemQuerySet:
        """Return the items in Amazon's order, with balances and refunds fetched."""
        return (
            self.order_by("place")
            .select_related("order")
            .prefetch_related("balances", "refund_lines__refund")
        )


class OrderItem(models.Model):
    """One line of an order; `item_id` is Amazon's 14-digit number, kept as text."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    place = models.PositiveSmallIntegerField()
    item_id = models.CharField(max_length=40)
    asin = models.CharField(max_length=20, blank=True)
    sku = models.CharField(max_length=80, blank=True)
    title = models.CharField(max_length=500, blank=True)
    quantity_ordered = models.PositiveIntegerField()
    quantity_shipped = models.PositiveIntegerField(default=0)
    quantity_cancelled = models.PositiveIntegerField(default=0)
    buyer_asked_to_cancel = models.BooleanField(default=False)
    buyer_cancel_reason = models.CharField(max_length=200, blank=True)
    cancelled_by = models.CharField(max_length=20, blank=True)

    objects = OrderItemQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["order", "item_id"], name="one_row_per_item"),)
        indexes = (
            models.Index(
                fields=["order"],
                name="item_to_cancel",
                condition=Q(buyer_asked_to_cancel=True, quantity_cancelled__lt=F("quantity_ordered")),
            ),
        )

    def __str__(self) -> str:
        return self.item_id

    def facts(self) -> ItemFacts:
        """Return the item as the rules see it; fetch it through `with_money`, the order with it."""
        balances = {Component(row.component): self._balance(row) for row in self.balances.all()}
        return ItemFacts(
            item_id=self.item_id,
            title=self.title,
            quantity_ordered=self.quantity_ordered,
            quantity_shipped=self.quantity_shipped,
            quantity_cancelled=self.quantity_cancelled,
            balances={c: balances[c] for c in Component if c in balances},
            open_refund=next((line.refund.reference for line in self.refund_lines.all() if line.open), None),
        )

    def _balance(self, row: ItemBalance) -> Balance:
        """Return a balance as the rules see it: what is not charged yet cannot go back."""
        paid = charged(
            row.paid,
            status=self.order.status,
            shipped=self.quantity_shipped,
            ordered=self.quantity_ordered,
        )
        return Balance(max(paid, row.posted + row.pending), row.posted, row.pending)


class ItemBalanceQuerySet(models.QuerySet["ItemBalance"]):
    """Moves money between paid, pending and posted; the database refuses what must not be."""

    def pay(self, *, item: OrderItem, component: Component, paid: int) -> None:
        """Write what the buyer paid; never below what was already given back or is on its way."""
        balance, made = self.get_or_create(item=item, component=component, defaults={"paid": paid})
        if not made and balance.paid != paid:
            balance.paid = max(paid, balance.posted + balance.pending)
            balance.save(update_fields=["paid"])

    def reserve(self, *, item: OrderItem, amounts: Mapping[Component, int]) -> None:
        """Put amounts on their way. Raises: IntegrityError when more than is left would leave."""
        self._shift(item, ((c, {"pending": F("pending") + minor}) for c, minor in amounts.items()))

    def release(self, *, item: OrderItem, amounts: Mapping[Component, int]) -> None:
        """Take amounts back that did not leave."""
        self._shift(item, ((c, {"pending": F("pending") - minor}) for c, minor in amounts.items()))

    def post(self, *, item: OrderItem, amounts: Mapping[Component, int]) -> None:
        """Turn amounts on their way into amounts given back."""
        self._shift(
            item,
            (
                (c, {"pending": F("pending") - minor, "posted": F("posted") + minor})
                for c, minor in amounts.items()
            ),
        )

    def post_elsewhere(self, *, item: OrderItem, component: Component, minor: int) -> int:
        """Note money given back outside this program; return what did not fit into what was left."""
        balance = self.select_for_update().filter(item=item, component=component).first()
        left = balance.paid - balance.posted - balance.pending if balance else 0
        fits = min(minor, left)
        if balance:
            balance.posted += fits
            balance.excess += minor - fits
            balance.save(update_fields=["posted", "excess"])
        return minor - fits

    def _shift(self, item: OrderItem, changes: Iterable[tuple[Component, dict[str, object]]]) -> None:
        for component, change in changes:
            changed = self.filter(item=item, component=component).update(**change)
            assert changed == 1, f"item {item.item_id} has no balance for {component}"


class ItemBalance(models.Model):
    """Paid, given back (`posted`) and on its way (`pending`), in minor units.

    `excess` was given back elsewhere above what was left.
    """

    item = models.ForeignKey(OrderItem, on_delete=models.CASCADE, related_name="balances")
    component = models.CharField(max_length=20)
    paid = models.BigIntegerField()
    posted = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)
    excess = models.BigIntegerField(default=0)

    objects = ItemBalanceQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["item", "component"], name="one_balance_per_component"),
            models.CheckConstraint(
                condition=Q(paid__gte=0, posted__gte=0, pending__gte=0, excess__gte=0),
                name="no_negative_money",
            ),
            models.CheckConstraint(
                condition=Q(paid__gte=F("posted") + F("pending")), name="never_more_back_than_was_paid"
            ),
        )

    def __str__(self) -> str:
        return f"{self.component} of {self.item_id}"
