"""What the journeys share: one house and one browser for all of them, and a seat for each.

They belong to the package, not to the session: while Playwright's loop runs, Django takes this process for an
asynchronous one, and no other test may meet that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.browser import open_browser
from tests.journeys.house import House, open_house
from tests.journeys.seat import PATIENCE, Seat, take_seat


class TakeSeat(Protocol):
    """Sits another agent down: `with take(email) as seat:`."""

    def __call__(self, email: str = ..., *, signed_in: bool = ...) -> AbstractContextManager[Seat]:
        """Return the seat."""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    expect.set_options(timeout=PATIENCE)
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The whole desk: database, Amazon, mail relay, mailboxes, worker and web server."""
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture
def take(browser: Browser, house: House) -> TakeSeat:
    """Return a function that sits further agents down."""
    return partial(take_seat, browser, house)


@pytest.fixture
def seat(browser: Browser, house: House) -> Iterator[Seat]:
    """Marta at her browser; it must not complain, and ask nobody but the desk."""
    with take_seat(browser, house) as taken:
        yield taken
        taken.at_home()
