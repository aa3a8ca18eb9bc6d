"""Seat: an agent in front of a browser, and everything the browser complains about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.journeys.house import House

PASSWORD = "lantern-by-the-sea"  # of the sample's agents; the demo's own module needs Django's settings
PATIENCE = 10_000  # milliseconds
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}


@dataclass
class Seat:
    """One person at one browser; `complaints` must stay empty, `requests` must stay at home."""

    house: House
    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    expected_statuses: set[int] = field(default_factory=set)  # of refusals, which browsers report as errors

    # ── going places ──────────────────────────────────────────────────────────────────────────────────────

    def sign_in(self, email: str) -> None:
        """Sign in as people do, and arrive in the inbox."""
        self.page.goto(f"{self.house.url}/")
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.locator("#queue")).to_be_visible()

    def open(self, order_id: str) -> None:
        """Open the ticket of an order by its address."""
        self.page.goto(self.house.ticket_url(order_id))
        expect(self.page.locator("#order-top h2")).to_have_text(order_id)

    # ── what is on the screen ─────────────────────────────────────────────────────────────────────────────

    @property
    def acts(self) -> Locator:
        """The part of the order panel with the buttons, a countdown, or a form."""
        return self.page.locator("#act")

    @property
    def form(self) -> Locator:
        """The open refund or cancel form."""
        return self.page.locator("#act form.sheet")

    @property
    def line(self) -> Locator:
        """The conversation."""
        return self.page.get_by_role("log")

    def card(self, number: int = -1) -> Locator:
        """The card of a refund or cancellation, the newest unless told otherwise."""
        return self.line.locator("article.card").nth(number)

    def button(self, name: str) -> Locator:
        """A button, or what looks like one, anywhere on the page."""
        return self.page.get_by_role("button", name=name, exact=True)

    def take_macro(self, title: str) -> None:
        """Choose a macro from the list, by the words of its name."""
        self.button("Macros").click()
        self.page.get_by_role("combobox", name="Type to find a macro").fill(title)
        self.page.keyboard.press("Enter")

    def at_home(self) -> None:
        """Assert that the browser had nothing to complain about and asked nobody but the desk."""
        foreign = [url for url in self.requests if not url.startswith((self.house.url, "data:", "about:"))]
        assert foreign == [], "the page asked somebody else"
        assert self.complaints == [], self.complaints


@contextmanager
def take_seat(
    browser: Browser,
    house: House,
    email: str = "marta@example.com",
    *,
    signed_in: bool = True,
    scheme: Literal["light", "dark"] = "light",
    **settings: Any,
) -> Iterator[Seat]:
    """Sit down in a browser of one's own, signed in unless told otherwise."""
    known = house.cookies.get(email) if signed_in else None
    options = {
        "viewport": WIDE,
        "locale": "en-GB",
        "color_scheme": scheme,
        "storage_state": known,
        **settings,
    }
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    seat = Seat(house, context.new_page(), context)
    _listen(seat)
    try:
        if signed_in and not known:
            seat.sign_in(email)
            house.cookies[email] = context.storage_state()
        yield seat
    finally:
        context.close()


def _listen(seat: Seat) -> None:
    def said(message: ConsoleMessage) -> None:
        is_expected = any(f"status of {status} " in message.text for status in seat.expected_statuses)
        # A preview that a newer one replaces is broken off on purpose, and htmx says so aloud.
        is_expected |= message.text.startswith(("htmx:afterRequest", "htmx:sendAbort"))
        if message.type in ("error", "warning") and not is_expected:
            seat.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    seat.page.on("console", said)
    seat.page.on("pageerror", lambda error: seat.complaints.append(f"page error: {error}"))
    seat.context.on("request", lambda request: seat.requests.append(request.url))
