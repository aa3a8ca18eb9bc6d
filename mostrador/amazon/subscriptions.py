"""Notifications v1: the destination Amazon sends notifications to, and who is subscribed to what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from mostrador.amazon.client import Client
from mostrador.amazon.errors import Refused
from mostrador.amazon.notifications import PAYLOAD_VERSIONS, NotificationType
from mostrador.amazon.reading import Part, root

BASE = "/notifications/v1"
# What a grantless access token must be asked for: it speaks for the application, not for a seller.
SCOPE = "sellingpartnerapi::notifications"
MAX_ARN = 1000
MAX_NAME = 256


@dataclass(frozen=True, slots=True)
class Destination:
    """A queue Amazon may write to. `queue_arn` is empty for a destination of another kind."""

    destination_id: str
    name: str
    queue_arn: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """One seller's wish for one type of notification."""

    subscription_id: str
    destination_id: str
    payload_version: str


def destinations(client: Client, *, now: datetime) -> tuple[Destination, ...]:
    """Return the application's destinations in this region; the client is a grantless one."""
    answer = client.call("getDestinations", "GET", f"{BASE}/destinations", now=now)
    return tuple(_destination(each) for each in root(answer).parts("payload"))


def create_destination(client: Client, *, name: str, queue_arn: str, now: datetime) -> Destination:
    """Let Amazon know of an SQS queue; the client is a grantless one. Amazon refuses the same queue twice."""
    body = {"name": name[:MAX_NAME], "resourceSpecification": {"sqs": {"arn": queue_arn}}}
    answer = client.call("createDestination", "POST", f"{BASE}/destinations", body=body, now=now)
    return _destination(root(answer).part("payload"))


def subscription(client: Client, *, wanted: NotificationType, now: datetime) -> Subscription | None:
    """Return the seller's subscription to a type of notification, or None when there is none."""
    try:
        answer = client.call(
            "getSubscription",
            "GET",
            _of(wanted),
            query={"payloadVersion": PAYLOAD_VERSIONS[wanted]},
            now=now,
        )
    except Refused as refusal:
        if refusal.status == 404:
            return None
        raise
    return _subscription(root(answer).part("payload"))


def subscribe(
    client: Client, *, wanted: NotificationType, destination_id: str, now: datetime
) -> Subscription:
    """Have a type of notification sent to a destination. Amazon refuses a second subscription (409)."""
    body = {"payloadVersion": PAYLOAD_VERSIONS[wanted], "destinationId": destination_id}
    answer = client.call("createSubscription", "POST", _of(wanted), body=body, now=now)
    return _subscription(root(answer).part("payload"))


def unsubscribe(client: Client, *, wanted: NotificationType, subscription_id: str, now: datetime) -> None:
    """End a subscription; the client is a grantless one."""
    path = f"{_of(wanted)}/{quote(subscription_id, safe='')}"
    client.call("deleteSubscriptionById", "DELETE", path, now=now)


def _of(wanted: NotificationType) -> str:
    return f"{BASE}/subscriptions/{wanted.value}"


def _destination(part: Part) -> Destination:
    return Destination(
        destination_id=part.required_text("destinationId"),
        name=part.text("name") or "",
        queue_arn=part.part("resource").part("sqs").text("arn") or "",
    )


def _subscription(part: Part) -> Subscription:
    return Subscription(
        subscription_id=part.required_text("subscriptionId"),
        destination_id=part.required_text("destinationId"),
        payload_version=part.required_text("payloadVersion"),
    )
