"""A mail taken apart into its leaves, in time proportional to its size whatever it holds."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import Compat32
from typing import Final

from mostrador.mail import limits

_BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n")
_TYPE = re.compile(r"[a-z]{1,20}/[a-z0-9!#$&^_.+-]{1,80}", re.ASCII)
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64: Final = bytes(sorted(set(range(256)) - set(_BASE64)))
_PLAIN_ENCODINGS: Final = frozenset({"", "7bit", "8bit", "binary"})
# What the standard library's header code is known to raise on hostile headers.
PARSER_ERRORS: Final = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    RecursionError,
    OverflowError,
)

Headers = Message


class _BoundedPolicy(Compat32):
    """Cuts every header value: parameter parsing is quadratic in its length."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[: limits.HEADER_VALUE_CHARS]

    def header_fetch_parse(self, name: str, value: str) -> str:
        """Give raw letters as they are, so that they can still be decoded well."""
        return value


_PARSER = BytesHeaderParser(policy=_BoundedPolicy())


@dataclass(frozen=True, slots=True)
class Leaf:
    """One part that holds no further parts."""

    headers: Headers
    content_type: str
    body: bytes

    @property
    def is_attachment(self) -> bool:
        """Whether the sender meant it as a file: it has a name, says so, or is no text."""
        if not self.content_type.startswith("text/"):
            return self.content_type not in ("message/delivery-status", "message/disposition-notification")
        disposition = str(parameterless(self.headers, "content-disposition"))
        return disposition == "attachment" or bool(file_name(self.headers))


@dataclass(slots=True)
class Walk:
    """The leaves found so far and what was wrong on the way."""

    leaves: list[Leaf] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)

    def blame(self, words: str) -> None:
        """Note a defect once, up to the limit."""
        if words not in self.defects and len(self.defects) < limits.DEFECTS:
            self.defects.append(words)


def open_mail(raw: bytes) -> tuple[Headers, Walk]:
    """Split a mail into its own headers and the leaves below, bounded in size, number and depth."""
    walk = Walk()
    if len(raw) > limits.MAIL_BYTES:
        walk.blame("The mail is larger than 25 MB; what came after that was not read.")
        raw = raw[: limits.MAIL_BYTES]
    headers, body = split(raw, walk)
    _descend(headers, body, "text/plain", 0, walk)
    return headers, walk


def split(raw: bytes, walk: Walk) -> tuple[Headers, bytes]:
    """Split one part into headers and body; a line that is no header begins the body."""
    head, body = _cut_head(raw)
    if len(head) > limits.HEADER_BYTES:
        walk.blame("The headers are longer than 64 KB; the rest of them was not read.")
        head = head[: limits.HEADER_BYTES].rpartition(b"\n")[0]
    headers = _PARSER.parsebytes(head + b"\n\n")
    stray = headers.get_payload()
    if isinstance(stray, str) and stray.strip():
        walk.blame("The headers are malformed.")
        body = stray.encode("utf-8", "surrogateescape") + b"\n" + body
    return headers, body


def _cut_head(raw: bytes) -> tuple[bytes, bytes]:
    if raw.startswith((b"\n", b"\r\n")):
        return b"", raw.lstrip(b"\r\n")
    if raw.startswith((b"From ", b">From ")):
        raw = raw.partition(b"\n")[2]
    found = _BLANK_LINE.search(raw)
    if not found:
        return raw, b""
    return raw[: found.start()], raw[found.end() :]


def _descend(headers: Headers, body: bytes, default: str, depth: int, walk: Walk) -> None:
    content_type = _content_type(headers, default)
    if not content_type.startswith("multipart/"):
        walk.leaves.append(Leaf(headers, content_type, body))
        return
    if depth >= limits.DEPTH:
        walk.blame("The mail is nested more than 10 levels deep; the rest was not read.")
        return
    before = len(walk.leaves)
    boundary = _boundary(headers)
    if boundary is not None:
        child_default = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
        _descend_pieces(_pieces(body, boundary, walk), child_default, depth, walk)
    if boundary is None or (depth == 0 and len(walk.leaves) == before and not walk.defects):
        walk.blame("The mail says it has parts but not where they are.")
        walk.leaves.append(Leaf(headers, "text/plain", body))


