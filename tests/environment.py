"""The tests' environment, set before Django's settings are read: a key, a data folder, a PostgreSQL.

pytest-django reads the settings before any conftest.py is imported, so this is a plugin of its own, which
pyproject.toml names in `addopts`.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest

# A database that may forget everything in a power cut is several times as fast.
_FORGETFUL = ("fsync", "synchronous_commit", "full_page_writes")
_STARTED_HERE = "MOSTRADOR_TESTS_STARTED_THE_DATABASE"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Fill in what the environment leaves open; an existing DATABASE_URL is honoured."""
    home = Path(tempfile.mkdtemp(prefix="mostrador-tests-"))
    # Registered before the server's own farewell, so that it runs after it.
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["MOSTRADOR_DATA_DIR"] = str(home)
    os.environ.setdefault("MOSTRADOR_SECRET_KEY", "only-for-tests-" + "0" * 40)
    os.environ.setdefault("MOSTRADOR_TRUSTED_AUTHSERV_IDS", "mx.desk.test")
    if not os.environ.get("XDG_RUNTIME_DIR"):
        runtime = home / "runtime"
        runtime.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    # Some tests crash their server: of several processes, each has one of its own.
    if not os.environ.get("DATABASE_URL") or os.environ.get(_STARTED_HERE):
        os.environ["DATABASE_URL"] = _start_postgres(home)
        os.environ[_STARTED_HERE] = "1"


def _start_postgres(home: Path) -> str:
    from mostrador.embedded_postgres import start

    url = start(home)
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in _FORGETFUL:
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    return url
