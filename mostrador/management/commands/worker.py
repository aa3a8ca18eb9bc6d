"""`mostrador worker`: carry out what the desk promised, and keep nothing waiting."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.db import Error, connection
from django.utils import timezone

from mostrador.management.desk_command import DeskCommand
from mostrador.management.worker.companions import Companion
from mostrador.management.worker.rounds import Order, work
from mostrador.management.worker.watchdog import STOOD_STILL, Patience, Pulse, Watchdog, end_at_once
from mostrador.tasks import clock, guards
from mostrador.tasks.housekeeping import run_sweeper
from mostrador.tasks.notifications import is_configured, run_receiver

logger = logging.getLogger(__name__)

SECONDS_TO_FINISH = 30
SECONDS_OF_SILENCE = 120
# What the receiver has in its hands by then is handed out by the queue again.
SECONDS_TO_HANG_UP = 1
# A sweep is over in moments; whatever it has not found, the next worker's will.
SECONDS_TO_SWEEP_UP = 3
# A thread that has its answer from the database or from Amazon waits this long at most for its turn; with
# Python's own 5 ms a refund that leaves beside other jobs waits that long at each of its thirty answers.
SECONDS_PER_TURN = 0.0005


class Command(DeskCommand):
    """Runs jobs, and the sweeper which makes jobs again from what the tables say is due."""

    help = "Send and fetch what the desk promised: refunds, cancellations, replies, mail, orders."
    says = (
        "Run it beside the web server, one or several. SIGTERM and Ctrl-C let running jobs finish first.\n"
        "It waits for a database that is away, but not for ever. Exit codes: 0 told to stop; 70 nothing\n"
        "worked any more; 75 told to stop, but a job did not finish; 1 a bug. Let a supervisor start it\n"
        "again: docs/how-to/run-in-production.md"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--concurrency", type=int, default=4, help="jobs at the same time (default 4)")
        parser.add_argument("--name", default="worker", help="its name in the log (default worker)")
        parser.add_argument(
            "--finish-within",
            type=float,
            default=SECONDS_TO_FINISH,
            metavar="S",
            help=f"seconds running jobs have when it is told to stop (default {SECONDS_TO_FINISH})",
        )
        parser.add_argument(
            "--patience",
            type=float,
            default=SECONDS_OF_SILENCE,
            metavar="S",
            help=f"seconds without a sign of life after which it ends itself (default {SECONDS_OF_SILENCE})",
        )

    def handle(
        self, *_: Any, concurrency: int, name: str, finish_within: float, patience: float, **__: Any
    ) -> None:
        """Work until told to stop."""
        clock.run_as_set()
        sys.setswitchinterval(SECONDS_PER_TURN)
        _look_at_guard()
        told_to_stop = threading.Event()
        queue, sweeps = Pulse("queue"), Pulse("sweeper")
        watchdog = Watchdog(
            (queue, sweeps), told_to_stop=told_to_stop, patience=Patience(patience, finish_within)
        )
        # Without the watchdog nobody would notice that work stands still.
        guard = Companion(watchdog.run, name="watchdog", on_death=partial(end_at_once, STOOD_STILL))
        sweeper = Companion(partial(run_sweeper, beat=sweeps.beat), name="sweeper", on_death=_stop_working)
        # Whatever a notification tells is found out without it too, so its receiver may fail.
        receiver = Companion(run_receiver, name="receiver of notifications", on_death=_say_none_come)
        guard.start()
        sweeper.start()
        if is_configured():
            receiver.start(stop=told_to_stop)
        try:
            work(Order(name, concurrency, finish_within), told_to_stop=told_to_stop, pulse=queue)
        finally:
            receiver.stop(patience=SECONDS_TO_HANG_UP)
            sweeper.stop(patience=SECONDS_TO_SWEEP_UP)
            guard.stop(patience=0)
        if sweeper.error is not None:
            raise sweeper.error


def _look_at_guard() -> None:
    """Before the first job: what a restored database has forgotten is not noticed by its rows."""
    try:
        if guards.is_closed(timezone.now()):
            logger.error("Sending is closed until it is reconciled: mostrador doctor tells what to do.")
    except Error as error:
        logger.error("The database does not answer yet: %s", error)  # it is waited for
    connection.close()


def _stop_working() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _say_none_come() -> None:
    logger.error("No notifications are received any more; what they tell is found out by polling.")
