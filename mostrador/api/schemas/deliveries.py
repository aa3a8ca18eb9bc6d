"""Deliveries: what refunds, cancellations and replies show alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from mostrador.api.schemas.shapes import Shown, name_of
from mostrador.domain.delivery import Source, State
from mostrador.models import Cancellation as CancellationRow
from mostrador.models import Refund as RefundRow
from mostrador.models.delivery import Delivery as DeliveryRow


class Answer(Shown):
    """The other side's own words."""

    code: str
    words: str


class Delivery(Shown):
    """A wish on its way: where it stands, who wanted it, and when it moved."""

    id: str
    state: State = Field(description="See docs/reference/api.md, States.")
    source: Source
    requested_by: str | None
    requested_at: datetime
    send_after: datetime = Field(description="It may be withdrawn until then; then it leaves.")
    sent_at: datetime | None
    changed_at: datetime


def delivery_facts(row: DeliveryRow) -> dict[str, Any]:
    """Return the fields of `Delivery`."""
    return {
        "id": row.reference,
        "state": State(row.state),
        "source": Source(row.source),
        "requested_by": name_of(row.requested_by),
        "requested_at": row.requested_at,
        "send_after": row.send_after,
        "sent_at": row.sent_at,
        "changed_at": row.moved_at,
    }


def answer_of(row: DeliveryRow) -> Answer | None:
    """Return what the other side said, if it said something."""
    if not (row.answer_code or row.answer_words):
        return None
    return Answer(code=row.answer_code, words=row.answer_words)


def feed_id_of(row: RefundRow | CancellationRow) -> str | None:
    """Return Amazon's id of the newest feed that carried it, once Amazon has given one."""
    newest = row.feed_messages.select_related("feed").order_by("-pk").first()
    return (newest.feed.feed_id or None) if newest else None


DELIVERY_EXAMPLE: dict[str, Any] = {
    "source": "api",
    "requested_by": "Ana Ruiz",
    "requested_at": "2026-11-24T10:31:05.204Z",
    "send_after": "2026-11-24T10:32:05.204Z",
    "sent_at": "2026-11-24T10:32:07.125Z",
    "changed_at": "2026-11-24T10:33:41.870Z",
}
