"""Machinery: the worker and its queue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count
from procrastinate.contrib.django.models import ProcrastinateEvent

from mostrador.management.doctor.findings import Finding, fine, in_words, of_condition, trouble
from mostrador.tasks import lateness

JOB_MAY_RUN = timedelta(minutes=10)
FAILURES_OF = timedelta(days=1)


def worker(now: datetime) -> Iterator[Finding]:
    """Look for a worker that has shown a sign of life."""
    yield of_condition(lateness.worker(now))


def queue(now: datetime) -> Iterator[Finding]:
    """Look how long the oldest job that could run has been waiting, and whether one hangs."""
    yield of_condition(lateness.queue(now))
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
