"""Letters to buyers: what Amazon's relay needs is in them, and nothing can be smuggled in."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostrador.mail.outgoing import (
    REFERENCES_SENT,
    Letter,
    LetterError,
    OutgoingAttachment,
    encode,
    new_message_id,
    reply,
)

TOKEN = "[commMgrTok:Zz-9]"
ORDER = "111-2345678-9012345"
RELAY = "a1b2c3d4e5f6g7h+Tok-1@marketplace.amazon.com"


def make_letter(**changes: Any) -> Letter:
    """Write a good letter, then change it."""
    facts: dict[str, Any] = {
        "to_address": RELAY,
        "from_name": "The kettle shop",
        "from_address": "desk@seller.example",
        "subject": "Re: Hello",
        "body": "Hello",
        "message_id": "<1@seller.example>",
    }
    return Letter(**(facts | changes))


def make_reply(**changes: Any) -> Letter:
    """Answer a buyer, with changes."""
    facts: dict[str, Any] = {
        "original": RELAY,
        "order_id": ORDER,
        "comm_mgr_token": TOKEN,
        "body": "It is on its way.",
        "subject": f"Order delivery inquiry from Amazon customer Ruth (Order: {ORDER})",
        "from_name": "The kettle shop",
        "from_address": "desk@seller.example",
        "message_id": "<2@seller.example>",
        "in_reply_to": "<b@amazon.example>",
        "references": ("<a@amazon.example>",),
    }
    return reply(**(facts | changes))


def parsed(letter: Letter) -> EmailMessage:
    """Read a letter back as the standard library does."""
    message = message_from_bytes(encode(letter), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def body_of(letter: Letter) -> str:
    """Read back the words of a letter."""
    part = parsed(letter).get_body()
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_reply_keeps_all_that_amazons_relay_wants_to_see_again() -> None:
    message = parsed(make_reply())
    assert message["To"] == RELAY
    assert message["From"] == "The kettle shop <desk@seller.example>"
    assert message["Subject"] == f"Re: Order delivery inquiry from Amazon customer Ruth (Order: {ORDER})"
    assert message["Message-ID"] == "<2@seller.example>"
    assert message["In-Reply-To"] == "<b@amazon.example>"
    assert message["References"].split() == ["<a@amazon.example>", "<b@amazon.example>"]
    assert message.get_content_type() == "text/plain"
    assert body_of(make_reply()) == f"It is on its way.\n\n{TOKEN}\n"


@pytest.mark.parametrize(
    "subject", ["Hello", "Re: Hello", "RE: re: Hello", "AW: Re: Hello", "Re[2]: Hello", "返信: Hello"]
)
def test_a_reply_says_re_once(subject: str) -> None:
    assert make_reply(subject=subject, order_id=None).subject == "Re: Hello"


def test_the_order_is_named_when_neither_subject_nor_body_names_it() -> None:
    assert make_reply(subject="Hello").subject == f"Re: Hello (Order: {ORDER})"
    assert make_reply(subject="Hello", body=f"About {ORDER}").subject == "Re: Hello"
    assert make_reply(subject="").subject == f"Re: (Order: {ORDER})"


def test_the_token_stands_once_at_the_end() -> None:
    assert make_reply(body=f"A {TOKEN} B").body == f"A  B\n\n{TOKEN}\n"
    assert make_reply(comm_mgr_token=None).body == "It is on its way."


@pytest.mark.parametrize("bad", ["commMgrTok:x", "[commMgrTok:a\nb]", "[other:x]", "[commMgrTok:x]\n[x]"])
def test_a_token_of_another_form_is_refused(bad: str) -> None:
    with pytest.raises(LetterError):
        make_reply(comm_mgr_token=bad)


@pytest.mark.parametrize("bad", ["111-1", "111-2345678-9012345\n", "x111-2345678-9012345"])
def test_an_order_id_of_another_form_is_refused(bad: str) -> None:
    with pytest.raises(LetterError):
        make_reply(order_id=bad)


def test_a_long_thread_keeps_its_first_and_its_newest_ids() -> None:
    letter = make_reply(references=tuple(f"<{number}@amazon.example>" for number in range(60)))
    assert len(letter.references) == REFERENCES_SENT
    assert letter.references[0] == "<0@amazon.example>"
    assert letter.references[-2:] == ("<59@amazon.example>", "<b@amazon.example>")


def test_ids_that_are_none_are_left_out_of_the_thread() -> None:
    letter = make_reply(in_reply_to="<a b>", references=("x", "<ok@x>", "<a\r\nBcc: x@y>", "<ok@x>"))
    assert letter.references == ("<ok@x>",)
    assert letter.in_reply_to is None


def test_long_ids_are_written_as_they_are() -> None:
    long = f"<{'x' * 240}@amazon.example>"[:252]
    raw = encode(
        make_letter(references=(f"<{'y' * 200}@a>", f"<{'z' * 200}@a>"), in_reply_to=f"<{'z' * 200}@a>")
    )
    assert b"=?" not in raw
    assert f"References: <{'y' * 200}@a>\r\n <{'z' * 200}@a>\r\n".encode() in raw
    assert len(long) == 252


def test_every_line_is_ascii_short_and_ends_in_cr_lf() -> None:
    raw = encode(
        make_reply(body="Grüße 😀\nこんにちは\n" + "long " * 500, subject="Ü" * 200, from_name="Läden")
    )
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_words_in_every_script_come_back_whole() -> None:
    words = "Grüße 😀\n¿Qué?\nこんにちは\n.\n..\nFrom here\n"
    assert body_of(make_letter(body=words)) == words


def test_an_empty_line_of_dots_and_controls_in_the_body_are_cleaned() -> None:
    assert body_of(make_letter(body="a\0b\x07c\r\nd\re")) == "abc\nd\ne\n"


def test_the_date_is_written_when_it_is_given() -> None:
    letter = make_letter(sent_at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC))
    assert b"Date: Tue, 24 Nov 2026 09:30:00 +0000\r\n" in encode(letter)


def test_a_message_id_is_the_same_for_the_same_words() -> None:
    assert new_message_id("reply-17", "Seller.example") == "<reply-17@seller.example>"


@pytest.mark.parametrize(
    ("unique", "domain"), [("", "a"), ("a b", "c"), ("a", ""), ("a>", "b"), ("a", "b\r\nBcc: x")]
)
def test_a_message_id_of_other_letters_is_refused(unique: str, domain: str) -> None:
    with pytest.raises(LetterError):
        new_message_id(unique, domain)


BAD_ADDRESSES = [
    *(
        "",
        "a",
        "a@b",
        "a@b@c.example",
        "a b@c.example",
        "<a@b.example>",
        "a@b.example, c@d.example",
        "ä@b.example",
    ),
    *("a..b@c.example", ".a@b.example", "a@-b.example", "a@b.example\r\nBcc: x@y.example", '"a@x"@b.example'),
]


@pytest.mark.parametrize("bad", BAD_ADDRESSES)
def test_bad_addresses_are_refused(bad: str) -> None:
    for field in ("to_address", "from_address"):
        with pytest.raises(LetterError):
            encode(make_letter(**{field: bad}))


TEXT_FIELDS = ("to_address", "from_name", "from_address", "subject", "message_id", "in_reply_to")


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(TEXT_FIELDS),
    st.text(max_size=20),
    st.sampled_from(
        ["\r", "\n", "\0", "\r\n", "\n ", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x1b", "\ud800"]
    ),
    st.text(max_size=20),
)
def test_no_line_break_or_control_passes_into_a_header(field: str, before: str, bad: str, after: str) -> None:
    with pytest.raises(LetterError):
        encode(make_letter(**{field: before + bad + after}))


@pytest.mark.parametrize("bad", ["\r", "\n", "\0"])
def test_no_line_break_passes_through_references_or_file_names(bad: str) -> None:
    with pytest.raises(LetterError):
        encode(make_letter(references=(f"<a{bad}@b>",)))
    with pytest.raises(LetterError):
        encode(make_letter(attachments=(OutgoingAttachment(f"a{bad}.txt", "text/plain", b"Hi"),)))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300), st.text(max_size=120), st.text(max_size=400))
def test_whatever_is_written_only_our_own_headers_leave(subject: str, name: str, body: str) -> None:
    try:
        raw = encode(make_letter(subject=subject, from_name=name, body=body))
    except LetterError:
        return
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    names = [line.partition(":")[0] for line in head.split("\r\n") if not line.startswith((" ", "\t"))]
    expected = {
        "From",
        "To",
        "Subject",
        "Message-ID",
        "Content-Type",
        "Content-Transfer-Encoding",
        "MIME-Version",
    }
    assert sorted(names) == sorted(expected)
    again = message_from_bytes(raw, policy=default)
    assert again["To"] == RELAY
    assert [one.addr_spec for one in again["From"].addresses] == ["desk@seller.example"]


def test_files_are_sent_as_they_are() -> None:
    letter = make_letter(attachments=(OutgoingAttachment("größe.pdf", "application/pdf", b"%PDF-1.7 x"),))
    (part,) = list(parsed(letter).iter_attachments())
    assert part.get_filename() == "größe.pdf"
    assert part.get_content() == b"%PDF-1.7 x"


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("a.zip", "application/zip", b"PK\x03\x04"),
        ("a.exe", "application/pdf", b"%PDF-1.7"),
        ("a.pdf", "application/pdf", b"MZ\x90\0\0\0"),
        ("a.pdf", "application/pdf", b"%PDF-" + b"\0" * (10 * 1024 * 1024)),
        ("a.pdf", "application/pdf", b""),
        ("../a.pdf", "application/pdf", b"%PDF-1.7"),
        ("a", "application/pdf", b"%PDF-1.7"),
        ("a.pdf", "application/zip", b"%PDF-1.7"),
    ],
)
def test_files_amazon_refuses_are_refused_here(name: str, kind: str, content: bytes) -> None:
    with pytest.raises(LetterError):
        encode(make_letter(attachments=(OutgoingAttachment(name, kind, content),)))


def test_files_together_above_ten_megabytes_are_refused() -> None:
    half = b"%PDF-" + b"\0" * (6 * 1024 * 1024)
    files = tuple(OutgoingAttachment(f"{name}.pdf", "application/pdf", half) for name in "ab")
    with pytest.raises(LetterError):
        encode(make_letter(attachments=files))
