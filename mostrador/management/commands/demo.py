"""`mostrador demo`: try everything on this machine, with a pretend Amazon."""

from __future__ import annotations

import json
import os
import re
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from django.utils import timezone

from mostrador.cli import DEMO_SETTINGS
from mostrador.management.demo import lock, shop, words
from mostrador.management.demo.archive import file as archive
from mostrador.management.demo.household import Child, ChildDied, Household, ToldToStop, TookTooLong
from mostrador.management.desk_command import DeskCommand
from mostrador.management.ports import is_free

HOST = "127.0.0.1"
SECONDS_TO_START = 30.0
SECONDS_TO_STOCK = 45.0
SECONDS_BETWEEN_LOOKS = 0.5
_SIMULATOR_READY = re.compile(r"simulator ready on (http://\S+) smtp (\d+)")

# What the demo sets where the environment says nothing.
ENVIRONMENT = {
    "MOSTRADOR_DEMO": "1",
    "MOSTRADOR_UNDO_SECONDS": "5",
    "MOSTRADOR_MAIL_EVERY_SECONDS": "5",
    # The pretend mail server's name: what it says of a sender is believed.
    "MOSTRADOR_TRUSTED_AUTHSERV_IDS": "mx.nordlicht.example",
}


class Command(DeskCommand):
    """Starts the simulator, the worker and the web server, fills the inbox, and ends them all again."""

    help = "Try everything on this machine, with a pretend Amazon: no real order, no real money."
    says = "Ctrl-C ends every process. The data stays for the next start; --reset removes it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        port = os.environ.get("PORT") or "8000"
        parser.add_argument(
            "--port", type=int, default=port, help=f"port of the desk (default: PORT, or {port})"
        )
        parser.add_argument("--reset", action="store_true", help="remove the demo's data and end")

    def handle(self, *_: Any, port: int, **__: Any) -> None:
        """Run the demo until told to stop."""
        began = time.monotonic()
        household = Household(settings.DATA_DIR / "log")
        household.listen()
        try:
            if not is_free(HOST, port):
                raise CommandError(f"Port {port} is taken. Choose another: make demo PORT={port + 1}")
            with lock.take(settings.DATA_DIR):
                self._run(household, port=port, began=began)
        except ToldToStop:
            self._say("")
        except (ChildDied, TookTooLong, lock.DemoRuns) as problem:
            raise CommandError(str(problem)) from problem
        finally:
            household.end()
            connections.close_all()
        self._say("The demo has ended; its data stays for the next start.")

    def _run(self, household: Household, *, port: int, began: float) -> None:
        self._say("Starting the pretend Amazon, the database, the worker and the web server …")
        letters = self._open(household, port=port)
        self._say("Waiting for the sample's mails and orders …")
        try:
            stocked = partial(shop.is_stocked, letters)
            household.wait_until(stocked, what="The filling of the inbox", seconds=SECONDS_TO_STOCK)
        except TookTooLong:
            self._say("The inbox is still filling; it goes on by itself.")
        self._say(
            words.welcome(f"http://{HOST}:{port}", seconds=time.monotonic() - began, logs=household.logs)
        )
        self._bring_in_archive(household)
        connections.close_all()
        while True:
            household.check()
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _bring_in_archive(self, household: Household) -> None:
        """Add the tickets of the past weeks, once the desk can be used."""
        file = settings.DATA_DIR / "simulator" / archive.NAME
        if not file.exists():
            return
        self._say("  Adding the past weeks: 2,000 more tickets …")
        began = time.monotonic()
        if archive.bring_in(file, team=shop.team(), check=household.check):
            shop.share_views(now=timezone.now())
        self._say(f"  … they are there ({time.monotonic() - began:.1f} s).")

    def _open(self, household: Household, *, port: int) -> int:
        """Start everything, as much as possible at the same time; return how many letters wait."""
        environment = {name: os.environ.get(name, value) for name, value in ENVIRONMENT.items()}
        state = settings.DATA_DIR / "simulator"
        older = archive.prepare(
            state,
            team=tuple(sample.name for sample in shop.AGENTS),
            first_search=timedelta(days=settings.FIRST_SYNC_DAYS),
            now=timezone.now(),
        )
        simulator = household.start("simulator", _simulator(state, older), environment={})
        static = household.start(
            "collectstatic",
            _django("collectstatic", "--noinput"),
            environment=environment,
            is_meant_to_end=True,
        )
        call_command("migrate", verbosity=0)
        endpoint, smtp_port = _addresses(household, simulator)
        environment |= {"MOSTRADOR_SPAPI_ENDPOINT": endpoint, "MOSTRADOR_LWA_ENDPOINT": endpoint}
        sellers = shop.read_sellers(state)
        _claim(sellers, environment)
        shop.open_shop(sellers=sellers, smtp_port=smtp_port)
        household.start("worker", _django("worker"), environment=environment)
        household.finish(static)
        household.start(
            "web server", _django("web", "--no-collect", "--port", str(port)), environment=environment
        )
        answers = partial(_answers, f"http://{HOST}:{port}/healthz")
        household.wait_until(answers, what="The start of the web server", seconds=SECONDS_TO_START)
        return shop.letters_waiting(sellers)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _claim(sellers: Sequence[dict[str, Any]], environment: Mapping[str, str]) -> None:
    """Mark the data folder as a demo's, and note its settings for the commands beside it.

    Raises: CommandError when the database is somebody's real one.
    """
    mark = settings.DATA_DIR / DEMO_SETTINGS
    if names := shop.strangers(sellers, is_new=not mark.exists()):
        raise CommandError(words.not_a_demo(names, settings.DATA_DIR))
    mark.write_text(json.dumps(environment), "utf-8")


def _simulator(state: Path, older: Path | None) -> list[str]:
    more = ["--archive", str(older)] if older else []
    return ["mostrador.simulator", "--state", str(state), "--maildir", str(settings.DATA_DIR / "mail"), *more]


def _django(*arguments: str) -> list[str]:
    return ["django", *arguments]


def _addresses(household: Household, simulator: Child) -> tuple[str, int]:
    """Wait for the simulator and return its HTTP address and its mail relay's port."""

    def is_ready() -> bool:
        return _SIMULATOR_READY.search(simulator.log.read_text("utf-8")) is not None

    household.wait_until(is_ready, what="The start of the simulator", seconds=SECONDS_TO_START)
    ready = _SIMULATOR_READY.search(simulator.log.read_text("utf-8"))
    assert ready is not None
    return ready[1], int(ready[2])


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
