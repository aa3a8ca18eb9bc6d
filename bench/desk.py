"""Desk: the real worker and the real web server, started for a measurement and ended after it."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
from django.core.management import call_command
from django.db import connections

from bench.environment import AMAZON, HOME
from bench.figures import Row
from mostrador.management.demo import shop
from mostrador.management.demo.household import Child, Household, TookTooLong
from mostrador.models import Agent, ApiToken, SellingPartner

SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Desk:
    """A running desk: where it listens, and its processes."""

    url: str
    household: Household

    def start(self, name: str, *arguments: str) -> Child:
        """Start one of our commands."""
        return self.household.start(name, ["django", *arguments], environment={})

    def usage(self) -> list[Row]:
        """Return what the worker and the web server have used, and how busy the machine is."""
        rows = []
        for child in self.household.children:
            seconds, mebibytes = _usage(child.process.pid)
            words = f"{seconds:.1f} s of processor time, {mebibytes:.0f} MiB resident"
            rows.append(Row(child.name, words))
        load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        return [*rows, Row("load average of the machine at the end", load)]

    def processor_seconds(self, name: str) -> float:
        """Return how much processor time one of the children has used, all its processes together."""
        return next(_usage(child.process.pid)[0] for child in self.household.children if child.name == name)


@contextmanager
def open_desk() -> Iterator[Desk]:
    """Migrate, connect the simulator's sellers, start worker and web server; end them afterwards."""
    household = Household(HOME / "log")
    desk = Desk(f"http://127.0.0.1:{free_port()}", household)
    try:
        static = desk.start("collectstatic", "collectstatic", "--noinput")
        call_command("migrate", verbosity=0)
        shop.open_shop(sellers=AMAZON.sellers, smtp_port=AMAZON.smtp_port)
        household.finish(static)
        yield desk
    except (TookTooLong, RuntimeError):
        for child in household.children:
            sys.stderr.write(f"{child.name}: {child.last_words()}\n")
        raise
    finally:
        household.end()
        connections.close_all()


def start_web(desk: Desk, *options: str) -> None:
    """Start the web server and wait until it answers."""
    desk.start("web", "web", "--port", desk.url.rpartition(":")[2], *options)
    answers = partial(_answers, f"{desk.url}/healthz")
    desk.household.wait_until(answers, what="The start of the web server", seconds=SECONDS_TO_START)


def start_worker(desk: Desk, name: str = "worker") -> None:
    """Start a worker and wait until it has said that it is there."""
    before = _workers()
    desk.start(name, "worker")
    desk.household.wait_until(
        lambda: _workers() > before,
        what="The start of the worker",
        seconds=SECONDS_TO_START,
    )


def stop(desk: Desk, name: str) -> None:
    """Tell a child to stop, and wait until it has."""
    child = next(child for child in desk.household.children if child.name == name)
    desk.household.children.remove(child)
    child.tell(signal.SIGTERM)
    child.process.wait(SECONDS_TO_STOP)


def program(desk: Desk) -> httpx.Client:
    """Return a program's connection to the desk, with a bearer token."""
    _, token = ApiToken.objects.issue(agent=agent(), name="bench")
    return httpx.Client(base_url=desk.url, headers={"Authorization": f"Bearer {token}"}, trust_env=False)


def browser(desk: Desk) -> httpx.Client:
    """Return a connection to the desk that is signed in as a person is."""
    client = httpx.Client(base_url=desk.url, trust_env=False)
    page = client.get("/sign-in").raise_for_status().text
    token = page.split('name="csrfmiddlewaretoken" value="', 1)[1].split('"', 1)[0]
    form = {"csrfmiddlewaretoken": token, "username": agent().email, "password": shop.PASSWORD}
    if client.post("/sign-in", data=form, headers={"Referer": desk.url}).status_code != httpx.codes.FOUND:
        raise RuntimeError("the sample's agent could not sign in")
    return client


def agent() -> Agent:
    """Return the sample's first agent."""
    return Agent.objects.get_queryset().order_by("pk")[0]


def partners() -> list[SellingPartner]:
    """Return the sample's selling partners."""
    return list(SellingPartner.objects.order_by("pk"))


def _usage(leader: int) -> tuple[float, float]:
    """Return processor seconds and resident MiB of a process and all that belong to its group."""
    ticks = pages = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(") ")[2].split()
        except OSError:
            continue  # it has just ended
        if int(fields[2]) == leader:
            ticks += sum(int(each) for each in fields[11:13])
            pages += int(fields[21])
    return ticks / _TICKS, pages * _PAGE / 2**20


def _workers() -> int:
    from procrastinate.contrib.django.models import ProcrastinateWorker

    return ProcrastinateWorker.objects.count()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
