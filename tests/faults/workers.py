"""Workers: real worker processes from the nursery, to be killed, frozen and cut off."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from mostrador.tasks.failpoints import VARIABLE

SECONDS_TO_START = 60.0
KILLED = -signal.SIGKILL


def url_of_test_database() -> str:
    """Return the URL of the database the tests use."""
    where = connection.settings_dict
    host, name, user = where["HOST"], where["NAME"], where["USER"]
    if host.startswith("/"):
        return f"postgresql://{user}@/{name}?host={quote(host, safe='')}"
    return f"postgresql://{user}:{where['PASSWORD']}@{host}:{where['PORT']}/{name}"


@dataclass
class Worker:
    """One worker process."""

    pid: int
    log: Path
    ended: threading.Event = field(default_factory=threading.Event)
    status: int | None = None
    ended_at: float = 0.0

    def kill(self) -> None:
        """End it as the kernel would."""
        self.send(signal.SIGKILL)
        self.ended.wait(10)

    def send(self, number: int) -> None:
        """Send a signal, if it still lives."""
        if not self.ended.is_set():
            os.kill(self.pid, number)

    def is_frozen(self) -> bool:
        """Return whether it is stopped by SIGSTOP."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].startswith("T")
        except FileNotFoundError:
            return False

    def words(self) -> str:
        """Return the end of what it printed."""
        return self.log.read_text("utf-8")[-3000:] if self.log.exists() else ""


class Nursery:
    """Starts workers quickly. Use it as a context manager: they all end with it."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.workers: dict[int, Worker] = {}
        self._born: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._ready = threading.Event()
        whole = {
            **os.environ,
            "DATABASE_URL": url_of_test_database(),
            "DJANGO_SETTINGS_MODULE": "mostrador.settings",
            "PYTHONWARNINGS": "ignore",
            "MOSTRADOR_EPOCH_PATH": str(settings.EPOCH_PATH),
            **environment,
        }
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=whole,
            cwd=Path(__file__).parent.parent.parent,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Nursery:
        assert self._ready.wait(SECONDS_TO_START), "the nursery did not start"
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers.values():
            worker.send(signal.SIGCONT)
        assert self._program.stdin
        self._program.stdin.close()
        self._program.wait(30)
        self._listener.join(10)
        assert self._program.stdout
        self._program.stdout.close()

    def start(self, failpoint: str = "", *, concurrency: int = 4, **environment: str) -> Worker:
        """Start a worker, armed with a failpoint if one is named."""
        assert self._program.stdin
        log = self.folder / f"worker-{len(self.workers)}.log"
        armed = {VARIABLE: failpoint} if failpoint else {}
        words = ["worker", "--concurrency", str(concurrency)]
        wish = {"environment": {**armed, **environment}, "log": str(log), "words": words}
        self._program.stdin.write(json.dumps(wish) + "\n")
        self._program.stdin.flush()
        worker = self.workers[self._born.get(timeout=20)]
        worker.log = log
        return worker

    def _listen(self) -> None:
        assert self._program.stdout
        for line in self._program.stdout:
            word, *rest = line.split()
            if word == "ready":
                self._ready.set()
            elif word == "born":
                self.workers[int(rest[0])] = Worker(int(rest[0]), self.folder)
                self._born.put(int(rest[0]))
            elif word == "dead":
                worker = self.workers[int(rest[0])]
                worker.status, worker.ended_at = int(rest[1]), time.time()
                worker.ended.set()
