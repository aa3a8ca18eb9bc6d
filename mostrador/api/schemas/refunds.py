"""Refunds as JSON: what a program asks for, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from mostrador.amazon.adjustments import AdjustmentReason
from mostrador.amazon.components import Component
from mostrador.api.schemas.deliveries import (
    DELIVERY_EXAMPLE,
    Answer,
    Delivery,
    answer_of,
    delivery_facts,
    feed_id_of,
)
from mostrador.api.schemas.events import Event, timeline
from mostrador.api.schemas.shapes import Asked, ItemId, Money, NoteText, Partner, ReasonText
from mostrador.models import Refund as RefundRow

MOST_LINES = 200

_AMOUNTS: dict[str, Any] = {"principal": {"amount": "15.00", "currency": "EUR"}}
_NO_AMOUNTS: dict[str, Any] = {component.value: None for component in Component}


class Amounts(Asked):
    """Money for each component of an item: totals for the units concerned; left out is nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": [_AMOUNTS]})

    principal: Money | None = None
    tax: Money | None = None
    shipping: Money | None = None
    shipping_tax: Money | None = None
    gift_wrap: Money | None = None
    gift_wrap_tax: Money | None = None

    def by_component(self) -> dict[Component, Money]:
        """Return the components that were named."""
        named = {component: getattr(self, component.value) for component in Component}
        return {component: money for component, money in named.items() if money is not None}

    @classmethod
    def of(cls, amounts: dict[Component, int], currency: str) -> Amounts:
        """Return minor units as JSON shows them."""
        return cls(**{component.value: Money.of(minor, currency) for component, minor in amounts.items()})


class RefundLine(Asked):
    """What goes back for one order item."""

    item_id: ItemId = Field(description="Amazon's id of the order item.")
    amounts: Amounts


class RefundRequest(Asked):
    """The wish to give money back."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "lines": [{"item_id": "12345678901234", "amounts": _AMOUNTS}],
                    "reason": "CustomerReturn",
                    "note": "Arrived broken, photo in the ticket.",
                    "ticket_id": "T-1042",
                }
            ]
        }
    )

    lines: Annotated[list[RefundLine], Field(max_length=MOST_LINES)]
    reason: ReasonText = Field(
        description="Amazon's reason: " + ", ".join(reason.value for reason in AdjustmentReason) + "."
    )
    note: NoteText = Field(default="", description="For the team; the buyer never sees it.")
    ticket_id: str | None = Field(default=None, description="The ticket of this order it belongs to.")


class Refund(Delivery):
    """A refund, where it stands, and Amazon's words about it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "R-1042",
                    "state": "accepted",
                    **DELIVERY_EXAMPLE,
                    "order_id": "302-1234567-1234567",
                    "selling_partner": {"name": "Nordlicht", "seller_id": "A2EXAMPLE", "region": "eu"},
                    "ticket_id": "T-1042",
                    "reason": "CustomerReturn",
                    "note": "Arrived broken, photo in the ticket.",
                    "total": {"amount": "15.00", "currency": "EUR"},
                    "lines": [{"item_id": "12345678901234", "amounts": {**_NO_AMOUNTS, **_AMOUNTS}}],
                    "feed_id": "50123020416",
                    "amazon_says": None,
                    "seen_in_finances_at": None,
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
    total: Money
    lines: list[RefundLine]
    feed_id: str | None = Field(description="Amazon's id of the feed that carried it.")
    amazon_says: Answer | None
    seen_in_finances_at: datetime | None
    events: list[Event]

    @classmethod
    def of(cls, row: RefundRow) -> Refund:
        """Return the refund as JSON shows it."""
        return cls(
            **delivery_facts(row),
            order_id=row.order.amazon_order_id,
            selling_partner=Partner.of(row.order.selling_partner),
            ticket_id=row.ticket.reference if row.ticket else None,
            reason=row.reason,
            note=row.note,
            total=Money.of(row.total, row.currency),
            lines=[
                RefundLine(item_id=line.item_id, amounts=Amounts.of(dict(line.amounts), row.currency))
                for line in row.wished_lines()
            ],
            feed_id=feed_id_of(row),
            amazon_says=answer_of(row),
            seen_in_finances_at=row.seen_in_finances_at,
            events=timeline(row.events.all()),
        )
