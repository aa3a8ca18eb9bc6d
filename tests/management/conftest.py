"""What the commands' tests share: a way to run a command and read what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command

if TYPE_CHECKING:
    from tests.management.server import Server

Run = Callable[..., str]


@pytest.fixture
def run() -> Run:
    """Return a function that runs a command with the given words and returns what it printed."""

    def run_one(command: str, *words: str) -> str:
        printed = StringIO()
        call_command(command.replace("-", "_"), *words, stdout=printed)
        return printed.getvalue().strip()

    return run_one


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str], str]:
    """Return a function that writes a file and returns its path."""

    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


@pytest.fixture(scope="package")
def _own_server(django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    from tests.management.server import own_server
    from tests.management.test_demo import url_of_test_database

    with django_db_blocker.unblock():
        like = url_of_test_database()
    with own_server(like=like) as server:
        yield server


@pytest.fixture
def server(_own_server: Server) -> Server:
    """A database server of the workers' tests, with an empty queue; it may be stopped and started again."""
    _own_server.tidy()
    return _own_server
