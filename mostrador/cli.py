"""The `mostrador` command: finds the settings and the database, then runs one of the commands."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

# Commands that need neither database nor settings.
_STANDS_APART = {"simulator": "mostrador.simulator"}


def prepare() -> None:
    """Fill in what the environment leaves open: a secret key in the data folder, the embedded PostgreSQL."""
    data_dir = Path(os.environ.get("MOSTRADOR_DATA_DIR") or ".data").resolve()
    os.environ["MOSTRADOR_DATA_DIR"] = str(data_dir)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mostrador.settings")
    if not (os.environ.get("MOSTRADOR_SECRET_KEY") or os.environ.get("MOSTRADOR_SECRET_KEY_FILE")):
        os.environ["MOSTRADOR_SECRET_KEY_FILE"] = str(_secret_key_file(data_dir))
    if not (os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE")):
        from mostrador.embedded_postgres import start

        os.environ["DATABASE_URL"] = start(data_dir)


def _secret_key_file(data_dir: Path) -> Path:
    """Return the file with this installation's own key, made at the first start and readable by its owner."""
    path = data_dir / "secret_key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path


def main() -> None:
    """Run `mostrador COMMAND …`."""
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in _STANDS_APART:
        os.execv(sys.executable, [sys.executable, "-m", _STANDS_APART[command], *sys.argv[2:]])  # noqa: S606
    prepare()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["mostrador", *sys.argv[1:]])
