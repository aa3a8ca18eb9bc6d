"""Forgotten marks: what was about to be sent before a restore and the restored database does not know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Min, Q

from mostrador.domain.guards import MarkFate
from mostrador.models.guards import SendingStop
from mostrador.models.orders import Order
from mostrador.models.people import Agent
from mostrador.models.refunds import Refund
from mostrador.models.selling_partners import SellingPartner


class ForgottenMarkQuerySet(models.QuerySet["ForgottenMark"]):
    """Keeps and finds forgotten marks; an order is held while one of its own is."""

    def hold(
        self,
        *,
        stop: SendingStop,
        order: Order,
        feed_type: str,
        message_id: int,
        reference: str,
        items: Sequence[dict[str, Any]],
        total: int,
        currency: str,
        marked_at: datetime,
        words: str,
        now: datetime,
    ) -> ForgottenMark | None:
        """Store a mark and hold its order, which must be locked; nothing if it is known already."""
        mark, made = self.get_or_create(
            selling_partner=order.selling_partner,
            message_id=message_id,
            defaults={
                "stop": stop,
                "order": order,
                "feed_type": feed_type,
                "reference": reference,
                "items": list(items),
                "total": total,
                "currency": currency,
                "marked_at": marked_at,
                "found_at": now,
                "words": words,
            },
        )
        if not made:
            return None
        self.free_or_hold(order)
        return mark

    def held(self) -> ForgottenMarkQuerySet:
        """Return those that still hold their order, the earliest first."""
        return self.filter(fate=MarkFate.HELD).order_by("marked_at", "pk")

    def free_or_hold(self, order: Order) -> None:
        """Let the order's row say since when it is held, or that it is not any more."""
        earliest: datetime | None = self.held().filter(order=order).aggregate(at=Min("marked_at"))["at"]
        order.hold(since=earliest)


class ForgottenMark(models.Model):
    """One message that was marked outside the database's knowledge: no name, no address, no buyer."""

    selling_partner = models.ForeignKey(SellingPartner, on_delete=models.CASCADE, related_name="+")
    stop = models.ForeignKey(SendingStop, on_delete=models.PROTECT, related_name="forgotten_marks")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="forgotten_marks")
    feed_type = models.CharField(max_length=60)
    message_id = models.BigIntegerField()
    reference = models.CharField(max_length=20)
    items = models.JSONField(default=list)  # [{item_id, amounts: {component: minor}}]
    total = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    marked_at = models.DateTimeField()
    found_at = models.DateTimeField()
    fate = models.CharField(
        max_length=20, choices=[(f.value, f.value) for f in MarkFate], default=MarkFate.HELD
    )
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    words = models.TextField(blank=True)

    objects = ForgottenMarkQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["selling_partner", "message_id"], name="one_row_per_forgotten_message"
            ),
            models.UniqueConstraint(
                fields=["refund"], condition=Q(refund__isnull=False), name="one_mark_per_refund_found"
            ),
            models.CheckConstraint(
                condition=Q(fate=MarkFate.HELD, settled_at=None)
                | Q(~Q(fate=MarkFate.HELD), settled_at__isnull=False),
                name="a_settled_mark_knows_when",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} of {self.order_id}"

    def settle(
        self,
        fate: MarkFate,
        *,
        now: datetime,
        refund: Refund | None = None,
        agent: Agent | None = None,
        words: str = "",
    ) -> None:
        """Note what became of it, and free the order if no other mark holds it; the order is locked."""
        ForgottenMark.objects.filter(pk=self.pk, fate=MarkFate.HELD).update(
            fate=fate, refund=refund, settled_at=now, settled_by=agent, words=words or self.words
        )
        self.words = words or self.words
        ForgottenMark.objects.free_or_hold(self.order)
