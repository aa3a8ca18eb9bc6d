"""`mostrador worker`: carry out what the desk promised, and keep nothing waiting."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError
from procrastinate.contrib.django import app

from mostrador.management.desk_command import DeskCommand
from mostrador.tasks.housekeeping import run_sweeper
from mostrador.tasks.notifications import is_configured, run_receiver

logger = logging.getLogger(__name__)

SECONDS_TO_FINISH = 30
# What the receiver has in its hands by then is handed out by the queue again.
SECONDS_TO_HANG_UP = 1
# NOTIFY wakes the worker at once; this is how long a lost one can go unnoticed.
SECONDS_BETWEEN_LOOKS = 0.3
# A thread that has its answer from the database or from Amazon waits this long at most for its turn; with
# Python's own 5 ms a refund that leaves beside other jobs waits that long at each of its thirty answers.
SECONDS_PER_TURN = 0.0005


class Command(DeskCommand):
    """Runs jobs, and the sweeper which makes jobs again from what the tables say is due."""

    help = "Send and fetch what the desk promised: refunds, cancellations, replies, mail, orders."
    says = (
        "Run it beside the web server, one or several. SIGTERM and Ctrl-C let running jobs finish first.\n"
        "It ends with exit code 1 when it loses its database: let your supervisor start it again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--concurrency", type=int, default=4, help="jobs at the same time (default 4)")
        parser.add_argument("--name", default="worker", help="its name in the log (default worker)")

    def handle(self, *_: Any, concurrency: int, name: str, **__: Any) -> None:
        """Work until told to stop."""
        sys.setswitchinterval(SECONDS_PER_TURN)
        asked_to_stop = threading.Event()
        sweeper = Companion(run_sweeper, on_death=lambda: os.kill(os.getpid(), signal.SIGTERM))
        # Whatever a notification tells is found out without it too, so its receiver may fail.
        receiver = Companion(run_receiver, on_death=lambda: logger.error("no notifications are received"))
        sweeper.start()
        if is_configured():
            receiver.start(stop=asked_to_stop)
        try:
            asyncio.run(_work(concurrency=concurrency, name=name, asked_to_stop=asked_to_stop))
        finally:
            was_asked = asked_to_stop.is_set()
            receiver.stop(patience=SECONDS_TO_HANG_UP)
            sweeper.stop(patience=SECONDS_TO_FINISH)
        if sweeper.error is not None:
            raise sweeper.error
        if not was_asked:
            raise CommandError("The worker stopped by itself, probably because it lost its database.")


async def _work(*, concurrency: int, name: str, asked_to_stop: threading.Event) -> None:
    """Run jobs until SIGTERM or SIGINT comes, then let those that run finish."""
    working = asyncio.current_task()
    assert working is not None
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if not asked_to_stop.is_set():
            asked_to_stop.set()
            working.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    with app.replace_connector(app.connector.get_worker_connector()) as worker_app:  # type: ignore[attr-defined]  # Django's connector has it
        async with worker_app.open_async():
            try:
                await worker_app.run_worker_async(
                    name=name,
                    concurrency=concurrency,
                    fetch_job_polling_interval=SECONDS_BETWEEN_LOOKS,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=SECONDS_TO_FINISH,
                    install_signal_handlers=False,
                )
            except asyncio.CancelledError:
                logger.info("The worker was asked to stop and has finished its jobs.")


class Companion:
    """A thread beside the jobs, with a word for its death: without the sweeper, work could wait for ever."""

    def __init__(self, run: Callable[[threading.Event], None], *, on_death: Callable[[], None]) -> None:
        self.error: BaseException | None = None
        self._run_until = run
        self._on_death = on_death
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=run.__name__, daemon=True)

    def start(self, *, stop: threading.Event | None = None) -> None:
        """Begin; `stop` is an event that ends it as well."""
        self._stop = stop or self._stop
        self._thread.start()

    def stop(self, *, patience: float) -> None:
        """End it, and wait for it as long as `patience` says, in seconds."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(patience)

    def _run(self) -> None:
        try:
            self._run_until(self._stop)
        except BaseException as error:
            self.error = error
            self._on_death()
            raise
