"""Answering in a browser: words that are never lost, files, Amazon's rules, taking back, blocked images."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import TakeSeat
from tests.journeys.eyes import flaws
from tests.journeys.house import House
from tests.journeys.seat import Seat

ORDER = "303-5512894-7749126"
SELLER = "A2NORDLICHTEU7"
PDF = b"%PDF-1.7\nreceipt"


@contextmanager
def nothing_leaves(house: House) -> Iterator[None]:
    """Hold all sending, so that a test has the time a person has."""
    house.database.execute("UPDATE mostrador_sellingpartner SET paused_at = now()")
    try:
        yield
    finally:
        house.database.execute("UPDATE mostrador_sellingpartner SET paused_at = NULL")


@pytest.fixture(autouse=True)
def _empty_box(house: House) -> None:
    """Begin with an empty box."""
    house.database.execute("DELETE FROM mostrador_draft")
    house.database.execute("DELETE FROM mostrador_upload WHERE reply_id IS NULL")


def test_an_answer_with_a_file_is_taken_back_by_a_key_with_words_and_file(
    seat: Seat, house: House, tmp_path: Path
) -> None:
    seat.expected_statuses.add(422)
    seat.open(ORDER)
    box = seat.page.locator("#text")
    box.fill("Guten Tag, rufen Sie uns an: +49 30 1234567")
    findings = seat.page.locator("#reply-findings")
    expect(findings).to_contain_text("A telephone number")
    expect(findings.locator("mark")).to_have_text("+49 30 1234567")
    assert flaws(seat.page) == []

    box.fill("Guten Tag, die Rechnung liegt bei.")
    expect(findings.locator(".flag")).to_have_count(0)
    (tmp_path / "Rechnung.pdf").write_bytes(PDF)
    (tmp_path / "setup.pdf").write_bytes(b"MZ\x90\x00\x03")
    seat.page.locator("#files").set_input_files(tmp_path / "setup.pdf")
    expect(seat.page.locator("#reply-files")).to_contain_text("only txt, pdf, Word")
    seat.page.locator("#files").set_input_files(tmp_path / "Rechnung.pdf")
    expect(seat.page.locator("#reply-files li.file")).to_have_count(1)

    with nothing_leaves(house):
        seat.page.locator("#send-only").click()
        expect(box).to_have_value("")
        house.database.execute(
            "UPDATE mostrador_reply SET send_after = now() + interval '2 minutes' WHERE state = 'requested'"
        )
        seat.page.reload()
        expect(seat.page.locator("#reply-acts .undo")).to_contain_text("Your answer leaves in")
        assert flaws(seat.page) == []
        seat.page.keyboard.press("z")
        expect(box).to_have_value("Guten Tag, die Rechnung liegt bei.")
        expect(seat.page.locator("#reply-files li.file")).to_contain_text("Rechnung.pdf")
        expect(seat.page.locator("#reply-acts .undo")).to_have_count(0)

    seat.page.get_by_role("button", name="Take Rechnung.pdf away").click()
    expect(seat.page.locator("#reply-files li.file")).to_have_count(0)


def test_a_pasted_picture_lies_beside_the_answer(seat: Seat) -> None:
    seat.open(ORDER)
    seat.page.locator("#text").focus()
    seat.page.evaluate(
        """() => {
            const held = new DataTransfer();
            const bytes = Uint8Array.from([137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 0]);
            held.items.add(new File([bytes], "image.png", { type: "image/png" }));
            const how = { clipboardData: held, bubbles: true, cancelable: true };
            document.getElementById("text").dispatchEvent(new ClipboardEvent("paste", how));
        }"""
    )
    expect(seat.page.locator("#reply-files li.file")).to_contain_text("image.png")


def test_words_outlive_a_lost_connection_and_are_found_in_another_browser(
    seat: Seat, take: TakeSeat, house: House
) -> None:
    seat.open(ORDER)
    seat.page.locator("#text").fill("Eins")
    expect(seat.page.locator("#draft-state")).to_have_text("Draft kept")
    seat.page.route("**/draft", lambda route: route.abort())
    seat.page.locator("#text").fill("Eins, zwei")
    expect(seat.page.locator("#draft-state")).to_have_text(
        "Kept in this browser; the server has not answered yet"
    )
    seat.complaints.clear()
    seat.page.unroute("**/draft")
    seat.page.evaluate("localStorage.length")
    seat.page.reload()
    expect(seat.page.locator("#text")).to_have_value("Eins, zwei")
    expect(seat.page.locator("#draft-state")).to_have_text("Draft kept")
    with take() as other:
        other.open(ORDER)
        expect(other.page.locator("#text")).to_have_value("Eins, zwei")
    assert seat.page.evaluate("localStorage.length") == 0


def test_a_soft_rule_asks_once_and_sends_all_the_same(seat: Seat, house: House) -> None:
    seat.expected_statuses.add(422)
    seat.open(ORDER)
    seat.page.locator("#text").fill("Bitte stornieren Sie die Bestellung.")
    seat.page.locator("#send-only").click()
    expect(seat.page.locator("#reply-findings")).to_contain_text("Nothing was sent yet.")
    assert flaws(seat.page) == []
    seat.button("Send all the same").click()
    expect(seat.page.locator("#text")).to_have_value("")
    expect(seat.line).to_contain_text("Bitte stornieren Sie die Bestellung.")


def test_images_of_a_mail_load_on_request_through_the_desk_alone(seat: Seat, house: House) -> None:
    seat.expected_statuses.add(404)  # the picture stands on this very machine: it is not fetched
    house.control("POST", "mail", seller_id=SELLER, raw=_mail_with_images().as_string())
    query = "SELECT ticket_id, blocked_images FROM mostrador_message WHERE subject LIKE 'Bilder%%'"
    count = "SELECT count(*) AS n FROM mostrador_message WHERE subject LIKE 'Bilder%%'"
    house.wait(lambda: house.row(count)["n"] == 1, "the mail with images becomes a message")
    row = house.row(query)
    assert row["blocked_images"] == 2
    seat.page.goto(f"{house.url}/tickets/{row['ticket_id']}/")
    older = seat.line.locator("details.older")
    seat.page.get_by_role("link", name="Load images").click()
    frame = seat.page.frame_locator("details.whole[open] iframe")
    expect(frame.locator("img")).to_have_count(2)
    assert [url for url in seat.requests if "/images/0?seal=" in url]
    expect(older).to_have_count(1)
    older.locator("summary").focus()
    seat.page.keyboard.press("Enter")
    expect(older).to_contain_text("Ihre Lampe ist unterwegs.")
    assert flaws(seat.page) == []


def _mail_with_images() -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = '"Berta Bild - Amazon Marketplace" <bertabild123456@marketplace.amazon.de>'
    mail["To"] = "service@nordlicht.example"
    mail["Subject"] = "Bilder der Lampe"
    mail["Message-ID"] = "<images-1@buyer.example>"
    mail["Date"] = "Tue, 24 Nov 2026 10:00:00 +0000"
    mail.set_content(
        "So sieht sie aus.\n\nAm 23.11.2026 um 10:12 schrieb Nordlicht <x@marketplace.amazon.de>:\n"
        "> Ihre Lampe ist unterwegs.\n"
    )
    mail.add_alternative(
        '<p>So sieht sie aus.</p><img src="http://127.0.0.1/a.png"><img src="https://localhost/b.png?c=1&amp;d=2">',
        subtype="html",
    )
    return mail
