"""Refunds in a browser: in full, twice, refused by Amazon, without an answer, and two agents at once."""

from __future__ import annotations

import re
from html import unescape

from playwright.sync_api import expect

from tests.journeys.conftest import TakeSeat
from tests.journeys.eyes import flaws
from tests.journeys.house import House
from tests.journeys.seat import Seat

AMERICAN = "112-4456093-9917824"  # two items, tax, shipping, gift wrap
ITALIAN = "409-4402981-5537164"
JAPANESE = "250-6617204-8839155"
GERMAN = "302-7718203-5540291"  # three bulbs and two dimmers

_EVERYTHING = {
    ("01124456093991", "Principal"): "64.95",
    ("01124456093991", "Tax"): "6.14",
    ("01124456093991", "Shipping"): "7.49",
    ("01124456093991", "ShippingTax"): "0.71",
    ("01124456093991", "GiftWrap"): "5.99",
    ("01124456093991", "GiftWrapTax"): "0.57",
    ("11244560939918", "Principal"): "30.98",
    ("11244560939918", "Tax"): "2.93",
}
_WHY = re.compile("is on its way back|still under way|Something changed on this order")
_ANSWERED = ("accepted", "confirmed")


def test_a_full_refund_is_one_press_and_a_second_one_is_refused(seat: Seat, house: House) -> None:
    seat.open(AMERICAN)
    assert house.left(AMERICAN) == _EVERYTHING
    expect(seat.button("Refund")).to_be_visible()
    seat.page.keyboard.press("f")
    expect(seat.form.get_by_role("button", name="Refund $119.76")).to_be_focused()
    seat.page.keyboard.press("Enter")
    seat.page.keyboard.press("Enter")  # a double press is one wish
    expect(seat.acts).to_contain_text("Refund $119.76")
    seat.button("Send now").click()

    house.wait_for_state("refund", AMERICAN, *_ANSWERED)
    expect(seat.card().locator(".tag").first).to_have_text(re.compile("accepted|confirmed"))
    assert house.refunded(AMERICAN) == _EVERYTHING
    assert house.left(AMERICAN) == {}
    assert house.row("SELECT count(*) AS n FROM mostrador_refund WHERE total = 11976")["n"] == 1
    _nothing_more_can_be_refunded(seat, house)


def _nothing_more_can_be_refunded(seat: Seat, house: House) -> None:
    before = len(house.feeds_received())
    expect(seat.button("Refund")).to_be_disabled()
    words = "Everything the buyer paid has been refunded or is on its way back."
    expect(seat.acts).to_contain_text(words)
    seat.page.goto(f"{house.ticket_url(AMERICAN)}refund")
    seat.expected_statuses.add(422)
    seat.page.evaluate("document.getElementById('refund-form').requestSubmit()")
    expect(seat.form.get_by_role("alert")).to_contain_text(words)
    assert len(house.feeds_received()) == before
    assert house.refunded(AMERICAN) == _EVERYTHING


def test_what_amazon_refuses_is_said_in_its_words_and_the_money_is_free_again(
    seat: Seat, house: House
) -> None:
    seat.open(ITALIAN)
    expect(seat.button("Refund")).to_be_visible()
    outside = {"items": {"40944029815531": {"Principal": "100.00"}}}
    house.control("PATCH", f"orders/{ITALIAN}", refund=outside)
    seat.page.keyboard.press("f")
    seat.form.get_by_role("radio", name="Fixed sum").check()
    seat.form.get_by_label("Sum over all lines").fill("35.90")
    seat.form.get_by_role("button", name="Refund €35.90").click()
    seat.button("Send now").click()

    house.wait_for_state("refund", ITALIAN, "rejected")
    card = seat.line.locator("article.card").filter(has_text="Amazon refused")
    expect(card).to_contain_text(_words_of_the_report(house))
    expect(card).to_contain_text("25161")
    expect(card).to_contain_text("the amount is free for a new one")
    assert house.refunded(ITALIAN) == {("40944029815531", "Principal"): "100.00"}
    expect(seat.line).to_contain_text("Refund €100.00")
    expect(seat.line).to_contain_text("Made in Seller Central or by Amazon, not here.")
    assert flaws(seat.page) == []

    seat.button("Refund more").click()
    expect(seat.form.get_by_role("button", name="Refund €12.60")).to_be_visible()


