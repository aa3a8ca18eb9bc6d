"""Workday: a lead's morning, twenty tickets by keyboard alone, and a search for every kind of key.

Two agents in one ticket are in `test_team.py`, an armed macro is in `test_macros.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.house import House, open_house
from tests.journeys.seat import Seat, take_seat

OLDER = 600
TWENTY = 20
BEN = "ben@example.com"
TO_WORK_ON = "is:open -is:snoozed status:SHIPPED fulfilled:fbm -has:refund"
WORDS = "We have asked the carrier and will write again tomorrow."


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with some weeks of work in it."""
    with open_house(tmp_path_factory.mktemp("busy"), older=OLDER) as opened:
        yield opened


@pytest.fixture
def seat(browser: Browser, busy: House) -> Iterator[Seat]:
    """Marta in the busy house."""
    with take_seat(browser, busy) as taken:
        yield taken
        taken.at_home()


def test_a_leads_morning(seat: Seat, busy: House, browser: Browser) -> None:
    page, press = seat.page, seat.page.keyboard.press
    page.goto(f"{busy.url}/")
    rows = page.locator("#rows a[data-ticket]")
    expect(page.locator("#queue")).to_contain_text("late")
    for name in ("cancel-radar", "unassigned"):
        page.goto(f"{busy.url}/?list={name}")
        expect(rows.first).to_be_visible()

    page.get_by_role("link", name="Germany: our turn").click()
    expect(page.get_by_role("searchbox", name="Search tickets")).to_have_value("is:open marketplace:DE")
    expect(rows.first).to_contain_text("DE")

    page.goto(f"{busy.url}/?q=is:unassigned+is:open+language:de")
    press("v")
    expect(page.locator("#view-name")).to_be_focused()
    page.keyboard.type("German, nobody's")
    page.get_by_label("Share with the team").check()
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_role("link", name="German, nobody's")).to_be_visible()

    page.goto(f"{busy.url}/?q=is:unassigned+is:open+language:de")
    wanted = busy.row(
        "SELECT count(*) AS n FROM mostrador_ticket"
        " WHERE state = 'open' AND assigned_to_id IS NULL AND language LIKE 'de%%' AND merged_into_id IS NULL"
    )["n"]
    assert wanted > 1
    rows.first.focus()
    press("x")
    page.get_by_role("button", name="All of this list").click()
    expect(page.get_by_role("heading", name=f"{wanted} tickets chosen")).to_be_visible()
    page.locator("#verb-assign").check(force=True)
    page.get_by_label("Agent", exact=True).select_option(label="Ben Okafor")
    page.get_by_role("button", name=re.compile(f"change {wanted} tickets")).click()
    expect(page.locator(".many")).to_contain_text(f"{wanted} tickets changed")

    with take_seat(browser, busy, BEN) as other:
        other.page.goto(f"{busy.url}/?list=mine")
        other.page.get_by_role("link", name="German, nobody's").click()
        expect(other.page.locator("#queue")).to_contain_text(re.compile("nothing|no ticket", re.I))
        other.at_home()


def test_twenty_tickets_by_keyboard_alone(seat: Seat, busy: House) -> None:
    page, press = seat.page, seat.page.keyboard.press
    page.goto(f"{busy.url}/")
    press("/")
    page.keyboard.type(TO_WORK_ON)
    press("Enter")
    expect(page.locator(".chips, #queue").first).to_contain_text("fulfilled:fbm")
    press("j")
    press("Enter")
    expect(page.locator("#ticket[data-live]")).to_be_visible()
    worked: list[str] = []
    acts = (_answer, _macro, _refund, _note_and_tag, _rest)
    for number in range(TWENTY):
        page.wait_for_load_state("load")
        here = _place(seat)
        assert here not in worked
        worked.append(here)
        acts[number % len(acts)](seat)
        expect(page.locator("#ticket")).not_to_have_attribute("data-live", re.compile(re.escape(here)))
    count = "SELECT count(*) AS n FROM {} WHERE {}"
    by_marta = "requested_by_id = (SELECT id FROM mostrador_agent WHERE email = 'marta@example.com')"
    today = "requested_at > now() - interval '5 minutes'"
    assert busy.row(count.format("mostrador_reply", f"{by_marta} AND {today}"))["n"] == 8
    assert busy.row(count.format("mostrador_refund", f"{by_marta} AND {today}"))["n"] == 4
    assert busy.row(count.format("mostrador_message", "text = 'seen'"))["n"] == 4
    assert busy.row(count.format("mostrador_ticket", "'by-keyboard' = ANY(tags)"))["n"] == 4


