"""Guards: before anything is sent, compare the database with the record outside; in doubt, close."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from mostrador.domain import guards as rules
from mostrador.domain.guards import Knowledge, Reason, ReasonCode, Record
from mostrador.models.guards import SendingStop, knowledge
from mostrador.tasks import epoch

logger = logging.getLogger(__name__)

REWRITE_EVERY = timedelta(seconds=10)


def is_closed(now: datetime) -> bool:
    """Return whether nothing may be sent; a doubt found just now closes it, for everybody."""
    if SendingStop.objects.current() is not None:
        return True
    record, _, reasons = _look()
    if record and not reasons:
        return False  # without a record the first one is written now, before anything is marked
    try:
        return not keep(now)
    except OSError:
        logger.exception("The epoch record cannot be written; nothing is sent.")
        return True


def keep(now: datetime) -> bool:
    """Rewrite the record if the database is not behind it, else close sending; return whether it is open.

    Raises: OSError when the record cannot be written: nothing may be sent then either.
    """
    with suppress(epoch.TakenOver):
        return _keep(now)
    return _keep(now)  # we had stood still in the middle of it: look anew


def _keep(now: datetime) -> bool:
    with epoch.lock() as hold:
        record, known, reasons = _look()
        as_was = epoch.as_json(record) if record else None
        if reasons and not SendingStop.objects.was_opened_after(as_was):
            _close(reasons, record, as_was, now)
            return False
        if SendingStop.objects.current() is not None:
            return False
        epoch.write(_record_of(known, now), hold=hold)
        return True


def keep_now_and_then(now: datetime) -> None:
    """Look at the record, and close sending if need be; rewrite it when it is some seconds old."""
    record, _, reasons = _look()
    if reasons or record is None or now - record.written_at >= REWRITE_EVERY:
        keep(now)


def renew(now: datetime) -> None:
    """Write a new record whatever the old one says: only when an owner opens sending, holding the lock.

    Raises: OSError when it cannot be written.
    """
    epoch.write(_record_of(knowledge(None), now))


def reasons_now() -> list[Reason]:
    """Return what speaks against sending, without changing anything."""
    return _look()[2]


def _look() -> tuple[Record | None, Knowledge, list[Reason]]:
    """Read the record first, then the database: a healthy database can only be ahead of it."""
    try:
        record = epoch.read()
    except (epoch.UnreadableRecord, OSError) as problem:
        return None, knowledge(None), [Reason(ReasonCode.UNREADABLE_RECORD, {"words": str(problem)[:300]})]
    known = knowledge(record)
    return record, known, rules.compare(record, known)


def _close(
    reasons: list[Reason], record: Record | None, as_was: dict[str, Any] | None, now: datetime
) -> None:
    if SendingStop.objects.knows(as_was):
        return
    with transaction.atomic():
        SendingStop.objects.close(
            reasons, record=as_was, certain_from=rules.certain_from(record, closed_at=now), now=now
        )
    words = ", ".join(reason.code for reason in reasons)
    logger.error("All sending is closed: the database may have forgotten what was sent (%s).", words)


def _record_of(known: Knowledge, now: datetime) -> Record:
    return Record(known.system_identifier, known.timeline, known.event, known.mark, written_at=now)
