"""The household: child processes that start together and end together."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

SECONDS_TO_FINISH = 15.0
SECONDS_BETWEEN_LOOKS = 0.05
LINES_SHOWN = 15
_PR_SET_PDEATHSIG = 1


class ChildDied(Exception):
    """A child ended although nobody asked it to."""


class ToldToStop(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


class TookTooLong(Exception):
    """Something awaited did not happen in time."""


@dataclass(frozen=True)
class Child:
    """A running program, leader of its own process group; what it prints goes into `log`."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    is_meant_to_end: bool = False

    def is_dead(self) -> bool:
        """Return whether it ended although nobody wanted that, or failed."""
        code = self.process.poll()
        return code is not None and not (self.is_meant_to_end and code == 0)

    def last_words(self) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-LINES_SHOWN:])

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to it and to all it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


@dataclass
class Household:
    """The children, in the order of their birth."""

    logs: Path
    children: list[Child] = field(default_factory=list)
    is_told_to_stop: bool = False

    def listen(self) -> None:
        """Note SIGINT and SIGTERM; every wait and check then ends with ToldToStop.

        Raising in the signal handler itself would lose the wish where Python swallows it, as in finalizers.
        """

        def note(number: int, frame: FrameType | None) -> None:
            self.is_told_to_stop = True

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, note)

    def start(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        is_meant_to_end: bool = False,
    ) -> Child:
        """Start `python -m …` as a child and return it."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  # our own programs
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        child = Child(name, process, log, is_meant_to_end)
        self.children.append(child)
        return child

    def finish(self, child: Child) -> None:
        """Wait for a child that is meant to end.

        Raises: ChildDied when it failed, ToldToStop.
        """
        self.children.remove(child)
        try:
            while child.process.poll() is None:
                self.check()
                time.sleep(SECONDS_BETWEEN_LOOKS)
        except BaseException:
            self.children.append(child)
            raise
        if child.process.returncode:
            raise ChildDied(_obituary(child))

    def check(self) -> None:
        """Look whether all are alive and nobody wants them to end.

        Raises: ChildDied with the end of the log of one that is not alive, ToldToStop.
        """
        if self.is_told_to_stop:
            raise ToldToStop
        for child in self.children:
            if child.is_dead():
                raise ChildDied(_obituary(child))

    def wait_until(self, condition: Callable[[], bool], *, what: str, seconds: float) -> None:
        """Wait until `condition` holds.

        Raises: TookTooLong; ChildDied when a child ends meanwhile; ToldToStop.
        """
        until = time.monotonic() + seconds
        while not condition():
            self.check()
            if time.monotonic() > until:
                raise TookTooLong(f"{what} did not happen within {seconds:.0f} seconds")
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def end(self) -> None:
        """End every child and all it has started, youngest first; one that does not listen is killed."""
        for child in reversed(self.children):
            child.tell(signal.SIGTERM)
        until = time.monotonic() + SECONDS_TO_FINISH
        for child in reversed(self.children):
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, until - time.monotonic()))
            child.tell(signal.SIGKILL)
            child.process.wait()
        self.children.clear()


def _obituary(child: Child) -> str:
    return f"The {child.name} ended by itself (exit code {child.process.returncode}).\n{child.last_words()}"


def _end_with_parent() -> None:
    """Have Linux end this child when its parent is killed; elsewhere only a clean end reaches it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
