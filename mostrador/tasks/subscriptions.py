"""Subscriptions: have Amazon send a selling partner's notifications to our queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.conf import settings

from mostrador.amazon import subscriptions as amazon
from mostrador.amazon.client import Client
from mostrador.amazon.lwa import TokenSource
from mostrador.amazon.notifications import NotificationType
from mostrador.amazon.subscriptions import SCOPE, Destination, Subscription
from mostrador.models import SellingPartner
from mostrador.tasks.gate import WIRE, ask, endpoint_of, take

Said = TypeVar("Said")

DESTINATION_NAME = "Mostrador"


@dataclass(frozen=True, slots=True)
class Connected:
    """Where Amazon sends a selling partner's notifications now, and what had to be made for it."""

    destination: Destination
    subscriptions: dict[NotificationType, Subscription]
    made: tuple[str, ...]  # "destination" and types of notifications


def connect(*, partner: SellingPartner, queue_arn: str, now: datetime) -> Connected:
    """See to it that both types of notifications reach the queue; a second time, nothing is left to do.

    A subscription that leads to another destination of this application is replaced.
    Raises: NoToken; AmazonError.
    """
    made: list[str] = []
    destination = _destination(partner, queue_arn, now, made)
    subscriptions = {
        wanted: _subscription(partner, wanted, destination.destination_id, now, made)
        for wanted in NotificationType
    }
    return Connected(destination, subscriptions, tuple(made))


def _destination(partner: SellingPartner, queue_arn: str, now: datetime, made: list[str]) -> Destination:
    known = _grantless(partner, "getDestinations", lambda client: amazon.destinations(client, now=now), now)
    for each in known:
        if each.queue_arn == queue_arn:
            return each
    made.append("destination")
    return _grantless(
        partner,
        "createDestination",
        lambda client: amazon.create_destination(client, name=DESTINATION_NAME, queue_arn=queue_arn, now=now),
        now,
    )


def _subscription(
    partner: SellingPartner, wanted: NotificationType, destination_id: str, now: datetime, made: list[str]
) -> Subscription:
    known = ask(
        partner, "getSubscription", lambda client: amazon.subscription(client, wanted=wanted, now=now), now
    )
    if known is not None and known.destination_id == destination_id:
        return known
    if known is not None:
        stale = known.subscription_id
        _grantless(
            partner,
            "deleteSubscriptionById",
            lambda client: amazon.unsubscribe(client, wanted=wanted, subscription_id=stale, now=now),
            now,
        )
    made.append(wanted.value)
    return ask(
        partner,
        "createSubscription",
        lambda client: amazon.subscribe(client, wanted=wanted, destination_id=destination_id, now=now),
        now,
    )


def _grantless(
    partner: SellingPartner, operation: str, call: Callable[[Client], Said], now: datetime
) -> Said:
    """Take a token, then call Amazon in the name of the application instead of the selling partner."""
    take(partner, operation, now)
    tokens = TokenSource(
        client_id=partner.client_id,
        client_secret=partner.client_secret(),
        scope=SCOPE,
        endpoint=settings.LWA_ENDPOINT,
        wire=WIRE,
    )
    return call(Client(endpoint_of(partner), tokens, wire=WIRE))
