"""Real threads that start at the same moment, each with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

Outcome = TypeVar("Outcome")

PATIENCE = 20.0  # seconds


class Racers:
    """Threads kept for many rounds, so that a round costs no new connection."""

    def __init__(self, size: int) -> None:
        self._pool = ThreadPoolExecutor(size)
        self._size = size

    def __enter__(self) -> Racers:
        return self

    def __exit__(self, *error: object) -> None:
        gone = threading.Barrier(self._size)

        def leave() -> None:
            connections.close_all()
            gone.wait(PATIENCE)  # so that every thread gets one

        for left in [self._pool.submit(leave) for _ in range(self._size)]:
            left.result(PATIENCE)
        self._pool.shutdown()

    def run(self, *acts: Callable[[], Outcome]) -> Sequence[Outcome | Exception]:
        """Run `acts` at once, and return what each returned or raised."""
        start = threading.Barrier(len(acts))

        def race(act: Callable[[], Outcome]) -> Outcome | Exception:
            start.wait(PATIENCE)
            try:
                return act()
            except Exception as error:  # noqa: BLE001  (the caller judges each of them)
                return error

        return [running.result(PATIENCE) for running in [self._pool.submit(race, act) for act in acts]]
