"""What must be read from one mail."""

import hashlib
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from mostrador.mail.incoming import IncomingMail, Kind, read

from .samples import ALIAS, SAMPLES, TOKEN, Sample, body_of, mail_of, plain

BY_NAME = {sample.name: sample for sample in SAMPLES}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_relay_mail_is_read_in_every_language(sample: Sample) -> None:
    raw = mail_of(sample).as_bytes()
    mail = read(raw)
    assert mail.buyer_text == sample.words
    assert mail.order_id == sample.order_id
    assert mail.comm_mgr_token == TOKEN
    assert mail.buyer_name == sample.buyer
    assert mail.from_name == f"{sample.buyer} - Amazon Marketplace"
    assert mail.from_address == f"{ALIAS}@marketplace.amazon.{sample.domain}"
    assert mail.subject == sample.subject
    assert mail.kind is Kind.BUYER
    assert mail.is_relay is True
    assert mail.language == sample.language
    assert mail.body_text == body_of(sample).rstrip("\n")
    assert mail.to_addresses == ("desk@seller.example",)
    assert mail.sent_at == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert mail.message_id == f"<0102-{sample.domain}@eu-west-1.amazonses.com>"
    assert mail.content_sha256 == hashlib.sha256(raw).hexdigest()
    assert mail.defects == ()
    assert mail.readable is True
    assert mail.attachments == ()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_relay_mail_of_html_alone_is_read_as_well(sample: Sample) -> None:
    message = mail_of(sample)
    words = body_of(sample).replace("&", "&amp;").replace("<", "&lt;")
    message.set_content(
        f"<html><body><p>{'<br>'.join(words.split(chr(10)))}</p></body></html>", subtype="html"
    )
    mail = read(message.as_bytes())
    assert mail.buyer_text.split() == sample.words.split()
    assert mail.order_id == sample.order_id
    assert mail.comm_mgr_token == TOKEN


@pytest.mark.parametrize("charset", ["iso-2022-jp", "shift_jis", "euc-jp", "utf-8"])
def test_japanese_is_read_in_its_own_character_sets(charset: str) -> None:
    sample = BY_NAME["japanese"]
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Taro <{ALIAS}@marketplace.amazon.co.jp>"
    message.set_content(body_of(sample), charset=charset)
    assert read(message.as_bytes()).buyer_text == sample.words


def test_the_plus_token_of_the_alias_is_kept_and_only_the_domain_is_lowered() -> None:
    mail = read(plain("Hi", sender="Ann - Amazon Marketplace <a1b2c3d4e5f6g7h+Ab-C9@Marketplace.Amazon.COM>"))
    assert mail.from_address == "a1b2c3d4e5f6g7h+Ab-C9@marketplace.amazon.com"
    assert mail.is_relay is True


def test_the_order_in_the_subject_wins_over_one_in_the_words() -> None:
    sample = BY_NAME["english"]
    message = mail_of(sample)
    message.set_content(body_of(sample).replace("- where is it?", "- it is like 999-9999999-9999999"))
    assert read(message.as_bytes()).order_id == "111-2345678-9012345"


def test_the_order_in_amazons_block_wins_over_one_in_the_words() -> None:
    body = body_of(BY_NAME["english"]).replace("- where is it?", "- it is like 999-9999999-9999999")
    assert read(plain(body)).order_id == "111-2345678-9012345"


def test_a_longer_number_is_no_order_id() -> None:
    assert read(plain("1111-2345678-90123456 and 111-2345678-90123456")).order_id is None


def test_a_buyer_who_quotes_our_letter_is_still_read_alone() -> None:
    quoted = "\n".join(f"> {line}" for line in body_of(BY_NAME["british"]).splitlines())
    body = body_of(BY_NAME["english"]) + "\n" + quoted + "\n" + body_of(BY_NAME["german"])
    assert read(plain(body)).buyer_text == BY_NAME["english"].words


def test_a_buyer_cannot_end_the_frame_early() -> None:
    forged = f"Hello\n{'-' * 13} End message {'-' * 13}\nRefund me twice"
    body = body_of(BY_NAME["british"]).replace(BY_NAME["british"].words, forged)
    assert read(plain(body)).buyer_text == forged


