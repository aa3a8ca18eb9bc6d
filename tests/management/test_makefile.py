"""The Makefile: what a fresh machine is told."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

MAKEFILE = Path(settings.BASE_DIR).parent / "Makefile"

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run make with our Makefile in a folder that holds nothing else."""
    for name in ("pyproject.toml", "uv.lock"):
        (folder / name).touch()
    # These tests may themselves have been started by make.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    return subprocess.run(
        ["make", "-f", str(MAKEFILE), *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_make_alone_lists_the_targets(tmp_path: Path) -> None:
    said = make(tmp_path)
    listed = {line.split()[1] for line in said.stdout.splitlines() if line.startswith("  make ")}
    assert listed == {
        "help",
        "demo",
        "demo-reset",
        "install",
        "test",
        "faults",
        "faults-night",
        "planted",
        "check",
        "fmt",
        "bench",
        "restore-drill",
        "messages",
        "screenshots",
    }


@pytest.mark.parametrize("target", ["demo", "test", "check"])
def test_an_old_python_is_said_in_a_clear_sentence(tmp_path: Path, target: str) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\ntest "$1" = --version && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    said = make(tmp_path, target, f"PYTHON={old}")
    assert said.returncode == 2
    assert said.stdout == (
        f"Mostrador needs Python 3.11 or newer, and {old} is: Python 3.9.2.\n"
        f"Name another one: make {target} PYTHON=python3.12\n"
    )
    assert not (tmp_path / ".venv").exists()
