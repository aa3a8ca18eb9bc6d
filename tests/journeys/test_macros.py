"""Macros and suggestions in a browser: found by typing, shown before they act, and never acting alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.eyes import flaws
from tests.journeys.house import House
from tests.journeys.seat import Seat

ORDER = "402-5519083-1180247"
FBA = "113-0094471-6628305"
ASKS = "si vous me remboursez 20 %"


@pytest.fixture(autouse=True)
def _empty_box(house: House) -> None:
    """Begin with an empty box."""
    house.database.execute("DELETE FROM mostrador_draft")


def test_a_macro_by_keyboard_alone_waits_for_amazon_and_then_answers(seat: Seat, house: House) -> None:
    seat.open(ORDER)
    expect(seat.line).to_contain_text(ASKS)
    expect(seat.page.get_by_role("group", name="Suggestion")).to_contain_text("a part is enough")
    seat.page.keyboard.press("m")
    picker = seat.page.get_by_role("dialog", name="Macros")
    expect(picker.get_by_role("combobox")).to_be_focused()
    assert flaws(seat.page) == []
    picker.get_by_role("combobox").press_sequentially("15 %")
    expect(picker.get_by_role("option")).to_have_count(1)
    seat.page.keyboard.press("Enter")

    expect(seat.form).to_contain_text("Refund €19.78 (Goodwill or adjustment)")
    expect(seat.form).to_contain_text("nous vous avons remboursé 19,78\u00a0€")
    assert flaws(seat.page, within="#act") == []
    assert house.mails(ORDER) == []
    expect(seat.form.get_by_role("button", name="Do all of this")).to_be_focused()
    seat.page.keyboard.press("Enter")

    expect(seat.line).to_contain_text("armed: goes out when Amazon accepts")
    expect(seat.acts).to_contain_text("Leaves for Amazon")
    house.wait_for_state("refund", ORDER, "accepted", "confirmed")
    house.wait(lambda: len(house.mails(ORDER)) == 1, "the armed answer leaves")
    (mail,) = house.mails(ORDER)
    assert "19,78" in mail["text"]
    expect(seat.page.locator("#head")).to_contain_text("closed")


def test_a_macro_that_does_not_fit_is_grey_and_cannot_be_taken(seat: Seat) -> None:
    seat.open(FBA)
    seat.page.keyboard.press("m")
    seat.page.keyboard.type("refund in full")
    option = seat.page.get_by_role("option", name=re.compile("^Refund in full"))
    expect(option).to_have_attribute("aria-disabled", "true")
    expect(option).to_contain_text("only for orders you ship yourself (FBM)")
    seat.page.keyboard.press("Enter")
    expect(seat.page.get_by_role("dialog", name="Macros")).to_be_visible()
    seat.page.keyboard.press("Escape")
    expect(seat.page.get_by_role("dialog", name="Macros")).to_have_count(0)
    expect(seat.button("Macros")).to_be_focused()


def test_a_suggestion_fills_the_box_with_one_key_and_stays_away_when_dismissed(seat: Seat) -> None:
    seat.open(FBA)
    suggestion = seat.page.get_by_role("group", name="Suggestion")
    expect(suggestion).to_contain_text("wants money back · says it is damaged · Amazon fulfils it (FBA)")
    assert flaws(seat.page) == []
    seat.page.keyboard.press("y")
    expect(seat.page.locator("#text")).to_have_value(re.compile("stored and shipped by Amazon for us"))
    seat.page.locator("#text").fill("")
    suggestion.get_by_role("button", name="Dismiss this suggestion").click()
    expect(suggestion).to_be_hidden()
    seat.page.reload()
    expect(seat.page.locator("#order-top h2")).to_have_text(FBA)
    expect(suggestion).to_be_hidden()


def test_an_owner_writes_a_macro_and_sees_it_in_a_sample_ticket(seat: Seat, house: House) -> None:
    seat.page.goto(f"{house.url}/settings/macros/")
    assert flaws(seat.page) == []
    seat.page.get_by_role("link", name="New macro").click()
    seat.page.get_by_label("Short name").fill("bulbs")
    seat.page.get_by_label("Name (English), for agents").fill("Bulbs")
    seat.page.get_by_label("Words (English), for buyers").fill("Hello {buyer}, we have refunded you.")
    sample = seat.page.locator("#sample")
    expect(sample).to_contain_text("Hello Ana Ruiz, we have refunded you.")
    expect(sample).to_contain_text("the macro is not bound to that")
    seat.page.locator(".langs .seg label", has_text="French").click()
    expect(sample).to_contain_text("buyers get the ones in English")
    seat.page.get_by_label("What the words claim").select_option("refunded")
    expect(sample).not_to_contain_text("is not bound to that")
    assert flaws(seat.page) == []
    seat.button("Save").click()
    expect(seat.page.get_by_role("status")).to_contain_text("Kept.")
    seat.button("Delete this macro").click()
    expect(seat.page.get_by_role("status")).to_contain_text("The macro is gone.")
