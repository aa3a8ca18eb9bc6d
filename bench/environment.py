"""The environment of a measurement, made on import: a folder that goes away, a PostgreSQL, a pretend Amazon.

Import it before anything that reads Django's settings. The database keeps the durable settings it ships with.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

import django
import httpx

from mostrador.embedded_postgres import start as start_postgres
from mostrador.simulator.server import Simulator
from mostrador.simulator.server import start as start_simulator

HOME = Path(tempfile.mkdtemp(prefix="mostrador-bench-"))
# How many times as fast as the wall's the clocks of simulator and workers run.
SPEED = float(os.environ.get("BENCH_SPEED", "1"))
FAST_UNDO_SECONDS = 60
# Registered before the server's own farewell, so that it runs after it.
atexit.register(shutil.rmtree, HOME, ignore_errors=True)


def _leave(number: int, _: FrameType | None) -> NoReturn:
    """End as at any other end when told to, so that no process is left behind."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + number)


def _fast_clock(amazon: Simulator) -> str:
    """Return the setting by which our clock shows the simulator's time from now on."""
    simulated = httpx.get(f"{amazon.url}/control/ledger", trust_env=False).json()["now"]
    return f"{SPEED}@{(SPEED * time.time() - simulated) / (SPEED - 1):.6f}"


def _begin() -> Simulator:
    """Make the environment; nothing of the caller's own installation is read or touched."""
    signal.signal(signal.SIGTERM, _leave)
    for name in [each for each in os.environ if each.startswith(("MOSTRADOR_", "DATABASE_URL"))]:
        del os.environ[name]
    arguments = (
        "--shop",
        "empty",
        "--processing",
        "1-2",
        "--maildir",
        str(HOME / "mail"),
        "--speed",
        str(SPEED),
    )
    amazon = start_simulator(*arguments, state=HOME / "amazon")
    atexit.register(amazon.stop)
    os.environ |= {
        "DATABASE_URL": start_postgres(HOME),
        "MOSTRADOR_DATA_DIR": str(HOME),
        "MOSTRADOR_LOG_LEVEL": "WARNING",
        "MOSTRADOR_LWA_ENDPOINT": amazon.url,
        "MOSTRADOR_SECRET_KEY": secrets.token_urlsafe(50),
        "MOSTRADOR_SPAPI_ENDPOINT": amazon.url,
        "MOSTRADOR_UNDO_SECONDS": "0" if SPEED == 1 else str(FAST_UNDO_SECONDS),
    }
    if SPEED != 1:
        os.environ["MOSTRADOR_FAST_CLOCK"] = _fast_clock(amazon)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mostrador.settings")
    django.setup()
    return amazon


AMAZON = _begin()
