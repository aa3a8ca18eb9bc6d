"""`mostrador worker` and a database that crashes, stays away, or stops answering on open connections."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from procrastinate.contrib.django.utils import connector_params

from mostrador.management.worker.rounds import worker_connector
from mostrador.management.worker.watchdog import STOOD_STILL
from tests.management.server import Server, until, worker

pytestmark = pytest.mark.django_db  # whose tables the server of these tests copies


def test_a_worker_goes_on_when_its_database_has_crashed_and_come_back(server: Server, tmp_path: Path) -> None:
    with worker(server.url, tmp_path) as ours:
        first = server.defer("tests.sleep", '{"seconds": 0}')
        until(lambda: server.status(first) == "done", what="the first job")
        server.stop("immediate")
        time.sleep(2)
        assert ours.lives(), ours.said()
        server.start()
        back_at = time.monotonic()
        second = server.defer("tests.sleep", '{"seconds": 0}')
        until(lambda: server.status(second) == "done", what="a job after the crash", seconds=45)
        # A hint made by the sweeper: Django's own connections have recovered as well.
        server.ask(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args, status, worker_id) "
            "VALUES ('default', 'tests.sleep', 0, '{\"seconds\": 0}', 'doing', NULL)"
        )
        nothing = "SELECT FROM procrastinate_jobs"
        until(lambda: not server.ask(nothing), what="the sweeper's work after the crash", seconds=45)
        assert time.monotonic() - back_at < 45
        assert ours.lives(), ours.said()
        ours.tell(signal.SIGTERM)
        assert ours.ends() == 0, ours.said()


def test_a_worker_ends_itself_when_the_database_stays_away(server: Server, tmp_path: Path) -> None:
    with worker(server.url, tmp_path, "--patience", "3") as ours:
        until(server.workers, what="the worker's entry")
        server.stop("fast")
        began = time.monotonic()
        try:
            assert ours.ends() == STOOD_STILL, ours.said()
        finally:
            server.start()
        assert time.monotonic() - began < 20
    assert "Nothing has worked for 3 s (queue, sweeper)" in ours.said()


def test_a_worker_ends_itself_when_open_connections_fall_silent(server: Server, tmp_path: Path) -> None:
    with frozen_relay(server.port) as (port, freeze):
        url = server.url.replace(str(server.port), str(port))
        with worker(url, tmp_path, "--patience", "3") as ours:
            until(server.workers, what="the worker's entry")
            freeze.set()
            assert ours.ends() == STOOD_STILL, ours.said()
    assert "Nothing has worked for 3 s" in ours.said()


def test_the_queues_connections_have_the_same_time_outs_as_djangos() -> None:
    given = worker_connector()._pool_args["kwargs"]
    assert given == connector_params()
    assert (given["connect_timeout"], given["tcp_user_timeout"], given["keepalives_idle"]) == (5, 15000, 10)
    assert "-c idle_in_transaction_session_timeout=30000" in given["options"]
    assert "-c tcp_user_timeout=15000" in given["options"]


@contextmanager
def frozen_relay(port: int) -> Iterator[tuple[int, threading.Event]]:
    """Pass bytes on to `port` until told to freeze: connections stay open then, and nothing moves."""
    freeze, over = threading.Event(), threading.Event()
    sockets: list[socket.socket] = []

    def carry(source: socket.socket, target: socket.socket) -> None:
        try:
            while (some := source.recv(65536)) and not freeze.is_set():
                target.sendall(some)
            while freeze.is_set() and not over.wait(0.1):
                pass
        except OSError:
            return

    def accept(listener: socket.socket) -> None:
        while True:
            try:
                ours, _ = listener.accept()
            except OSError:
                return
            theirs = socket.create_connection(("127.0.0.1", port))
            sockets.extend((ours, theirs))
            for pair in ((ours, theirs), (theirs, ours)):
                threading.Thread(target=carry, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=accept, args=(listener,), daemon=True)
        accepting.start()
        try:
            yield listener.getsockname()[1], freeze
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join(5)
            for each in sockets:
                each.close()
