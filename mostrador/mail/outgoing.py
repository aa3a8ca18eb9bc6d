"""A letter to a buyer: plain text, threaded, with everything Amazon's relay wants to see again."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any, Final

from mostrador.mail import attachments as files
from mostrador.mail import limits
from mostrador.mail.buyer_words import ORDER_ID, TOKEN
from mostrador.mail.characters import safe_name

REFERENCES_SENT: Final = 20
BODY_CHARS: Final = 100_000
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_BODY_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+",
    re.ASCII,
)
_MESSAGE_ID = re.compile(rf"<[!-;=?-~]{{1,{limits.MESSAGE_ID_CHARS}}}>", re.ASCII)
_REPLY_PREFIX = re.compile(
    r"(?i)^\s*(?:(?:re|aw|sv|antw|odp|rv|r|rif|ref|res|ynt|回复|返信)\s*(?:\[\d+\])?\s*[:：]\s*)+"
)
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)
_UNIQUE = re.compile(r"[A-Za-z0-9._+-]{1,128}", re.ASCII)


class LetterError(ValueError):
    """A letter must not be sent as it is: the words say why."""


@dataclass(frozen=True, slots=True)
class OutgoingAttachment:
    """A file to send along."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """All that is needed to send one mail; the ids carry their angle brackets."""

    to_address: str
    from_name: str
    from_address: str
    subject: str
    body: str
    message_id: str
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    attachments: tuple[OutgoingAttachment, ...] = ()
    sent_at: datetime | None = None


class _LetterPolicy(EmailPolicy):
    """Writes message ids as they are: the standard folding would encode long ones and break the thread."""

    def fold(self, name: str, value: Any) -> str:
        if name.lower() in ("message-id", "in-reply-to", "references"):
            return f"{name}: " + "\r\n ".join(str(value).split()) + "\r\n"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in ("message-id", "in-reply-to", "references"):
            return self.fold(name, value).encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _LetterPolicy(linesep="\r\n", cte_type="7bit", raise_on_defect=False)


def new_message_id(unique: str, domain: str) -> str:
    """Build the message id that belongs to `unique`: the same words always give the same id.

    Raises:
        LetterError: when either holds anything but letters, digits and `._+-`.
    """
    if not _UNIQUE.fullmatch(unique) or not _DOMAIN.fullmatch(domain):
        raise LetterError("A message id is made of letters, digits, dots and dashes.")
    return f"<{unique}@{domain.lower()}>"


def reply(
    *,
    original: str,
    order_id: str | None,
    comm_mgr_token: str | None,
    body: str,
    subject: str,
    from_name: str,
    from_address: str,
    message_id: str,
    in_reply_to: str | None,
    references: tuple[str, ...],
    attachments: tuple[OutgoingAttachment, ...] = (),
    sent_at: datetime | None = None,
) -> Letter:
    """Write the answer to a buyer's mail.

    `original` is the relay address in full, with its +token; `subject`, `in_reply_to` and `references` are
    the buyer's subject, message id and references. The order id is put into the subject where it stands in
    neither subject nor body, and Amazon's token ends the body.

    Raises:
        LetterError: when the order id or the token has not Amazon's form.
    """
    if order_id is not None and not ORDER_ID.fullmatch(order_id):
        raise LetterError("The order id has not the form 000-0000000-0000000.")
    if comm_mgr_token is not None and not TOKEN.fullmatch(comm_mgr_token):
        raise LetterError("Amazon's token has not the form [commMgrTok:…].")
    chain = _chain(references, in_reply_to)
    return Letter(
        to_address=original,
        from_name=from_name,
        from_address=from_address,
        subject=_subject(subject, body, order_id),
        body=_body(body, comm_mgr_token),
        message_id=message_id,
        in_reply_to=chain[-1] if chain and in_reply_to == chain[-1] else None,
        references=chain,
        attachments=attachments,
        sent_at=sent_at,
    )


def _subject(subject: str, body: str, order_id: str | None) -> str:
    bare = _REPLY_PREFIX.sub("", subject[: limits.SUBJECT_CHARS]).strip()
    is_named = order_id is None or order_id in bare or order_id in body
    return " ".join(piece for piece in ("Re:", bare, "" if is_named else f"(Order: {order_id})") if piece)


def _body(body: str, comm_mgr_token: str | None) -> str:
    if comm_mgr_token is None:
        return body
    return f"{body.replace(comm_mgr_token, '').rstrip()}\n\n{comm_mgr_token}\n"


def _chain(references: tuple[str, ...], in_reply_to: str | None) -> tuple[str, ...]:
    """Join the thread's ids, keeping the first and the newest (RFC 5322 §3.6.4), without nonsense."""
    tail = (in_reply_to,) if in_reply_to else ()
    older = tuple(one for one in dict.fromkeys(references) if one != in_reply_to)
    chain = tuple(one for one in (*older, *tail) if _MESSAGE_ID.fullmatch(one))
    return chain if len(chain) <= REFERENCES_SENT else (chain[0], *chain[-REFERENCES_SENT + 1 :])


