"""The watchdog: it ends a worker in which something has stood still for too long; a new one begins then."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

logger = logging.getLogger(__name__)

STOOD_STILL = 70  # exit code, "internal software error": nothing worked any more
DID_NOT_FINISH = 75  # exit code, "temporary failure": told to stop, and jobs went on and on
LOOK_EVERY = 1.0  # seconds
# What is left to do after the last job: say goodbye to the queue and close the connections.
GOODBYE = 5.0


class Pulse:
    """Signs of life of one part of the worker; each means that the database has just answered it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.beats = 0

    def beat(self) -> None:
        """Give a sign of life; any thread may."""
        self.beats += 1


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a part may be silent, and how many the running jobs have at the end."""

    silence: float
    finish: float


class Watchdog:
    """Looks at the pulses from a thread that never waits for anything else.

    Only time in which the watchdog itself was awake counts: after a freeze of the whole process everybody has
    the same chance to go on.
    """

    def __init__(
        self,
        pulses: Sequence[Pulse],
        *,
        told_to_stop: threading.Event,
        patience: Patience,
        end: Callable[[int], None] | None = None,
    ) -> None:
        self._silences = dict.fromkeys(pulses, 0.0)
        self._beats = {pulse: pulse.beats for pulse in pulses}
        self._told_to_stop = told_to_stop
        self._stopping_for = 0.0
        self._patience = patience
        self._end = end or end_at_once

    def run(self, stop: threading.Event) -> None:
        """Look every second until `stop` is set."""
        tell_supervisor("READY=1")
        last = time.monotonic()
        while not stop.wait(LOOK_EVERY):
            now = time.monotonic()
            self.look(awake=min(now - last, 2 * LOOK_EVERY))
            last = now

    def look(self, *, awake: float) -> None:
        """Count `awake` seconds, and end the process when there were too many."""
        if self._told_to_stop.is_set():
            self._stopping_for += awake
            if self._stopping_for > self._patience.finish + GOODBYE:
                logger.critical("Told to stop, but jobs still run after %.0f s.", self._stopping_for)
                self._end(DID_NOT_FINISH)
            return
        for pulse in self._silences:
            beats = pulse.beats
            is_new = beats != self._beats[pulse]
            self._silences[pulse] = 0.0 if is_new else self._silences[pulse] + awake
            self._beats[pulse] = beats
        silent = [pulse.name for pulse, silence in self._silences.items() if silence > self._patience.silence]
        if silent:
            logger.critical(
                "Nothing has worked for %.0f s (%s): this worker ends, so that a new one can begin.",
                self._patience.silence,
                ", ".join(silent),
            )
            self._end(STOOD_STILL)
            return
        tell_supervisor("WATCHDOG=1")


def end_at_once(code: int) -> None:
    """End the process without waiting for any thread, after writing down what each was doing."""
    faulthandler.dump_traceback(sys.stderr, all_threads=True)
    sys.stderr.flush()
    os._exit(code)


def tell_supervisor(words: str) -> None:
    """Tell systemd how we are, if it listens (Type=notify, WatchdogSec=)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    name = "\0" + address[1:] if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.setblocking(False)  # a supervisor that does not listen must not stop the watchdog
        line.sendto(words.encode(), name)
