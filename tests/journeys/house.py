"""House: the whole desk as it runs for people, in processes of its own, opened and closed for stories."""

from __future__ import annotations

import os
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from mostrador.embedded_postgres import start as start_postgres
from mostrador.management.demo.household import Household, TookTooLong
from mostrador.simulator.server import Simulator
from mostrador.simulator.server import start as start_simulator

UNDO_SECONDS = 3
PATIENCE = 20.0  # seconds
SECONDS_TO_OPEN = 60.0
REPOSITORY = Path(__file__).parents[2]

_STOCKED = """
    SELECT (SELECT count(*) FROM mostrador_rawmail WHERE state <> 'stored') >= %s
       AND NOT EXISTS (SELECT 1 FROM mostrador_sellingpartner WHERE orders_read_until IS NULL)
       AND NOT EXISTS (SELECT 1 FROM mostrador_order WHERE read_at IS NULL) AS yes
"""
_TICKET = """
    SELECT t.id FROM mostrador_ticket t JOIN mostrador_order o ON o.id = t.order_id
     WHERE o.amazon_order_id = %s ORDER BY t.id DESC LIMIT 1
"""
_FEED = """
    SELECT f.* FROM mostrador_feed f JOIN mostrador_feedmessage m ON m.feed_id = f.id
      LEFT JOIN mostrador_refund r ON r.id = m.refund_id
      LEFT JOIN mostrador_cancellation c ON c.id = m.cancellation_id
      JOIN mostrador_order o ON o.id = coalesce(r.order_id, c.order_id)
     WHERE o.amazon_order_id = %s ORDER BY f.id DESC LIMIT 1
"""


@dataclass
class House:
    """An open house: where its desk is, and how to look behind it."""

    url: str
    simulator: Simulator
    household: Household
    database: psycopg.Connection[dict[str, Any]]
    cookies: dict[str, Any] = field(default_factory=dict)  # of agents who have signed in before

    # ── Amazon's side ─────────────────────────────────────────────────────────────────────────────────────

    def control(self, method: str, path: str, **body: Any) -> Any:
        """Call the simulator's control endpoint and return its JSON."""
        address = f"{self.simulator.url}/control/{path}"
        answer = httpx.request(method, address, json=body or None, timeout=10, trust_env=False)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def ledger(self, order_id: str) -> dict[str, Any]:
        """Return Amazon's own book for an order."""
        return dict(self.control("GET", f"ledger?order_id={order_id}")["orders"][order_id])

    def refunded(self, order_id: str) -> dict[tuple[str, str], str]:
        """Return what Amazon gave back, per item and component, where it is more than nothing."""
        return {
            (item_id, component): amounts["refunded"]
            for item_id, item in self.ledger(order_id)["items"].items()
            for component, amounts in item["components"].items()
            if float(amounts["refunded"])
        }

    def left(self, order_id: str) -> dict[tuple[str, str], str]:
        """Return what Amazon would still give back, per item and component."""
        return {
            (item_id, component): amounts["remaining"]
            for item_id, item in self.ledger(order_id)["items"].items()
            for component, amounts in item["components"].items()
            if float(amounts["remaining"])
        }

    def feeds_received(self) -> list[dict[str, Any]]:
        """Return the createFeed calls that reached Amazon, oldest first."""
        return list(self.control("GET", "requests?operation=createFeed")["requests"])

    def mails(self, order_id: str) -> list[dict[str, Any]]:
        """Return the mails the relay took for the buyer of an order's ticket."""
        row = self.row("SELECT buyer_address FROM mostrador_ticket WHERE id = %s", self.ticket(order_id))
        alias = str(row["buyer_address"]).partition("@")[0].partition("+")[0]
        return list(self.control("GET", f"mails?recipient={alias}")["mails"])

    # ── our side ──────────────────────────────────────────────────────────────────────────────────────────

    def row(self, query: str, *values: Any) -> dict[str, Any]:
        """Return one row of the desk's database."""
        found = self.database.execute(query, values).fetchone()
        assert found is not None, f"no row for {query} {values}"
        return found

    def failed_jobs(self) -> list[dict[str, Any]]:
        """Return the jobs the worker has given up: there must be none."""
        query = "SELECT task_name, args FROM procrastinate_jobs WHERE status = 'failed'"
        return self.database.execute(query).fetchall()

    def ticket(self, order_id: str) -> int:
        """Return the ticket of an order."""
        return int(self.row(_TICKET, order_id)["id"])

    def ticket_url(self, order_id: str) -> str:
        """Return the page of an order's ticket."""
        return f"{self.url}/tickets/{self.ticket(order_id)}/"

    def feed(self, order_id: str) -> dict[str, Any]:
        """Return the newest feed an order's action travelled in."""
        return self.row(_FEED, order_id)

    def state(self, table: str, order_id: str) -> str:
        """Return the state of an order's newest refund or cancellation of ours."""
        query = (
            f"SELECT a.state FROM mostrador_{table} a JOIN mostrador_order o ON o.id = a.order_id "  # noqa: S608
            "WHERE o.amazon_order_id = %s AND a.source <> 'elsewhere' ORDER BY a.id DESC LIMIT 1"
        )
        return str(self.row(query, order_id)["state"])

    def hold(self, table: str, order_id: str) -> None:
        """Let the undo window of an order's newest wish last as long as a look at it takes."""
        query = (
            f"UPDATE mostrador_{table} a SET send_after = now() + interval '2 minutes' "  # noqa: S608
            "FROM mostrador_order o WHERE o.id = a.order_id AND o.amazon_order_id = %s "
            "AND a.state = 'requested'"
        )
        self.database.execute(query, [order_id])
        assert self.state(table, order_id) == "requested"

    def wait_for_state(self, table: str, order_id: str, *states: str) -> float:
        """Wait until an action has one of `states`, and return the moment it was seen to."""
        self.wait(lambda: self.state(table, order_id) in states, f"{table} of {order_id}: {states}")
        return time.monotonic()

    def wait(self, condition: Callable[[], bool], what: str, *, patience: float = PATIENCE) -> None:
        """Wait until `condition` holds."""
        until = time.monotonic() + patience
        while not condition():
            self.household.check()
            assert time.monotonic() < until, f"not within {patience} s: {what}"
            time.sleep(0.02)


