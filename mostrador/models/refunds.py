"""Refunds: money on its way back to a buyer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import models
from django.db.models import F, Q

from mostrador.amazon.components import Component
from mostrador.domain.delivery import FREES_THE_MONEY, OPEN, Source, State
from mostrador.domain.refunds import Line
from mostrador.models.delivery import (
    Delivery,
    DeliveryQuerySet,
    due_index,
    request_key_constraint,
    unfinished_index,
)
from mostrador.models.orders import ItemBalance, Order, OrderItem
from mostrador.models.people import Agent
from mostrador.models.selling_partners import SellingPartner
from mostrador.models.tickets import Ticket
from mostrador.money import Money


class RefundQuerySet(DeliveryQuerySet["Refund"]):
    """Makes and finds refunds."""

    def request(
        self,
        *,
        order: Order,
        ticket: Ticket | None,
        agent: Agent | None,
        source: Source,
        lines: Sequence[Line],
        reason: str,
        note: str,
        seen_available: int | None,
        request_key: str,
        request_sha256: str,
        send_after: datetime,
        now: datetime,
    ) -> Refund:
        """Store a refund with its lines and put the money on its way; the order row must be locked.

        Raises: IntegrityError when the database's own rules say no.
        """
        refund = self.create(
            selling_partner=order.selling_partner,
            order=order,
            ticket=ticket,
            requested_by=agent,
            source=source,
            reason=reason,
            note=note,
            seen_available=seen_available,
            request_key=request_key,
            request_sha256=request_sha256,
            requested_at=now,
            moved_at=now,
            send_after=send_after,
            currency=order.currency,
            total=sum(line.total for line in lines),
        )
        items = {item.item_id: item for item in order.items.all()}
        for line in lines:
            if line.total:
                RefundLine.objects.add(refund=refund, item=items[line.item_id], amounts=line.amounts)
        return refund

    def is_booked(self, *, partner: SellingPartner, refund_id: str) -> bool:
        """Return whether this booking of Amazon's already belongs to a refund."""
        return self.filter(selling_partner=partner, finances_refund_id=refund_id).exists()

    def elsewhere(
        self, *, order: Order, refund_id: str, total: int, posted_at: datetime, now: datetime
    ) -> Refund:
        """Store a refund made outside this program."""
        return self.create(
            selling_partner=order.selling_partner,
            order=order,
            source=Source.ELSEWHERE,
            state=State.CONFIRMED,
            reason="",
            request_key=f"elsewhere:{refund_id}"[:100],
            request_sha256="",
            requested_at=posted_at,
            moved_at=now,
            send_after=posted_at,
            seen_in_finances_at=now,
            finances_refund_id=refund_id,
            currency=order.currency,
            total=total,
        )


class Refund(Delivery):
    """One refund of one order; amounts are minor units of the order's currency."""

    LETTER = "R"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    ticket = models.ForeignKey(
        Ticket, on_delete=models.SET_NULL, null=True, blank=True, related_name="refunds"
    )
    reason = models.CharField(max_length=60, blank=True)  # Amazon's word
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    seen_available = models.BigIntegerField(null=True, blank=True)
    seen_in_finances_at = models.DateTimeField(null=True, blank=True)
    finances_refund_id = models.CharField(max_length=120, blank=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        constraints = (
            request_key_constraint("one_refund_per_request_key"),
            models.CheckConstraint(condition=Q(total__gt=0), name="a_refund_gives_something_back"),
            models.UniqueConstraint(
                fields=["selling_partner", "finances_refund_id"],
                condition=~Q(finances_refund_id=""),
                name="one_refund_per_booking",
            ),
        )
        indexes = (due_index("refund_due"), unfinished_index("refund_unfinished"))

    def __str__(self) -> str:
        return self.reference

    @property
    def money(self) -> Money:
        """The total as money."""
        return Money(self.total, self.currency)

    def wished_lines(self) -> list[Line]:
        """Return the lines as they were asked for."""
        return [Line(line.item.item_id, line.amounts()) for line in self.lines.select_related("item")]

    def moved(self, *, before: State, after: State) -> None:
        """Let balances and lines follow: what frees the money releases it, acceptance posts it."""
        turns = after in FREES_THE_MONEY, before in FREES_THE_MONEY, after is State.ACCEPTED
        for line in self.lines.select_related("item") if any(turns) else ():
            if after in FREES_THE_MONEY:
                ItemBalance.objects.release(item=line.item, amounts=line.amounts())
            elif before in FREES_THE_MONEY:
                ItemBalance.objects.reserve(item=line.item, amounts=line.amounts())
            else:
                ItemBalance.objects.post(item=line.item, amounts=line.amounts())
        if (before in OPEN) != (after in OPEN):
            self.lines.update(open=after in OPEN)


class RefundLineQuerySet(models.QuerySet["RefundLine"]):
    """Makes lines."""

    def add(self, *, refund: Refund, item: OrderItem, amounts: Mapping[Component, int]) -> RefundLine:
        """Store a line and put its money on its way."""
        wanted = {component: minor for component, minor in amounts.items() if minor}
        line = self.create(refund=refund, item=item, **{c.value: minor for c, minor in wanted.items()})
        ItemBalance.objects.reserve(item=item, amounts=wanted)
        return line

    def note_elsewhere(
        self, *, refund: Refund, item: OrderItem, amounts: Mapping[Component, int]
    ) -> RefundLine:
        """Store a line of a refund made elsewhere; its balances are moved by the caller."""
        return self.create(
            refund=refund, item=item, open=False, **{c.value: m for c, m in amounts.items() if m}
        )


class RefundLine(models.Model):
    """What goes back for one order item, one column a component, in minor units."""

    refund = models.ForeignKey(Refund, on_delete=models.CASCADE, related_name="lines")
    item = models.ForeignKey(OrderItem, on_delete=models.PROTECT, related_name="refund_lines")
    open = models.BooleanField(default=True)  # follows the refund's state, so that the index below can see it
    principal = models.BigIntegerField(default=0)
    tax = models.BigIntegerField(default=0)
    shipping = models.BigIntegerField(default=0)
    shipping_tax = models.BigIntegerField(default=0)
    gift_wrap = models.BigIntegerField(default=0)
    gift_wrap_tax = models.BigIntegerField(default=0)

    objects = RefundLineQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["refund", "item"], name="one_line_per_item"),
            models.UniqueConstraint(fields=["item"], condition=Q(open=True), name="one_open_refund_per_item"),
            models.CheckConstraint(
                condition=Q(
                    principal__gte=0,
                    tax__gte=0,
                    shipping__gte=0,
                    shipping_tax__gte=0,
                    gift_wrap__gte=0,
                    gift_wrap_tax__gte=0,
                ),
                name="no_negative_part",
            ),
            models.CheckConstraint(
                condition=Q(
                    principal__gt=-F("tax")
                    - F("shipping")
                    - F("shipping_tax")
                    - F("gift_wrap")
                    - F("gift_wrap_tax")
                ),
                name="a_line_gives_something_back",
            ),
        )

    def __str__(self) -> str:
        return f"line of {self.refund_id}"

    def amounts(self) -> dict[Component, int]:
        """Return the parts that are not zero."""
        return {c: getattr(self, c.value) for c in Component if getattr(self, c.value)}
