"""Sending: whether refunds, cancellations and answers can leave at all, said on every page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostrador.domain.guards import ReasonCode
from mostrador.models import SellingPartner, SendingStop

MOST_NAMES = 5

_REASONS: dict[str, str | Promise] = {
    ReasonCode.NO_RECORD: _("the record of what was sent is missing"),
    ReasonCode.UNREADABLE_RECORD: _("the record of what was sent cannot be read"),
    ReasonCode.OTHER_CLUSTER: _("this is another database than the one that sent last"),
    ReasonCode.OTHER_TIMELINE: _("the database was restored from a backup"),
    ReasonCode.EVENTS_BEHIND: _("the database is older than what has happened since"),
    ReasonCode.MARKS_BEHIND: _("the database is older than what was sent last"),
    ReasonCode.OTHER_EVENT: _("the database tells another past than its record"),
    ReasonCode.OTHER_MARK: _("the database tells another past than its record"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """What stops sending now: all of it, or that of some selling partners."""

    closed_at: datetime | None = None
    reasons: Sequence[str] = ()
    paused: Sequence[SellingPartner] = field(default_factory=list)

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to say."""
        return self.closed_at is not None or bool(self.paused)


def bar() -> Bar:
    """Return what stops sending now (one small query while nothing does)."""
    paused = SellingPartner.objects.filter(paused_at__isnull=False)
    if not SendingStop.objects.unopened().values("pk").union(paused.values("pk")).exists():
        return Bar()
    stop = SendingStop.objects.current()
    shown = paused.only("name", "region", "paused_at", "paused_because", "paused_code").order_by("name")
    return Bar(
        closed_at=stop.closed_at if stop else None,
        reasons=list(dict.fromkeys(reason_words(code) for code in stop.codes)) if stop else (),
        paused=list(shown[:MOST_NAMES]),
    )


def reason_words(code: str) -> str:
    """Return why sending is closed, in words."""
    return str(_REASONS.get(code, code))
