"""A mail as it came in, read without ever failing: what cannot be read is said in words."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from mostrador.mail import attachments, buyer_words, headers, languages, limits, markup, mime, senders
from mostrador.mail.characters import clean_text, decode, safe_name
from mostrador.mail.senders import Kind

__all__ = ["IncomingAttachment", "IncomingMail", "Kind", "read", "unreadable"]


@dataclass(frozen=True, slots=True)
class IncomingAttachment:
    """A file in a mail. `content_type` is what the bytes are; a refused file has a reason and no content."""

    name: str
    content_type: str
    size: int
    content: bytes
    refused: str | None


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


@dataclass(frozen=True, slots=True)
class _Body:
    text: str
    markup: str


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
    from_name, from_address, is_certain = _sender(head, walk)
    subject = headers.text(mime.first_value(head, "subject"), limits.SUBJECT_CHARS)
    moment = headers.sent_at(head)
    if moment is None:
        walk.blame("The mail has no date that can be believed.")
    is_mail = _is_mail(head)
    if not is_mail:
        walk.blame("This does not look like a mail.")
    body = _body(walk)
    clean, blocked = _shown_markup(body.markup, walk)
    is_relay = senders.is_relay(from_address)
    words = buyer_words.buyer_words(body.text) if is_relay else buyer_words.Words("", body.text, "")
    kind = senders.kind_of(head, walk, from_address, subject, body.text)
    returned = _returned(walk) if kind is Kind.BOUNCE else ""
    own_ids = headers.message_ids(head, "message-id", 1)
    replied = headers.message_ids(head, "in-reply-to", 1) or _returned_id(returned)
    return IncomingMail(
        message_id=own_ids[0] if own_ids else None,
        content_sha256=hashlib.sha256(raw).hexdigest(),
        from_name=from_name,
        from_address=from_address,
        to_addresses=tuple(address for _, address in headers.addresses(head, "to")),
        subject=subject,
        sent_at=moment,
        in_reply_to=replied[0] if replied else None,
        references=headers.message_ids(head, "references", limits.REFERENCES),
        body_text=body.text,
        buyer_text=words.own,
        body_html_clean=clean,
        blocked_images=blocked,
        order_id=buyer_words.order_id(subject, words) or buyer_words.first_order_id(returned),
        comm_mgr_token=buyer_words.token(words, body.text, body.markup),
        is_relay=is_relay,
        kind=kind,
        buyer_name=senders.buyer_name(from_name) if is_relay else from_name,
        authentic=headers.authentic(head, from_address, trusted) if is_certain else False,
        attachments=_attachments(raw, walk),
        language=languages.language(words.own, from_address.rpartition("@")[2]),
        defects=tuple(walk.defects),
        readable=is_mail,
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


def _body(walk: mime.Walk) -> _Body:
    plain = [
        _text(leaf, walk)
        for leaf in walk.leaves
        if not leaf.is_attachment and leaf.content_type != "text/html"
    ]
    rich = [
        _text(leaf, walk)
        for leaf in walk.leaves
        if leaf.content_type == "text/html" and not leaf.is_attachment
    ]
    markup_text = "\n".join(rich)
    text = clean_text("\n\n".join(piece.strip("\r\n") for piece in plain if piece.strip()))
    if not text.strip() and markup_text:
        text = markup.text_of(markup_text)
    if len(text) > limits.TEXT_CHARS:
        walk.blame("The text is very long; the rest was left out.")
    return _Body(text[: limits.TEXT_CHARS].strip("\n"), markup_text)


def _text(leaf: mime.Leaf, walk: mime.Walk) -> str:
    content, _, defect = mime.content(leaf, limits.MAIL_BYTES)
    if defect:
        walk.blame(defect)
    if content is not None and len(content) > limits.TEXT_BYTES:
        walk.blame("The text is very long; the rest was left out.")
    text, is_certain = decode((content or b"")[: limits.TEXT_BYTES], mime.charset(leaf.headers))
    if not is_certain:
        walk.blame("Some letters could not be read: the character set is unknown or wrong.")
    return text


def _attachments(raw: bytes, walk: mime.Walk) -> tuple[IncomingAttachment, ...]:
    files = [leaf for leaf in walk.leaves if leaf.is_attachment]
    found = [_attachment(leaf, number) for number, leaf in enumerate(files, start=1)]
    if found and len(raw) > limits.MAIL_BYTES and walk.leaves[-1] is files[-1]:
        found[-1] = _refused(found[-1], "The mail was too large, so this file is incomplete.")
    return tuple(found)


def _attachment(leaf: mime.Leaf, number: int) -> IncomingAttachment:
    name = safe_name(
        headers.text(mime.file_name(leaf.headers), 4_096) or f"attachment-{number}", limits.NAME_CHARS
    )
    content, size, defect = mime.content(leaf, limits.ATTACHMENT_BYTES)
    if content is None:
        return IncomingAttachment(name, attachments.UNKNOWN, size, b"", "The file is larger than 10 MB.")
    claimed = leaf.content_type if len(leaf.content_type) < 100 else attachments.UNKNOWN
    kind = claimed if claimed.startswith("message/") else attachments.sniff(content, claimed)
    refused = attachments.refusal(name, content, kind) or defect
    if refused is None and not attachments.extension_of(name):
        name = f"{name}.{attachments.EXTENSIONS[kind][0]}"
    return IncomingAttachment(name, kind, size, b"" if refused else content, refused)


def _refused(attachment: IncomingAttachment, reason: str) -> IncomingAttachment:
    return IncomingAttachment(attachment.name, attachment.content_type, attachment.size, b"", reason)


def _returned(walk: mime.Walk) -> str:
    """Give the start of the letter a bounce sends back."""
    for leaf in walk.leaves:
        if leaf.content_type in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            content, _, _ = mime.content(leaf, limits.MAIL_BYTES)
            return decode((content or b"")[: limits.HEADER_BYTES], None)[0]
    return ""


def _returned_id(returned: str) -> tuple[str, ...]:
    head, _ = mime.open_mail(returned.encode("utf-8", "surrogateescape"))
    return headers.message_ids(head, "message-id", 1)


def _shown_markup(markup_text: str, walk: mime.Walk) -> tuple[str, int]:
    if not markup_text:
        return "", 0
    if markup.is_too_long(markup_text):
        walk.blame("The HTML is very long; the rest was left out.")
    if markup.is_tangled(markup_text):
        walk.blame("The HTML is nested too deep to be shown; its words are in the text.")
        return "", 0
    return markup.clean_html(markup_text)


def _is_mail(head: mime.Headers) -> bool:
    known = {"from", "to", "subject", "date", "message-id"}
    return any(name.lower() in known for name, _ in head.raw_items())
