"""Hostile mails, made anew from a seed: every one must be read, or refused in words, without harm."""

import base64
import io
import random
import zipfile
from collections.abc import Callable, Iterator

MEGABYTE = 1024 * 1024
HEAD = (
    b"From: A Buyer - Amazon Marketplace <a1b2c3d4e5f6g7h@marketplace.amazon.de>\r\n"
    b"To: desk@seller.example\r\nSubject: Order 302-2345678-9012345\r\n"
    b"Date: Tue, 24 Nov 2026 09:30:00 +0000\r\nMessage-ID: <h@example.org>\r\n"
)


def _mail(head: bytes, body: bytes = b"Hello\r\n") -> bytes:
    return HEAD + head + b"\r\n" + body


def _typed(kind: bytes, body: bytes) -> bytes:
    return _mail(b"MIME-Version: 1.0\r\nContent-Type: " + kind + b"\r\n", body)


def _attached(name: bytes, kind: bytes, content: bytes) -> bytes:
    part = (
        b"--b\r\nContent-Type: " + kind + b"\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename="
        + name
        + b"\r\n\r\n"
        + base64.encodebytes(content)
        + b"\r\n"
    )
    return _typed(b'multipart/mixed; boundary="b"', b"--b\r\n\r\nHello\r\n" + part + b"--b--\r\n")


def _nested(levels: int) -> bytes:
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
        for level in range(levels)
    )
    return HEAD + opened + b"Content-Type: text/plain\r\n\r\ndeep\r\n"


def _forwarded(levels: int) -> bytes:
    return HEAD + b"Content-Type: message/rfc822\r\n\r\n" * levels + b"inner\r\n"


def _zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * (20 * MEGABYTE))
    return packed.getvalue()


def _html(body: bytes) -> bytes:
    return _typed(b"text/html; charset=utf-8", body)


