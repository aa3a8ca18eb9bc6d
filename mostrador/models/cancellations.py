"""Cancellations: orders on their way to being cancelled at Amazon."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from mostrador.domain.delivery import OPEN, Source, State
from mostrador.models.delivery import (
    Delivery,
    DeliveryQuerySet,
    due_index,
    request_key_constraint,
    unfinished_index,
)
from mostrador.models.orders import Order
from mostrador.models.people import Agent
from mostrador.models.tickets import Ticket

# From the press until Amazon's own order says so, or the wish has ended without effect.
FREEZING = frozenset({*OPEN, State.ACCEPTED})


class CancellationQuerySet(DeliveryQuerySet["Cancellation"]):
    """Makes and finds cancellations."""

    def request(
        self,
        *,
        order: Order,
        ticket: Ticket | None,
        agent: Agent | None,
        source: Source,
        reason: str,
        note: str,
        counts_in_rate: bool,
        request_key: str,
        request_sha256: str,
        send_after: datetime,
        now: datetime,
    ) -> Cancellation:
        """Store a cancellation, which freezes the order; the order row must be locked.

        Raises: IntegrityError when another one already freezes the order.
        """
        return self.create(
            selling_partner=order.selling_partner,
            order=order,
            ticket=ticket,
            requested_by=agent,
            source=source,
            reason=reason,
            note=note,
            counts_in_rate=counts_in_rate,
            request_key=request_key,
            request_sha256=request_sha256,
            requested_at=now,
            moved_at=now,
            send_after=send_after,
        )

    def freezing(self) -> CancellationQuerySet:
        """Return those that freeze their order."""
        return self.filter(state__in=FREEZING)


class Cancellation(Delivery):
    """One wish to cancel one order."""

    LETTER = "C"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="cancellations")
    ticket = models.ForeignKey(
        Ticket, on_delete=models.SET_NULL, null=True, blank=True, related_name="cancellations"
    )
    reason = models.CharField(max_length=60)  # Amazon's word
    counts_in_rate = models.BooleanField()
    seen_in_order_at = models.DateTimeField(null=True, blank=True)

    objects = CancellationQuerySet.as_manager()

    class Meta:
        constraints = (
            request_key_constraint("one_cancellation_per_request_key"),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=sorted(FREEZING)),
                name="one_open_cancellation_per_order",
            ),
        )
        indexes = (due_index("cancellation_due"), unfinished_index("cancellation_unfinished"))

    def __str__(self) -> str:
        return self.reference
