"""Keyboard: the whole desk without a mouse."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.journeys.house import House
from tests.journeys.seat import Seat

SHIPPED = "202-3345190-0098724"
UNSHIPPED = "503-1194820-7705536"
MOST_STOPS = 200

# Every control that the Tab key must reach; of a group of radio buttons one is enough.
_MARK_STOPS = """() => {
    const chosen = 'a[href], button:not([disabled]), input:not([type=hidden]), select, textarea, summary, '
        + 'iframe, [tabindex="0"]';
    let n = 0;
    for (const element of document.querySelectorAll(chosen)) {
        if (!element.checkVisibility({ visibilityProperty: true })) continue;
        if (element.type === 'radio' && !element.checked) continue;
        const name = element.id || element.name || element.textContent.trim().slice(0, 40);
        element.dataset.stop = `${++n} ${name}`;
    }
    return [...document.querySelectorAll('[data-stop]')].map((element) => element.dataset.stop);
}"""
# A ring around the control itself, or around what is drawn in its place.
_STOP = """() => {
    const here = document.activeElement;
    if (!here || here === document.body) return null;
    const drawn = [here, here.nextElementSibling, here.parentElement].filter(Boolean);
    const seen = drawn.some((element) => {
        const style = getComputedStyle(element);
        const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
        return outlined || style.boxShadow !== 'none';
    });
    return { stop: here.dataset.stop || `unmarked ${here.tagName} ${here.id}`, seen };
}"""


def test_keys_open_move_and_close_everything(seat: Seat, house: House) -> None:
    page, press = seat.page, seat.page.keyboard.press
    page.goto(f"{house.url}/")
    links = page.locator("#rows a[data-ticket]")
    press("j")
    expect(links.nth(0)).to_be_focused()
    press("j")
    expect(links.nth(1)).to_be_focused()
    press("k")
    expect(links.nth(0)).to_be_focused()
    press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    press("Enter")
    expect(page.locator("#ticket[data-open]")).to_be_visible()
    press("/")
    expect(page.get_by_role("searchbox", name="Search tickets")).to_be_focused()
    page.keyboard.type("Priya")
    press("Enter")
    expect(links).to_have_count(1)
    press("j")
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Priya Raghunathan")


def test_keys_write_refund_cancel_and_close(seat: Seat) -> None:
    page, press = seat.page, seat.page.keyboard.press
    seat.open(SHIPPED)
    expect(seat.button("Refund")).to_be_visible()
    press("r")
    expect(page.get_by_role("textbox", name="Words")).to_be_focused()
    page.keyboard.type("fj")  # keys rest while someone types
    expect(page.get_by_role("textbox", name="Words")).to_have_value("fj")
    expect(seat.form).to_have_count(0)
    press("Escape")
    press("f")
    expect(seat.form.get_by_role("button", name="Refund £18.99")).to_be_focused()
    press("Escape")
    expect(seat.form).to_have_count(0)
    expect(seat.button("Refund")).to_be_visible()
    press("n")
    expect(seat.button("Keep note")).to_be_visible()
    press("Control+Enter")
    expect(seat.line.get_by_role("article", name="Note of Marta Gil")).to_contain_text("fj")
    press("Escape")
    press("e")  # closes it and goes on to the next one, with a way back
    expect(page.get_by_role("status")).to_contain_text("is closed")
    page.get_by_role("link", name="Back to it").click()
    expect(page.locator("#head")).to_contain_text("closed")
    seat.button("Open again").press("Enter")
    expect(seat.button("Close")).to_be_visible()

    seat.open(UNSHIPPED)
    expect(seat.button("Cancel order")).to_be_visible()
    press("c")
    expect(seat.form.get_by_label("Amazon's reason")).to_be_focused()
    press("Escape")
    expect(seat.form).to_have_count(0)


def test_a_second_press_does_not_close_the_next_ticket(seat: Seat) -> None:
    page = seat.page
    seat.open(SHIPPED)
    name = page.get_by_role("heading", level=1).inner_text()
    closed: list[str] = []
    page.on("request", lambda asked: closed.append(asked.url) if "/close" in asked.url else None)
    seat.button("Close").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("is closed")
    expect(page.get_by_role("heading", level=1)).not_to_have_text(name)
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    page.wait_for_timeout(300)  # for a request that must not come
    assert len(closed) == 1
    page.get_by_role("link", name="Back to it").click()
    expect(page.locator("#head")).to_contain_text("closed")
    seat.button("Open again").press("Enter")
    expect(seat.button("Close")).to_be_visible()


def test_tab_reaches_every_control_and_shows_where_it_is(seat: Seat) -> None:
    seat.open(SHIPPED)
    expect(seat.button("Refund")).to_be_visible()
    expect(seat.page.locator("#queue:not([data-waiting]) #rows a[data-ticket]").first).to_be_visible()
    _tab_through(seat)
    seat.page.keyboard.press("f")
    expect(seat.form).to_be_visible()
    with seat.page.expect_response("**/refund/preview"):
        seat.form.get_by_role("radio", name="Partial").check()
    seat.page.wait_for_timeout(200)  # the answer takes its place
    _tab_through(seat)


def _tab_through(seat: Seat) -> None:
    wanted = set(seat.page.evaluate(_MARK_STOPS))
    seat.page.evaluate("document.activeElement.blur()")
    stops: list[dict[str, Any]] = []
    for _ in range(MOST_STOPS):
        seat.page.keyboard.press("Tab")
        stop = seat.page.evaluate(_STOP)
        if stop is None:
            continue  # past the end: the browser's own bar
        if stops and stop["stop"] == stops[0]["stop"]:
            break
        stops.append(stop)
    reached = {stop["stop"] for stop in stops}
    assert wanted - reached == set()
    assert [stop["stop"] for stop in stops if not stop["seen"]] == []
