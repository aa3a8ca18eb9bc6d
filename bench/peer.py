"""Peer: Mostrador and django-helpdesk side by side: one machine, one PostgreSQL, the same tickets and texts.

Run: python -m bench.peer [--tickets N] [--mails N]

Two web processes of four threads each, one client on one connection, blocks of questions in turn (A B A B).
In the peer's favour: its mails go nowhere, its conversations have no attachments, its search looks only at
the first message of a ticket, its rows come as JSON. In ours: an answer leaves later, by a worker that does
not run here while answers are measured.
"""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from shutil import copyfile

from django.utils import timezone

from bench.desk import Desk, browser, open_desk, start_web, start_worker, stop
from bench.environment import AMAZON
from bench.figures import percentile
from bench.mails import deliver
from bench.multiply import multiply
from bench.peer_pages import Pair, Visitor, compare, pages, replies
from bench.peer_stand import Stand, copy_tickets, install, sign_in, start_peer
from bench.stock import TICKETS, fill
from mostrador.models import Message, RawMail, Ticket

MAILS = 1_000
SECONDS_TO_READ = 180.0
WEB = ("--workers", "2", "--threads", "4")
LINE = "{:<52} {:>9} {:>9} {:>11} {:>11} {:>8}  {}\n"


def main() -> None:
    """Measure and print."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--mails", type=int, default=MAILS)
    chosen = parser.parse_args()
    began = time.monotonic()
    with open_desk() as desk:
        stand = _both(chosen.tickets, began)
        start_web(desk, *WEB)
        start_peer(desk, stand)
        with closing(browser(desk)) as ours, closing(sign_in(stand)) as theirs:
            here, there = Visitor(ours), Visitor(theirs)
        size = f"{Ticket.objects.count():,} tickets, {Message.objects.count():,} messages"
        _say(began, f"measuring at {size}")
        sys.stdout.write(LINE.format("", "ours p50", "ours p95", "theirs p50", "theirs p95", "ratio", "aim"))
        for pair in pages():
            _row(pair, here, there)
        _mails(desk, stand, chosen.mails)
        for visitor in (here, there):
            visitor.connection.close()  # both servers have closed what was silent so long
        for pair in replies():
            _row(pair, here, there)
        for row in desk.usage():
            sys.stdout.write(f"  {row.what}: {row.figure}\n")
        _say(began, "done")


def _both(tickets: int, began: float) -> Stand:
    """Fill both with the same tickets."""
    _say(began, "filling ours")
    fill(timezone.now(), min(tickets, TICKETS))
    if tickets > TICKETS:
        multiply(tickets // TICKETS - 1)
    _say(began, "installing django-helpdesk from PyPI")
    stand = install(len(AMAZON.sellers))
    _say(began, "copying the tickets to it")
    copy_tickets(stand)
    return stand


def _row(pair: Pair, here: Visitor, there: Visitor) -> None:
    ours, theirs = compare(pair, here, there)
    figures = [percentile(times, share) * 1000 for times in (ours, theirs) for share in (0.5, 0.95)]
    ratio = f"{figures[2] / figures[0]:.1f}"
    words = [f"{each:.1f} ms" for each in figures]
    sys.stdout.write(LINE.format(f"{pair.name} (n {len(ours)}/{len(theirs)})", *words, ratio, pair.aim))
    sys.stdout.flush()


def _mails(desk: Desk, stand: Stand, count: int) -> None:
    """Let each read the same mails, the peer first, and print how many a second."""
    tickets, messages = Ticket.objects.count(), Message.objects.latest("pk").pk
    expected = tickets + deliver(count=count, now=time.time())
    _copy_mails(stand)
    read, seconds = stand.run("-m", "peer_jobs", "read").split()
    if int(read) != count:
        raise RuntimeError(f"the peer made {read} follow-ups of {count} mails")
    start_worker(desk)
    new = Message.objects.filter(pk__gt=messages)
    desk.household.wait_until(
        lambda: new.count() >= count, what=f"The reading of {count} mails", seconds=SECONDS_TO_READ
    )
    took = time.time() - RawMail.objects.earliest("received_at").received_at.timestamp()
    if (Ticket.objects.count(), new.count()) != (expected, count):
        raise RuntimeError(f"not {expected - tickets} tickets and {count} messages were made of the mails")
    stop(desk, "worker")
    ours, theirs = count / took, count / float(seconds)
    words = [f"{ours:.0f}/s", "", f"{theirs:.0f}/s", ""]
    sys.stdout.write(LINE.format(f"mails read (n {count})", *words, f"{ours / theirs:.1f}", "≥ 3"))
    sys.stdout.flush()


def _copy_mails(stand: Stand) -> None:
    for number, seller in enumerate(AMAZON.sellers, 1):
        for mail in sorted(Path(seller["maildir"]).glob("new/*")):
            copyfile(mail, stand.box(number) / mail.name)


def _say(began: float, words: str) -> None:
    sys.stdout.write(f"[{time.monotonic() - began:4.0f} s, load {os.getloadavg()[0]:.1f}] {words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
