"""Intake: how long one worker takes until a thousand buyers' mails are messages in tickets.

Run: python -m bench.intake [--mails N]
"""

from __future__ import annotations

import time
from argparse import ArgumentParser

from bench.desk import open_desk, start_worker
from bench.figures import Row, show
from bench.mails import deliver
from mostrador.models import Message, RawMail, Ticket

MAILS = 1_000
SECONDS_TO_READ = 75.0


def main() -> None:
    """Measure and print."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=MAILS)
    count = parser.parse_args().mails
    with open_desk() as desk:
        tickets = deliver(count=count, now=time.time())
        began = time.time()
        start_worker(desk)
        desk.household.wait_until(
            lambda: Message.objects.count() >= count,
            what=f"The reading of {count} mails",
            seconds=SECONDS_TO_READ,
        )
        done = time.time()
        _check(tickets, count)
        show(f"Intake of {count:,} mails, one worker", [*_table(began, done), *desk.usage()])


def _check(tickets: int, count: int) -> None:
    """Refuse to report a speed at which mails were lost or put into wrong tickets."""
    found = (Ticket.objects.count(), Message.objects.count(), RawMail.objects.unread().count())
    if found != (tickets, count, 0):
        raise RuntimeError(f"tickets, messages and unread mails are {found}, not {(tickets, count, 0)}")


def _table(began: float, done: float) -> list[Row]:
    fetched = [at.timestamp() for at in RawMail.objects.values_list("received_at", flat=True)]
    first, first_ticket = min(fetched), Ticket.objects.earliest("created_at").created_at.timestamp()
    return [
        Row("mails a minute, from the first fetch", f"{len(fetched) / (done - first) * 60:.0f}", "≥ 1,000"),
        Row("first mail stored → all are messages", f"{done - first:.1f} s"),
        Row("  first mail stored → last stored", f"{max(fetched) - first:.1f} s"),
        Row("  first mail stored → first ticket", f"{first_ticket - first:.2f} s"),
        Row("start of the worker → first mail stored", f"{first - began:.1f} s"),
    ]


if __name__ == "__main__":
    main()
