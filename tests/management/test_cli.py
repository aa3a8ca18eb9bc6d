"""The `mostrador` command: help first, clear sentences, no database where none is needed."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mostrador.cli import COMMANDS, overview

OURS = sorted(set(COMMANDS) - {"simulator", "migrate"})


def mostrador(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    left_out = {"DATABASE_URL", "MOSTRADOR_SECRET_KEY"} - environment.keys()
    inherited = {name: value for name, value in os.environ.items() if name not in left_out}
    program = "import sys; from mostrador.cli import main; sys.argv[0] = 'mostrador'; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize("name", OURS)
def test_every_command_explains_itself_by_the_name_people_type(name: str) -> None:
    module = importlib.import_module(f"mostrador.management.commands.{name.replace('-', '_')}")
    text = module.Command().create_parser("mostrador", name.replace("-", "_")).format_help()
    assert text.startswith(f"usage: mostrador {name} ")
    assert "--settings" not in text
    assert len(module.Command.help) > 20


def test_every_command_is_in_the_overview() -> None:
    folder = Path(importlib.import_module("mostrador.management.commands").__file__ or "").parent
    files = {path.stem.replace("_", "-") for path in folder.glob("[a-z]*.py")}
    assert files == set(OURS)
    assert all(f"  {name} " in overview() for name in OURS)


def test_without_a_command_it_lists_them_and_starts_no_database(tmp_path: Path) -> None:
    said = mostrador(MOSTRADOR_DATA_DIR=str(tmp_path / "data"))
    assert (said.returncode, said.stdout, said.stderr) == (0, overview(), "")
    assert not (tmp_path / "data").exists()


def test_help_of_a_command_with_a_dash_starts_no_database(tmp_path: Path) -> None:
    said = mostrador("help", "add-token", MOSTRADOR_DATA_DIR=str(tmp_path / "data"))
    assert said.returncode == 0
    assert said.stdout.startswith("usage: mostrador add-token ")
    assert not (tmp_path / "data").exists()


def test_a_wrong_database_url_is_said_in_one_sentence(tmp_path: Path) -> None:
    said = mostrador("doctor", DATABASE_URL="mysql://x", MOSTRADOR_DATA_DIR=str(tmp_path))
    assert said.returncode == 2
    assert said.stderr == (
        "mostrador: DATABASE_URL must begin with postgresql:// (Mostrador runs on PostgreSQL only).\n"
    )


def test_a_setting_that_is_no_number_is_said_in_one_sentence(tmp_path: Path) -> None:
    said = mostrador(
        "doctor",
        DATABASE_URL="postgresql:///x",
        MOSTRADOR_UNDO_SECONDS="soon",
        MOSTRADOR_DATA_DIR=str(tmp_path),
    )
    assert said.returncode == 2
    assert said.stderr.startswith("mostrador: ")
    assert "MOSTRADOR_UNDO_SECONDS" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_database_that_does_not_answer_is_the_doctors_finding(tmp_path: Path) -> None:
    said = mostrador("doctor", DATABASE_URL="postgresql://127.0.0.1:1/x", MOSTRADOR_DATA_DIR=str(tmp_path))
    assert said.returncode == 1
    assert said.stdout.startswith("✗ database: The database does not answer:")
    assert said.stdout.endswith("1 thing needs a person.\n")


def test_a_missing_option_is_asked_for_with_exit_code_2(tmp_path: Path) -> None:
    said = mostrador("add-token", DATABASE_URL="postgresql:///x", MOSTRADOR_DATA_DIR=str(tmp_path))
    assert said.returncode == 2
    assert "the following arguments are required: --agent" in said.stderr


def test_a_problem_is_one_sentence_with_exit_code_1(tmp_path: Path) -> None:
    missing = tmp_path / "nothing"
    said = mostrador(
        "add-agent",
        "--email=a@b.example",
        f"--password-file={missing}",
        DATABASE_URL="postgresql:///x",
        MOSTRADOR_DATA_DIR=str(tmp_path),
    )
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == (
        f"mostrador: The password cannot be read from {missing}: No such file or directory\n"
    )
