"""Late: answers that come after the agent has gone on never touch the ticket that is open now."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from tests.journeys.house import House
from tests.journeys.seat import Seat

FIRST = "202-3345190-0098724"
SECOND = "503-1194820-7705536"

# The head of a look's answer has come, its words take a second more.
_SLOW_WORDS = """(() => {
    const text = Response.prototype.text;
    Response.prototype.text = async function () {
        if (/live/.test(this.url)) {
            document.documentElement.dataset.words = "come";
            await new Promise((done) => setTimeout(done, 1000));
            document.documentElement.dataset.words = "have come";
        }
        return text.call(this);
    };
})()"""


def _hold(page: Page, where: str) -> list[Route]:
    held: list[Route] = []
    page.route(re.compile(where), lambda route: held.append(route))
    return held


def _row(seat: Seat, house: House, order_id: str) -> str:
    return f'#rows a[data-ticket="{house.ticket_url(order_id).rstrip("/").rpartition("/")[2]}"]'


def test_the_look_of_the_ticket_before_leaves_the_open_one_alone(seat: Seat, house: House) -> None:
    page = seat.page
    page.add_init_script(_SLOW_WORDS)
    seat.open(FIRST)
    expect(page.locator("html[data-words=come]")).to_have_count(1)
    page.locator(_row(seat, house, SECOND)).click()
    expect(page.locator("#order-top h2")).to_have_text(SECOND)
    expect(page.locator("html[data-words='have come']")).to_have_count(1)
    expect(page.locator("#order-top h2")).to_have_text(SECOND)
    asked = page.locator("#act [hx-get], #act form").first
    assert re.search(r"/tickets/(\d+)/", asked.evaluate("el => el.outerHTML"))[1] in house.ticket_url(SECOND)  # type: ignore[index]


def test_a_failure_on_the_ticket_before_is_said_with_a_way_back(seat: Seat, house: House) -> None:
    page = seat.page
    seat.expected_statuses.add(422)
    seat.open(FIRST)
    held = _hold(page, r"/reply(\?|$)")
    page.keyboard.press("r")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("Write to me at seller@example.com or see http://example.com/shop today.")
    with page.expect_request(re.compile(r"/reply(\?|$)")):
        page.keyboard.press("Control+Enter")
    page.locator(_row(seat, house, SECOND)).click()
    expect(page.locator("#order-top h2")).to_have_text(SECOND)
    expect(page.locator("#late")).to_be_hidden()
    held[0].continue_()
    expect(page.locator("#late")).to_be_visible()
    expect(page.locator("#reply")).not_to_contain_text("seller@example.com")
    page.get_by_role("link", name="Back to it").click()
    expect(page.locator("#order-top h2")).to_have_text(FIRST)
    expect(page.locator("#text")).to_have_value(re.compile("seller@example.com"))
    with page.expect_response(re.compile(r"/draft")):
        page.locator("#text").fill("")


def test_the_word_about_a_failure_goes_away_when_it_is_read(seat: Seat, house: House) -> None:
    page = seat.page
    seat.open(FIRST)
    toast = page.locator("#late")
    toast.evaluate("toast => { toast.hidden = false; }")
    page.keyboard.press("Escape")
    expect(toast).to_be_hidden()
    toast.evaluate("toast => { toast.hidden = false; }")
    toast.locator("svg").click()
    expect(toast).to_be_hidden()


def test_of_two_tickets_asked_for_the_last_one_is_shown(seat: Seat, house: House) -> None:
    page = seat.page
    page.goto(f"{house.url}/")
    first, second = _row(seat, house, FIRST), _row(seat, house, SECOND)
    held = _hold(page, house.ticket_url(FIRST))
    page.locator(first).click()
    page.locator(second).click()
    expect(page.locator("#order-top h2")).to_have_text(SECOND)
    with page.expect_response(re.compile(house.ticket_url(FIRST))):
        held[0].continue_()
    expect(page).to_have_url(re.compile(re.escape(house.ticket_url(SECOND))))
    expect(page.locator("#order-top h2")).to_have_text(SECOND)
    page.unroute_all()
    page.locator(first).click()
    expect(page.locator("#order-top h2")).to_have_text(FIRST)
