"""Cancellations as JSON: what a program asks for, and what became of it."""

from __future__ import annotations

from datetime import datetime

from pydantic import ConfigDict, Field

from mostrador.amazon.acknowledgements import CancelReason
from mostrador.api.schemas.deliveries import (
    DELIVERY_EXAMPLE,
    Answer,
    Delivery,
    answer_of,
    delivery_facts,
    feed_id_of,
)
from mostrador.api.schemas.events import Event, timeline
from mostrador.api.schemas.shapes import Asked, NoteText, Partner, ReasonText
from mostrador.models import Cancellation as CancellationRow


class CancellationRequest(Asked):
    """The wish to cancel the whole order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reason": "BuyerCanceled", "note": "Ordered twice.", "ticket_id": "T-1042"}]
        }
    )

    reason: ReasonText = Field(
        description="Amazon's reason: " + ", ".join(reason.value for reason in CancelReason) + "."
    )
    note: NoteText = Field(default="", description="For the team; the buyer never sees it.")
    ticket_id: str | None = Field(default=None, description="The ticket of this order it belongs to.")


class Cancellation(Delivery):
    """A cancellation, where it stands, and Amazon's words about it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "C-1042",
                    "state": "confirmed",
                    **DELIVERY_EXAMPLE,
                    "order_id": "302-1234567-1234567",
                    "selling_partner": {"name": "Nordlicht", "seller_id": "A2EXAMPLE", "region": "eu"},
                    "ticket_id": "T-1042",
                    "reason": "BuyerCanceled",
                    "note": "Ordered twice.",
                    "counts_in_cancellation_rate": False,
                    "feed_id": "50123020417",
                    "amazon_says": None,
                    "seen_in_order_at": "2026-11-24T10:35:00Z",
                    "events": [],
                }
            ]
        }
    )

    order_id: str
    selling_partner: Partner
    ticket_id: str | None
    reason: str
    note: str
    counts_in_cancellation_rate: bool
    feed_id: str | None = Field(description="Amazon's id of the feed that carried it.")
    amazon_says: Answer | None
    seen_in_order_at: datetime | None
    events: list[Event]

    @classmethod
    def of(cls, row: CancellationRow) -> Cancellation:
        """Return the cancellation as JSON shows it."""
        return cls(
            **delivery_facts(row),
            order_id=row.order.amazon_order_id,
            selling_partner=Partner.of(row.order.selling_partner),
            ticket_id=row.ticket.reference if row.ticket else None,
            reason=row.reason,
            note=row.note,
            counts_in_cancellation_rate=row.counts_in_rate,
            feed_id=feed_id_of(row),
            amazon_says=answer_of(row),
            seen_in_order_at=row.seen_in_order_at,
            events=timeline(row.events.all()),
        )
