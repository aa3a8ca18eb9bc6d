"""Orders of every kind in a browser: what cannot be done is said in words, with the right next step."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.eyes import flaws
from tests.journeys.house import House
from tests.journeys.seat import Seat

_KINDS = {
    "fba": (
        "113-0094471-6628305",
        True,
        True,
        "Amazon fulfils this order (FBA): only Amazon can cancel or refund it. Send the buyer to Amazon's "
        "customer service",
    ),
    "pending": (
        "114-9038862-1154709",
        True,
        True,
        "Amazon has not released this order yet, so nothing can be done with it. The buyer can cancel it",
    ),
    "partly shipped": (
        "304-6650132-9987415",
        False,
        True,
        "Ship the rest, or refund what will not be sent.",
    ),
    "replacement": (
        "116-2209174-7785530",
        True,
        True,
        "A free replacement of order 112-4456093-9917824: there is nothing to refund. Refund the original",
    ),
    "unfulfillable": ("112-8871046-0093358", True, True, "Amazon fulfils this order (FBA)"),
    "cancelled": (
        "203-4471920-8816635",
        True,
        True,
        "This order is cancelled; the buyer was not charged.",
    ),
}


@pytest.mark.parametrize(("order_id", "no_refund", "no_cancel", "words"), _KINDS.values(), ids=_KINDS)
def test_buttons_that_cannot_work_say_why(
    seat: Seat, order_id: str, no_refund: bool, no_cancel: bool, words: str
) -> None:
    seat.open(order_id)
    expect(seat.acts).to_contain_text(words)
    for name, is_closed in (("Refund", no_refund), ("Cancel order", no_cancel)):
        if is_closed:
            expect(seat.button(name)).to_be_disabled()
            expect(seat.button(name)).to_have_accessible_description(re.compile(re.escape(words)))
        else:
            expect(seat.button(name)).to_be_enabled()


def test_a_ticket_without_an_order_says_what_to_do(seat: Seat, house: House) -> None:
    found = house.row("SELECT id FROM mostrador_ticket WHERE buyer_name = 'Brandon Kowalczyk'")
    seat.page.goto(f"{house.url}/tickets/{found['id']}/")
    panel = seat.page.get_by_role("complementary", name="Order")
    expect(panel).to_contain_text("No order belongs to this ticket")
    expect(panel).to_contain_text("Ask for it in your answer")
    for name in ("Refund", "Cancel order"):
        expect(seat.button(name)).to_have_count(0)
    assert flaws(seat.page) == []
