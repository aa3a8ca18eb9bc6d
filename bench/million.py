"""Million: inbox, ticket and search at a million tickets and three million messages, eight clients at once.

Run: python -m bench.million [--tickets N]
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing
from random import Random
from typing import Any
from urllib.parse import quote

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from bench.crowd import CLIENTS, Page, ask
from bench.desk import Desk, browser, open_desk, start_web
from bench.figures import Row, milliseconds, show
from bench.multiply import multiply
from bench.stock import TICKETS, fill
from mostrador.models import Message, Order, SearchText, Ticket

WARM_UP = 40
REQUESTS = 400
SAMPLE = 500
PAUSE = 1.0  # seconds between two pages of one client: a team at full speed
WEB = ("--workers", "2", "--threads", "4")
AS_THE_QUEUE_ASKS = {"HX-Request": "true", "HX-Target": "ticket"}


def main() -> None:
    """Measure and print."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    wanted = parser.parse_args().tickets
    with open_desk() as desk:
        began = time.monotonic()
        fill(timezone.now(), min(wanted, TICKETS))
        if wanted > TICKETS:
            multiply(wanted // TICKETS - 1)
        title = f"{Ticket.objects.count():,} tickets, {Message.objects.count():,} messages"
        show(title, [Row("storing the tickets", f"{time.monotonic() - began:.0f} s"), _size()])
        start_web(desk, *WEB)
        for pause, words in ((PAUSE, f"a page every {PAUSE:.0f} s"), (0.0, "without a pause")):
            show(f"{CLIENTS} clients, each {words}", list(measure(desk, pause=pause)))
        show("afterwards", desk.usage())


def measure(desk: Desk, *, pause: float) -> Iterator[Row]:
    """Measure every page with all clients at once."""
    with closing(browser(desk)) as client:
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    for page in pages():
        ask(desk.url, cookie, page, requests=WARM_UP, pause=0)
        times = ask(desk.url, cookie, page, requests=REQUESTS if not pause else REQUESTS // 2, pause=pause)
        yield Row(page.name, milliseconds(times), page.aim)


def pages() -> Iterator[Page]:
    """Return what is asked for; searches are drawn from the tickets themselves."""
    tickets, names = _sample(Ticket, "id"), _sample(Ticket, "buyer_name")
    numbers = _sample(Order, "amazon_order_id")
    said = [text.split() for text in _sample(Message, "text")]
    yield Page("inbox", lambda _: "/", {}, "p95 ≤ 50 ms")
    yield Page("list of closed tickets", lambda _: "/queue?list=closed", {}, "p95 ≤ 50 ms")
    chosen = Page(
        "ticket, chosen in the queue", lambda r: f"/tickets/{r.choice(tickets)}/", AS_THE_QUEUE_ASKS
    )
    yield Page(chosen.name, chosen.address, chosen.headers, "p95 ≤ 50 ms")
    yield Page("ticket, whole page", chosen.address, {}, "p95 ≤ 50 ms")
    for name, values in {
        "an order id": numbers,
        "a part of an order id": [number[4:15] for number in numbers],
        "a buyer": [" ".join(name.split()[:2]) for name in names],
        "a buyer's first name": [name.split()[0] for name in names],
        "a rare word": [words[-1] for words in said],
        "a common word": ["Paket", "Fjord", "pedido", "lamp", "money"],
        "three words": [f"{words[1]} {words[-1]} {words[-2]}" for words in said],
        "a SKU": [f"NL-{number}" for number in range(97)],
        "Japanese": ["調光器", "照明", "交換"],
        "nothing that is there": [f"absent{number}" for number in range(50)],
    }.items():
        yield _search(f"search: {name}", values)


def _search(name: str, values: list[str]) -> Page:
    return Page(name, lambda r: f"/queue?list=all&q={quote(r.choice(values))}", {}, "p95 ≤ 100 ms")


def _sample(model: type[Model], column: str) -> list[Any]:
    """Return a column of some rows, old and new ones."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [table])
        share = min(100.0, 100 * SAMPLE * 4 / cursor.fetchone()[0])
        cursor.execute(f"SELECT {column} FROM {table} TABLESAMPLE SYSTEM ({share}) REPEATABLE (1)")  # noqa: S608
        found = [value for (value,) in cursor.fetchall()]
    Random(1).shuffle(found)  # noqa: S311  # which ones
    return found[:SAMPLE]


def _size() -> Row:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_database_size(current_database()), pg_total_relation_size(%s)",
            [SearchText._meta.db_table],
        )
        whole, search = cursor.fetchone()
    return Row("the database", f"{whole / 2**30:.1f} GiB, {search / 2**30:.1f} GiB of it for the search")


if __name__ == "__main__":
    main()