FIXED: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "one newline": lambda: b"\n",
    "only zeros": lambda: b"\0" * 100_000,
    "only dashes": lambda: b"-" * 300_000,
    "only brackets": lambda: b"<" * 300_000,
    "only headers": lambda: HEAD,
    "no headers": lambda: b"just words without anything",
    "bare returns": lambda: HEAD.replace(b"\r\n", b"\r") + b"\rHello\r",
    "mbox line first": lambda: b"From a@b.example Tue Nov 24 2026\r\n" + HEAD + b"\r\nHello",
    "header bomb by length": lambda: _mail(b"X-Long: " + b"a" * (5 * MEGABYTE) + b"\r\n"),
    "header bomb by number": lambda: _mail(b"X-Many: 1\r\n" * 200_000),
    "header bomb by folding": lambda: _mail(b"X-Folded: a\r\n" + b" b\r\n" * 200_000),
    "parameters without end": lambda: _typed(b"text/plain" + b'; a="b' * 10_000, b"Hello"),
    "parameters in pieces": lambda: _typed(
        b"text/plain" + b"".join(b"; name*%d*=%%41" % n for n in range(2_000)), b"Hello"
    ),
    "encoded words without end": lambda: _mail(b"X-Subject: " + b"=?utf-8?q?a" * 5_000 + b"\r\n"),
    "nested encoded words": lambda: (
        b"Subject: " + b"=?=?=?utf-8?q?=?b?" * 3_000 + b"\r\n" + HEAD + b"\r\nHello"
    ),
    "brackets in an address": lambda: b"From: " + b"(" * 60_000 + b"\r\n\r\nHello",
    "quotes in an address": lambda: b'From: "' + b'\\"' * 30_000 + b"\r\n\r\nHello",
    "groups in an address": lambda: b"From: " + b"a:;" * 20_000 + b"\r\n\r\nHello",
    "ten thousand recipients": lambda: HEAD + b"Cc: " + b"a@b.example, " * 10_000 + b"\r\n\r\nHello",
    "two senders": lambda: b"From: ceo@amazon.de\r\n" + HEAD + b"\r\nHello",
    "two of every header": lambda: HEAD + HEAD + b"\r\nHello",
    "no sender": lambda: b"To: desk@seller.example\r\nSubject: Hi\r\n\r\nHello",
    "zeros in headers": lambda: b"From: a\0b@c.example\r\nSubject: a\0b\r\n\r\nHello\0you",
    "direction marks": lambda: (
        "From: \u202eevil <a@b.example>\r\nSubject: \u202etxt.exe\r\n\r\n\u202eolleH".encode()
    ),
    "injected header in a word": lambda: (
        b"Subject: =?utf-8?b?QQ0KQmNjOiBldmlsQGV4YW1wbGUub3Jn?=\r\nFrom: a@b.example\r\n\r\nHi"
    ),
    "injected line in a file name": lambda: _attached(b'"a\r\n .pdf"', b"application/pdf", b"%PDF-1.4"),
    "unknown charset": lambda: _typed(b"text/plain; charset=x-klingon", b"caf\xe9"),
    "charset with a path": lambda: _typed(b"text/plain; charset=../../etc/passwd", b"caf\xe9"),
    "charset rot13": lambda: _typed(b"text/plain; charset=rot13", b"Uryyb"),
    "charset punycode": lambda: _typed(b"text/plain; charset=punycode", b"a" * 50_000 + b"-" + b"b" * 50_000),
    "charset idna": lambda: _typed(b"text/plain; charset=idna", b"xn--" * 50_000),
    "charset with a zero": lambda: _typed(b"text/plain; charset=a\0b", b"Hello"),
    "wrong utf-8": lambda: _typed(b"text/plain; charset=utf-8", b"Gr\xfc\xdfe \xff\xfe"),
    "utf-16 without an end": lambda: _typed(b"text/plain; charset=utf-16", b"\xff\xfea\x00b"),
    "broken iso-2022-jp": lambda: _typed(b"text/plain; charset=iso-2022-jp", b"\x1b$B$3$\x1b(B" * 1_000),
    "surrogates": lambda: _typed(b"text/plain; charset=utf-8", b"\xed\xa0\x80 Hello"),
    "emoji": lambda: _typed(b"text/plain; charset=utf-8", "👩‍👩‍👧‍👦".encode() * 1_000),
    "combining marks": lambda: _typed(b"text/plain; charset=utf-8", ("a" + "\u0301" * 50_000).encode()),
    "base64 garbage": lambda: _mail(b"Content-Transfer-Encoding: base64\r\n", b"!!!! not \xff base64 ===="),
    "base64 of one letter": lambda: _mail(b"Content-Transfer-Encoding: base64\r\n", b"A"),
    "unknown encoding": lambda: _mail(b"Content-Transfer-Encoding: x-uuencode\r\n", b"begin 644 a\n"),
    "broken quoted-printable": lambda: _mail(
        b"Content-Transfer-Encoding: quoted-printable\r\n", b"=Z=3=\r\n=" * 9
    ),
    "no boundary": lambda: _typed(b"multipart/mixed", b"--b\r\n\r\nHello"),
    "boundary never used": lambda: _typed(b"multipart/mixed; boundary=b", b"Hello without parts"),
    "empty boundary": lambda: _typed(b'multipart/mixed; boundary=""', b"--\r\n\r\nHello\r\n----\r\n"),
    "boundary of a pattern": lambda: _typed(
        b'multipart/mixed; boundary="(a+)+$"', b"--(a+)+$\r\n\r\nHello\r\n"
    ),
    "boundary of 60 KB": lambda: _typed(b"multipart/mixed; boundary=" + b"b" * 60_000, b"Hello"),
    "same boundary inside": lambda: _typed(
        b"multipart/mixed; boundary=b",
        b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx" * 50,
    ),
    "never closed": lambda: _typed(b"multipart/mixed; boundary=b", b"--b\r\n\r\nHello"),
    "a million parts": lambda: _typed(b"multipart/mixed; boundary=b", b"--b\r\n\r\nx\r\n" * 1_000_000),
    "nested 200 deep": lambda: _nested(200),
    "nested 20000 deep": lambda: _nested(20_000),
    "forwarded 5000 times": lambda: _forwarded(5_000),
    "digest of digests": lambda: _typed(
        b"multipart/digest; boundary=b", b"--b\r\n\r\nSubject: x\r\n\r\ny\r\n" * 500
    ),
    "partial message": lambda: _typed(b"message/partial; id=1; number=1; total=2", b"x"),
    "external body": lambda: _typed(b"message/external-body; access-type=URL; URL=http://127.0.0.1/", b"x"),
    "thirty megabytes": lambda: _mail(b"", b"Hello\r\n" * (30 * MEGABYTE // 7)),
    "one line of 20 MB": lambda: _mail(b"", b"a" * (20 * MEGABYTE)),
    "five million blank lines": lambda: _mail(b"", b"\r\n" * 5_000_000),
    "a million dashed lines": lambda: _mail(b"", b"------------- Begin message -------------\r\n" * 200_000),
    "dashes against the frame": lambda: _mail(b"", (b"-" * 190 + b"\r\n") * 20_000),
    "a forest of order ids": lambda: _mail(b"", b"111-1111111-" * 300_000),
    "a forest of tokens": lambda: _mail(b"", b"[commMgrTok:" * 300_000),
    "html script": lambda: _html(b"<script>alert(1)</script><p onclick=x>Hi<img src=http://t.example/p.gif>"),
    "html nested": lambda: _html(b"<div>" * 300_000 + b"Hello"),
    "html bold nested": lambda: _html(b"".join(b"<b id=%d>" % n for n in range(50_000)) + b"Hello"),
    "html tables nested": lambda: _html(b"<table><tr><td>" * 50_000 + b"Hello"),
    "html entities": lambda: _html(b"&lt;" * 200_000 + b"&#x202e;&#0;&#55296;&nosuch;"),
    "html comments": lambda: _html(b"<!--" * 200_000 + b"Hello"),
    "html attributes": lambda: _html(b"<a " + b"".join(b"a%d=b " % n for n in range(50_000)) + b">Hello</a>"),
    "html open tags": lambda: _html(b"<a href=" * 100_000),
    "html directions": lambda: _html("<p>\u202eolleH &#x202e;&#8238;&#7; \x07\x1b[31m</p>".encode()),
    "html of zeros": lambda: _html(b"<p>a\0b<\0script>alert(1)</\0script>"),
    "zip bomb": lambda: _attached(b"a.zip", b"application/zip", _zip_bomb()),
    "zip bomb as docx": lambda: _attached(b"a.docx", b"application/msword", _zip_bomb()),
    "program as picture": lambda: _attached(b"a.jpg", b"image/jpeg", b"MZ\x90\0" + b"\0" * 60),
    "name with a path": lambda: _attached(b'"../../etc/passwd"', b"text/plain", b"x"),
    "name of 60 KB": lambda: _attached(b'"' + b"a" * 60_000 + b'.txt"', b"text/plain", b"x"),
    "name in another direction": lambda: _attached(
        '"a\u202efdp.exe"'.encode(), b"application/pdf", b"%PDF-1"
    ),
    "attachment of 15 MB": lambda: _attached(
        b"a.pdf", b"application/pdf", b"%PDF-" + b"\0" * (15 * MEGABYTE)
    ),
    "picture of many pixels": lambda: _attached(
        b"a.png", b"image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x02\0\0\0"
    ),
    "no date": lambda: HEAD.replace(b"Date: ", b"X-Date: ") + b"\r\nHello",
    "impossible date": lambda: HEAD.replace(b"24 Nov 2026", b"99 Foo 99999") + b"\r\nHello",
    "impossible zone": lambda: HEAD.replace(b"+0000", b"+9999999") + b"\r\nHello",
    "date of letters": lambda: HEAD.replace(b"Tue, 24", b"\xff" * 3_000) + b"\r\nHello",
    "message id of 60 KB": lambda: b"Message-ID: <" + b"a" * 60_000 + b"@b>\r\nFrom: a@b.example\r\n\r\nHi",
    "references of 60 KB": lambda: _mail(b"References: " + b"<a@b> " * 10_000 + b"\r\n"),
    "authentication forest": lambda: _mail(b"Authentication-Results: x; " + b"dkim=(((" * 8_000 + b"\r\n"),
    "delivery report of nothing": lambda: _typed(
        b"multipart/report; boundary=b; report-type=delivery-status", b""
    ),
}


def fixed() -> Iterator[tuple[str, bytes]]:
    """Make every mail of the fixed list."""
    for name, make in FIXED.items():
        yield name, make()


def mutations(mails: list[bytes], seed: int, count: int) -> Iterator[bytes]:
    """Damage good mails at random, the same way for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        mail = bytearray(chance.choice(mails))
        for _ in range(chance.randint(1, 12)):
            _damage(mail, chance)
        yield bytes(mail)


def _damage(mail: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(mail) + 1)
    until = min(len(mail), at + chance.randint(1, 40))
    match chance.randrange(5):
        case 0:
            mail[at:until] = b""
        case 1:
            mail[at:at] = chance.randbytes(chance.randint(1, 8))
        case 2:
            mail[at:at] = mail[at:until] * chance.randint(1, 30)
        case 3:
            mail[at:at] = chance.choice(
                (b"\r\n", b"\0", b"--b", b"=?", b";", b'"', b"(", b"\xff", b"\n\n", b"<img src=//x>")
            )
        case _:
            mail[at:until] = bytes(reversed(mail[at:until]))
