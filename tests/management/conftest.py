"""What the commands' tests share: a way to run a command and read what it says."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

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