def test_a_frame_in_an_unknown_language_is_found_below_the_order_block() -> None:
    body = body_of(BY_NAME["english"]).replace("Begin message", "Wotana").replace("End message", "Dospita")
    assert read(plain(body)).buyer_text == BY_NAME["english"].words


def test_without_a_frame_the_whole_body_less_amazons_lines_is_the_buyers() -> None:
    sample = BY_NAME["english"]
    body = f"{sample.heading}\n\nWhere is it?\nRuth\n\nhttps://sellercentral.amazon.com/x\n{TOKEN}\n"
    mail = read(plain(body))
    assert mail.buyer_text == "Where is it?\nRuth"
    assert mail.comm_mgr_token == TOKEN


def test_an_empty_frame_does_not_hide_the_mail() -> None:
    body = body_of(BY_NAME["english"]).replace(BY_NAME["english"].words, "")
    assert "Begin message" in read(plain(body)).buyer_text


def test_a_frame_without_an_end_reaches_to_the_footer() -> None:
    body = body_of(BY_NAME["english"]).replace(f"{'-' * 14} End message {'-' * 14}\n", "")
    assert read(plain(body)).buyer_text == BY_NAME["english"].words


def test_mail_from_elsewhere_keeps_its_dashed_lines() -> None:
    body = "Hi\n-----Original Message-----\nold\n-----End Message-----"
    mail = read(plain(body, sender="Joe <joe@example.org>"))
    assert mail.buyer_text == body
    assert mail.kind is Kind.OTHER
    assert mail.is_relay is False
    assert mail.buyer_name == "Joe"


@pytest.mark.parametrize(
    ("sender", "subject", "kind"),
    [
        ("no-reply@amazon.de", "Ihre Auszahlung", Kind.SYSTEM),
        ("do-not-reply@amazon.com", "Sold, ship now", Kind.SYSTEM),
        ("auto-communication@amazon.com", "Your message was sent", Kind.SYSTEM),
        ("fba-noreply@amazon.com", "FBA", Kind.SYSTEM),
        ("noreply@shop.example", "Hi", Kind.SYSTEM),
        ("no-reply@amazon.com", "Your message could not be delivered", Kind.BOUNCE),
        ("no-reply@amazon.com", "The buyer has opted out of messages", Kind.BOUNCE),
        ("no-reply@amazon.de", "Ihre Nachricht konnte nicht zugestellt werden", Kind.BOUNCE),
        ("auto-communication@amazon.fr", "Votre message n'a pas pu être envoyé", Kind.BOUNCE),
        ("auto-communication@amazon.es", "No se ha podido entregar su mensaje", Kind.BOUNCE),
        ("MAILER-DAEMON@mx.example", "Undelivered", Kind.BOUNCE),
        ("postmaster@mx.example", "failure", Kind.BOUNCE),
        (f"{ALIAS}@marketplace.amazon.com", "My parcel could not be delivered", Kind.BUYER),
        (f"{ALIAS}@marketplace.amazon.com.br", "Oi", Kind.BUYER),
        (f"{ALIAS}@marketplace.amazon.com.evil.example", "Hi", Kind.OTHER),
        (f"{ALIAS}@marketplace-amazon.com", "Hi", Kind.OTHER),
        ("ann@notamazon.com", "Could not be delivered", Kind.OTHER),
    ],
)
def test_senders_are_told_apart(sender: str, subject: str, kind: Kind) -> None:
    assert read(plain("Hello", sender=sender, subject=subject)).kind is kind


def test_a_bounce_names_the_letter_and_the_order_it_is_about() -> None:
    report = EmailMessage(policy=SMTP)
    report["From"] = "Mail Delivery <MAILER-DAEMON@mx.example>"
    report["Subject"] = "Undelivered Mail Returned to Sender"
    raw = report.as_bytes().rstrip() + (
        b"\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\r\n\r\n'
        b"--r\r\nContent-Type: text/plain\r\n\r\nIt did not work.\r\n"
        b"--r\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Final-Recipient: rfc822; x@marketplace.amazon.de\r\n"
        b"Status: 5.7.1\r\n--r\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <ours@seller.example>\r\n"
        b"Subject: Re: 302-2345678-9012345\r\n\r\nHello\r\n--r--\r\n"
    )
    mail = read(raw)
    assert mail.kind is Kind.BOUNCE
    assert mail.in_reply_to == "<ours@seller.example>"
    assert mail.order_id == "302-2345678-9012345"
    assert "Status: 5.7.1" in mail.body_text


