"""Notices: what Amazon writes into a subscriber's queue, in the spelling of each type."""

from __future__ import annotations

import uuid

from mostrador.simulator.book import Order, Status
from mostrador.simulator.clock import iso
from mostrador.simulator.notifications import FEED_PROCESSING_FINISHED, ORDER_CHANGE, PAYLOAD_VERSIONS
from mostrador.simulator.store import Json
from mostrador.simulator.world import Feed

STRANGER = "A9STRANGER"
ENDED = frozenset({"DONE", "FATAL", "CANCELLED"})

# Notifications speak the words of the older Orders API.
_STATUS_WORDS = {
    Status.PENDING_AVAILABILITY: "PendingAvailability",
    Status.PENDING: "Pending",
    Status.UNSHIPPED: "Unshipped",
    Status.PARTIALLY_SHIPPED: "PartiallyShipped",
    Status.SHIPPED: "Shipped",
    Status.CANCELLED: "Canceled",
    Status.UNFULFILLABLE: "Unfulfillable",
}


def feed_finished(feed: Feed, *, subscription_id: str, now: float) -> Json:
    """Return the notification that a feed has ended; all its names begin with a small letter."""
    about: Json = {
        "sellerId": feed.seller_id,
        "accountId": f"amzn1.merchant.o.{feed.seller_id}",
        "feedId": feed.feed_id,
        "feedType": feed.feed_type,
        "processingStatus": feed.status,
    }
    if feed.result_document_id:
        about["resultFeedDocumentId"] = feed.result_document_id
    version = PAYLOAD_VERSIONS[FEED_PROCESSING_FINISHED]
    return {
        "notificationVersion": version,
        "notificationType": FEED_PROCESSING_FINISHED,
        "payloadVersion": version,
        "eventTime": iso(now),
        "payload": {"feedProcessingFinishedNotification": about},
        "notificationMetadata": {
            "applicationId": "amzn1.sellerapps.app.simulator",
            "subscriptionId": subscription_id,
            "publishTime": iso(now),
            "notificationId": str(uuid.uuid4()),
        },
    }


def order_change(order: Order, *, change: str, reason: str, subscription_id: str, now: float) -> Json:
    """Return the notification that an order has changed; all its names begin with a capital letter."""
    version = PAYLOAD_VERSIONS[ORDER_CHANGE]
    return {
        "NotificationVersion": version,
        "NotificationType": ORDER_CHANGE,
        "PayloadVersion": version,
        "EventTime": iso(now),
        "Payload": {
            "OrderChangeNotification": {
                "NotificationLevel": "OrderLevel",
                "SellerId": order.seller_id,
                "AmazonOrderId": order.order_id,
                "OrderChangeType": change,
                "OrderChangeTrigger": {"TimeOfOrderChange": iso(now), "ChangeReason": reason},
                "Summary": _summary(order),
            }
        },
        "NotificationMetadata": {
            "ApplicationId": "amzn1.sellerapps.app.simulator",
            "SubscriptionId": subscription_id,
            "PublishTime": iso(now),
            "NotificationId": str(uuid.uuid4()),
        },
    }


def _summary(order: Order) -> Json:
    shipped = sum(item.shipped for item in order.items)
    return {
        "MarketplaceId": order.marketplace_id,
        "OrderStatus": _STATUS_WORDS[order.status],
        "PurchaseDate": iso(order.created),
        "DestinationPostalCode": order.address.get("postalCode"),
        "FulfillmentType": "MFN" if order.fulfilled_by == "MERCHANT" else "AFN",
        "OrderType": "StandardOrder",
        "NumberOfItemsShipped": shipped,
        "NumberOfItemsUnshipped": sum(item.quantity for item in order.items) - shipped,
        "EarliestShipDate": iso(order.ship_by[0]),
        "LatestShipDate": iso(order.ship_by[1]),
        "EarliestDeliveryDate": iso(order.deliver_by[0]),
        "LatestDeliveryDate": iso(order.deliver_by[1]),
        "OrderItems": [
            {
                "OrderItemId": item.order_item_id,
                "SellerSKU": item.sku,
                "SupplySourceId": None,
                "OrderItemStatus": "Shipped" if item.shipped == item.quantity else "Unshipped",
                "Quantity": item.quantity,
                "QuantityShipped": item.shipped,
                "IsBuyerRequestedCancel": bool(item.cancel_request),
            }
            for item in order.items
        ],
    }


def foreign(notice: Json) -> Json:
    """Return a notice of another seller's feed or order, as has been seen in real queues."""
    stranger = {"sellerId": STRANGER, "accountId": f"amzn1.merchant.o.{STRANGER}", "feedId": "49999999999"}
    return _about(notice, stranger, {"SellerId": STRANGER, "AmazonOrderId": "999-9999999-9999999"})


def forged(notice: Json) -> Json:
    """Return a lie about the same seller: a feed or an order that does not exist, under a new id."""
    return _about(notice, {"feedId": "48888888888"}, {"AmazonOrderId": "888-8888888-8888888"})


def _about(notice: Json, feed: Json, order: Json) -> Json:
    """Return a notice of its own about something else."""
    small = "payload" in notice
    payload, part, envelope, name, other = (
        ("payload", "feedProcessingFinishedNotification", "notificationMetadata", "notificationId", feed)
        if small
        else ("Payload", "OrderChangeNotification", "NotificationMetadata", "NotificationId", order)
    )
    return {
        **notice,
        payload: {part: {**notice[payload][part], **other}},
        envelope: {**notice[envelope], name: str(uuid.uuid4())},
    }
