"""The database: it crashes under load again and again; workers are started anew, and nothing is lost."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import Error, connection
from procrastinate.exceptions import ConnectorException

from tests.faults.figures import figure, row, share_of
from tests.faults.market import Asked, Market, open_market, open_nursery, read_orders
from tests.faults.test_crashes import Siege
from tests.faults.workers import Nursery, Worker

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db(transaction=True)

BACK_WITHIN = 30.0  # seconds


def ask_sql(text: str) -> str:
    """Return the one value a statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(text)
        return str(cursor.fetchone()[0])


@contextmanager
def durable() -> Iterator[None]:
    """Let a commit be written before it is answered, as everywhere but in tests."""
    for value in ("on", "off"):
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER SYSTEM SET synchronous_commit = {value}")
            cursor.execute("SELECT pg_reload_conf()")
        if value == "on":
            yield


class Server:
    """The server of the tests' database, to be crashed and started."""

    def __init__(self) -> None:
        self.folder = Path(ask_sql("SHOW data_directory"))
        postmaster = int((self.folder / "postmaster.pid").read_text().splitlines()[0])
        self._pg_ctl = Path(f"/proc/{postmaster}/exe").readlink().with_name("pg_ctl")
        owner = self.folder.stat()
        self._as = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}

    def crash(self, *, outage: float) -> None:
        """Stop it at once, as a crash does, and start it again after `outage` seconds."""
        options = (self.folder / "postmaster.opts").read_text().split(" ", 1)[1].strip()
        self._run("stop", "-m", "immediate")
        time.sleep(outage)
        self._run("start", "-l", str(self.folder / "crashes.log"), "-o", options.replace('"', "'"))

    def _run(self, *words: str) -> None:
        command = [str(self._pg_ctl), "-w", "-D", str(self.folder), *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60, **self._as)  # type: ignore[call-overload]  # user, group


def press(market: Market, kind: str, seller: str) -> Asked:
    """Ask as a browser does that posts the same form again when no answer came."""
    until = time.monotonic() + BACK_WITHIN
    order = market.take_order(seller, kind)
    key = market.new_key()
    while True:
        try:
            return market.ask(kind, seller, order=order, key=key)
        except (Error, ConnectorException):
            assert time.monotonic() < until, "the database did not come back"
            connection.close()
            time.sleep(0.1)


def test_a_database_that_crashes_under_load_loses_no_refund(
    tmp_path: Path, settings: SettingsWrapper
) -> None:
    crashes = share_of(range(figure(sample=1, full=50)))
    with (
        row("F7 database crashes under load") as (entry, rng),
        open_market(tmp_path, settings, sellers=8 + len(crashes), orders_each=10) as market,
        durable(),
    ):
        read_orders(market)
        server = Server()
        with open_nursery(tmp_path, market) as nursery:
            siege = Siege(market, nursery, rng)
            workers = [nursery.start(), nursery.start()]
            sellers = itertools.cycle(market.sellers())
            for _ in crashes:
                for _ in range(3):
                    press(market, rng.choice(("partial", "cancel")), next(sellers))
                    time.sleep(rng.uniform(0, 0.5))
                server.crash(outage=rng.choice((0, 0, 1, 3)))
                connection.close()
                began = time.monotonic()
                press(market, "partial", next(sellers))
                entry.measure("a wish taken after a start", time.monotonic() - began)
                supervise(nursery, workers, rng)
                entry.count()
            siege.drain(seconds=180 + len(crashes) * 4)
        market.tell(entry)


def supervise(nursery: Nursery, workers: list[Worker], rng: random.Random) -> None:
    """Start the workers again that ended with their database; give them a moment to notice."""
    time.sleep(rng.uniform(0.5, 1.5))
    for number, worker in enumerate(workers):
        if worker.ended.is_set():
            workers[number] = nursery.start()
