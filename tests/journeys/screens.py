"""Screens: pictures of the desk for people, `python -m tests.journeys.screens OUTDIR`."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, expect

from tests.journeys.browser import open_browser
from tests.journeys.eyes import has_another_side, other_side
from tests.journeys.house import House, open_house
from tests.journeys.seat import PATIENCE, Seat, take_seat

WIDTHS = {"wide": (1440, 900), "middle": (1024, 800), "narrow": (390, 844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

PARTIAL = "303-5512894-7749126"
CANCELLED = "114-7720418-3395061"
FORM = "112-4456093-9917824"
FBA = "113-0094471-6628305"


def main(folder: Path) -> None:
    """Live through the main story and take every picture of it into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    home = Path(tempfile.mkdtemp(prefix="mostrador-screens-"))
    # Registered before the database's own farewell, so that it runs after it.
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    with open_house(home) as house, open_browser() as browser:
        _take_all(folder, browser, house)
    sys.stdout.write(f"{len(list(folder.glob('*.png')))} pictures in {folder}\n")


def _take_all(folder: Path, browser: Browser, house: House) -> None:
    with take_seat(browser, house, signed_in=False) as seat:
        seat.page.goto(house.url)
        _picture(folder, seat, "sign-in")
    with take_seat(browser, house) as seat:
        for name, show in _STORY.items():
            show(seat)
            _picture(folder, seat, name)


def _picture(folder: Path, seat: Seat, name: str) -> None:
    """Take the page as it stands in every width and scheme."""
    for width, (across, down) in WIDTHS.items():
        seat.page.set_viewport_size({"width": across, "height": down})
        for scheme in SCHEMES:
            seat.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            seat.page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", animations="disabled")
            if width == "narrow" and has_another_side(seat.page):
                with other_side(seat.page):
                    path = folder / f"{name}-{width}-order-{scheme}.png"
                    seat.page.screenshot(path=path, animations="disabled")
    seat.page.set_viewport_size({"width": 1440, "height": 900})


def _inbox(seat: Seat) -> None:
    seat.page.goto(seat.house.url)
    expect(seat.page.locator("#rows a[data-ticket]").first).to_be_visible()


def _ticket(seat: Seat) -> None:
    seat.open(PARTIAL)
    expect(seat.button("Refund")).to_be_visible()


def _refund_form(seat: Seat) -> None:
    seat.page.keyboard.press("f")
    seat.form.get_by_role("radio", name="Partial").check()
    seat.form.get_by_role("textbox").first.fill("15,00")
    expect(seat.form.get_by_role("button", name="Refund €15.00")).to_be_visible()


def _countdown(seat: Seat) -> None:
    seat.form.get_by_role("button", name="Refund €15.00").click()
    expect(seat.acts).to_contain_text("Leaves for Amazon")
    seat.house.hold("refund", PARTIAL)


def _armed(seat: Seat) -> None:
    seat.take_macro("Refund issued")
    expect(seat.page.locator("#text")).not_to_have_value("")
    seat.button("Send when Amazon accepts, and close").click()
    expect(seat.line).to_contain_text("armed: goes out when Amazon accepts")


def _accepted(seat: Seat) -> None:
    seat.button("Send now").click()
    seat.house.wait_for_state("refund", PARTIAL, "accepted", "confirmed")
    expect(seat.page.locator("#head")).to_contain_text("closed")


def _american_form(seat: Seat) -> None:
    seat.open(FORM)
    expect(seat.button("Refund")).to_be_visible()
    seat.page.keyboard.press("f")
    expect(seat.form.locator("#refund-go")).to_be_visible()


def _cancel_form(seat: Seat) -> None:
    seat.open(CANCELLED)
    expect(seat.button("Cancel order")).to_be_visible()
    seat.page.keyboard.press("c")
    expect(seat.button("Cancel this order")).to_be_visible()


def _on_hold(seat: Seat) -> None:
    seat.button("Cancel this order").click()
    expect(seat.acts).to_contain_text("On hold: being cancelled")
    seat.house.hold("cancellation", CANCELLED)


def _cancelled(seat: Seat) -> None:
    seat.button("Send now").click()
    seat.house.wait_for_state("cancellation", CANCELLED, "confirmed")
    expect(seat.card().locator(".tag").first).to_have_text("confirmed")


def _fba(seat: Seat) -> None:
    seat.open(FBA)


def _profile(seat: Seat) -> None:
    seat.page.goto(f"{seat.house.url}/profile")


def _help(seat: Seat) -> None:
    seat.page.goto(f"{seat.house.url}/help")


# Told in this order: each picture begins where the one before has ended.
_STORY: dict[str, Callable[[Seat], None]] = {
    "inbox": _inbox,
    "ticket": _ticket,
    "refund-form": _refund_form,
    "countdown": _countdown,
    "armed": _armed,
    "accepted": _accepted,
    "full-refund": _american_form,
    "cancel-form": _cancel_form,
    "on-hold": _on_hold,
    "cancelled": _cancelled,
    "fba": _fba,
    "profile": _profile,
    "help": _help,
}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.journeys.screens OUTDIR")
    main(Path(sys.argv[1]))
