"""Housekeeping: the sweeper in every worker. Jobs are only hints; it finds every due row again by itself."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import Error, InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException, UniqueViolation

from mostrador.amazon.feeds import FeedType
from mostrador.models import Cancellation, Feed, Order, Refund, SellingPartner
from mostrador.tasks import calls, drafts, feeds, forgotten, guards, messages, orders, snoozing
from mostrador.tasks.queue import enqueue_missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger = logging.getLogger(__name__)

SWEEP_EVERY = timedelta(seconds=5)
# A job planned for this moment has this long to come by itself before the sweeper steps in.
LATE_AFTER = timedelta(seconds=3)
WORKER_GONE_AFTER = 45.0  # seconds without a heartbeat
SILENT_SESSION_ENDS_AFTER = "25s"
_SWEEPERS_LOCK = 7_268_911  # any number, the same in every worker
ROWS_AT_ONCE = 500
# A job that ended well is deleted at once; what became of the others can be looked up for so long.
JOBS_ARE_KEPT_FOR = timedelta(days=14)


def run_sweeper(stop: threading.Event, *, beat: Callable[[], None] = lambda: None) -> None:
    """Sweep every few seconds until `stop` is set; a database that is away is waited for.

    `beat` is called after every part: each is a round trip to the database. What the database refuses, as for
    a table that is not there, is a bug and ends the sweeper.
    """
    while not stop.is_set():
        try:
            close_old_connections()
            _keep_record()
            calls.store()
            beat()
            with _only_one() as mine:
                if mine:
                    sweep(timezone.now(), beat=beat)
        except (OperationalError, InterfaceError, ConnectorException):
            logger.exception("the database did not answer the sweeper; it tries again")
            connection.close()
        stop.wait(SWEEP_EVERY.total_seconds())
    _say_goodbye()


def _say_goodbye() -> None:
    try:
        calls.store()
    except Error:
        logger.warning("some calls to Amazon were not counted: the database is away")
    connection.close()


def _keep_record() -> None:
    """Let every worker keep its own record outside the database, whichever of them sweeps."""
    try:
        guards.keep_now_and_then(timezone.now())
        forgotten.take_in_once(now=timezone.now())
    except OSError:
        logger.exception(
            "the epoch record cannot be written, or its journal read: nothing is sent until then"
        )


def sweep(now: datetime, *, beat: Callable[[], None] = lambda: None) -> None:
    """Put a job into the queue for every row that is due, and revive the jobs of workers that are gone."""
    for part in (
        revive_stalled_jobs,
        sweep_actions,
        sweep_feeds,
        sweep_orders,
        messages.sweep_mailboxes,
        messages.sweep_raw_mails,
        messages.sweep_replies,
        snoozing.wake_due,
        snoozing.forget_presence,
        drafts.forget_abandoned,
        forget_old_jobs,
    ):
        part(now)
        beat()


@contextmanager
def _only_one() -> Iterator[bool]:
    """Hold the sweepers' lock, if no other worker does: one sweeper is enough.

    The server ends a session that falls silent, so a frozen worker or one whose host has vanished does not
    keep the others from sweeping.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('idle_session_timeout', %s, false)", [SILENT_SESSION_ENDS_AFTER])
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_SWEEPERS_LOCK])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_SWEEPERS_LOCK])


def revive_stalled_jobs(now: datetime) -> None:
    """Give back to the queue what a worker was doing when it disappeared."""
    for job_id in stalled_jobs():
        try:
            app.job_manager.retry_job_by_id(job_id=job_id, retry_at=now)
        except UniqueViolation:
            # The sweeper has put the same hint into the queue meanwhile.
            _drop_stalled(job_id)


def _drop_stalled(job_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s AND status = 'doing'", [job_id])


def forget_old_jobs(now: datetime) -> None:
    """Delete the jobs that ended long ago, some at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM procrastinate_jobs WHERE id IN (
                SELECT job.id FROM procrastinate_jobs job
                WHERE job.status IN ('succeeded', 'failed', 'cancelled', 'aborted')
                  AND NOT EXISTS (
                      SELECT FROM procrastinate_events event WHERE event.job_id = job.id AND event.at > %s
                  )
                LIMIT %s
            )
            """,
            [now - JOBS_ARE_KEPT_FOR, ROWS_AT_ONCE],
        )


def stalled_jobs() -> list[int]:
    """Return the jobs whose worker has not been heard of for too long."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT job.id FROM procrastinate_jobs job
            LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
            WHERE job.status = 'doing'
              AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %s))
            """,
            [WORKER_GONE_AFTER],
        )
        return [row[0] for row in cursor.fetchall()]


def sweep_actions(now: datetime) -> None:
    """Find the refunds and cancellations that should have left by now."""
    late = now - LATE_AFTER
    for kind, due in (
        (FeedType.POST_PAYMENT_ADJUSTMENT_DATA, Refund.objects.due(late)),
        (FeedType.POST_ORDER_ACKNOWLEDGEMENT_DATA, Cancellation.objects.due(late)),
    ):
        unpaused = due.filter(selling_partner__paused_at=None)
        partners = unpaused.values_list("selling_partner", flat=True).distinct()
        enqueue_missing(
            feeds.dispatch,
            {f"dispatch:{pk}:{kind}": {"partner_id": pk, "feed_type": kind.value} for pk in partners},
        )


def sweep_feeds(now: datetime) -> None:
    """Find the feeds for which something should have been done by now."""
    late = Feed.objects.due(now - LATE_AFTER).values_list("pk", flat=True)[:ROWS_AT_ONCE]
    enqueue_missing(feeds.follow, {f"feed:{pk}": {"feed_pk": pk} for pk in late})


def sweep_orders(now: datetime) -> None:
    """Find the orders that should have been read by now, and the selling partners to be searched."""
    late = Order.objects.filter(next_read_at__lte=now - LATE_AFTER).order_by("next_read_at")
    pks = late.values_list("pk", flat=True)[:ROWS_AT_ONCE]
    enqueue_missing(orders.refresh, {f"order:{pk}": {"order_id": pk} for pk in pks})
    due = SellingPartner.objects.due_for_sync(now).order_by("next_sync_at")
    partners = due.values_list("pk", flat=True)[:ROWS_AT_ONCE]
    enqueue_missing(orders.sync, {f"sync:{pk}": {"partner_id": pk} for pk in partners})