def _place(seat: Seat) -> str:
    """Return the part of the open ticket's address that tells it from the others."""
    live = seat.page.locator("#ticket").get_attribute("data-live") or ""
    found = re.search(r"/tickets/\d+/", live)
    assert found
    return found[0]


def _answer(seat: Seat) -> None:
    seat.page.keyboard.press("r")
    expect(seat.page.locator("#text")).to_be_focused()
    seat.page.keyboard.type(WORDS)
    seat.page.keyboard.press("Control+Enter")


def _macro(seat: Seat) -> None:
    seat.page.keyboard.press("m")
    expect(seat.page.get_by_role("combobox", name="Type to find a macro")).to_be_focused()
    seat.page.keyboard.type("ask for a picture")
    seat.page.keyboard.press("Enter")
    expect(seat.page.locator("#text")).to_be_focused()
    expect(seat.page.locator("#text")).not_to_have_value("")
    seat.page.keyboard.press("Control+Enter")


def _refund(seat: Seat) -> None:
    seat.page.keyboard.press("f")
    expect(seat.form.get_by_role("button", name=re.compile("^Refund"))).to_be_focused()
    seat.page.keyboard.press("Enter")
    expect(seat.acts.get_by_role("button", name="Take back")).to_be_visible()
    seat.page.keyboard.press("e")


def _note_and_tag(seat: Seat) -> None:
    page = seat.page
    page.keyboard.press("n")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("seen")
    page.keyboard.press("Control+Enter")
    expect(seat.line.get_by_role("article", name="Note of Marta Gil").last).to_contain_text("seen")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    expect(page.locator("#tag-find")).to_be_focused()
    page.keyboard.type("by keyboard")
    page.keyboard.press("Enter")
    expect(page.locator("#strip").get_by_role("list", name="Tags")).to_contain_text("by-keyboard")
    page.keyboard.press("e")


def _rest(seat: Seat) -> None:
    page = seat.page
    page.keyboard.press("s")
    expect(page.locator("#strip").get_by_role("button", name="In 4 hours")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#strip")).to_contain_text("rests until")
    page.keyboard.press("j")
    page.keyboard.press("Enter")


def _keys(busy: House) -> dict[str, str]:
    """Return every kind of key of one older ticket, as somebody would type it."""
    row = busy.row(
        "SELECT t.id, t.buyer_name, o.amazon_order_id, o.packages->0->>'tracking_number' AS tracking, i.sku,"
        " i.asin FROM mostrador_ticket t JOIN mostrador_order o ON o.id = t.order_id"
        " JOIN mostrador_orderitem i ON i.order_id = o.id"
        " WHERE jsonb_array_length(o.packages) > 0 AND o.amazon_order_id LIKE '304-%%'"
        " AND t.state = 'closed' AND t.merged_into_id IS NULL ORDER BY t.id LIMIT 1"
    )
    narrow = f" {row['amazon_order_id']}"
    return {
        "order": row["amazon_order_id"],
        "part of the order": row["amazon_order_id"][4:14],
        "ticket": f"T-{1000 + row['id']}",
        "tracking": row["tracking"],
        "buyer": row["buyer_name"] + narrow,
        "sku": row["sku"] + narrow,
        "asin": row["asin"] + narrow,
        "filters": "is:closed marketplace:DE has:order" + narrow,
        "words": "freundliche grüße" + narrow,
    }


def test_a_search_finds_each_kind_of_key(seat: Seat, busy: House) -> None:
    page = seat.page
    page.goto(f"{busy.url}/")
    keys = _keys(busy)
    buyer = keys["buyer"].rpartition(" ")[0]
    for kind, typed in keys.items():
        page.keyboard.press("/")
        expect(page.get_by_role("searchbox", name="Search tickets")).to_be_focused()
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.get_by_role("searchbox", name="Search tickets")).to_have_value(typed)
        rows = page.locator("#rows a[data-ticket]")
        expect(rows, kind).to_have_count(1)
        expect(rows.first, kind).to_contain_text(buyer)
        page.keyboard.press("Escape")
