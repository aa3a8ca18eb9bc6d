"""Marks: what of a feed goes into the journal outside the database, written right before Amazon is asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F

from mostrador.amazon.feeds import FeedType
from mostrador.models import Feed, RefundLine
from mostrador.tasks.journal import Entry, MarkedMessage


def entry_of(feed: Feed, *, marked_at: datetime) -> Entry:
    """Return the journal's line for a feed that is about to be marked (one small question)."""
    are_refunds = feed.feed_type == FeedType.POST_PAYMENT_ADJUSTMENT_DATA
    messages = _refunds(feed) if are_refunds else _cancellations(feed)
    return Entry(
        feed=feed.pk,
        marked_at=marked_at,
        seller_id=feed.selling_partner.seller_id,
        region=feed.selling_partner.region,
        feed_type=feed.feed_type,
        messages=tuple(messages),
    )


def _refunds(feed: Feed) -> Iterable[MarkedMessage]:
    lines = RefundLine.objects.filter(refund__feed_messages__feed=feed)
    lines = lines.annotate(message=F("refund__feed_messages__pk")).select_related("item", "refund__order")
    by_message: dict[int, list[RefundLine]] = {}
    for line in lines.order_by("refund__feed_messages__pk", "pk"):
        message_id: int = getattr(line, "message")  # noqa: B009  # an annotation, which the type does not know
        by_message.setdefault(message_id, []).append(line)
    for message_id, some in by_message.items():
        refund = some[0].refund
        yield MarkedMessage(
            message_id=message_id,
            reference=refund.reference,
            action_pk=refund.pk,
            asked_at=refund.requested_at,
            amazon_order_id=refund.order.amazon_order_id,
            currency=refund.currency,
            items=tuple(_item(line) for line in some),
        )


def _item(line: RefundLine) -> dict[str, Any]:
    amounts = {component.value: minor for component, minor in line.amounts().items()}
    return {"item_id": line.item.item_id, "amounts": amounts}


def _cancellations(feed: Feed) -> Iterable[MarkedMessage]:
    for message in feed.feed_messages.select_related("cancellation__order").order_by("pk"):
        wish = message.cancellation
        assert wish, "a feed of cancellations holds nothing else"
        yield MarkedMessage(
            message_id=message.pk,
            reference=wish.reference,
            action_pk=wish.pk,
            asked_at=wish.requested_at,
            amazon_order_id=wish.order.amazon_order_id,
        )