def encode(letter: Letter) -> bytes:
    """Write a letter as the bytes to send, lines ending in CR LF.

    Raises:
        LetterError: on a control character in any header, a bad address or id, or a file Amazon refuses.
    """
    _check_headers(letter)
    _check_files(letter.attachments)
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(_literal(letter.from_name), addr_spec=letter.from_address)
    message["To"] = Address(addr_spec=letter.to_address)
    message["Subject"] = _literal(letter.subject)
    if letter.sent_at is not None:
        message["Date"] = letter.sent_at
    message["Message-ID"] = letter.message_id
    if letter.in_reply_to:
        message["In-Reply-To"] = letter.in_reply_to
    if letter.references:
        message["References"] = " ".join(letter.references)
    message.set_content(_clean_body(letter.body))
    for attachment in letter.attachments:
        main, _, sub = attachment.content_type.partition("/")
        message.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.name)
    written = message.as_bytes()
    _check_written(written, set(message.keys()))
    return written


def _literal(words: str) -> str:
    """Keep words from being taken for encoded ones, which may hide a line break (RFC 2047)."""
    return words.replace("=?", "= ?")


def _check_written(written: bytes, names: set[str]) -> None:
    """Look once more at the head as it leaves: every line is of one of our own headers."""
    known = tuple(f"{name}:".encode().lower() for name in names)
    for line in written.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        if (not line.startswith((b" ", b"\t")) and not line.lower().startswith(known)) or b"\n" in line:
            raise LetterError("A header would hold a line break.")


def _clean_body(body: str) -> str:
    if len(body) > BODY_CHARS:
        raise LetterError("The text is too long.")
    lines = body.replace("\r\n", "\n").replace("\r", "\n")
    return _BODY_CONTROL.sub("", lines).rstrip("\n") + "\n"


def _check_headers(letter: Letter) -> None:
    ids = (letter.message_id, *((letter.in_reply_to,) if letter.in_reply_to else ()), *letter.references)
    names = tuple(one.name for one in letter.attachments)
    for value in (letter.to_address, letter.from_name, letter.from_address, letter.subject, *ids, *names):
        if _CONTROL.search(value):
            raise LetterError("A header may not hold a line break or another control character.")
    for address in (letter.to_address, letter.from_address):
        if not _ADDRESS.fullmatch(address) or ".." in address or address.startswith(".") or ".@" in address:
            raise LetterError("That is not an e-mail address.")
    if not all(_MESSAGE_ID.fullmatch(one) for one in ids):
        raise LetterError("A message id has not the form <…@…>.")
    if len(letter.subject) > 2 * limits.SUBJECT_CHARS or len(letter.from_name) > limits.NAME_CHARS:
        raise LetterError("The subject or the sender's name is too long.")
    if len(letter.references) > REFERENCES_SENT:
        raise LetterError(f"A letter names at most {REFERENCES_SENT} earlier ones.")


def _check_files(attachments: tuple[OutgoingAttachment, ...]) -> None:
    for one in attachments:
        if safe_name(one.name, limits.NAME_CHARS) != one.name or not files.extension_of(one.name):
            raise LetterError("That is no safe name for a file.")
        reason = files.refusal(one.name, one.content, files.sniff(one.content, one.content_type))
        if reason:
            raise LetterError(f"{one.name}: {reason}")
        if one.content_type not in files.EXTENSIONS:
            raise LetterError(f"{one.name}: {one.content_type[:60]} is not a type Amazon accepts.")
    if sum(len(one.content) for one in attachments) > limits.ATTACHMENT_BYTES:
        raise LetterError("The files together are larger than 10 MB.")
