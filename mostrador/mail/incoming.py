"""A mail as it came in, read without ever failing: what cannot be read is said in words."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from mostrador.mail import bodies, buyer_words, files, headers, languages, limits, mime, senders
from mostrador.mail.files import IncomingAttachment
from mostrador.mail.senders import Kind

__all__ = ["IncomingAttachment", "IncomingMail", "Kind", "read", "unreadable"]

_KNOWN_HEADERS: Final = frozenset({"from", "to", "subject", "date", "message-id"})


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """Everything a ticket needs from one mail: clean, bounded texts; the caller keeps the raw bytes."""

    message_id: str | None
    content_sha256: str
    from_name: str
    from_address: str
    to_addresses: tuple[str, ...]
    subject: str
    sent_at: datetime | None
    in_reply_to: str | None
    references: tuple[str, ...]
    body_text: str
    buyer_text: str
    body_html_clean: str
    blocked_images: int
    html_with_images: str
    image_addresses: tuple[str, ...]
    order_id: str | None
    comm_mgr_token: str | None
    is_relay: bool
    kind: Kind
    buyer_name: str
    authentic: bool | None
    attachments: tuple[IncomingAttachment, ...]
    language: str | None
    defects: tuple[str, ...]
    readable: bool
    is_automatic: bool = False  # a machine's answer, such as an out-of-office note


def read(raw: bytes, *, trusted_authserv_ids: frozenset[str] = frozenset()) -> IncomingMail:
    """Read a mail, whatever its bytes are.

    `trusted_authserv_ids` names the mail servers whose Authentication-Results are believed.
    """
    try:
        return _read(raw, trusted_authserv_ids)
    except (*mime.PARSER_ERRORS, MemoryError) as error:
        return unreadable(raw, f"The mail could not be read ({type(error).__name__}).")


def unreadable(raw: bytes, defect: str) -> IncomingMail:
    """Stand in for a mail that cannot be read, so that a ticket can say so."""
    return IncomingMail(
        message_id=None,
        content_sha256=hashlib.sha256(raw).hexdigest(),
        from_name="",
        from_address="",
        to_addresses=(),
        subject="",
        sent_at=None,
        in_reply_to=None,
        references=(),
        body_text="",
        buyer_text="",
        body_html_clean="",
        blocked_images=0,
        html_with_images="",
        image_addresses=(),
        order_id=None,
        comm_mgr_token=None,
        is_relay=False,
        kind=Kind.OTHER,
        buyer_name="",
        authentic=None,
        attachments=(),
        language=None,
        defects=(defect,),
        readable=False,
    )


def _read(raw: bytes, trusted: frozenset[str]) -> IncomingMail:
    head, walk = mime.open_mail(raw)
    is_mail = not _KNOWN_HEADERS.isdisjoint(name.lower() for name, _ in head.raw_items())
    if not is_mail:
        walk.blame("This does not look like a mail.")
    mail = _with_envelope(unreadable(raw, ""), head, walk, trusted)
    mail = _with_words(mail, head, walk)
    attachments = files.attachments(walk, is_cut=len(raw) > limits.MAIL_BYTES)
    return replace(mail, attachments=attachments, defects=tuple(walk.defects), readable=is_mail)


def _with_envelope(
    mail: IncomingMail, head: mime.Headers, walk: mime.Walk, trusted: frozenset[str]
) -> IncomingMail:
    name, address, is_certain = _sender(head, walk)
    moment = headers.sent_at(head)
    if moment is None:
        walk.blame("The mail has no date that can be believed.")
    is_relay = senders.is_relay(address)
    return replace(
        mail,
        message_id=_first(headers.message_ids(head, "message-id", 1)),
        from_name=name,
        from_address=address,
        to_addresses=tuple(to for _, to in headers.addresses(head, "to")),
        subject=headers.text(mime.first_value(head, "subject"), limits.SUBJECT_CHARS),
        sent_at=moment,
        in_reply_to=_first(headers.message_ids(head, "in-reply-to", 1)),
        references=headers.message_ids(head, "references", limits.REFERENCES),
        is_relay=is_relay,
        buyer_name=senders.buyer_name(name) if is_relay else name,
        is_automatic=senders.is_automatic(head),
        authentic=headers.authentic(head, address, trusted) if is_certain else False,
    )


def _with_words(mail: IncomingMail, head: mime.Headers, walk: mime.Walk) -> IncomingMail:
    body = bodies.body(walk)
    clean, blocked = bodies.shown_markup(body, walk)
    with_images, addresses = bodies.markup_with_images(body, blocked)
    words = buyer_words.buyer_words(body.text) if mail.is_relay else buyer_words.Words("", body.text, "")
    kind = senders.kind_of(head, walk, mail.from_address, mail.subject, body.text)
    returned = bodies.returned_head(walk) if kind is Kind.BOUNCE else ""
    return replace(
        mail,
        in_reply_to=mail.in_reply_to or _first(_returned_ids(returned)),
        body_text=body.text,
        buyer_text=words.own,
        body_html_clean=clean,
        blocked_images=blocked,
        html_with_images=with_images,
        image_addresses=addresses,
        order_id=buyer_words.order_id(mail.subject, words) or buyer_words.first_order_id(returned),
        comm_mgr_token=buyer_words.token(words, body.text, body.markup),
        kind=kind,
        language=languages.language(words.own, mail.from_address.rpartition("@")[2]),
    )


def _sender(head: mime.Headers, walk: mime.Walk) -> tuple[str, str, bool]:
    """Give name and address of the sender, and whether there is exactly one."""
    found = headers.addresses(head, "from")
    for name in ("from", "subject", "message-id"):
        if len(mime.all_values(head, name)) > 1:
            walk.blame(f"The mail has more than one {name.title()} header; the first was used.")
    if not found:
        walk.blame("The mail names no sender.")
        return headers.text(mime.first_value(head, "from"), limits.NAME_CHARS), "", True
    if len(found) > 1:
        walk.blame("The mail names more than one sender; the first was used.")
    is_certain = len(found) == 1 and len(mime.all_values(head, "from")) == 1
    return found[0][0], found[0][1], is_certain


def _returned_ids(returned: str) -> tuple[str, ...]:
    """List the ids of the letter a bounce sends back: it is what the bounce answers."""
    head, _ = mime.open_mail(returned.encode("utf-8", "surrogateescape"))
    return headers.message_ids(head, "message-id", 1)


def _first(ids: tuple[str, ...]) -> str | None:
    return ids[0] if ids else None
