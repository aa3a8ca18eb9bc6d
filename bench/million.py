"""Million: inbox, ticket and search up to a million tickets, three million messages, eight clients at once.

Run: python -m bench.million [--tickets N] [--plot FILE.svg]
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from bench.crowd import CLIENTS, Page, ask
from bench.desk import Desk, browser, open_desk, start_web, stop
from bench.figures import Row, milliseconds, percentile, show, show_one
from bench.multiply import multiply
from bench.plot import Point, draw
from bench.stock import TICKETS, fill
from mostrador.models import Message, Order, SearchText, Ticket

SIZES = (10_000, 100_000)  # on the way to the size that is asked for
WARM_UP = 40
REQUESTS = 160
SAMPLE = 500
PAUSE = 1.0  # seconds between two pages of one client: a team at full speed
WEB = ("--workers", "2", "--threads", "4")
AS_THE_QUEUE_ASKS = {"HX-Request": "true", "HX-Target": "ticket"}


def main() -> None:
    """Measure and print at every size, and draw how the pages grow."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--plot", type=Path, help="where to draw the growth, as SVG")
    chosen = parser.parse_args()
    growth: dict[str, list[Point]] = {}
    with open_desk() as desk:
        for size in _sizes(chosen.tickets):
            _grow(size)
            start_web(desk, *WEB)
            for name, times in measure(desk, PAUSE, f"{CLIENTS} clients, each a page every {PAUSE:.0f} s"):
                growth.setdefault(name, []).append((size, percentile(times, 0.95) * 1000))
            if size == chosen.tickets:
                for _ in measure(desk, 0.0, f"{CLIENTS} clients, each without a pause"):
                    pass
            show("afterwards", desk.usage())
            stop(desk, "web")
    if chosen.plot:
        chosen.plot.write_text(draw(growth))


def _sizes(tickets: int) -> list[int]:
    return [*(size for size in SIZES if size < tickets), tickets]


def _grow(size: int) -> None:
    """Bring the stock to `size` tickets."""
    began, there = time.monotonic(), Ticket.objects.count()
    if there == 0:
        fill(timezone.now(), min(size, TICKETS))
    if size > TICKETS:
        multiply(size // TICKETS - 1, first=max(1, there // TICKETS))
    title = f"{Ticket.objects.count():,} tickets, {Message.objects.count():,} messages"
    show(title, [Row("storing them", f"{time.monotonic() - began:.0f} s"), _size()])


def measure(desk: Desk, pause: float, words: str) -> Iterator[tuple[str, list[float]]]:
    """Measure every page with all clients at once; print each, and return its times in seconds."""
    with closing(browser(desk)) as client:
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    show(words, [])
    for page in pages():
        ask(desk.url, cookie, page, requests=WARM_UP, pause=0)
        times = ask(desk.url, cookie, page, requests=REQUESTS if not pause else REQUESTS // 2, pause=pause)
        show_one(Row(page.name, milliseconds(times), page.aim))
        yield page.name, times


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
