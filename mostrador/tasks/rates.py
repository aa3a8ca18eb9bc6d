"""Rates: what Amazon's answers say of how often an operation may be called, kept for all workers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from mostrador.amazon.quotas import USAGE_PLANS, rate_said
from mostrador.models import Quota, SellingPartner

# What this process has noted is compared with the database again after so long: others note rates too.
NOTED_FOR = timedelta(minutes=1)

# Between press and createFeed nothing is asked that need not be: this one only when the rate has changed.
ON_THE_WAY = "createFeedDocument"

_Key = tuple[int, str, str, str]
_noted: dict[_Key, tuple[float, datetime]] = {}


class _Heard(threading.local):
    """What this thread's calls were told: it makes one call at a time and notes it right after."""

    def __init__(self) -> None:
        self.rates: dict[str, float] = {}


_heard = _Heard()


def hear(operation: str, headers: Mapping[str, str]) -> None:
    """Remember the rate an answer names, if it names one; nothing is written while a call is under way."""
    said = rate_said(headers)
    if said is not None and operation in USAGE_PLANS:
        _heard.rates[operation] = float(said)


def heed(partner: SellingPartner, operation: str, now: datetime) -> None:
    """Let the limiter keep to the rate that the last answer named; the usual answer costs no question."""
    said = _heard.rates.pop(operation, None)
    if said is None:
        return
    key = partner.pk, partner.client_id, partner.region, operation
    noted, at = _noted.get(key, (None, now))
    if noted == said and (operation == ON_THE_WAY or now - at < NOTED_FOR):
        return
    Quota.objects.heed(partner=partner, operation=operation, said=said, now=now)
    _noted[key] = said, now
