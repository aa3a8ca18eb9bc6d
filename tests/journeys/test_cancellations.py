"""Cancellations in a browser: one that does not count, one that does, and the hold until Amazon answers."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.eyes import flaws
from tests.journeys.house import House
from tests.journeys.seat import Seat

ASKED_ON_AMAZON = "114-7720418-3395061"
ASKED_IN_A_MAIL = "403-6619205-4407318"


def test_a_cancellation_the_buyer_asked_amazon_for_does_not_count(seat: Seat, house: House) -> None:
    seat.open(ASKED_ON_AMAZON)
    expect(seat.page.locator("#order-top")).to_contain_text("The buyer asked Amazon to cancel this order")
    expect(seat.page.locator("#order-top")).to_contain_text("Ordered wrong size")
    expect(seat.button("Cancel order")).to_be_visible()
    seat.page.keyboard.press("c")
    expect(seat.form).to_contain_text("Does not count in your Cancellation Rate")
    expect(seat.form.get_by_label("Amazon's reason")).to_have_value("BuyerCanceled")
    assert flaws(seat.page) == []
    seat.button("Cancel this order").click()
    _is_on_hold(seat)
    assert house.ledger(ASKED_ON_AMAZON)["status"] == "UNSHIPPED"
    _is_confirmed(seat, house, ASKED_ON_AMAZON)
    assert flaws(seat.page) == []


def test_a_cancellation_the_buyer_asked_for_in_a_mail_counts(seat: Seat, house: House) -> None:
    seat.open(ASKED_IN_A_MAIL)
    expect(seat.button("Cancel order")).to_be_visible()
    seat.page.keyboard.press("c")
    expect(seat.form).to_contain_text("Counts in your Cancellation Rate")
    expect(seat.form.get_by_label("Amazon's reason")).to_have_value("")
    seat.form.get_by_label("Amazon's reason").select_option("BuyerCanceled")
    seat.button("Cancel this order").click()
    _is_on_hold(seat)
    seat.page.keyboard.press("u")
    expect(seat.card()).to_contain_text("Taken back by Marta Gil: Amazon never saw it")
    expect(seat.button("Cancel order")).to_be_visible()

    seat.page.keyboard.press("c")
    seat.form.get_by_label("Amazon's reason").select_option("NoInventory")
    seat.button("Cancel this order").click()
    seat.button("Send now").click()
    _is_confirmed(seat, house, ASKED_IN_A_MAIL)


def _is_on_hold(seat: Seat) -> None:
    expect(seat.acts).to_contain_text("On hold: being cancelled")
    expect(seat.acts).to_contain_text("Do not ship it.")
    for name in ("Refund", "Cancel order"):
        expect(seat.button(name)).to_have_count(0)


def _is_confirmed(seat: Seat, house: House, order_id: str) -> None:
    house.wait_for_state("cancellation", order_id, "sent", "accepted", "confirmed")
    expect(seat.card()).to_contain_text(f"feed {house.feed(order_id)['feed_id']}")
    house.wait_for_state("cancellation", order_id, "confirmed")
    expect(seat.card().locator(".tag").first).to_have_text("confirmed")
    expect(seat.card()).to_contain_text("Amazon shows the order as cancelled")
    expect(seat.page.locator("#order-top .tags")).to_contain_text("CANCELLED")
    assert house.ledger(order_id)["status"] == "CANCELLED"
    expect(seat.acts).to_contain_text(re.compile("This order is cancelled; the buyer was not charged"))
    expect(seat.button("Cancel order")).to_be_disabled()