@contextmanager
def open_house(home: Path, *, undo_seconds: int = UNDO_SECONDS, older: int = 0) -> Iterator[House]:
    """Start everything, fill the inbox, and end it all afterwards; `older` tickets come from the archive."""
    household = Household(home / "log")
    archive = _archive(home, older) if older else None
    with _database(home) as url, _amazon(home, archive) as simulator:
        environment = _environment(home, url, simulator.url)
        environment["MOSTRADOR_UNDO_SECONDS"] = str(undo_seconds)
        try:
            port = _open(household, simulator, environment, archive)
            with psycopg.connect(url, autocommit=True, row_factory=dict_row) as database:
                house = House(f"http://127.0.0.1:{port}", simulator, household, database)
                _wait_until_open(house, home)
                yield house
                assert house.failed_jobs() == []
        except TookTooLong as problem:
            words = "\n".join(f"{child.name}: {child.last_words()}" for child in household.children)
            raise TookTooLong(f"{problem}\n{words}") from problem
        finally:
            household.end()


def _environment(home: Path, url: str, amazon: str) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "mostrador.settings",
        "MOSTRADOR_DATA_DIR": str(home),
        "MOSTRADOR_DEMO": "1",
        "MOSTRADOR_LWA_ENDPOINT": amazon,
        "MOSTRADOR_MAIL_EVERY_SECONDS": "1",
        "MOSTRADOR_REPLY_UNDO_SECONDS": "1",
        "MOSTRADOR_SECRET_KEY": "only-for-journeys-" + "0" * 40,
        "MOSTRADOR_SPAPI_ENDPOINT": amazon,
        "MOSTRADOR_TRUSTED_AUTHSERV_IDS": "mx.nordlicht.example",
        "PYTHONPATH": str(REPOSITORY),
    }


def _archive(home: Path, count: int) -> Path | None:
    """Write the archive's orders for a new Amazon; this needs Django's settings."""
    from mostrador.management.demo.archive import file
    from mostrador.management.demo.shop import AGENTS

    team = tuple(agent.name for agent in AGENTS)
    now, first_search = datetime.now(UTC), timedelta(days=30)
    return file.prepare(home / "amazon", team=team, first_search=first_search, now=now, count=count)


def _open(
    household: Household, simulator: Simulator, environment: dict[str, str], archive: Path | None
) -> int:
    """Start worker and web server on a furnished database; return the port of the desk."""
    arguments = ["tests.journeys.furnish", str(simulator.state), str(simulator.smtp_port)]
    arguments += [str(archive)] if archive else []
    household.finish(household.start("furnish", arguments, environment=environment))
    household.start("worker", ["django", "worker"], environment=environment)
    port = _free_port()
    household.start("web", ["django", "web", "--port", str(port)], environment=environment)
    return port


def _wait_until_open(house: House, home: Path) -> None:
    letters = sum(1 for path in (home / "mail").rglob("*") if path.parent.name in ("new", "cur"))

    def stocked() -> bool:
        assert house.failed_jobs() == [], house.household.children[0].last_words()
        return bool(house.row(_STOCKED, letters)["yes"])

    house.household.wait_until(stocked, what="The filling of the inbox", seconds=SECONDS_TO_OPEN)
    answers = partial(_answers, f"{house.url}/healthz")
    house.household.wait_until(answers, what="The start of the web server", seconds=SECONDS_TO_OPEN)


@contextmanager
def _amazon(home: Path, archive: Path | None) -> Iterator[Simulator]:
    options = ["--processing", "1-2", "--maildir", str(home / "mail")]
    options += ["--archive", str(archive)] if archive else []
    with start_simulator(*options, state=home / "amazon") as it:
        yield it


@contextmanager
def _database(home: Path) -> Iterator[str]:
    """Make a database of the house's own, on the tests' server or on one started for it; drop it later."""
    server = os.environ.get("DATABASE_URL") or start_postgres(home)
    name = f"journeys_{os.getpid()}_{zlib.crc32(str(home).encode()):08x}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