def _descend_pieces(pieces: Iterator[bytes], default: str, depth: int, walk: Walk) -> None:
    for piece in pieces:
        if len(walk.leaves) >= limits.PARTS:
            walk.blame("The mail has more than 100 parts; the rest was not read.")
            return
        child, content = split(piece, walk)
        _descend(child, content, default, depth + 1, walk)


def _pieces(body: bytes, boundary: bytes, walk: Walk) -> Iterator[bytes]:
    delimiter = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
    start: int | None = None
    for count, found in enumerate(delimiter.finditer(body)):
        if start is not None:
            yield _without_last_break(body[start : found.start()])
        start = found.end()
        if found.group(1):
            return
        if count > limits.PARTS:
            walk.blame("The mail has more than 100 parts; the rest was not read.")
            return
    if start is not None and start < len(body):
        walk.blame("The mail ends before its last part does.")
        yield body[start:]


def _without_last_break(piece: bytes) -> bytes:
    if piece.endswith(b"\r\n"):
        return piece[:-2]
    return piece[:-1] if piece.endswith(b"\n") else piece


def _content_type(headers: Headers, default: str) -> str:
    found = parameterless(headers, "content-type") or default
    return found if _TYPE.fullmatch(found) else "text/plain"


def parameterless(headers: Headers, name: str) -> str:
    """Give a header's first word in lower case, without its parameters."""
    return first_value(headers, name).partition(";")[0].strip().lower()


def first_value(headers: Headers, name: str) -> str:
    """Give the first raw value of a header, or the empty text."""
    values = all_values(headers, name)
    return values[0] if values else ""


def all_values(headers: Headers, name: str) -> list[str]:
    """Give all raw values of a header, top-most first."""
    return [str(value) for key, value in headers.raw_items() if key.lower() == name]


def _boundary(headers: Headers) -> bytes | None:
    try:
        boundary = headers.get_boundary()
    except PARSER_ERRORS:
        return None
    if not boundary or len(boundary) > 200:
        return None
    return boundary.encode("utf-8", "surrogateescape")


def charset(headers: Headers) -> str | None:
    """Give the character set a text part claims, if it claims one."""
    try:
        found = headers.get_content_charset()
    except PARSER_ERRORS:
        return "unknown"
    return found[:40] if found else None


def file_name(headers: Headers) -> str:
    """Give the file name a part claims, as it stands, or the empty text."""
    try:
        return headers.get_filename() or ""
    except PARSER_ERRORS:
        return ""


def content(leaf: Leaf, limit: int) -> tuple[bytes | None, int, str | None]:
    """Undo the transfer encoding: bytes (None when over `limit`), size, and a defect in words if any."""
    encoding = parameterless(leaf.headers, "content-transfer-encoding")
    if encoding == "base64":
        return _from_base64(leaf.body, limit)
    if encoding == "quoted-printable":
        decoded = binascii.a2b_qp(leaf.body)
        return _within(decoded, limit, None)
    defect = None if encoding in _PLAIN_ENCODINGS else "A part is encoded in a way that is not known."
    return _within(leaf.body, limit, defect)


def _within(decoded: bytes, limit: int, defect: str | None) -> tuple[bytes | None, int, str | None]:
    return (decoded if len(decoded) <= limit else None), len(decoded), defect


def _from_base64(body: bytes, limit: int) -> tuple[bytes | None, int, str | None]:
    letters = body.translate(None, b" \t\r\n")
    core = letters.rstrip(b"=")
    pure = core.partition(b"=")[0].translate(None, _NOT_BASE64)
    defect = (
        None if len(pure) == len(core) and len(pure) % 4 != 1 else "A part is damaged: its base64 is broken."
    )
    size = len(pure) * 3 // 4
    if size > limit:
        return None, size, defect
    if len(pure) % 4 == 1:
        pure = pure[:-1]
    return binascii.a2b_base64(pure + b"=" * (-len(pure) % 4)), size, defect
