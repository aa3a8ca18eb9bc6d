"""The queue: put a job in once, however often somebody finds its row."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from procrastinate import exceptions
from procrastinate.contrib.django.models import ProcrastinateJob

from mostrador.tasks.clock import on_the_wall

if TYPE_CHECKING:
    from procrastinate.tasks import Task


def enqueue(task: Task[Any, Any, Any], *, lock: str, at: datetime | None = None, **ids: int | str) -> None:
    """Put a job into the queue for `at` unless the same one waits there already; not inside a transaction."""
    _add(task, lock, at, ids)


def enqueue_missing(task: Task[Any, Any, Any], ids_by_lock: Mapping[str, Mapping[str, int | str]]) -> None:
    """Put those jobs into the queue that do not wait there already, told apart by their locks.

    One question for all of them: a desk that is behind must not be slowed down by hints it has got already.
    """
    if not ids_by_lock:
        return
    waiting = ProcrastinateJob.objects.filter(status="todo", queueing_lock__in=list(ids_by_lock))
    known = set(waiting.values_list("queueing_lock", flat=True))
    for lock, ids in ids_by_lock.items():
        if lock not in known:
            _add(task, lock, None, ids)


def _add(task: Task[Any, Any, Any], lock: str, at: datetime | None, ids: Mapping[str, int | str]) -> None:
    with suppress(exceptions.AlreadyEnqueued):
        wall = on_the_wall(at) if at else None
        task.configure(queueing_lock=lock, schedule_at=wall).defer(**ids)
