"""The nursery: a program that has loaded the desk once, and forks real workers from it in a few milliseconds.

It reads one JSON line for each worker wanted (`environment`, `log`, `words`), answers with `born PID`, says
`dead PID STATUS` when one ends, and takes all of them with it when its input ends.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any

from tests.faults.hosts import enter


def main() -> None:
    """Serve until the input ends."""
    import django

    django.setup()
    from django.core.management import load_command_class

    import mostrador.tasks
    from mostrador.management.commands import worker

    del mostrador, worker
    load_command_class("mostrador", "worker")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    alive: set[int] = set()
    pending = b""
    while True:
        readable, _, _ = select.select([0], [], [], 0.05)
        if readable:
            chunk = os.read(0, 65536)
            if not chunk:
                break
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                pid = _fork(json.loads(line))
                alive.add(pid)
                _say(f"born {pid}")
        _bury(alive)
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _bury(alive: set[int]) -> None:
    for pid in list(alive):
        dead, status = os.waitpid(pid, os.WNOHANG)
        if dead:
            alive.discard(pid)
            _say(f"dead {pid} {os.waitstatus_to_exitcode(status)}")


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def _fork(wish: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        log = os.open(wish["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.update(wish["environment"])
        _work(wish["words"])
        code = 0
    except BaseException:  # noqa: BLE001  (a fork must end here, whatever happened)
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
    raise AssertionError("a child does not return")


def _work(words: list[str]) -> None:
    from django.conf import settings
    from django.core.management import call_command

    if entrance := os.environ.get("WORKERS_NETWORK"):
        with Path(entrance).open() as network:
            enter(network.fileno())
    if url := os.environ.get("WORKERS_DATABASE_URL"):
        from mostrador.settings import _database

        settings.DATABASES["default"].update(_database(url))
    for name in ("SPAPI_ENDPOINT", "LWA_ENDPOINT"):
        setattr(settings, name, os.environ.get(f"MOSTRADOR_{name}", getattr(settings, name)))
    settings.EPOCH_PATH = Path(os.environ["MOSTRADOR_EPOCH_PATH"])
    call_command(*words)


if __name__ == "__main__":
    main()
