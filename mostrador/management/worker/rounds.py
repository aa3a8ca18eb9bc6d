"""Rounds: run jobs until told to stop; a round ends when the database is lost, and the next one begins."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Awaitable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import psycopg
from procrastinate.connector import BaseConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.db_cleanup import DjangoApp
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.psycopg_connector import PsycopgConnector

from mostrador.management.worker.watchdog import Pulse

logger = logging.getLogger(__name__)

Said = TypeVar("Said")

# NOTIFY wakes the worker at once; this is how long a lost one can go unnoticed.
SECONDS_BETWEEN_LOOKS = 0.3
SECONDS_BETWEEN_ROUNDS = 1.0
# The queue answers in milliseconds; whoever waits longer waits for a dead connection.
SECONDS_TO_ANSWER = 20.0
SECONDS_TO_CONNECT = 10.0
# Threads beside those of the jobs: looking up the database's name must not wait for a job.
SPARE_THREADS = 2


@dataclass(frozen=True, slots=True)
class Order:
    """How a worker works: its name, jobs at the same time, and seconds the running ones have at the end."""

    name: str
    concurrency: int
    seconds_to_finish: float


class WatchedQueue(JobManager):
    """The queue, with a sign of life for every answer, and an end to waiting for one."""

    def __init__(self, connector: BaseConnector, pulse: Pulse) -> None:
        super().__init__(connector)
        self._pulse = pulse

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Take the next job."""
        job = await _in_time(super().fetch_job(queues=queues, worker_id=worker_id))
        self._pulse.beat()
        return job

    async def update_heartbeat(self, worker_id: int) -> None:
        """Tell the other workers that this one lives."""
        await _in_time(super().update_heartbeat(worker_id))
        self._pulse.beat()


async def _in_time(answer: Awaitable[Said]) -> Said:
    try:
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            return await answer
    except TimeoutError:
        raise ConnectorException(f"the queue did not answer within {SECONDS_TO_ANSWER} s") from None


def worker_connector() -> PsycopgConnector:
    """Return the queue's way to the database: Django's own parameters, its time-outs included."""
    return PsycopgConnector(
        kwargs=connector_params(), min_size=1, max_size=4, timeout=SECONDS_TO_CONNECT, name="queue"
    )


def worker_app(pulse: Pulse) -> DjangoApp:
    """Return an app for one round, with the tasks of the desk's own and a way to the database of its own.

    The tasks stay with the desk's app, which keeps Django's connection: what a job defers commits with its
    transaction, and the sweeper's thread never meets the connections of the worker's loop.
    """
    ours = DjangoApp(connector=worker_connector())  # it tidies Django's connections around every job
    ours.tasks, ours.periodic_registry = app.tasks, app.periodic_registry
    ours.job_manager = WatchedQueue(ours.connector, pulse)
    return ours


def work(order: Order, *, told_to_stop: threading.Event, pulse: Pulse) -> None:
    """Run jobs until SIGTERM or SIGINT comes, then let those that run finish; SIGTERM sets `told_to_stop`."""
    asyncio.run(_rounds(order, told_to_stop, pulse))


async def _rounds(order: Order, told_to_stop: threading.Event, pulse: Pulse) -> None:
    loop = asyncio.get_running_loop()
    # Python's own default would be fewer threads than jobs on a machine with few cores.
    loop.set_default_executor(ThreadPoolExecutor(order.concurrency + SPARE_THREADS, "job"))
    working = asyncio.current_task()
    assert working is not None, "this runs as a task"

    def stop() -> None:
        if not told_to_stop.is_set():
            told_to_stop.set()
            working.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        while not told_to_stop.is_set():
            await _round(order, pulse)
            if not told_to_stop.is_set():
                logger.error("The queue was lost; trying again in %.0f s.", SECONDS_BETWEEN_ROUNDS)
                await asyncio.sleep(SECONDS_BETWEEN_ROUNDS)
    except asyncio.CancelledError:
        if not told_to_stop.is_set():
            raise
        logger.info("The worker was told to stop and has finished its jobs.")


async def _round(order: Order, pulse: Pulse) -> None:
    """Run jobs until told to stop, or until the database is lost."""
    try:
        async with worker_app(pulse).open_async() as working:
            await working.run_worker_async(
                name=order.name,
                concurrency=order.concurrency,
                fetch_job_polling_interval=SECONDS_BETWEEN_LOOKS,
                delete_jobs="successful",
                shutdown_graceful_timeout=order.seconds_to_finish,
                install_signal_handlers=False,
            )
    except (ConnectorException, psycopg.Error) as error:
        logger.error("The database did not answer the queue: %s", error.__cause__ or error)  # expected
