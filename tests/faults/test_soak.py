"""Soak: everything at once for long: mixed faults, killed workers, two hosts; the books equal to the cent."""

from __future__ import annotations

import itertools
import random
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from mostrador.actions.reviews import record_finding
from mostrador.domain.delivery import State
from mostrador.domain.reviews import Outcome
from mostrador.models import ItemBalance, Reply
from tests.faults.books import PAID
from tests.faults.cable import Cable, to_database
from tests.faults.figures import Row, figure, row
from tests.faults.hosts import Host
from tests.faults.market import Market, open_market, open_nursery, read_orders
from tests.faults.test_crashes import Siege
from tests.faults.workers import Nursery, Worker

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db(transaction=True)

FAULTS = ("drop_before", "drop_after", "truncate", "garbage", "status", "delay")
RATE = 0.05


def misfortunes(market: Market, rng: random.Random) -> None:
    """Let one call in twenty go wrong, each in its own way."""
    for action in FAULTS:
        market.fault(
            action=action,
            operation="*",
            times=None,
            probability=RATE / len(FAULTS),
            status=rng.choice((429, 500, 503)),
            seconds=0.5,
        )


def look_up_reviews(market: Market, entry: Row) -> None:
    """Let a person look up in Seller Central what became of every action in review, and say so."""
    books, looked = market.books(), 0
    for each in market.asked:
        if each.state() is State.REVIEW and not isinstance(each.action, Reply):
            is_done = books.did(each)
            record_finding(
                action=each.action,
                agent=market.agent,
                outcome=Outcome.DONE if is_done else Outcome.NOT_DONE,
                proof="Seller Central, order page",
                now=timezone.now(),
            )
            looked += 1
    entry.tally["went to a person"] = looked


def compare_money(market: Market, entry: Row) -> None:
    """Hold the sums of both books against each other, to the cent."""
    books = market.books()
    ours = sum(a.minor for a in market.asked if a.kind in ("refund", "partial") and a.state() in PAID)
    theirs = sum(books.paid(a.order_id) for a in market.asked if a.kind in ("refund", "partial"))
    pending = sum(ItemBalance.objects.values_list("pending", flat=True))
    entry.tally.update({"cents refunded by our book": ours, "cents refunded by Amazon's": theirs})
    if ours != theirs or pending:
        entry.wrong.append(f"the books differ: ours {ours}, Amazon's {theirs}, pending {pending}")


def test_under_mixed_faults_the_books_are_equal_to_the_cent(
    tmp_path: Path, settings: SettingsWrapper
) -> None:
    refunds, cancels = figure(sample=20, full=500), figure(sample=4, full=100)
    kinds = ["refund", "partial"] * (refunds // 2) + ["cancel"] * cancels
    with (
        row("F25 soak: refunds and cancels, 5 % faults, kills") as (entry, rng),
        open_market(
            tmp_path, settings, sellers=6 + refunds // 8, orders_each=12, cancellable_each=8
        ) as market,
    ):
        read_orders(market)
        rng.shuffle(kinds)
        with open_nursery(tmp_path, market) as nursery:
            siege = Siege(market, nursery, rng)
            workers = [nursery.start(), nursery.start()]
            misfortunes(market, rng)
            sellers = itertools.cycle(market.sellers())
            for number, kind in enumerate(kinds, 1):
                market.ask(kind, next(sellers))
                entry.count()
                time.sleep(rng.uniform(0, 0.2))
                if number % 12 == 0:
                    replace_one(nursery, workers, rng)
            time.sleep(5)
            market.control("DELETE", "faults")
            market.forget_refusals()
            siege.drain(seconds=180 + refunds)
        look_up_reviews(market, entry)
        market.tell(entry)
        compare_money(market, entry)


def replace_one(nursery: Nursery, workers: list[Worker], rng: random.Random) -> None:
    """Kill one of the workers and let a supervisor start another."""
    victim = rng.randrange(len(workers))
    workers[victim].kill()
    workers[victim] = nursery.start()


def test_two_hosts_one_killed_and_one_cut_off_send_everything_once(
    tmp_path: Path, settings: SettingsWrapper
) -> None:
    refunds = figure(sample=16, full=500)
    with (
        row("Two hosts: one killed, one cut off from the database") as (entry, rng),
        open_market(
            tmp_path, settings, sellers=6 + refunds // 8, orders_each=12, cancellable_each=0
        ) as market,
        Station(tmp_path / "a", market) as first,
        Station(tmp_path / "b", market) as second,
    ):
        entry.tally["hosts in a network namespace of their own"] = first.host.is_apart + second.host.is_apart
        read_orders(market)
        # A person, and the worker that finishes what is left, are on the first host: there is no third one,
        # which would have no record and so close all sending.
        settings.EPOCH_PATH = first.home / "epoch.json"
        with open_nursery(tmp_path, market) as nursery:
            siege = Siege(market, nursery, rng)
            workers = [first.start(nursery), second.start(nursery)]
            # A host without a record that comes after something was sent would close all sending.
            market.wait(lambda: first.has_record() and second.has_record(), seconds=60, what="the records")
            sellers = itertools.cycle(market.sellers())
            for number in range(refunds):
                market.ask("partial", next(sellers))
                entry.count()
                time.sleep(0.1)
                if number == refunds // 4:
                    second.database.cut()  # in the middle of whatever it does
                if number == refunds // 2:
                    workers[0].kill()
                    workers[0] = first.start(nursery)
                if number == refunds * 3 // 4:
                    second.database.mend()
            workers[1].ended.wait(figure(sample=6, full=30, night=30))
            if workers[1].ended.is_set():  # it lost its database; its supervisor starts it again
                workers[1] = second.start(nursery)
            siege.drain(seconds=180 + refunds)
        market.tell(entry)
        compare_money(market, entry)


class Station:
    """A host with its own network, its own cables to the database and to Amazon, and its own record."""

    def __init__(self, home: Path, market: Market) -> None:
        self.home = home
        self.host = Host()
        self.database = Cable(self.host.listener, to_database)
        amazon = urlsplit(market.simulator.url)
        address = (str(amazon.hostname), int(amazon.port or 80))
        # Inside, Amazon has the address it has outside: it hands out links to itself.
        self.amazon = Cable(
            lambda: self.host.listener(address[1] if self.host.is_apart else 0),
            lambda: socket.create_connection(address),
        )

    def __enter__(self) -> Station:
        self.home.mkdir()
        with ExitStack() as stack:
            for part in (self.host, self.database, self.amazon):
                stack.enter_context(part)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def has_record(self) -> bool:
        """Return whether its record outside the database has been written."""
        return (self.home / "epoch.json").exists()

    def start(self, nursery: Nursery) -> Worker:
        """Start a worker on it."""
        return nursery.start(
            WORKERS_NETWORK=self.host.entrance,
            WORKERS_DATABASE_URL=self.database.url,
            MOSTRADOR_EPOCH_PATH=str(self.home / "epoch.json"),
        )
