"""Lateness: what keeps the desk from its work now, and why; `/readyz` and the doctor say the same words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from mostrador.amazon.feeds import FeedType
from mostrador.domain.feeds import FeedState
from mostrador.models import Cancellation, Feed, Refund, Reply, SendingStop
from mostrador.tasks import departures
from mostrador.tasks.plain_words import counted, in_words

# The worker shows every 10 seconds that it lives.
SILENT_AFTER = timedelta(seconds=60)
QUEUE_MAY_WAIT = timedelta(minutes=1)

_START_ONE = "Start one, and let a supervisor keep it running: mostrador worker"
_SEE_WORKER = "See whether a worker runs and what its log says; start another one if it cannot keep up."


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether one thing the desk needs is there; what is not comes with the next step."""

    check: str
    is_fine: bool
    words: str
    next_step: str = ""


def conditions(now: datetime) -> Iterator[Condition]:
    """Look at all the desk needs to do its work; without a database of today's shape, at nothing else."""
    for look in (database, migrations):
        condition = look()
        yield condition
        if not condition.is_fine:
            return
    looks: tuple[Callable[[datetime], Condition], ...] = (worker, sending, queue)
    for look_at in looks:
        yield look_at(now)


def database() -> Condition:
    """Ask the database anything; its own words may name hosts and people, so they stay in the log."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Error:
        return Condition(
            "database",
            False,
            "The database does not answer.",
            "Check DATABASE_URL, and that PostgreSQL runs and lets this machine in.",
        )
    return Condition("database", True, "The database answers.")


def migrations() -> Condition:
    """Compare the tables with what this version of the code expects."""
    missing = len(_expected_migrations() - set(MigrationRecorder(connection).applied_migrations()))
    if missing:
        words = f"The database is behind the code by {counted(missing, 'migration')}."
        return Condition("migrations", False, words, "Run: mostrador migrate")
    return Condition("migrations", True, "The tables are up to date.")


@cache
def _expected_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.nodes)


def worker(now: datetime) -> Condition:
    """Look for a worker that has shown a sign of life."""
    alive = workers_alive(now)
    if alive:
        return Condition("worker", True, f"{counted(alive, 'worker')} at work.")
    latest = ProcrastinateWorker.objects.order_by("-last_heartbeat").first()
    last_sign = f", the last sign of life came {in_words(now - latest.last_heartbeat)} ago" if latest else ""
    words = f"No worker runs{last_sign}: nothing is sent and no mail is fetched."
    return Condition("worker", False, words, _START_ONE)


def workers_alive(now: datetime) -> int:
    """Return how many workers have shown a sign of life lately."""
    return ProcrastinateWorker.objects.filter(last_heartbeat__gte=now - SILENT_AFTER).count()


def sending(now: datetime) -> Condition:
    """Look whether all sending is closed."""
    stop = SendingStop.objects.current()
    if stop is None:
        return Condition("sending", True, "Sending is open.")
    return Condition(
        "sending",
        False,
        f"All sending has been closed for {in_words(now - stop.closed_at)}: refunds and cancellations wait; "
        "mail and reading go on.",
        "Run: mostrador reconcile, then mostrador open-sending --agent OWNER",
    )


# ── the queue ─────────────────────────────────────────────────────────────────────────────────────────────


def queue(now: datetime) -> Condition:
    """Look how long the oldest job that could run has been waiting."""
    ready = jobs_ready(now)
    waiting = ready.count()
    since, task_name = oldest_ready(now) or (now, "")
    if now - since <= QUEUE_MAY_WAIT:
        return Condition("queue", True, f"{counted(waiting, 'job')} ready to run, none of them late.")
    words = (
        f"{counted(waiting, 'job')} could run; the oldest ({task_name}) waits for {in_words(now - since)}: "
        f"{_why_not_taken(now)}."
    )
    return Condition("queue", False, words, _SEE_WORKER)


def jobs_ready(now: datetime) -> QuerySet[ProcrastinateJob]:
    """Return the jobs a worker could take now: those behind a job with the same lock wait rightly."""
    behind = Exists(ProcrastinateJob.objects.filter(status="doing", lock=OuterRef("lock")))
    planned = Q(scheduled_at=None) | Q(scheduled_at__lte=now)
    return ProcrastinateJob.objects.filter(planned, ~behind, status="todo")


def oldest_ready(now: datetime) -> tuple[datetime, str] | None:
    """Return since when the oldest job could have been taken, and its name."""
    came = jobs_ready(now).filter(procrastinateevent__type="deferred")
    came = came.annotate(since=Coalesce("scheduled_at", "procrastinateevent__at"))
    return came.order_by("since").values_list("since", "task_name").first()


def _why_not_taken(now: datetime) -> str:
    alive = workers_alive(now)
    if not alive:
        return "no worker runs"
    running = ProcrastinateJob.objects.filter(status="doing").count()
    if not running:
        return f"{counted(alive, 'worker')} at work, but nothing is taken"
    return f"{counted(alive, 'worker')} busy with {counted(running, 'job')}"


# ── one action ────────────────────────────────────────────────────────────────────────────────────────────


def why_waiting(action: Refund | Cancellation | Reply, now: datetime) -> str:
    """Return why an action that is due has not left."""
    partner = action.selling_partner
    if partner.paused_at is not None:
        return f"{partner.name} is paused"
    if isinstance(action, Reply):
        return _why_reply_waits(action, now)
    if SendingStop.objects.current() is not None:
        return "all sending is closed"
    refunds = isinstance(action, Refund)
    kind = FeedType.POST_PAYMENT_ADJUSTMENT_DATA if refunds else FeedType.POST_ORDER_ACKNOWLEDGEMENT_DATA
    before = Feed.objects.before_sending(partner=partner, feed_type=kind)
    if before is not None:
        return _why_feed_waits(before)
    departure = departures.next_departure(partner, now)
    if departure is not None and departure.at > now:
        return f"the quota of {partner.name} allows its next feed at {departure.at:%H:%M} UTC"
    return _why_nobody_does_it(now)


def _why_feed_waits(feed: Feed) -> str:
    if feed.state == FeedState.UNKNOWN:
        return f"the outcome of {feed} before it is not known yet"
    return f"{feed} before it is on its way" + (f": {feed.trouble}" if feed.trouble else "")


def _why_reply_waits(reply: Reply, now: datetime) -> str:
    mailbox = reply.ticket.mailbox
    if mailbox is None:
        return "its ticket has no mailbox"
    return _why_nobody_does_it(now)


def _why_nobody_does_it(now: datetime) -> str:
    return "a worker should have taken it" if workers_alive(now) else "no worker runs"
