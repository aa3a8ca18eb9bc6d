"""Pictures: the handful of screens the documentation shows, `python -m tests.journeys.pictures OUTDIR`."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.journeys.browser import open_browser
from tests.journeys.house import House, open_house
from tests.journeys.screens import CANCELLED, PARTIAL
from tests.journeys.seat import NARROW, PATIENCE, Seat, take_seat

WIDE = {"width": 1360, "height": 820}
UNDO_SECONDS = 60  # as in earnest: the pictures show it
LARGEST = 250_000  # bytes: a page of the documentation opens at once


def main(folder: Path) -> None:
    """Open a desk of its own, take the pictures into `folder`, and close it.

    Raises: SystemExit when a picture is too large for a page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    home = Path(tempfile.mkdtemp(prefix="mostrador-pictures-"))
    # Registered before the database's own farewell, so that it runs after it.
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    with open_house(home, undo_seconds=UNDO_SECONDS) as house, open_browser() as browser:
        paths = _take_all(folder, browser, house)
    for path in paths:
        sys.stdout.write(f"{path.stat().st_size // 1000:4} kB  {path}\n")
    if any(path.stat().st_size > LARGEST for path in paths):
        sys.exit(f"A picture is larger than {LARGEST // 1000} kB.")


def _take_all(folder: Path, browser: Browser, house: House) -> list[Path]:
    paths = []
    for name, (show, size) in _PICTURES.items():
        with take_seat(browser, house, viewport=size) as seat:
            show(seat)
            seat.page.emulate_media(reduced_motion="reduce")
            paths.append(folder / f"{name}.png")
            seat.page.screenshot(path=paths[-1], animations="disabled")
    return paths


def _queue(seat: Seat) -> None:
    """Show the filters while somebody types them."""
    seat.page.goto(f"{seat.house.ticket_url(PARTIAL)}?q=is%3Aopen+fulfilled%3Afbm")
    expect(seat.page.locator("#rows a[data-ticket]").first).to_be_visible()
    seat.page.keyboard.press("/")
    seat.page.keyboard.press("End")
    seat.page.keyboard.type(" ")
    expect(seat.page.locator("#offers")).to_be_visible()


def _refund_form(seat: Seat) -> None:
    """Show a partial refund before it is pressed."""
    seat.open(PARTIAL)
    seat.page.keyboard.press("f")
    seat.form.get_by_role("radio", name="Partial").check()
    seat.form.get_by_role("textbox").first.fill("15,00")
    expect(seat.form.get_by_role("button", name="Refund €15.00")).to_be_visible()


def _macro(seat: Seat) -> None:
    """Show what a macro with steps would do."""
    seat.open(PARTIAL)
    seat.take_macro("15 %")
    expect(seat.button("Do all of this")).to_be_visible()


def _phone(seat: Seat) -> None:
    """Show a ticket on a telephone."""
    seat.page.goto(seat.house.ticket_url(CANCELLED))
    expect(seat.line).to_be_visible()


def _ticket(seat: Seat) -> None:
    """Show a refund in its undo window; taken last, for it changes the ticket."""
    _refund_form(seat)
    seat.form.get_by_role("button", name="Refund €15.00").click()
    expect(seat.acts).to_contain_text("Leaves for Amazon")
    seat.house.hold("refund", PARTIAL)


_PICTURES: dict[str, tuple[Callable[[Seat], None], dict[str, int]]] = {
    "queue": (_queue, WIDE),
    "refund-form": (_refund_form, WIDE),
    "macro": (_macro, WIDE),
    "phone": (_phone, NARROW),
    "ticket": (_ticket, WIDE),
}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.journeys.pictures OUTDIR")
    main(Path(sys.argv[1]))