def test_threading_headers_are_read_in_order() -> None:
    head = "In-Reply-To: <c@x.example>\r\nReferences: <a@x.example>\r\n <b@x.example> junk <c@x.example>\r\n"
    mail = read(plain("Hi", head=head))
    assert mail.in_reply_to == "<c@x.example>"
    assert mail.references == ("<a@x.example>", "<b@x.example>", "<c@x.example>")


@pytest.mark.parametrize(
    ("subject", "read_as"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?b?w?= =?utf-8?b?7w=?=", "=?"),
        ("=?iso-2022-jp?b?GyRCJTMlcyU1JXMbKEI=?=", "コンサン"),
        ("=?utf-8?b?44KC?= =?utf-8?b?44GX?=", "もし"),
        ("=?utf-8?q?=E3=82?= =?utf-8?q?=82?=", "も"),
        ("a =?utf-8?q?b?= c =?utf-8?q?d?=", "a b c d"),
        ("Grüße raw", "Grüße raw"),
        ("=?x-unknown?q?caf=E9?=", "café"),
        ("=?utf-8?q?a=0D=0ABcc:_x?=", "a Bcc: x"),
    ],
)
def test_subjects_are_decoded(subject: str, read_as: str) -> None:
    found = read(plain("Hi", subject=subject)).subject
    assert found == read_as if read_as != "=?" else "\n" not in found


AUTHENTIC = "Authentication-Results: mx.ours.example; dmarc=pass header.from=marketplace.amazon.com\r\n"


@pytest.mark.parametrize(
    ("head", "verdict"),
    [
        ("", None),
        (AUTHENTIC, True),
        (AUTHENTIC.replace("mx.ours", "mx.theirs"), None),
        (AUTHENTIC.replace("pass", "fail"), False),
        (AUTHENTIC.replace("pass", "fail") + AUTHENTIC, False),
        (AUTHENTIC.replace("marketplace.amazon.com", "evil.example"), False),
        ("Authentication-Results: mx.ours.example; dkim=pass header.d=amazon.com\r\n", True),
        ("Authentication-Results: mx.ours.example; dkim=pass header.d=evil.example\r\n", False),
        ("Authentication-Results: mx.ours.example; dkim=pass header.d=com\r\n", False),
        ("Authentication-Results: mx.ours.example; spf=pass smtp.mailfrom=bounces.amazon.com\r\n", True),
        ("Authentication-Results: mx.ours.example; spf=fail smtp.mailfrom=amazon.com; dkim=none\r\n", False),
        ("Authentication-Results: mx.ours.example; dkim=none; spf=none\r\n", None),
        ("Authentication-Results: mx.ours.example; none\r\n", None),
        ("Authentication-Results: mx.ours.example; (dmarc=pass) dmarc=fail (p=none)\r\n", False),
        ("Authentication-Results: mx.ours.example.evil.example; dmarc=pass\r\n", None),
        ("From: Amazon <no-reply@amazon.com>\r\n" + AUTHENTIC, False),
    ],
)
def test_only_our_own_server_proves_a_sender(head: str, verdict: bool | None) -> None:
    mail = read(plain("Hi", head=head), trusted_authserv_ids=frozenset({"mx.ours.example"}))
    assert mail.authentic is verdict


def test_nothing_is_proven_when_no_server_is_trusted() -> None:
    assert read(plain("Hi", head=AUTHENTIC)).authentic is None


def test_control_zero_and_direction_characters_are_gone_everywhere() -> None:
    mail = read(plain("a\0b\u202ec\u2066d\x07e\x85f", subject="x\u202ey", sender="\u202eEve <eve@x.example>"))
    assert mail.body_text == "abcdef"
    assert mail.subject == "xy"
    assert mail.from_name == "Eve"


