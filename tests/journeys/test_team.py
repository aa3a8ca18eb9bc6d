"""Team: a ticket worked by keyboard, many at once, and two people who meet in one."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

from tests.journeys.conftest import TakeSeat
from tests.journeys.house import House
from tests.journeys.seat import Seat

BEN = "ben@example.com"
TAGGED = "303-5512894-7749126"
CALLED = "112-4456093-9917824"
SHARED = "202-3345190-0098724"
SOON_ENOUGH = 2.0  # seconds


def type_into(page: Page, key: str, field: str, words: str) -> None:
    """Open a menu by its key, and write into the field that has the focus."""
    page.keyboard.press(key)
    expect(page.locator(field)).to_be_focused()
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def test_a_ticket_is_given_tagged_ranked_and_laid_to_rest_by_keyboard(seat: Seat) -> None:
    page = seat.page
    seat.open(TAGGED)
    strip = page.locator("#strip")
    type_into(page, "a", "#assign-find", "ben")
    expect(page.locator("#assign")).to_contain_text("Ben")
    type_into(page, "t", "#tag-find", "Cracked Shade")
    expect(strip.get_by_role("list", name="Tags")).to_contain_text("cracked-shade")
    page.keyboard.press("i")
    expect(strip.get_by_role("button", name="urgent")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(strip.locator("#pop-rank summary")).to_contain_text("high")
    expect(strip.locator("#pop-rank summary")).to_be_focused()
    page.keyboard.press("s")
    expect(strip.get_by_role("button", name="In 4 hours")).to_be_focused()
    page.keyboard.press("Escape")
    expect(strip.locator("#pop-rest summary")).to_be_focused()
    expect(strip.locator("#pop-rest .panel")).to_be_hidden()
    page.keyboard.press("s")
    expect(strip.get_by_role("button", name="In 4 hours")).to_be_focused()
    page.keyboard.press("Enter")
    expect(strip).to_contain_text("rests until")
    expect(seat.line).to_contain_text("let the ticket rest until")


def test_a_note_offers_the_agents_it_could_call(seat: Seat, take: TakeSeat, house: House) -> None:
    page = seat.page
    seat.open(CALLED)
    page.keyboard.press("n")
    page.keyboard.type("A return? @be")
    expect(page.get_by_role("option", name="Ben Okafor")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_have_value("A return? @Ben Okafor ")
    page.keyboard.press("Control+Enter")
    expect(seat.line).to_contain_text("A return? @Ben Okafor")
    with take(BEN) as other:
        other.page.goto(f"{house.url}/?list=mentions")
        rows = other.page.locator("#rows a[data-ticket]")
        expect(rows).to_have_count(1)
        rows.first.click()
        expect(other.line).to_contain_text("A return? @Ben Okafor")
        other.page.goto(f"{house.url}/?list=mentions")
        expect(other.page.locator("#queue:not([data-waiting])")).to_be_visible()
        expect(rows).to_have_count(0)


def test_many_are_chosen_previewed_and_changed_by_keyboard(seat: Seat, house: House) -> None:
    page = seat.page
    page.goto(f"{house.url}/?list=all")
    rows = page.locator("#rows a[data-ticket]")
    rows.nth(1).focus()
    page.keyboard.press("x")
    rows.nth(3).focus()
    page.keyboard.press("Shift+X")
    expect(page.locator("#bulk-count")).to_have_text("3 chosen")
    page.keyboard.press("b")
    expect(page.get_by_role("heading", name="3 tickets chosen")).to_be_visible()
    expect(page.locator("#verb-assign")).to_be_focused()
    page.get_by_role("radio", name="Tag", exact=True).check(force=True)
    page.get_by_label("Tag", exact=True).last.fill("autumn sale")
    page.keyboard.press("Enter")
    go = page.get_by_role("button", name="Tag: change 3 tickets")
    expect(go).to_be_visible()
    go.press("Enter")
    expect(page.locator(".many")).to_contain_text("Tag: 3 tickets changed")
    expect(page.locator("#bulk-count")).to_have_text("")
    found = house.row(
        "SELECT count(*) AS n FROM mostrador_ticket WHERE tags = ARRAY['autumn-sale']::varchar[]"
    )
    assert found["n"] == 3


def test_two_people_in_one_ticket_see_each_other_and_the_second_answer_is_stopped(
    seat: Seat, take: TakeSeat, house: House
) -> None:
    seat.open(SHARED)
    with take(BEN) as other:
        seat.expected_statuses = {422}
        other.open(SHARED)
        here = seat.page.locator("#others")
        began = time.monotonic()
        expect(here).to_contain_text("Ben Okafor is in this ticket")
        assert time.monotonic() - began < SOON_ENOUGH + 1, "the machine is busy, people are not"
        other.page.locator("#text").fill("I am on it.")
        other.page.locator("#text").press_sequentially(" Soon.")
        expect(here).to_contain_text("Ben Okafor is writing here")
        expect(seat.page.locator("#rows .face").first).to_be_visible()
        seat.page.locator("#text").fill("We will send a new lamp.")
        other.page.locator("#send-only").click()
        expect(other.line).to_contain_text("I am on it. Soon.")
        seat.page.locator("#send-only").click()
        box = seat.page.locator("#reply")
        expect(box.get_by_role("alert")).to_contain_text("Ben Okafor sent an answer")
        expect(seat.page.locator("#text")).to_have_value("We will send a new lamp.")
        seat.page.locator("#send-only").click()
        expect(seat.line).to_contain_text("We will send a new lamp.")
        other.page.goto(f"{house.url}/?list=all")
        expect(here).to_be_empty()
        other.at_home()
