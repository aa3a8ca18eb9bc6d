"""The campaign: every row of the proof at full figures, in many processes side by side; one table at the end.

`python -m tests.faults.campaign full` (or `night`, or a fraction like `0.1`; words behind it choose files).
Most rows wait more than they compute, so each process brings a database, a simulator and a data folder of
its own, and as many run at once as keep the cores busy. MOSTRADOR_SEED replays a campaign.
"""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.figures import Row, read_row, table

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SECONDS_BETWEEN_WORDS = 20.0
MINUTES_FOR_ONE = {"night": 20 * 60.0}  # a process that takes longer is ended and has failed
MINUTES = 60.0
TO_SAY_GOODBYE = 30.0
LAST_LINES = 40


@dataclass(frozen=True)
class Part:
    """A file of tests, cut into shares; `load` is how much of one core a share keeps busy."""

    path: Path
    shares: int = 1
    load: float = 0.8


# The longest first: what is not named here is run as one share at the end.
PARTS = (
    Part(HERE / "test_frozen.py", shares=4, load=0.2),
    Part(HERE / "test_crashes.py", shares=6, load=0.6),
    Part(HERE / "test_soak.py", load=0.6),
    Part(HERE / "test_network.py", shares=4, load=0.6),
    Part(HERE / "test_database.py", shares=3, load=0.4),
    Part(HERE / "test_queue.py", shares=3, load=0.2),
    Part(HERE.parent / "tasks" / "test_notification_orders.py", shares=4),
    Part(HERE / "test_simulation.py", shares=2, load=1.0),
    Part(HERE / "test_restores.py", shares=2),
    Part(HERE / "test_trips.py", shares=2),
)


@dataclass
class Job:
    """One process: one share of one file."""

    part: Part
    share: int
    folder: Path
    seed: str
    size: str
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What it is called."""
        return f"{self.part.path.name} {self.share}/{self.part.shares}"

    def environment(self) -> dict[str, str]:
        """Return what makes it this share and no other; any database it is pointed to is left alone."""
        return {
            "MOSTRADOR_FAULTS": self.size,
            "MOSTRADOR_SEED": self.seed,
            "MOSTRADOR_SHARE": f"{self.share}/{self.part.shares}",
        }

    def replay(self) -> str:
        """Return the command that does the same again."""
        words = " ".join(f"{name}={value}" for name, value in self.environment().items())
        return f"{words} .venv/bin/pytest {shlex.join(self._chosen())}"

    def start(self) -> None:
        """Start it, in a group of its own."""
        self.folder.mkdir()
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        rows = {"MOSTRADOR_FAULTS_ROWS": str(self.folder / "rows")}
        options = ("-q", "-p", "no:cacheprovider", f"--basetemp={self.folder / 'files'}")
        with (self.folder / "words").open("wb") as words:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *options, *self._chosen()],
                cwd=ROOT,
                env=inherited | self.environment() | rows,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.began = time.monotonic()

    def has_ended(self) -> bool:
        """Return whether it is over; read what became of its rows."""
        assert self.process
        self.seconds = time.monotonic() - self.began
        if self.seconds > 60 * MINUTES_FOR_ONE.get(self.size, MINUTES):
            self.interrupt()
            self.end()
        if self.process.poll() is None:
            return False
        self.rows = [read_row(sign["row"]) for sign in self._signs() if "row" in sign]
        return True

    def interrupt(self) -> None:
        """Ask it to stop, so that its servers stop too."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)

    def end(self) -> None:
        """See it off; insist after a while."""
        if self.process is None or self.process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(TO_SAY_GOODBYE)
                return
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def has_failed(self) -> bool:
        """Return whether a test failed, or none ran."""
        return self.process is not None and self.process.returncode != 0

    def progress(self) -> str:
        """Return how far it is."""
        ended = 0
        name = f"{self.part.path.stem.removeprefix('test_')} {self.share}/{self.part.shares}"
        for sign in self._signs():
            if "sign" in sign:
                name = name.split(":")[0] + f": {ended + sign['done']}"
            else:
                ended += read_row(sign["row"]).done
        return name

    def last_words(self) -> list[str]:
        """Return the end of what it printed."""
        return (self.folder / "words").read_text("utf-8", "replace").splitlines()[-LAST_LINES:]

    def _chosen(self) -> list[str]:
        path = str(self.part.path.relative_to(ROOT))
        # What runs on demand only is marked in this folder alone.
        return ["-m", "faults or not planted", path] if self.part.path.parent == HERE else [path]

    def _signs(self) -> list[dict[str, Any]]:
        path = self.folder / "rows"
        lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]


