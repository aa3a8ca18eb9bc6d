"""Buyers' mail in a browser: it appears by itself, and nothing in it runs, loads or pretends."""

from __future__ import annotations

from email.message import EmailMessage

from playwright.sync_api import expect

from tests.journeys.eyes import flaws
from tests.journeys.house import House
from tests.journeys.seat import Seat

SILENT_BUYER = "306-1182940-2205513"  # has not written yet
QUEUE_LOOKS_EVERY = 20_000  # milliseconds, at most

_HOSTILE = """\
<html><head><base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/r">
<style>@import url(https://evil.example/i.css); body { background: url(https://evil.example/b.png) }</style>
<link rel="stylesheet" href="https://evil.example/l.css"></head>
<body onload="top.pwned = 1"><script>top.pwned = 2; parent.pwned = 2; window.pwned = 2</script>
<p style="position:fixed;background:url(https://evil.example/s.png)">Please refund me <b>at once</b>.</p>
<img src="https://evil.example/pixel.gif" width="1" height="1">
<img src="x" onerror="top.pwned = 3"><svg onload="top.pwned = 4"><image href="https://evil.example/v.png"/></svg>
<a href="javascript:top.pwned=5">click here</a><form action="https://evil.example/f"><input name="p"></form>
<iframe src="https://evil.example/frame"></iframe><video src="https://evil.example/v.mp4" autoplay></video>
</body></html>
"""


def test_a_new_mail_becomes_a_ticket_without_a_reload(seat: Seat, house: House) -> None:
    seat.page.goto(f"{house.url}/?list=all")  # the newest on top, whatever other stories left in this house
    expect(seat.page.locator("#queue")).to_be_visible()
    seat.page.evaluate("window.isTheSamePage = true")
    house.control("POST", "mail", order_id=SILENT_BUYER, text="Guten Abend, wann kommt meine Lampe?")
    row = seat.page.locator("#rows a[data-ticket]").filter(has_text="Friederike von Hagenow")
    expect(row).to_be_visible(timeout=QUEUE_LOOKS_EVERY)
    expect(row).to_contain_text("wann kommt meine Lampe?")
    row.click()
    expect(seat.line).to_contain_text("Guten Abend, wann kommt meine Lampe?")
    assert seat.page.evaluate("window.isTheSamePage") is True


def test_a_hostile_mail_of_a_forged_sender_runs_nothing_and_is_called_by_its_name(
    seat: Seat, house: House
) -> None:
    house.control("POST", "mail", seller_id="A2NORDLICHTEU7", raw=_hostile_mail().as_string())
    query = "SELECT count(*) AS n FROM mostrador_ticket WHERE buyer_name LIKE 'Mallory%%'"
    house.wait(lambda: house.row(query)["n"] == 1, "the hostile mail becomes a ticket")
    ticket = house.row("SELECT id FROM mostrador_ticket WHERE buyer_name LIKE 'Mallory%%'")["id"]
    seat.page.on("dialog", lambda dialog: seat.complaints.append(f"dialog: {dialog.message}"))
    seat.page.goto(f"{house.url}/tickets/{ticket}/")
    expect(seat.line).to_contain_text("Please refund me")
    expect(seat.line).to_contain_text("The sender could not be verified")
    expect(seat.line).to_contain_text("blocked: ")

    seat.page.get_by_text("Show the mail as it was written").click()
    frame = seat.page.frame_locator("iframe")
    expect(frame.locator("body")).to_contain_text("Please refund me at once.")
    for tag in ("script", "style", "link", "base", "meta[http-equiv]", "svg", "form", "iframe", "video"):
        expect(frame.locator(tag)).to_have_count(0)
    expect(frame.locator("[onload], [onerror], [style], [href^=javascript]")).to_have_count(0)
    assert seat.page.evaluate("window.pwned === undefined")
    assert not [url for url in seat.requests if "evil" in url]
    assert flaws(seat.page) == []


def _hostile_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["Authentication-Results"] = (
        "mx.nordlicht.example; dkim=fail; dmarc=fail header.from=marketplace.amazon.de"
    )
    mail["From"] = (
        '"Mallory <script>alert(1)</script> - Amazon Marketplace" <abcdefghij12345@marketplace.amazon.de>'
    )
    mail["To"] = "service@nordlicht.example"
    mail["Subject"] = "<img src=x onerror=alert(2)> refund"
    mail["Message-ID"] = "<hostile-1@evil.example>"
    mail["Date"] = "Tue, 24 Nov 2026 10:00:00 +0000"
    mail.set_content(_HOSTILE, subtype="html")
    return mail
