"""Mail meant to do harm: it must be read or refused in words, in bounded time."""

import time
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostrador.mail import limits
from mostrador.mail.incoming import IncomingMail, Kind, read

from .corpus import FIXED, mutations
from .samples import SAMPLES, mail_of

BAD_CHARACTERS = [*map(chr, range(9)), *map(chr, range(14, 32)), "\x7f", "\u202e", "\u2066", "\ud800"]
LIMIT_SECONDS = 5


def assert_sound(mail: IncomingMail) -> None:
    """Check what holds of every mail, whatever its bytes were."""
    assert len(mail.body_text) <= limits.TEXT_CHARS
    assert len(mail.body_html_clean) <= limits.CLEAN_HTML_CHARS
    assert len(mail.subject) <= limits.SUBJECT_CHARS
    assert len(mail.attachments) <= limits.PARTS
    assert len(mail.references) <= limits.REFERENCES
    assert len(mail.content_sha256) == 64
    assert mail.readable or mail.defects
    for field in fields(mail):
        value = getattr(mail, field.name)
        texts = value if isinstance(value, tuple) else (value,)
        texts += tuple(one.content_type + one.name + (one.refused or "") for one in mail.attachments)
        for text in texts:
            if isinstance(text, str):
                assert not [char for char in BAD_CHARACTERS if char in text], field.name
    for line in (mail.subject, mail.from_name, mail.from_address, mail.buyer_name, *mail.references):
        assert "\n" not in line
    for one in mail.attachments:
        assert one.refused is None or one.content == b""
        assert "/" not in one.name
        assert "\\" not in one.name


@pytest.mark.parametrize("name", FIXED)
def test_a_hostile_mail_is_survived(name: str) -> None:
    raw = FIXED[name]()
    before = time.process_time()
    mail = read(raw)
    assert time.process_time() - before < LIMIT_SECONDS
    assert_sound(mail)


def test_the_corpus_is_large_enough() -> None:
    assert len(FIXED) >= 80


@pytest.mark.parametrize("seed", range(4))
def test_damaged_mails_are_survived(seed: int) -> None:
    good = [mail_of(sample).as_bytes() for sample in SAMPLES]
    good += [FIXED[name]() for name in ("zip bomb", "html script", "never closed", "two senders")]
    for raw in mutations(good, seed, 100):
        assert_sound(read(raw))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=3_000))
def test_any_bytes_are_survived(raw: bytes) -> None:
    assert_sound(read(raw))


PIECES = [
    *(
        b"From: ",
        b"Subject: ",
        b"Content-Type: ",
        b"multipart/mixed; boundary=b",
        b"text/html",
        b"message/rfc822",
    ),
    *(
        b"Content-Transfer-Encoding: base64",
        b"\r\n",
        b"\r\n\r\n",
        b"--b",
        b"--b--",
        b"\n",
        b"=?utf-8?q?",
        b"?=",
        b"\0",
    ),
    *(
        b"<",
        b">",
        b'"',
        b"(",
        b";",
        b"charset=utf-7",
        b"filename*0*=utf-8''%ff",
        b"a@marketplace.amazon.de",
        b"\xff",
    ),
    *(b"------ End message ------", b"------ Begin message ------", b"[commMgrTok:x]"),
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join))
def test_any_heap_of_mail_pieces_is_survived(raw: bytes) -> None:
    assert_sound(read(raw))


def test_too_large_a_mail_says_so_and_keeps_its_head() -> None:
    mail = read(FIXED["thirty megabytes"]())
    assert mail.order_id == "302-2345678-9012345"
    assert "The mail is larger than 25 MB; what came after that was not read." in mail.defects


def test_a_zip_is_never_opened() -> None:
    (one,) = read(FIXED["zip bomb"]()).attachments
    assert one.content_type == "application/zip"
    assert one.content == b""


def test_a_mail_of_two_senders_proves_nothing() -> None:
    mail = read(FIXED["two senders"]())
    assert mail.authentic is False
    assert mail.kind is Kind.SYSTEM
    assert "The mail has more than one From header; the first was used." in mail.defects


def test_deep_nesting_says_so() -> None:
    mail = read(FIXED["nested 20000 deep"]())
    assert "The mail is nested more than 10 levels deep; the rest was not read." in mail.defects
