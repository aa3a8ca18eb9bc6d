"""An IMAP folder as a mailbox: mails are peeked at by number and marked only when they are done."""

import imaplib
import ipaddress
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessageFlags
from imap_tools.errors import ImapToolsError, MailboxLoginError

from mostrador.mail import limits
from mostrador.mail.errors import Happened, MailError
from mostrador.mail.raw_mail import RawMail

_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,19})")
_UID = re.compile(rb"UID (\d{1,10})")
_SIZES_AT_ONCE: Final = 200
_RETRY_SECONDS: Final = 60.0
_FAILURES: Final = (OSError, imaplib.IMAP4.error, ImapToolsError)


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """Where a folder is and whose it is; the secret is kept apart."""

    host: str
    port: int
    is_tls: bool
    user: str
    folder: str
    move_to: str | None
    timeout: float


def open_imap(account: ImapAccount, secret: str) -> "ImapMailbox":
    """Connect, log in and choose the folder.

    Raises:
        MailError: happened NO; without hope for a second try when the login was refused.
    """
    with _translated("open the mailbox", secret):
        box = _connect(account)
        try:
            # The plain command knows only ASCII, and its failure would quote the secret.
            log_in = box.login if f"{account.user}{secret}".isascii() else box.login_utf8
            log_in(account.user, secret, initial_folder=account.folder)
        except _FAILURES:
            with suppress(*_FAILURES):
                box.client.shutdown()
            raise
    return ImapMailbox(box, account)


def _connect(account: ImapAccount) -> BaseMailBox:
    if account.is_tls:
        context = ssl.create_default_context()
        return MailBox(account.host, account.port, timeout=account.timeout, ssl_context=context)
    if _is_this_machine(account.host):
        return MailBoxUnencrypted(account.host, account.port, timeout=account.timeout)
    context = ssl.create_default_context()
    return MailBoxStartTls(account.host, account.port, timeout=account.timeout, ssl_context=context)


def _is_this_machine(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


class ImapMailbox:
    """A folder on an IMAP server. Keys name its UIDVALIDITY: a renumbered mail is never marked."""

    def __init__(self, box: BaseMailBox, account: ImapAccount) -> None:
        self._box = box
        self._account = account
        self._is_open = True
        self._validity = self._uid_validity()

    def __repr__(self) -> str:
        return f"ImapMailbox({self._account.user!r} at {self._account.host!r})"

    def unread(self, limit: int) -> Iterator[RawMail]:
        """Give up to `limit` unseen mails, oldest first, without marking them."""
        with _translated("list the mailbox"):
            found = [uid for uid in self._box.uids("UNSEEN") if uid.isdecimal()]
        uids = sorted(found, key=int)[:limit]
        for start in range(0, len(uids), _SIZES_AT_ONCE):
            some = uids[start : start + _SIZES_AT_ONCE]
            sizes = self._sizes(some)
            for uid in some:
                mail = self._peek(uid, sizes.get(uid))
                if mail is not None:
                    yield mail

    def done(self, key: str) -> None:
        """Mark a mail as seen and move it where the address says."""
        validity, _, uid = key.partition("-")
        if not uid.isdecimal() or validity != self._validity:
            raise ValueError("That is not a key of this mailbox")
        with _translated("mark a mail as done"):
            self._box.flag(uid, MailMessageFlags.SEEN, True)
            if self._account.move_to:
                self._box.move(uid, self._account.move_to)

    def close(self) -> None:
        """Log out, however the server takes it."""
        if not self._is_open:
            return
        self._is_open = False
        with suppress(*_FAILURES):
            self._box.logout()
        with suppress(*_FAILURES):
            self._box.client.shutdown()

    def _uid_validity(self) -> str:
        _, found = self._box.client.response("UIDVALIDITY")
        first = found[0] if found else None
        return first.decode("ascii", "replace") if isinstance(first, bytes) else "0"

    def _sizes(self, uids: list[str]) -> dict[str, int]:
        with _translated("ask for the sizes of mails"):
            answers = self._fetch(",".join(uids), "(UID RFC822.SIZE)")
        sizes: dict[str, int] = {}
        for answer in answers:
            line = answer if isinstance(answer, bytes) else b""
            uid, size = _UID.search(line), _SIZE.search(line)
            if uid and size:
                sizes[uid.group(1).decode()] = int(size.group(1))
        return sizes

    def _fetch(self, uids: str, wanted: str) -> list[Any]:
        # imap-tools' own fetch would parse the mails, which is not for this process to do.
        answer, found = self._box.client.uid("FETCH", uids, wanted)
        if answer != "OK":
            raise imaplib.IMAP4.error(f"the server answered {answer}")
        return found

    def _peek(self, uid: str, size: int | None) -> RawMail | None:
        """Fetch a mail, or its beginning where it is longer than may be."""
        with _translated("fetch a mail"):
            answers = self._fetch(uid, f"(UID BODY.PEEK[]<0.{limits.MAILBOX_BYTES}>)")
        for answer in answers:
            if isinstance(answer, tuple) and len(answer) == 2:
                content = bytes(answer[1])
                whole = max(size or 0, len(content))
                is_cut = len(content) >= limits.MAILBOX_BYTES and (size is None or whole > len(content))
                return RawMail(f"{self._validity}-{uid}", content, whole, is_cut)
        return None  # Somebody removed it meanwhile.


@contextmanager
def _translated(operation: str, secret: str = "") -> Iterator[None]:
    """Turn the libraries' failures into MailError; the cause is dropped, for it may quote the login."""
    try:
        yield
    except _FAILURES as error:
        words = str(error) or type(error).__name__
        words = words.replace(secret, "…") if secret else words
        retry_after = None if isinstance(error, MailboxLoginError) else _RETRY_SECONDS
        raise MailError(operation, Happened.NO, words, retry_after) from None
