"""The round: which checks run, in which order, and when it makes no sense to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from mostrador.management.doctor import foundations, guards, hints, machinery, outside, promises
from mostrador.management.doctor.findings import Finding, Severity

Check = Callable[[datetime], Iterator[Finding]]

# Without these nothing else can be looked at.
_FIRST: tuple[Check, ...] = (foundations.database, foundations.migrations)

_THEN: tuple[Check, ...] = (
    foundations.clock,
    foundations.disk,
    foundations.secrets,
    foundations.people,
    machinery.worker,
    machinery.queue,
    machinery.failed_jobs,
    outside.selling_partners,
    outside.orders,
    outside.mailboxes,
    outside.unread_mail,
    hints.notification_queue,
    hints.strange_notifications,
    guards.sending,
    promises.unclear,
    promises.overdue,
    promises.unproven,
    promises.feeds,
)


def examine(now: datetime) -> Iterator[Finding]:
    """Run every check and yield what each finds."""
    for check in _FIRST:
        found = list(check(now))
        yield from found
        if any(finding.severity is Severity.TROUBLE for finding in found):
            return
    for check in _THEN:
        yield from check(now)
