"""`mostrador demo` and `worker` as processes: they start, work, and end without leaving one behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

PROGRAM = "import sys; from mostrador.cli import main; sys.argv[0] = 'mostrador'; main()"
SECONDS_TO_START = 60


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder with a short name in a place where PostgreSQL's own user may go."""
    with tempfile.TemporaryDirectory(prefix="mostrador-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / "data"


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """Return the environment of a machine on which nothing is set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOSTRADOR_")}
    kept.pop("DATABASE_URL", None)
    kept.pop("PORT", None)
    return kept | {"MOSTRADOR_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"} | more


def begin(data_dir: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    """Start the command in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        env=environment(data_dir, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """Read what a process prints until `words` come; fail when it ends or takes too long."""
    assert process.stdout is not None
    printed = ""
    guard = threading.Timer(SECONDS_TO_START, process.kill)
    guard.start()
    try:
        while words not in printed:
            line = process.stdout.readline()
            assert line, f"it ended: {printed}"
            printed += line
    finally:
        guard.cancel()
    return printed


def processes_of(data_dir: Path) -> list[str]:
    """Return the command lines of all processes that know this data folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            mentions = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(data_dir).encode() in mentions and state != "Z":
            found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc for processes left behind")
def test_the_demo_starts_serves_and_ends_without_leaving_a_process_behind(data_dir: Path) -> None:
    port = free_port()
    demo = begin(data_dir, "demo", PORT=str(port))
    try:
        printed = read_until(demo, "Ctrl-C ends every process")
        assert f"http://127.0.0.1:{port}\n" in printed
        assert "marta@example.com" in printed
        assert "still filling" not in printed
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            assert answer.status == 200
        assert len(processes_of(data_dir)) >= 5
        sync = begin(data_dir, "sync", "--seller", "A2NORDLICHTEU7", "--once")
        assert "read until" in sync.communicate(timeout=30)[0]
        again = begin(data_dir, "demo", PORT=str(free_port()))
        assert "A demo is running with the data in" in again.communicate(timeout=30)[0]
        assert again.returncode == 1
        demo.send_signal(signal.SIGINT)
        printed, _ = demo.communicate(timeout=30)
    finally:
        demo.kill()
        demo.communicate()
    assert demo.returncode == 0
    assert printed.strip().endswith("The demo has ended; its data stays for the next start.")
    assert processes_of(data_dir) == []
    reset = subprocess.run(
        [sys.executable, "-c", PROGRAM, "demo", "--reset"],
        env=environment(data_dir),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert reset.returncode == 0, reset.stderr
    assert not data_dir.exists()


def test_a_busy_port_is_said_in_one_sentence(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        # The sentence comes before anything is asked of the database.
        demo = begin(data_dir, "demo", PORT=str(port), DATABASE_URL="postgresql://127.0.0.1:1/x")
        printed, _ = demo.communicate(timeout=30)
    assert demo.returncode == 1
    assert printed.startswith(f"mostrador: Port {port} is taken. Choose another: make demo PORT={port + 1}\n")


def test_reset_spares_a_folder_that_is_not_a_demos(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "secret_key").write_text("precious")
    (data_dir / "demo.lock").touch()  # a demo was refused here
    reset = begin(data_dir, "demo", "--reset")
    assert "is not a demo's: nothing was removed" in reset.communicate(timeout=30)[0]
    assert reset.returncode == 1
    assert (data_dir / "secret_key").exists()


@pytest.mark.django_db
def test_a_database_with_people_of_its_own_is_no_place_for_a_demo() -> None:
    from mostrador.management.demo.shop import strangers
    from tests.makers import make_agent, make_selling_partner

    sample = [{"seller_id": "A2SAMPLE"}]
    make_selling_partner(seller_id="A2SAMPLE")
    assert strangers(sample, is_new=True) == []
    make_agent(name="Ada Real")
    assert strangers(sample, is_new=True) == ["Ada Real"]
    assert strangers(sample, is_new=False) == []
    make_selling_partner(seller_id="A9REAL", name="Real Shop")
    assert strangers(sample, is_new=False) == ["Real Shop"]


@pytest.mark.django_db(transaction=True)
def test_a_worker_takes_jobs_and_ends_in_peace_when_told(data_dir: Path) -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    from mostrador.tasks import messages
    from tests.makers import make_mailbox

    mailbox = make_mailbox(url=f"maildir:{data_dir}/mail")
    messages.plan_fetch(mailbox_id=mailbox.pk, now=mailbox.next_fetch_at)
    worker = begin(data_dir, "worker", DATABASE_URL=url_of_test_database(), MOSTRADOR_SECRET_KEY="x" * 50)
    try:
        until = time.monotonic() + SECONDS_TO_START
        while ProcrastinateJob.objects.filter(status__in=("todo", "doing")).exists():
            assert worker.poll() is None, worker.communicate()[0]
            assert time.monotonic() < until
            time.sleep(0.1)
        worker.send_signal(signal.SIGTERM)
        printed, _ = worker.communicate(timeout=20)
    finally:
        worker.kill()
        worker.communicate()
    mailbox.refresh_from_db()
    assert (worker.returncode, mailbox.trouble) == (0, ""), printed
    assert mailbox.fetched_at is not None


def url_of_test_database() -> str:
    """Return the URL of the database the tests use."""
    settings = connection.settings_dict
    host = settings["HOST"]
    where = (
        f"/{settings['NAME']}?host={host}"
        if host.startswith("/")
        else f"{host}:{settings['PORT']}/{settings['NAME']}"
    )
    login = settings["USER"] + (f":{settings['PASSWORD']}" if settings["PASSWORD"] else "")
    return f"postgresql://{login}@{where}" if login else f"postgresql://{where}"
