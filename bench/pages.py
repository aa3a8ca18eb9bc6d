"""Pages at ten thousand tickets: how long one person waits for inbox, ticket and live fragment.

Run: python -m bench.pages
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from random import Random

import httpx
from django.db.models import Count
from django.utils import timezone

from bench.desk import Desk, browser, open_desk, start_web
from bench.figures import Row, milliseconds, show
from bench.stock import SEED, TICKETS, fill
from mostrador.domain.tickets import TicketState
from mostrador.models import Message, Ticket

WARM_UP = 20
REQUESTS = 200
AIM = "p95 ≤ 30 ms"


# A ticket that is chosen in the queue comes alone; only a first visit or a reload brings the whole page.
FROM_THE_QUEUE = "open ticket, chosen in the queue"
AS_THE_QUEUE_ASKS = {"HX-Request": "true", "HX-Target": "ticket"}


def main() -> None:
    """Measure and print."""
    with open_desk() as desk:
        began = time.monotonic()
        fill(timezone.now())
        rows = [Row("storing the tickets", f"{time.monotonic() - began:.1f} s")]
        start_web(desk)
        with closing(browser(desk)) as client:
            rows += [_measured(desk, client, *each) for each in _pages()]
        title = f"Server time of pages, one client, {TICKETS:,} tickets, {Message.objects.count():,} messages"
        show(title, [*rows, *desk.usage()])


def _pages() -> Iterator[tuple[str, Callable[[], str], str]]:
    """Return what is asked for: its name, the next address, the aim."""
    chance = Random(SEED)  # noqa: S311  # which ticket comes next
    all_of_them = list(Ticket.objects.order_by("pk").values_list("pk", flat=True))
    still_open = list(Ticket.objects.filter(state=TicketState.OPEN).values_list("pk", flat=True))
    talkative = Ticket.objects.annotate(said=Count("messages")).order_by("-said", "pk")
    long_ones = itertools.cycle(talkative.values_list("pk", flat=True)[:100])
    yield "inbox", lambda: "/", AIM
    yield "list of closed tickets", lambda: "/queue?list=closed", AIM
    yield "search in the list", lambda: "/queue?q=Fjord", ""
    yield FROM_THE_QUEUE, lambda: f"/tickets/{chance.choice(still_open)}/", AIM
    yield "whole page of any ticket", lambda: f"/tickets/{chance.choice(all_of_them)}/", AIM
    yield "whole page of an open ticket", lambda: f"/tickets/{chance.choice(still_open)}/", AIM
    yield "whole page of a long conversation", lambda: f"/tickets/{next(long_ones)}/", AIM
    yield "live fragment, all regions", lambda: f"/tickets/{chance.choice(still_open)}/live", AIM


def _measured(desk: Desk, client: httpx.Client, name: str, address: Callable[[], str], aim: str) -> Row:
    """Ask again and again on one connection, and time from the request to the last byte."""
    headers = AS_THE_QUEUE_ASKS if name == FROM_THE_QUEUE else {}
    for _ in range(WARM_UP):
        client.get(address(), headers=headers).raise_for_status()
    used, times = desk.processor_seconds("web"), []
    for _ in range(REQUESTS):
        path = address()
        began = time.perf_counter()
        answer = client.get(path, headers=headers)
        times.append(time.perf_counter() - began)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"{path} answered {answer.status_code}")
    each = (desk.processor_seconds("web") - used) / REQUESTS
    return Row(name, f"{milliseconds(times)}   processor {each * 1000:.1f} ms", aim)


if __name__ == "__main__":
    main()
