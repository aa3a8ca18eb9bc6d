"""Notifications v1: destinations and subscriptions, as an application makes them for its sellers."""

from __future__ import annotations

import json
import re
import uuid

from aiohttp import web

from mostrador.simulator.answers import Refused, invalid, json_response, not_found
from mostrador.simulator.gate import Call
from mostrador.simulator.store import Json
from mostrador.simulator.world import Destination, Subscription

FEED_PROCESSING_FINISHED = "FEED_PROCESSING_FINISHED"
ORDER_CHANGE = "ORDER_CHANGE"
PAYLOAD_VERSIONS = {FEED_PROCESSING_FINISHED: "2020-09-04", ORDER_CHANGE: "1.0"}
_QUEUE_ARN = re.compile(r"^arn:aws:sqs:\S+:\S+:\S+")


async def _body(call: Call) -> Json:
    try:
        body = json.loads(await call.request.text())
    except ValueError:
        raise invalid("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise invalid("The body is not a JSON object.")
    return body


def _destination_json(destination: Destination) -> Json:
    return {
        "name": destination.name,
        "destinationId": destination.destination_id,
        "resource": {"sqs": {"arn": destination.queue_arn}},
    }


def _subscription_json(subscription: Subscription) -> Json:
    return {
        "subscriptionId": subscription.subscription_id,
        "payloadVersion": subscription.payload_version,
        "destinationId": subscription.destination_id,
    }


async def get_destinations(call: Call) -> web.Response:
    """Answer getDestinations: those of the calling application."""
    own = [each for each in call.world.destinations.values() if each.client_id == call.seller.client_id]
    return json_response({"payload": [_destination_json(each) for each in own]})


async def create_destination(call: Call) -> web.Response:
    """Answer createDestination; the same queue twice is a conflict."""
    body, world = await _body(call), call.world
    name = body.get("name")
    specification = body.get("resourceSpecification")
    sqs = specification.get("sqs") if isinstance(specification, dict) else None
    arn = sqs.get("arn") if isinstance(sqs, dict) else None
    if not isinstance(name, str) or not 1 <= len(name) <= 256:
        raise invalid("name must have 1 to 256 characters.")
    if not isinstance(arn, str) or not _QUEUE_ARN.match(arn):
        raise invalid("resourceSpecification must have an SQS queue's ARN.")
    for each in world.destinations.values():
        if (each.client_id, each.queue_arn) == (call.seller.client_id, arn):
            raise Refused(409, "Conflict", "A destination with this resource already exists.")
    destination = Destination(str(uuid.uuid4()), call.seller.client_id, name, arn)
    world.destinations[destination.destination_id] = destination
    world.keep("destination", destination.destination_id, destination)
    world.commit()
    return json_response({"payload": _destination_json(destination)})


async def get_destination(call: Call) -> web.Response:
    """Answer getDestination."""
    return json_response({"payload": _destination_json(_own_destination(call))})


def _own_destination(call: Call, destination_id: str = "") -> Destination:
    wanted = destination_id or call.request.match_info["destinationId"]
    found = call.world.destinations.get(wanted)
    if found is None or found.client_id != call.seller.client_id:
        raise not_found("destination")
    return found


def _type(call: Call) -> str:
    notification_type = call.request.match_info["notificationType"]
    if notification_type not in PAYLOAD_VERSIONS:
        raise invalid(f"The notification type {notification_type} is not supported.")
    return notification_type


async def get_subscription(call: Call) -> web.Response:
    """Answer getSubscription: the calling seller's own one."""
    found = call.world.subscription(call.seller.seller_id, _type(call))
    if found is None:
        raise not_found("subscription")
    return json_response({"payload": _subscription_json(found)})


async def create_subscription(call: Call) -> web.Response:
    """Answer createSubscription; a second one for the same type is a conflict."""
    body, world, wanted = await _body(call), call.world, _type(call)
    if body.get("payloadVersion") != PAYLOAD_VERSIONS[wanted]:
        raise invalid("The payloadVersion is not supported.")
    destination_id = body.get("destinationId")
    if not isinstance(destination_id, str) or not destination_id:
        raise invalid("destinationId is missing.")
    _own_destination(call, destination_id)
    if world.subscription(call.seller.seller_id, wanted) is not None:
        raise Refused(409, "Conflict", "A subscription for this notification type already exists.")
    subscription = Subscription(
        str(uuid.uuid4()), call.seller.seller_id, wanted, PAYLOAD_VERSIONS[wanted], destination_id
    )
    world.subscriptions[subscription.subscription_id] = subscription
    world.keep("subscription", subscription.subscription_id, subscription)
    world.commit()
    return json_response({"payload": _subscription_json(subscription)})


async def delete_subscription(call: Call) -> web.Response:
    """Answer deleteSubscriptionById."""
    found = call.world.subscriptions.get(call.request.match_info["subscriptionId"])
    if found is None or found.seller_id != call.seller.seller_id or found.notification_type != _type(call):
        raise not_found("subscription")
    found.ended = True
    call.world.keep("subscription", found.subscription_id, found)
    call.world.commit()
    return json_response({})
