"""Timeline: what happened, in one append-only list; facts, worded only when shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import models
from django.db.models import Q

from mostrador.models.cancellations import Cancellation
from mostrador.models.delivery import Delivery
from mostrador.models.messages import Reply
from mostrador.models.orders import Order
from mostrador.models.people import Agent
from mostrador.models.refunds import Refund
from mostrador.models.tickets import Ticket


class EventKind(StrEnum):
    """What can be noted. Steps of a delivery are one kind each, whatever is delivered."""

    TICKET_BEGUN = "ticket_begun"
    TICKET_CLOSED = "ticket_closed"
    TICKET_REOPENED = "ticket_reopened"
    TICKET_ASSIGNED = "ticket_assigned"
    TICKET_TAGGED = "ticket_tagged"
    TICKET_PRIORITY = "ticket_priority"
    TICKET_SNOOZED = "ticket_snoozed"
    TICKET_WOKEN = "ticket_woken"
    TICKET_MERGED = "ticket_merged"
    TICKET_SPLIT = "ticket_split"
    TICKET_LINKED = "ticket_linked"
    TICKET_UNLINKED = "ticket_unlinked"
    NO_ANSWER_NEEDED = "no_answer_needed"
    CLAIM_OPENED = "claim_opened"
    ORDER_FOUND = "order_found"
    MAIL_UNREADABLE = "mail_unreadable"
    BUYER_ASKED_TO_CANCEL = "buyer_asked_to_cancel"
    ORDER_STATUS_CHANGED = "order_status_changed"
    REFUNDED_ELSEWHERE = "refunded_elsewhere"
    ORDER_HELD = "order_held"
    ORDER_RELEASED = "order_released"
    # steps of a refund, a cancellation or a reply
    REQUESTED = "requested"
    SEND_NOW = "send_now"
    WITHDRAWN = "withdrawn"
    SEALED = "sealed"
    RETRY = "retry"
    SENT = "sent"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVIEW = "review"
    CONFIRMED = "confirmed"
    ASKED_AGAIN = "asked_again"
    FINDING = "finding"


@dataclass(frozen=True, slots=True)
class Line:
    """What one of several events says that are noted together."""

    kind: EventKind
    order: Order | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class EventQuerySet(models.QuerySet["Event"]):
    """Writes and reads events; nothing changes or deletes one (a trigger refuses it)."""

    def note(
        self,
        kind: EventKind,
        *,
        at: datetime,
        ticket: Ticket | None = None,
        order: Order | None = None,
        agent: Agent | None = None,
        **facts: Any,
    ) -> Event:
        """Add an event about a ticket or an order."""
        return self.create(kind=kind, at=at, ticket=ticket, order=order, agent=agent, facts=facts)

    def note_all(self, lines: Sequence[Line], *, at: datetime, ticket: Ticket) -> None:
        """Add events about a ticket, one after the other."""
        self.bulk_create(
            Event(kind=line.kind, at=at, ticket=ticket, order=line.order, facts=line.facts) for line in lines
        )

    def step(
        self, kind: EventKind, delivery: Delivery, *, at: datetime, agent: Agent | None = None, **facts: Any
    ) -> Event:
        """Add a step of a refund, a cancellation or a reply."""
        about: dict[str, Any] = {}
        match delivery:
            case Refund():
                about = {"refund": delivery, "order": delivery.order, "ticket": delivery.ticket}
            case Cancellation():
                about = {"cancellation": delivery, "order": delivery.order, "ticket": delivery.ticket}
            case Reply():
                about = {"reply": delivery, "ticket": delivery.ticket}
            case _:
                raise AssertionError(f"no timeline for {type(delivery).__name__}")
        return self.create(kind=kind, at=at, agent=agent, facts=facts, **about)

    def about(self, ticket: Ticket, *, family: Sequence[int] = ()) -> EventQuerySet:
        """Return all that happened in a ticket, in those that show in it, and on its order, oldest first."""
        about = Q(ticket__in=family or Ticket.objects.family(ticket))
        if ticket.order_id:
            about |= Q(order=ticket.order_id)
        return self.filter(about).select_related("agent").order_by("at", "pk")


class Event(models.Model):
    """One line of the timeline."""

    kind = models.CharField(max_length=30, choices=[(kind.value, kind.value) for kind in EventKind])
    at = models.DateTimeField()
    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, null=True, blank=True, related_name="events")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="events")
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="events")
    cancellation = models.ForeignKey(
        Cancellation, on_delete=models.PROTECT, null=True, blank=True, related_name="events"
    )
    reply = models.ForeignKey(Reply, on_delete=models.PROTECT, null=True, blank=True, related_name="events")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="events")
    facts = models.JSONField(default=dict)

    objects = EventQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
