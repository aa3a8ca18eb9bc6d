"""A real procrastinate worker for tests: it works off what is due, then stops."""

from __future__ import annotations

import asyncio

from django.db import connections
from django.db.models import Q, QuerySet
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from mostrador.management.worker.rounds import worker_app
from mostrador.management.worker.watchdog import Pulse

CONCURRENCY = 4
ROUNDS = 20


def run_jobs() -> None:
    """Run every job that is due, and those they defer for now; fail when one of them failed."""
    for _ in range(ROUNDS):
        run_worker()
        failed = ProcrastinateJob.objects.filter(status="failed")
        assert not failed, f"failed jobs: {[(job.task_name, job.args) for job in failed]}"
        if not _due().exists():
            return
    raise AssertionError(f"after {ROUNDS} rounds there were still jobs to do")


def run_worker() -> None:
    """Let a worker do what is due, whatever fails."""
    asyncio.run(_work())
    connections.close_all()


async def _work() -> None:
    async with worker_app(Pulse("queue")).open_async() as worker:
        await worker.run_worker_async(
            wait=False, concurrency=CONCURRENCY, install_signal_handlers=False, listen_notify=False
        )


def _due() -> QuerySet[ProcrastinateJob]:
    planned = Q(scheduled_at=None) | Q(scheduled_at__lte=timezone.now())
    return ProcrastinateJob.objects.filter(planned, status="todo")


def queued(task_name: str) -> list[dict[str, object]]:
    """Return the arguments of the jobs of this name that wait in the queue, the next one first."""
    jobs = ProcrastinateJob.objects.filter(status="todo", task_name=task_name).order_by("scheduled_at", "id")
    return [dict(job.args) for job in jobs]


def empty_queue() -> None:
    """Forget every job: Django does not flush tables it does not manage."""
    with connections["default"].cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