def _words_of_the_report(house: House) -> str:
    """Return what Amazon itself wrote into the processing report."""
    found = re.search(rb"<ResultDescription>(.+?)</ResultDescription>", house.feed(ITALIAN)["report"], re.S)
    assert found is not None
    return unescape(found[1].decode())


def test_a_lost_answer_is_called_unknown_and_never_sent_again(seat: Seat, house: House) -> None:
    seat.open(JAPANESE)
    expect(seat.button("Refund")).to_be_visible()
    house.control("POST", "faults", action="drop_after", operation="createFeed")
    seat.page.keyboard.press("f")
    seat.form.get_by_role("radio", name="Percent").check()
    seat.form.get_by_label("Percent of what was paid").fill("50")
    seat.form.get_by_role("button", name="Refund ¥1,695").click()
    seat.button("Send now").click()

    house.wait_for_state("refund", JAPANESE, "unknown")
    expect(seat.card()).to_contain_text("outcome unknown")
    expect(seat.card()).to_contain_text("it may or may not have gone through")
    expect(seat.card()).to_contain_text("Do not refund it here or in Seller Central.")
    expect(seat.button("Send again")).to_have_count(0)
    expect(seat.button("Send now")).to_have_count(0)
    expect(seat.button("Refund")).to_be_disabled()
    expect(seat.acts).to_contain_text("still under way")
    assert flaws(seat.page) == []

    feed = house.feed(JAPANESE)["id"]
    house.database.execute(
        "UPDATE mostrador_feed SET next_action_at = now() - interval '1 minute' WHERE id = %s", [feed]
    )
    house.wait_for_state("refund", JAPANESE, *_ANSWERED)
    expect(seat.card().locator(".tag").first).to_have_text(re.compile("accepted|confirmed"))
    assert sum(int(amount) for amount in house.refunded(JAPANESE).values()) == 1695
    assert [call["seller_id"] for call in house.feeds_received()].count("A1NORDLICHTJP9") == 1


def test_of_two_agents_who_want_the_same_money_one_wins_and_the_other_sees_why(
    seat: Seat, house: House, take: TakeSeat
) -> None:
    with take("ben@example.com") as other:
        for each in (seat, other):
            each.expected_statuses.add(422)
            each.open(GERMAN)
            expect(each.button("Refund")).to_be_visible()
            each.page.keyboard.press("f")
            expect(each.form.get_by_role("button", name="Refund €100.67")).to_be_focused()
        for each in (seat, other):
            each.page.evaluate("document.getElementById('refund-go').click()")
        for each in (seat, other):
            expect(each.acts.locator(".pending, [role=alert]").first).to_be_visible()
        winners = [each for each in (seat, other) if each.acts.locator(".pending").count()]
        losers = [each for each in (seat, other) if each.acts.get_by_role("alert").count()]
        assert len(winners) == len(losers) == 1
        expect(losers[0].acts.get_by_role("alert")).to_contain_text(_WHY)
        name = "Marta Gil" if winners == [seat] else "Ben Okafor"
        expect(losers[0].card()).to_contain_text(name)
        winners[0].button("Send now").click()
        house.wait_for_state("refund", GERMAN, *_ANSWERED)
        other.at_home()
    booked = house.ledger(GERMAN)["adjustments"]
    assert len({each["refund_id"] for each in booked}) == 1
    assert len(booked) == 2  # one for each item
    assert house.left(GERMAN) == {}
