"""Machinery: the worker and its queue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.db.models.functions import Coalesce
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob, ProcrastinateWorker

from mostrador.management.doctor.findings import Finding, counted, fine, in_words, trouble

# The worker shows every 10 seconds that it lives.
SILENT_AFTER = timedelta(seconds=35)
QUEUE_MAY_WAIT = timedelta(minutes=1)
JOB_MAY_RUN = timedelta(minutes=10)
FAILURES_OF = timedelta(days=1)


def worker(now: datetime) -> Iterator[Finding]:
    """Look for a worker that has shown a sign of life."""
    alive = ProcrastinateWorker.objects.filter(last_heartbeat__gte=now - SILENT_AFTER).count()
    if alive:
        yield fine("worker", f"{counted(alive, 'worker')} at work.")
        return
    latest = ProcrastinateWorker.objects.order_by("-last_heartbeat").first()
    last_sign = f", the last sign of life came {in_words(now - latest.last_heartbeat)} ago" if latest else ""
    yield trouble(
        "worker",
        f"No worker runs{last_sign}: nothing is sent and no mail is fetched.",
        "Start one, and let a supervisor keep it running: mostrador worker",
    )


def queue(now: datetime) -> Iterator[Finding]:
    """Look how long the oldest job that could run has been waiting, and whether one hangs."""
    ready = ProcrastinateJob.objects.filter(Q(scheduled_at=None) | Q(scheduled_at__lte=now), status="todo")
    came = ready.filter(procrastinateevent__type="deferred").annotate(
        since=Coalesce("scheduled_at", "procrastinateevent__at")
    )
    waiting = ready.count()
    since, task_name = came.order_by("since").values_list("since", "task_name").first() or (now, "")
    wait = in_words(now - since)
    if now - since > QUEUE_MAY_WAIT:
        yield trouble(
            "queue",
            f"{counted(waiting, 'job')} could run; the oldest ({task_name}) waits for {wait}.",
            "See whether a worker runs and what its log says; start another one if it cannot keep up.",
        )
    else:
        yield fine("queue", f"{counted(waiting, 'job')} ready to run, none of them late.")
    yield from _hanging(now)


def _hanging(now: datetime) -> Iterator[Finding]:
    begun = ProcrastinateEvent.objects.filter(job__status="doing", type="started", at__lt=now - JOB_MAY_RUN)
    for event in begun.select_related("job").order_by("at")[:5]:
        yield trouble(
            "queue",
            f"The job {event.job.task_name} has been running for {in_words(now - event.at)}.",
            "See what the worker's log says and restart the worker.",
        )


def failed_jobs(now: datetime) -> Iterator[Finding]:
    """Count the jobs that crashed within a day: each is a bug or a broken surrounding."""
    failed = ProcrastinateEvent.objects.filter(type="failed", at__gte=now - FAILURES_OF, job__status="failed")
    by_task = failed.values("job__task_name").annotate(times=Count("id")).order_by("-times")
    if not by_task:
        yield fine("failed jobs", "No job crashed within a day.")
        return
    named = ", ".join(f"{row['job__task_name']} ({row['times']})" for row in by_task[:5])
    yield trouble(
        "failed jobs",
        f"Jobs crashed within a day: {named}.",
        "The worker's log has the reason; a crash is a bug worth reporting.",
    )
