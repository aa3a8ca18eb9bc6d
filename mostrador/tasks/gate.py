"""Gate: every call to Amazon passes here; it costs a token, and what the answer says of quotas is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.conf import settings

from mostrador.amazon.client import Client
from mostrador.amazon.errors import Throttled
from mostrador.amazon.lwa import TokenSource
from mostrador.amazon.marketplaces import Region
from mostrador.models import Quota, SellingPartner
from mostrador.tasks import rates
from mostrador.tasks.calls import CountedWire

Said = TypeVar("Said")

_clients: dict[tuple[int, str, str], Client] = {}
_lock = threading.Lock()
WIRE = CountedWire()


class NoToken(Exception):
    """The bucket is empty; the next token is there at `ready_at`."""

    def __init__(self, operation: str, ready_at: datetime) -> None:
        super().__init__(operation)
        self.ready_at = ready_at


def client_for(partner: SellingPartner) -> Client:
    """Return this process's client of a selling partner; new credentials make a new one."""
    key = (partner.pk, partner.client_secret_sealed, partner.refresh_token_sealed)
    with _lock:
        if key not in _clients:
            _clients[key] = Client(endpoint_of(partner), _token_source(partner), wire=WIRE)
        return _clients[key]


def endpoint_of(partner: SellingPartner) -> str:
    """Return where Amazon listens for this selling partner, or the one host set for every region."""
    return settings.SPAPI_ENDPOINT or Region(partner.region).endpoint


def _token_source(partner: SellingPartner) -> TokenSource:
    return TokenSource(
        client_id=partner.client_id,
        client_secret=partner.client_secret(),
        refresh_token=partner.refresh_token(),
        endpoint=settings.LWA_ENDPOINT,
        wire=WIRE,
    )


def take(partner: SellingPartner, operation: str, now: datetime, *, keep: int = 0) -> None:
    """Take a token for `operation`.

    Raises: NoToken when there is none beyond the `keep` that others are owed.
    """
    ready_at = Quota.objects.take(partner=partner, operation=operation, now=now, keep=keep)
    if ready_at is not None:
        raise NoToken(operation, ready_at)


def ask(partner: SellingPartner, operation: str, call: Callable[[Client], Said], now: datetime) -> Said:
    """Take a token, then call Amazon; for everything but createFeed, which marks before it takes off.

    Raises: NoToken; AmazonError.
    """
    take(partner, operation, now)
    try:
        return call(client_for(partner))
    except Throttled:
        Quota.objects.empty(partner=partner, operation=operation, now=now)
        raise
    finally:
        rates.heed(partner, operation, now)
