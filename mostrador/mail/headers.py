"""What a mail's headers say: words, addresses, ids, dates and whether the sender is proven."""

import base64
import binascii
import re
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

from mostrador.mail import limits
from mostrador.mail.characters import clean_line, decode
from mostrador.mail.mime import PARSER_ERRORS, Headers, all_values, first_value

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\r\n]*)\?=")
_MESSAGE_ID = re.compile(rf"<[^<>\s\x00-\x1f\x7f-\uffff]{{1,{limits.MESSAGE_ID_CHARS}}}>")
_ADDRESS = re.compile(
    r"[^\s@<>()\",;:\\\[\]\x00-\x1f\x7f-\uffff]{1,128}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
)
_COMMENT = re.compile(r"\([^()]*\)")
_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_SHARED_SECOND_LEVELS: Final = frozenset({"co", "com", "net", "org", "ac", "gov", "edu", "ne", "or"})


def text(value: str, limit: int) -> str:
    """Decode one header value into a clean line."""
    return clean_line(_decode_words(_recover(value[: limits.HEADER_VALUE_CHARS])), limit)


def _recover(value: str) -> str:
    """Read raw eight-bit letters, which the parser keeps as surrogates."""
    try:
        return decode(value.encode("ascii", "surrogateescape"), None)[0]
    except UnicodeError:
        return value


def _decode_words(value: str) -> str:
    pieces: list[str] = []
    pending: tuple[str, bytes] | None = None
    at = 0
    for found in _ENCODED_WORD.finditer(value):
        between = value[at : found.start()]
        charset = found.group(1).partition("*")[0]
        content = _word_bytes(found.group(2), found.group(3))
        at = found.end()
        if pending and not between.strip() and pending[0].lower() == charset.lower():
            pending = (charset, pending[1] + content)
            continue
        pieces.append(_flush(pending))
        if between.strip() or pending is None:
            pieces.append(between)
        pending = (charset, content)
    return "".join([*pieces, _flush(pending), value[at:]])


def _flush(pending: tuple[str, bytes] | None) -> str:
    return decode(pending[1], pending[0])[0] if pending else ""


def _word_bytes(encoding: str, encoded: str) -> bytes:
    plain = encoded.encode("ascii", "ignore")
    if encoding in "qQ":
        return binascii.a2b_qp(plain.replace(b"_", b" "), header=False)
    pure = re.sub(rb"[^A-Za-z0-9+/]", b"", plain)
    pure = pure[: len(pure) - (len(pure) % 4 == 1)]
    return base64.b64decode(pure + b"=" * (-len(pure) % 4))


def addresses(headers: Headers, name: str) -> list[tuple[str, str]]:
    """List (display name, address) of a header; what is no address is left out."""
    raw = [_recover(value) for value in all_values(headers, name)[:10]]
    try:
        pairs = getaddresses(raw)
    except PARSER_ERRORS:
        return []
    found = [(text(shown, limits.NAME_CHARS), _address(address)) for shown, address in pairs]
    return [(shown, address) for shown, address in found if address][: limits.ADDRESSES]


def _address(address: str) -> str:
    if not _ADDRESS.fullmatch(address) or ".." in address:
        return ""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def message_ids(headers: Headers, name: str, limit: int) -> tuple[str, ...]:
    """List the message ids in a header, in order, the newest `limit` of them."""
    found = [one for value in all_values(headers, name)[:5] for one in _MESSAGE_ID.findall(value)]
    return tuple(dict.fromkeys(found))[-limit:]


def sent_at(headers: Headers) -> datetime | None:
    """Read the Date header; None when there is none that can be believed."""
    value = first_value(headers, "date")
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value[:200])
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except PARSER_ERRORS:
        return None
    return moment if _EARLIEST <= moment < _LATEST else None


def authentic(headers: Headers, from_address: str, trusted: frozenset[str]) -> bool | None:
    """Say whether a trusted server proved the sender; None when no trusted server speaks.

    Only the top-most Authentication-Results of a trusted authserv-id counts: those below may be forged
    (RFC 8601 §5).
    """
    for value in all_values(headers, "authentication-results"):
        clauses = _COMMENT.sub(" ", _recover(value)).split(";")
        authserv_id = clauses[0].split()[0].lower() if clauses[0].split() else ""
        if authserv_id in {one.lower() for one in trusted}:
            return _verdict([clause.lower() for clause in clauses[1:]], from_address.rpartition("@")[2])
    return None


def _verdict(clauses: list[str], from_domain: str) -> bool | None:
    results = [_result(clause) for clause in clauses if "=" in clause]
    for method, word, properties in results:
        if method == "dmarc" and word in ("pass", "fail"):
            said = properties.get("header.from", from_domain)
            return word == "pass" and bool(from_domain) and said == from_domain
    signed = ("header.d", "header.i", "smtp.mailfrom", "smtp.helo")
    for method, word, properties in results:
        domains = [properties[name].rpartition("@")[2] for name in signed if name in properties]
        if (
            method in ("dkim", "spf")
            and word == "pass"
            and any(_aligned(one, from_domain) for one in domains)
        ):
            return True
    failed = any(
        method in ("dkim", "spf") and word in ("fail", "softfail", "permerror") for method, word, _ in results
    )
    passed = any(method in ("dkim", "spf") and word == "pass" for method, word, _ in results)
    return False if failed or passed else None


def _result(clause: str) -> tuple[str, str, dict[str, str]]:
    pairs = [piece.partition("=") for piece in clause.split() if "=" in piece]
    if not pairs:
        return "", "", {}
    properties = {name: value.strip('"') for name, _, value in reversed(pairs[1:20])}
    return pairs[0][0].partition("/")[0], pairs[0][2], properties


def _aligned(domain: str, from_domain: str) -> bool:
    return bool(from_domain) and _organisation(domain) == _organisation(from_domain) != ""


def _organisation(domain: str) -> str:
    labels = domain.strip(".").split(".")
    if len(labels) < 2:
        return ""
    wanted = 3 if len(labels[-1]) == 2 and labels[-2] in _SHARED_SECOND_LEVELS else 2
    return ".".join(labels[-wanted:]) if len(labels) >= wanted else ""
