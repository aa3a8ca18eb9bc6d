"""Notifications: short messages from Amazon that something happened, read in both of its spellings.

They are hints, nothing more: foreign and doubled ones have been seen, and anybody who may write to the queue
can forge one. Only what a later reading of the feed or the order says counts.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

MAX_CHARACTERS = 1024 * 1024  # SQS allows no more
# Ids are printed and stored as they come; whatever looks otherwise is none of Amazon's.
_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")


class NotificationType(StrEnum):
    """The notifications we ask for."""

    FEED_PROCESSING_FINISHED = "FEED_PROCESSING_FINISHED"
    ORDER_CHANGE = "ORDER_CHANGE"


# The versions of the payload we can read (schemas of 2026-08).
PAYLOAD_VERSIONS = {
    NotificationType.FEED_PROCESSING_FINISHED: "2020-09-04",
    NotificationType.ORDER_CHANGE: "1.0",
}


class UnreadableNotification(ValueError):
    """A message that is no notification of Amazon's. Its text names the fault, never what stood there."""


@dataclass(frozen=True, slots=True)
class FeedFinished:
    """Amazon says that a feed has ended. `status` is its word: DONE, FATAL or CANCELLED."""

    seller_id: str
    feed_id: str
    feed_type: str
    status: str


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """Amazon says that an order has changed. `change` is its word: BuyerRequestedChange and others."""

    seller_id: str
    order_id: str
    marketplace_id: str
    change: str


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification; `about` is None for a type we do not ask for."""

    notification_id: str
    type: str
    published_at: datetime | None
    about: FeedFinished | OrderChanged | None


def read(text: str) -> Notification:
    """Return what a message says, whether its names begin with small or with capital letters.

    Source: schemas/notifications/FeedProcessingFinishedNotification.json (camelCase) and
    OrderChangeNotification.json (PascalCase).
    Raises: UnreadableNotification.
    """
    content = _content(text)
    kind = _id(content, "notificationType")
    envelope = _object(content, "notificationMetadata")
    payload = _object(content, "payload")
    about: FeedFinished | OrderChanged | None = None
    if kind == NotificationType.FEED_PROCESSING_FINISHED:
        about = _feed_finished(_object(payload, "feedProcessingFinishedNotification"))
    elif kind == NotificationType.ORDER_CHANGE:
        about = _order_changed(_object(payload, "orderChangeNotification"))
    return Notification(
        notification_id=_id(envelope, "notificationId"),
        type=kind,
        published_at=_time(envelope, "publishTime"),
        about=about,
    )


def _feed_finished(content: dict[str, Any]) -> FeedFinished:
    # Without a sellerId the account's last part is the seller's id: amzn1.merchant.o.A3TH9S8BH6GOGM.
    account = _id(content, "accountId")
    seller_id = _id(content, "sellerId", otherwise=account.rpartition(".")[2])
    return FeedFinished(
        seller_id=seller_id,
        feed_id=_id(content, "feedId"),
        feed_type=_id(content, "feedType"),
        status=_id(content, "processingStatus"),
    )


def _order_changed(content: dict[str, Any]) -> OrderChanged:
    summary = _object(content, "summary")
    return OrderChanged(
        seller_id=_id(content, "sellerId"),
        order_id=_id(content, "amazonOrderId"),
        marketplace_id=_id(summary, "marketplaceId"),
        change=_id(content, "orderChangeType"),
    )


def _content(text: str) -> dict[str, Any]:
    if len(text) > MAX_CHARACTERS:
        raise UnreadableNotification("too long")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableNotification("not JSON") from None
    return _spelled(content, "the message")


def _object(content: dict[str, Any], name: str) -> dict[str, Any]:
    return _spelled(content.get(name), name)


def _spelled(value: object, name: str) -> dict[str, Any]:
    """Return an object with names that begin with a small letter; one name spelled twice is no name."""
    if not isinstance(value, dict):
        raise UnreadableNotification(f"{name} is not an object")
    spelled = {key[:1].lower() + key[1:]: inner for key, inner in value.items()}
    if len(spelled) != len(value):
        raise UnreadableNotification(f"{name} has a name in two spellings")
    return spelled


def _id(content: dict[str, Any], name: str, *, otherwise: str | None = None) -> str:
    value = content.get(name)
    if value is None and otherwise is not None:
        return otherwise
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise UnreadableNotification(f"{name} is missing or not an id")
    return value


def _time(content: dict[str, Any], name: str) -> datetime | None:
    """Return a moment in UTC, or None where there is no readable one: nothing depends on it."""
    value = content.get(name)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None:
            return None
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