@dataclass
class Campaign:
    """All jobs, as many of them at once as the cores bear."""

    waiting: list[Job]
    cores: float
    running: list[Job] = field(default_factory=list)
    ended: list[Job] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """Run them all."""
        spoke = 0.0
        try:
            while self.waiting or self.running:
                self._start_what_fits()
                for job in [job for job in self.running if job.has_ended()]:
                    self.running.remove(job)
                    self.ended.append(job)
                    self._say_how_it_ended(job)
                if time.monotonic() - spoke > SECONDS_BETWEEN_WORDS:
                    spoke = time.monotonic()
                    self._say(" · ".join(job.progress() for job in self.running))
                time.sleep(0.2)
        finally:
            for job in self.running:
                job.interrupt()
            for job in self.running:
                job.end()

    def _start_what_fits(self) -> None:
        for job in list(self.waiting):
            load = sum(each.part.load for each in self.running)
            if not self.running or load + job.part.load <= self.cores:
                self.waiting.remove(job)
                job.start()
                self.running.append(job)

    def _say_how_it_ended(self, job: Job) -> None:
        last = next(iter(job.last_words()[-1:]), "it said nothing")
        self._say(f"{'FAILED ' if job.has_failed() else ''}{job.name}: {last}")
        if job.has_failed():
            say(*(f"    | {line}" for line in job.last_words()), f"  replay: {job.replay()}")

    def _say(self, words: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self.began), 60)
        total = len(self.waiting) + len(self.running) + len(self.ended)
        say(f"[{minutes:3}:{seconds:02}] {len(self.ended)} of {total} | {words}")

    def summary(self) -> list[str]:
        """Return the table of all rows, and what failed."""
        failed = [job for job in self.ended if job.has_failed()]
        lines = table([row for job in self.ended for row in job.rows])
        lines += ["", *(f"FAILED {job.name}; replay: {job.replay()}" for job in failed)]
        minutes = (time.monotonic() - self.began) / 60
        verdict = f"{len(failed)} of {len(self.ended)} failed" if failed else f"all {len(self.ended)} passed"
        return [*lines, f"{verdict} in {minutes:.1f} minutes"]


def parts(*wanted: str) -> list[Part]:
    """Return every file of fault tests whose name contains a wanted word, the longest first."""
    named = {part.path for part in PARTS}
    every = [*PARTS, *(Part(path) for path in sorted(HERE.glob("test_*.py")) if path not in named)]
    return [part for part in every if not wanted or any(word in part.path.stem for word in wanted)]


def say(*lines: str) -> None:
    """Print lines at once."""
    sys.stdout.write("".join(line + "\n" for line in lines))
    sys.stdout.flush()


def main(size: str = "full", *wanted: str) -> int:
    """Run the campaign and print its table; return the exit code."""
    # A shell's background job ignores Ctrl-C, and so would all that it starts.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    seed = os.environ.get("MOSTRADOR_SEED") or str(random.SystemRandom().randrange(10**9))
    cores = float(os.environ.get("MOSTRADOR_FAULTS_CORES") or os.cpu_count() or 1)
    say(f"Size {size} on {cores:g} cores, MOSTRADOR_SEED={seed}")
    with tempfile.TemporaryDirectory(prefix="mostrador-faults-") as home:
        jobs = [
            Job(part, share, Path(home) / f"{part.path.stem}-{share}", seed, size)
            for part in parts(*wanted)
            for share in range(1, part.shares + 1)
        ]
        campaign = Campaign(jobs, cores)
        campaign.run()
        say("", *campaign.summary())
    return 1 if not campaign.ended or any(job.has_failed() for job in campaign.ended) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
