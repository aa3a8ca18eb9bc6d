"""Marks: what of a feed goes into the journal outside the database, written right before Amazon is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mostrador.models import Feed, FeedMessage, RefundLine
from mostrador.tasks.journal import Entry, MarkedMessage


def entry_of(feed: Feed, *, marked_at: datetime) -> Entry:
    """Return the journal's line for a feed that is about to be marked (two small questions)."""
    messages = feed.feed_messages.select_related("refund__order", "cancellation__order").order_by("pk")
    items = _items(feed)
    return Entry(
        feed=feed.pk,
        marked_at=marked_at,
        seller_id=feed.selling_partner.seller_id,
        region=feed.selling_partner.region,
        feed_type=feed.feed_type,
        messages=tuple(_message(each, items) for each in messages),
    )


def _items(feed: Feed) -> dict[int, list[dict[str, Any]]]:
    """Return the lines of each refund of a feed."""
    found: dict[int, list[dict[str, Any]]] = {}
    lines = RefundLine.objects.filter(refund__feed_messages__feed=feed).select_related("item")
    for line in lines.order_by("pk"):
        amounts = {component.value: minor for component, minor in line.amounts().items()}
        found.setdefault(line.refund_id, []).append({"item_id": line.item.item_id, "amounts": amounts})
    return found


def _message(message: FeedMessage, items: dict[int, list[dict[str, Any]]]) -> MarkedMessage:
    action = message.action
    return MarkedMessage(
        message_id=message.pk,
        reference=action.reference,
        action_pk=action.pk,
        asked_at=action.requested_at,
        amazon_order_id=action.order.amazon_order_id,
        currency=message.refund.currency if message.refund else "",
        items=tuple(items.get(message.refund_id or 0, ())),
    )
