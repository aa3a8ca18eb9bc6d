"""Guards: whether sending is closed, and whether the record outside the database is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mostrador.domain.guards import ReasonCode
from mostrador.management.doctor.findings import Finding, fine, in_words, note, trouble
from mostrador.models import FeedMark, SendingStop
from mostrador.tasks import epoch, guards

MAY_BE_OLD = timedelta(minutes=2)
HOW_TO = "docs/how-to/back-up-and-restore.md"

WORDS = {
    ReasonCode.NO_RECORD: "there is no epoch file, though refunds or cancellations have been sent",
    ReasonCode.UNREADABLE_RECORD: "the epoch file cannot be read",
    ReasonCode.OTHER_CLUSTER: "this is another database server",
    ReasonCode.OTHER_TIMELINE: "the database was restored or failed over",
    ReasonCode.EVENTS_BEHIND: "the database is older than the epoch file",
    ReasonCode.MARKS_BEHIND: "the database does not know what was sent last",
    ReasonCode.OTHER_EVENT: "the database has another past than the epoch file",
    ReasonCode.OTHER_MARK: "the database does not know what was sent last",
}


def sending(now: datetime) -> Iterator[Finding]:
    """Look whether sending is closed, or should be."""
    stop = SendingStop.objects.current()
    if stop is not None:
        because = "; ".join(dict.fromkeys(WORDS[ReasonCode(code)] for code in stop.codes))
        yield trouble(
            "sending",
            f"All sending has been closed for {in_words(now - stop.closed_at)}: {because}. "
            "Refunds and cancellations wait; mail and reading go on.",
            f"Run: mostrador reconcile, then mostrador open-sending --agent OWNER. See {HOW_TO}",
        )
        return
    if reasons := guards.reasons_now():
        because = "; ".join(dict.fromkeys(WORDS[reason.code] for reason in reasons))
        yield trouble(
            "sending",
            f"A worker on this host would close all sending: {because}.",
            f"See {HOW_TO} before you start one.",
        )
        return
    yield from _record(now)


def _record(now: datetime) -> Iterator[Finding]:
    record = epoch.read()
    if record is None:
        yield note("sending", f"There is no epoch file {epoch.path()} yet: the first worker writes it.")
    elif now - record.written_at > MAY_BE_OLD and FeedMark.objects.exists():
        yield note(
            "sending",
            f"The epoch file was last written {in_words(now - record.written_at)} ago.",
            "See whether a worker runs on this host, and whether the file's disk has room.",
        )
    else:
        yield fine("sending", "Sending is open, and the epoch file agrees with the database.")
