"""Housekeeping: the sweeper in every worker. Jobs are only hints; it finds every due row again by itself."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import Error, close_old_connections, connection
from django.utils import timezone
from procrastinate.contrib.django import app

from mostrador.amazon.feeds import FeedType
from mostrador.models import Cancellation, Feed, Order, Refund, SellingPartner
from mostrador.tasks import feeds, guards, messages, orders
from mostrador.tasks.queue import enqueue

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

SWEEP_EVERY = timedelta(seconds=5)
# A job planned for this moment has this long to come by itself before the sweeper steps in.
LATE_AFTER = timedelta(seconds=3)
WORKER_GONE_AFTER = 45.0  # seconds without a heartbeat
_SWEEPERS_LOCK = 7_268_911  # any number, the same in every worker
ROWS_AT_ONCE = 500


def run_sweeper(stop: threading.Event) -> None:
    """Sweep every few seconds until `stop` is set; a database that is away is waited for."""
    while not stop.is_set():
        try:
            close_old_connections()
            _keep_record()
            with _only_one() as mine:
                if mine:
                    sweep(timezone.now())
        except Error:
            logger.exception("the database did not answer the sweeper; it tries again")
            connection.close()
        stop.wait(SWEEP_EVERY.total_seconds())
    connection.close()


def _keep_record() -> None:
    """Let every worker keep its own record outside the database, whichever of them sweeps."""
    try:
        guards.keep_now_and_then(timezone.now())
    except OSError:
        logger.exception("the epoch record cannot be written: nothing is sent until it can")


def sweep(now: datetime) -> None:
    """Put a job into the queue for every row that is due, and revive the jobs of workers that are gone."""
    revive_stalled_jobs(now)
    sweep_actions(now)
    sweep_feeds(now)
    sweep_orders(now)
    messages.sweep_mailboxes(now)
    messages.sweep_raw_mails(now)
    messages.sweep_replies(now)


@contextmanager
def _only_one() -> Iterator[bool]:
    """Hold the sweepers' lock, if no other worker does: one sweeper is enough."""
    with connection.cursor() as cursor:
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
        app.job_manager.retry_job_by_id(job_id=job_id, retry_at=now)


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
        for partner_id in unpaused.values_list("selling_partner", flat=True).distinct():
            lock = f"dispatch:{partner_id}:{kind}"
            enqueue(feeds.dispatch, lock=lock, partner_id=partner_id, feed_type=kind.value)


def sweep_feeds(now: datetime) -> None:
    """Find the feeds for which something should have been done by now."""
    for pk in Feed.objects.due(now - LATE_AFTER).values_list("pk", flat=True)[:ROWS_AT_ONCE]:
        enqueue(feeds.follow, lock=f"feed:{pk}", feed_pk=pk)


def sweep_orders(now: datetime) -> None:
    """Find the orders that should have been read by now, and the selling partners to be searched."""
    late = Order.objects.filter(next_read_at__lte=now - LATE_AFTER)
    for pk in late.values_list("pk", flat=True)[:ROWS_AT_ONCE]:
        enqueue(orders.refresh, lock=f"order:{pk}", order_id=pk)
    for pk in SellingPartner.objects.due_for_sync(now).values_list("pk", flat=True):
        enqueue(orders.sync, lock=f"sync:{pk}", partner_id=pk)
