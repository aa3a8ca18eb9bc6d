"""The `mostrador` command: finds the settings and the database, then runs one of the commands."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
from pathlib import Path
from subprocess import SubprocessError
from types import FrameType

# What people need, in the order in which they need it. Django's own commands work too.
COMMANDS = {
    "demo": "try everything on this machine, with a pretend Amazon",
    "migrate": "bring the database up to date",
    "add-agent": "let a person sign in",
    "connect": "connect a selling partner on Amazon",
    "connect-notifications": "have Amazon tell at once what has changed",
    "add-mailbox": "say where buyers' mail arrives and answers leave",
    "add-token": "give a program a bearer token for /api/v1/",
    "web": "serve the desk to browsers and programs",
    "worker": "send and fetch what the desk promised",
    "sync": "read a selling partner's changed orders",
    "fetch-mail": "look into the mailboxes",
    "macros": "list the team's replies, bring them in or give them out",
    "pause": "stop every sending for a selling partner",
    "resume": "let a selling partner send again",
    "reconcile": "after a restore, find out what the database has forgotten",
    "release-order": "after a restore, let an order be refunded again that was held",
    "open-sending": "after a restore, let refunds and cancellations leave again",
    "rebuild-search": "write the words that tickets are found by anew",
    "doctor": "say what is wrong, and what to do next",
    "simulator": "run Amazon on this machine, for trials and tests",
}

# Commands that need neither database nor settings.
_STANDS_APART = {"simulator": "mostrador.simulator", "demo --reset": "mostrador.management.demo.reset"}

# Where a demo writes the settings it runs with.
DEMO_SETTINGS = "demo.json"

_NO_DATABASE = "postgresql:///mostrador"


def main() -> None:
    """Run `mostrador COMMAND …`."""
    arguments = sys.argv[1:]
    if not arguments or arguments in (["help"], ["--help"], ["-h"]):
        sys.stdout.write(overview())
        return
    command, *rest = arguments
    if command == "help":
        command, rest = rest[0], ["--help"]
    for words, module in _STANDS_APART.items():
        if [command, *rest][: len(words.split())] == words.split():
            left = [command, *rest][len(words.split()) :]
            os.execv(sys.executable, [sys.executable, "-m", module, *left])  # noqa: S606
    signal.signal(signal.SIGTERM, _leave)
    prepare(starts_database=not {"--help", "-h"} & set(rest))
    _check_settings()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["mostrador", command.replace("-", "_"), *rest])


def _leave(number: int, frame: FrameType | None) -> None:
    """End in peace when asked to, so that the embedded PostgreSQL hears goodbye."""
    sys.exit(128 + number)


def overview() -> str:
    """Return the list of commands."""
    width = max(len(name) for name in COMMANDS)
    lines = [f"  {name:<{width}}  {does}" for name, does in COMMANDS.items()]
    return (
        "Mostrador, the help desk for people who sell on Amazon.\n\n"
        "usage: mostrador COMMAND [options]     mostrador COMMAND --help says more\n\n"
        + "\n".join(lines)
        + "\n\nSettings come from the environment: .env.example lists them.\n"
    )


def prepare(*, starts_database: bool = True) -> None:
    """Fill in what the environment leaves open: a secret key in the data folder, the embedded PostgreSQL."""
    data_dir = Path(os.environ.get("MOSTRADOR_DATA_DIR") or ".data").resolve()
    os.environ["MOSTRADOR_DATA_DIR"] = str(data_dir)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mostrador.settings")
    if not (os.environ.get("MOSTRADOR_SECRET_KEY") or os.environ.get("MOSTRADOR_SECRET_KEY_FILE")):
        _find_secret_key(data_dir, is_needed=starts_database)
    if not (os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE")):
        _follow_demo(data_dir)
        os.environ["DATABASE_URL"] = _start_postgres(data_dir) if starts_database else _NO_DATABASE


def _follow_demo(data_dir: Path) -> None:
    """Let commands beside a demo speak to its pretend Amazon, never to the real one."""
    path = data_dir / DEMO_SETTINGS
    if path.exists():
        for name, value in json.loads(path.read_text("utf-8")).items():
            os.environ.setdefault(name, value)


def _start_postgres(data_dir: Path) -> str:
    from mostrador.embedded_postgres import start

    try:
        return start(data_dir)
    except (OSError, RuntimeError, SubprocessError) as problem:
        sys.stderr.write(f"mostrador: the embedded PostgreSQL in {data_dir} does not start: {problem}\n")
        sys.exit(1)


def _find_secret_key(data_dir: Path, *, is_needed: bool) -> None:
    if is_needed:
        os.environ["MOSTRADOR_SECRET_KEY_FILE"] = str(_secret_key_file(data_dir))
    else:
        os.environ["MOSTRADOR_SECRET_KEY"] = secrets.token_urlsafe(50)


def _secret_key_file(data_dir: Path) -> Path:
    """Return the file with this installation's own key, made at the first start and readable by its owner."""
    path = data_dir / "secret_key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path


def _check_settings() -> None:
    """Say in one sentence what is wrong with the settings, and stop."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from environs import EnvError

    try:
        _ = settings.DATABASES
    except (ImproperlyConfigured, EnvError, OSError, ValueError) as problem:
        sys.stderr.write(f"mostrador: {problem}\n")
        sys.exit(2)
