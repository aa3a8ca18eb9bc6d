"""Notifications as Amazon writes them, in the spelling of each type."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
AT = "2026-11-24T10:00:00.000Z"

_numbers = itertools.count(1)


def feed_finished(
    *, seller_id: str, feed_id: str, status: str = "DONE", notification_id: str = "", **more: Any
) -> dict[str, Any]:
    """Return a FEED_PROCESSING_FINISHED."""
    about = {
        "sellerId": seller_id,
        "accountId": f"amzn1.merchant.o.{seller_id}",
        "feedId": feed_id,
        "feedType": "POST_PAYMENT_ADJUSTMENT_DATA",
        "processingStatus": status,
        **more,
    }
    return {
        "notificationVersion": "2020-09-04",
        "notificationType": "FEED_PROCESSING_FINISHED",
        "payloadVersion": "2020-09-04",
        "eventTime": AT,
        "payload": {"feedProcessingFinishedNotification": about},
        "notificationMetadata": {
            "applicationId": "amzn1.sellerapps.app.1",
            "subscriptionId": "subscription-1",
            "publishTime": AT,
            "notificationId": notification_id or f"feed-notification-{next(_numbers)}",
        },
    }


def order_change(
    *,
    seller_id: str,
    order_id: str,
    marketplace_id: str,
    change: str = "BuyerRequestedChange",
    notification_id: str = "",
) -> dict[str, Any]:
    """Return an ORDER_CHANGE."""
    about = {
        "NotificationLevel": "OrderLevel",
        "SellerId": seller_id,
        "AmazonOrderId": order_id,
        "OrderChangeType": change,
        "OrderChangeTrigger": {"TimeOfOrderChange": AT, "ChangeReason": "Buyer Requested Cancel"},
        "Summary": {
            "MarketplaceId": marketplace_id,
            "OrderStatus": "Unshipped",
            "PurchaseDate": AT,
            "DestinationPostalCode": "48110",
            "FulfillmentType": "MFN",
            "OrderType": "StandardOrder",
            "OrderItems": [],
        },
    }
    return {
        "NotificationVersion": "1.0",
        "NotificationType": "ORDER_CHANGE",
        "PayloadVersion": "1.0",
        "EventTime": AT,
        "Payload": {"OrderChangeNotification": about},
        "NotificationMetadata": {
            "ApplicationId": "app-id-1",
            "SubscriptionId": "subscription-2",
            "PublishTime": AT,
            "NotificationId": notification_id or f"order-notification-{next(_numbers)}",
        },
    }


def schema(name: str) -> dict[str, Any]:
    """Return one of Amazon's notification schemas with its examples, or skip the test."""
    base = Path(os.environ.get("MOSTRADOR_AMAZON_MODELS", ROOT.parent / "shared" / "amazon-models"))
    path = base / "schemas" / "notifications" / f"{name}.json"
    if not path.is_file():
        pytest.skip("Amazon's schemas are absent; set MOSTRADOR_AMAZON_MODELS to the folder with schemas/")
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content
