"""What all floors share: a real PostgreSQL, a real worker, a real mail relay, a Maildir, and the simulator.

The plugin `tests.environment`, named in pyproject.toml, starts the database before Django reads its settings.
"""

from __future__ import annotations

import mailbox
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.relay import Relay

if TYPE_CHECKING:
    from mostrador.simulator.server import Simulator
    from tests.sqs import Sqs


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Let every thread close its connection when it is done, so that the test database can be dropped."""
    from django.conf import settings

    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0


@pytest.fixture(autouse=True)
def _fast_passwords(request: pytest.FixtureRequest) -> None:
    """Spare the tests a tenth of a second per agent."""
    marked = request.node.get_closest_marker("django_db")
    if marked or {"db", "transactional_db"} & set(request.fixturenames):
        request.getfixturevalue("settings").PASSWORD_HASHERS = [
            "django.contrib.auth.hashers.MD5PasswordHasher"
        ]


@pytest.fixture(autouse=True)
def _own_epoch_file(request: pytest.FixtureRequest) -> None:
    """Give each test with a database a record of its own: an emptied database is no restored one."""
    marked = request.node.get_closest_marker("django_db")
    if marked or {"db", "transactional_db"} & set(request.fixturenames):
        path = Path(os.environ["MOSTRADOR_DATA_DIR"]) / f"epoch-{uuid.uuid4().hex}.json"
        request.getfixturevalue("settings").EPOCH_PATH = path
        request.getfixturevalue("monkeypatch").setenv("MOSTRADOR_EPOCH_PATH", str(path))


@pytest.fixture(autouse=True)
def _empty_queue(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty the queue after a test with real transactions: Django's flush leaves foreign tables alone."""
    marker = request.node.get_closest_marker("django_db")
    is_real = "transactional_db" in request.fixturenames or bool(
        marker and (marker.args[:1] == (True,) or marker.kwargs.get("transaction"))
    )
    if is_real:
        request.getfixturevalue("transactional_db")
    yield
    if is_real:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@pytest.fixture
def run_jobs(transactional_db: None) -> Callable[[], None]:
    """Return a function that runs a real worker on the real queue until nothing is due any more."""
    from tests.worker import run_jobs

    return run_jobs


@pytest.fixture
def relay() -> Iterator[Relay]:
    """A real SMTP server that keeps what it takes, and fails where it is told to."""
    with Relay() as server:
        yield server


@dataclass(frozen=True, slots=True)
class MaildirFolder:
    """A Maildir on disk into which a test can put mails."""

    path: Path

    @property
    def url(self) -> str:
        """The address Mostrador knows it by."""
        return f"maildir:{self.path}"

    def put(self, content: bytes) -> str:
        """Deliver a mail and return its key."""
        return mailbox.Maildir(self.path, create=True).add(content)

    def waiting(self) -> int:
        """Return how many mails nobody has taken yet."""
        return len(list((self.path / "new").iterdir()))


@pytest.fixture
def maildir(tmp_path: Path) -> MaildirFolder:
    """An empty Maildir."""
    mailbox.Maildir(tmp_path / "mail", create=True)
    return MaildirFolder(tmp_path / "mail")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Amazon, as a process of its own, with the sample shop and its control endpoint; feeds take no time."""
    from mostrador.simulator.server import start

    with start("--processing", "0-0") as server:
        yield server


@pytest.fixture(scope="session")
def sqs_endpoint() -> Iterator[str]:
    """A server that speaks SQS, for the whole run."""
    from tests.sqs import sqs_server

    with sqs_server() as endpoint:
        yield endpoint


@pytest.fixture
def sqs(sqs_endpoint: str) -> Sqs:
    """An empty queue of this test."""
    from tests.sqs import make_queue

    return make_queue(sqs_endpoint)
