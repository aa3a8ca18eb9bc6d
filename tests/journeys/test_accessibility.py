"""Accessibility: no page and no state violates a rule of axe's, in light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import TakeSeat
from tests.journeys.eyes import flaws
from tests.journeys.house import House
from tests.journeys.seat import Seat

BUYERS_GIFT = "407-3384471-9920156"
UNSHIPPED = "406-7740218-3356179"
MOST_BYTES = 400_000
_WEIGHT = """() => ['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind))
    .reduce((sum, entry) => sum + entry.transferSize, 0)"""

_PAGES = ("", "?list=review", "?list=closed", "?q=nobody-wrote-this", "profile", "help")


def test_the_door_has_no_flaws(take: TakeSeat, house: House) -> None:
    with take(signed_in=False) as seat:
        seat.page.goto(f"{house.url}/")
        assert flaws(seat.page) == []
        seat.page.get_by_label("E-mail address").fill("marta@example.com")
        seat.page.get_by_label("Password").fill("wrong")
        seat.button("Sign in").click()
        expect(seat.page.get_by_role("alert")).to_contain_text("do not belong together")
        assert flaws(seat.page) == []
        seat.at_home()


@pytest.mark.parametrize("path", _PAGES)
def test_a_page_has_no_flaws(seat: Seat, house: House, path: str) -> None:
    seat.page.goto(f"{house.url}/{path}")
    assert flaws(seat.page) == []


def test_pages_of_errors_have_no_flaws(seat: Seat, house: House) -> None:
    seat.expected_statuses |= {403, 404}
    seat.page.goto(f"{house.url}/tickets/999999999/")
    expect(seat.page.get_by_role("heading", level=1)).to_have_text("Not found")
    assert flaws(seat.page) == []
    seat.page.evaluate(
        "() => document.body.appendChild(Object.assign(document.createElement('form'), "
        "{ method: 'post', action: '/tickets/1/close' })).submit()"
    )
    expect(seat.page.get_by_role("heading", level=1)).to_have_text("Not allowed")
    assert flaws(seat.page) == []


def test_a_refund_has_no_flaws_from_the_form_to_the_countdown(seat: Seat, house: House) -> None:
    seat.open(BUYERS_GIFT)
    expect(seat.button("Refund")).to_be_visible()
    assert flaws(seat.page) == []
    seat.page.keyboard.press("f")
    for mode in ("Full", "Partial", "Units", "Percent", "Fixed sum"):
        seat.form.get_by_role("radio", name=mode).check()
        assert flaws(seat.page, within="#act") == [], mode
    seat.form.get_by_label("Sum over all lines").fill("9999")
    expect(seat.form.get_by_role("alert")).to_contain_text("is more than the")
    assert flaws(seat.page, within="#act") == []
    seat.form.get_by_label("Sum over all lines").fill("1")
    seat.form.get_by_role("button", name="Refund €1.00").click()
    expect(seat.acts).to_contain_text("Leaves for Amazon")
    house.hold("refund", BUYERS_GIFT)
    assert flaws(seat.page, within="#order") == []
    seat.page.keyboard.press("u")
    expect(seat.card()).to_contain_text("Taken back by Marta Gil")
    assert flaws(seat.page) == []


def test_an_order_on_hold_has_no_flaws(seat: Seat, house: House) -> None:
    seat.open(UNSHIPPED)
    expect(seat.button("Cancel order")).to_be_visible()
    seat.page.keyboard.press("c")
    seat.form.get_by_label("Amazon's reason").select_option("NoInventory")
    seat.button("Cancel this order").click()
    expect(seat.acts).to_contain_text("On hold: being cancelled")
    house.hold("cancellation", UNSHIPPED)
    assert flaws(seat.page) == []
    seat.page.keyboard.press("u")
    expect(seat.card()).to_contain_text("Taken back by Marta Gil")


def test_the_ticket_page_stays_light(
    seat: Seat, house: House, record_testsuite_property: Callable[[str, object], None]
) -> None:
    seat.page.goto(house.ticket_url(BUYERS_GIFT))
    weight = int(seat.page.evaluate(_WEIGHT))
    record_testsuite_property("bytes of the ticket page, compressed, with an empty cache", weight)
    assert 0 < weight <= MOST_BYTES
