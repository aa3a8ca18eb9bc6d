"""The queue: put a job in once, however often somebody finds its row."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from procrastinate import exceptions

if TYPE_CHECKING:
    from procrastinate.tasks import Task


def enqueue(task: Task[Any, Any, Any], *, lock: str, at: datetime | None = None, **ids: int | str) -> None:
    """Put a job into the queue for `at` unless the same one waits there already; not inside a transaction."""
    try:
        task.configure(queueing_lock=lock, schedule_at=at).defer(**ids)
    except exceptions.AlreadyEnqueued:
        return