def test_rich_mail_is_shown_clean_with_its_images_counted() -> None:
    message = mail_of(BY_NAME["english"])
    rich = '<p onclick="x()">Hi <a href="https://x.example/">y</a><img src="http://t.example/1.gif"></p>'
    message.add_alternative(rich, "html")
    mail = read(message.as_bytes())
    assert mail.body_html_clean.strip() == (
        '<p>Hi <a href="https://x.example/" rel="noopener noreferrer nofollow">y</a></p>'
    )
    assert mail.blocked_images == 1
    assert mail.buyer_text == BY_NAME["english"].words


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def _with_files(*files: tuple[str, str, bytes]) -> IncomingMail:
    message = mail_of(BY_NAME["english"])
    for name, kind, content in files:
        main, _, sub = kind.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return read(message.as_bytes())


def test_attachments_amazon_allows_are_kept_byte_for_byte() -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    mail = _with_files(
        ("ripped box.png", "image/png", png), ("größe.txt", "text/plain", "Größe 38\n".encode())
    )
    assert [(one.name, one.content_type, one.content, one.refused) for one in mail.attachments] == [
        ("ripped box.png", "image/png", png, None),
        ("größe.txt", "text/plain", "Größe 38\n".encode(), None),
    ]
    assert mail.attachments[0].size == 264
    assert mail.buyer_text == BY_NAME["english"].words


@pytest.mark.parametrize(
    ("name", "claimed", "content", "kind", "word"),
    [
        ("a.zip", "application/zip", b"PK\x03\x04rest", "application/zip", "not accepted"),
        ("a.html", "text/html", b"<script>alert(1)</script>", "text/html", "not accepted"),
        ("a.svg", "image/svg+xml", b"<svg onload=alert(1)>", "text/plain", "ends in .svg"),
        ("a.jpg", "image/jpeg", b"MZ\x90\x00" + bytes(60), None, "not accepted"),
        ("a.pdf.exe", "application/pdf", b"%PDF-1.7", "application/pdf", "ends in .exe"),
        (
            "a.doc",
            "application/msword",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "application/x-ole-storage",
            "not accepted",
        ),
        ("a.pdf", "application/pdf", b"", "text/plain", "empty"),
    ],
)
def test_other_files_are_refused_with_a_reason(
    name: str, claimed: str, content: bytes, kind: str | None, word: str
) -> None:
    (one,) = _with_files((name, claimed, content)).attachments
    assert word in str(one.refused)
    assert one.content == b""
    assert one.size == len(content)
    assert kind in (None, one.content_type)


@pytest.mark.parametrize(
    ("claimed", "safe"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\windows\\a.txt", "a.txt"),
        ("C:\\a.txt", "a.txt"),
        ("a\u202etxt.txt", "atxt.txt"),
        ("con.txt", "_con.txt"),
        (".txt", "txt.txt"),
        ("x" * 300 + ".txt", "x" * 146 + ".txt"),
        ("a|b?.txt", "a_b_.txt"),
    ],
)
def test_file_names_are_made_safe(claimed: str, safe: str) -> None:
    assert _with_files((claimed, "text/plain", b"Hi")).attachments[0].name == safe


def test_a_picture_without_a_name_gets_one() -> None:
    message = mail_of(BY_NAME["english"])
    message.add_attachment(b"\xff\xd8\xff\xe0rest", maintype="image", subtype="jpeg", disposition="inline")
    assert read(message.as_bytes()).attachments[0].name == "attachment-1.jpg"


def test_bytes_that_are_no_mail_are_said_to_be_none() -> None:
    mail = read(b"\x00\x01\x02")
    assert mail.readable is False
    assert "This does not look like a mail." in mail.defects


@pytest.mark.parametrize(
    ("words", "domain", "language"),
    [
        ("", "de", "de"),
        ("Where is my order and when will it come?", "de", "en"),
        ("Hola, quiero cancelar el pedido, gracias", "com", "es"),
        ("ok", "co.jp", "ja"),
        ("在哪里", "com", "zh"),
        ("Где мой заказ?", "de", "ru"),
        ("ok", "com.mx", "es"),
    ],
)
def test_the_language_is_guessed(words: str, domain: str, language: str) -> None:
    assert read(plain(words, sender=f"A <{ALIAS}@marketplace.amazon.{domain}>")).language == language
