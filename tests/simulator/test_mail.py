"""The mail relay: what it takes from sellers, and the letters it brings them."""

from __future__ import annotations

import email
import email.policy
import mailbox
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from mostrador.simulator.server import Simulator
from tests.simulator.caller import Caller

ORDER = "303-5512894-7749126"


def reply(caller: Caller, to: str, *, sender: str = "", author: str = "", size: int = 0) -> None:
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = author or caller.seller["mailbox_address"]
    mail["To"] = to
    mail["Subject"] = "Re: Ihre Bestellung"
    mail.set_content("Grüße\n[commMgrTok:ABC]\n")
    if size:
        mail.add_attachment(b"x" * size, maintype="application", subtype="pdf", filename="a.pdf")
    with smtplib.SMTP("127.0.0.1", caller.simulator.smtp_port, timeout=10) as relay:
        relay.sendmail(sender or caller.seller["mailbox_address"], [to], mail.as_bytes())


def letters(caller: Caller) -> list[EmailMessage]:
    box = mailbox.Maildir(caller.seller["maildir"], create=False)
    found = [
        email.message_from_bytes(box.get_bytes(key), policy=email.policy.default) for key in box.iterkeys()
    ]
    return [letter for letter in found if isinstance(letter, EmailMessage)]


def letter_about(caller: Caller, order_id: str) -> EmailMessage:
    return next(letter for letter in letters(caller) if order_id in letter["Subject"])


@pytest.mark.parametrize("token", ["", "+QSDYL56TDCM6QZOSW00QS"])
def test_an_approved_reply_is_kept(eu: Caller, token: str) -> None:
    alias, domain = eu.order(ORDER)["buyer"]["buyerEmail"].split("@")
    reply(eu, f"{alias}{token}@{domain}")
    mail = eu.control("GET", "mails", recipient=f"{alias}{token}@")["mails"][-1]
    assert mail["recipient"] == f"{alias}{token}@{domain}"
    assert mail["text"] == "Grüße\n[commMgrTok:ABC]\n"
    assert mail["seller_id"] == eu.seller["seller_id"]


def test_bytes_that_are_no_utf8_are_kept_as_they_came(eu: Caller) -> None:
    sender, to = eu.seller["mailbox_address"], eu.order(ORDER)["buyer"]["buyerEmail"]
    content = (
        b"From: %s\r\nSubject: caf\xe9\r\nContent-Type: text/plain; charset=unheard\r\n\r\nGr\xfc\xdfe\r\n"
    )
    with smtplib.SMTP("127.0.0.1", eu.simulator.smtp_port, timeout=10) as relay:
        relay.sendmail(sender, [to], content % sender.encode())
    assert eu.control("GET", "mails", recipient=to)["mails"][-1]["text"] == "Gr\ufffd\ufffde\n"


def test_an_unapproved_sender_is_refused(eu: Caller) -> None:
    with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
        reply(eu, eu.order(ORDER)["buyer"]["buyerEmail"], sender="someone@nordlicht.example")
    assert refusal.value.smtp_code == 550


def test_a_false_author_is_refused(eu: Caller) -> None:
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        reply(eu, eu.order(ORDER)["buyer"]["buyerEmail"], author="someone@nordlicht.example")
    assert refusal.value.smtp_code == 550


@pytest.mark.parametrize(
    "recipient",
    ["aaaaaaaaaaaaaaa@marketplace.amazon.de", "buyer@example.com", "short@marketplace.amazon.de"],
)
def test_an_unknown_recipient_is_refused(eu: Caller, recipient: str) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        reply(eu, recipient)
    assert refusal.value.recipients[recipient][0] == 550


def test_another_sellers_buyer_is_refused(us: Caller, eu: Caller) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        reply(us, eu.order(ORDER)["buyer"]["buyerEmail"])


def test_attachments_above_ten_megabytes_are_refused(eu: Caller) -> None:
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        reply(eu, eu.order(ORDER)["buyer"]["buyerEmail"], size=10 * 1024 * 1024 + 1)
    assert refusal.value.smtp_code == 552


def test_a_letter_looks_like_amazons(eu: Caller) -> None:
    letter = letter_about(eu, ORDER)
    (sender,) = letter["From"].addresses
    alias = eu.order(ORDER)["buyer"]["buyerEmail"].split("@")[0]
    assert sender.display_name == "Katharina Obermüller-Weißenfels - Amazon Marketplace"
    assert sender.username.startswith(f"{alias}+")
    assert sender.domain == "marketplace.amazon.de"
    assert letter["To"] == "service@nordlicht.example"
    body = letter.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    begin, end = (
        text.index("------------- Beginn der Nachricht"),
        text.index("------------- Ende der Nachricht"),
    )
    assert "mit einem Riss im Schirm" in text[begin:end]
    assert "[ASIN: B0C7XK21QP]" in text[:begin]
    assert "[commMgrTok:" in text[end:]
    (attachment,) = letter.iter_attachments()
    assert attachment.get_content_type() == "image/png"
    assert attachment.get_content().startswith(b"\x89PNG")
    assert letter.get_body(("html",)) is not None


def test_a_letter_can_be_html_without_markers(eu: Caller) -> None:
    letter = letter_about(eu, "202-3345190-0098724")
    assert letter.get_content_type() == "text/html"
    assert "Begin message" not in letter.get_content()
    assert "hold a charge" in letter.get_content()


def test_a_question_before_buying_has_no_order(us: Caller) -> None:
    (question,) = [letter for letter in letters(us) if "Kowalczyk" in letter["Subject"]]
    assert "(Order" not in question["Subject"]
    assert "2024 model" in question.get_content()
    reply(us, str(question["From"].addresses[0].addr_spec))


def test_every_letter_was_written_before_now_and_once(amazon: Simulator) -> None:
    count = 0
    for region in ("na", "eu", "fe"):
        with Caller(amazon, region) as seller:
            now = seller.control("GET", "clock")["now"]
            found = letters(seller)
            assert len({letter["Message-ID"] for letter in found}) == len(found)
            assert all(letter["Date"].datetime.timestamp() < now for letter in found)
            count += len(found)
    assert count >= 28


def test_a_buyer_can_write_again(us: Caller) -> None:
    order = "114-7720418-3395061"
    us.control("POST", "mail", {"order_id": order, "text": "Any news?\nJordan"})
    (letter,) = [
        x for x in letters(us) if x.get_content_type() == "text/plain" and "Any news?" in x.get_content()
    ]
    assert letter["From"].addresses[0].display_name == "Jordan Ellis - Amazon Marketplace"
    us.control("POST", "mail", {"seller_id": us.seller["seller_id"], "raw": "Subject: bare\n\n\x00 broken"})
    assert "bare" in [letter["Subject"] for letter in letters(us)]


def test_letters_are_delivered_once_over_restarts(fresh: Callable[..., Simulator], tmp_path: Path) -> None:
    first = fresh(maildir=tmp_path / "m", state=tmp_path)
    with Caller(first, "fe") as jp:
        before = len(letters(jp))
        for path in Path(jp.seller["maildir"], "new").iterdir():
            path.unlink()
    first.stop()
    with Caller(fresh(maildir=tmp_path / "m", state=tmp_path), "fe") as jp:
        assert before == 3
        assert letters(jp) == []
