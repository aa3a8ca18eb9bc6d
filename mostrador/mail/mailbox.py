"""Where buyers' mail waits: one interface for a Maildir and an IMAP folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from mostrador.mail.imap import ImapAccount, open_imap
from mostrador.mail.maildir import open_maildir
from mostrador.mail.raw_mail import RawMail

__all__ = ["Mailbox", "RawMail", "open_mailbox"]


class Mailbox(Protocol):
    """A place mail is fetched from. Every method may raise MailError (happened NO)."""

    def unread(self, limit: int) -> Iterator[RawMail]:
        """Give up to `limit` mails not yet marked done, oldest first; they stay unread."""
        ...

    def done(self, key: str) -> None:
        """Mark a mail as taken. To be called only once its raw bytes are stored safely."""
        ...

    def close(self) -> None:
        """Leave the box; a second time does nothing."""
        ...


def open_mailbox(url: str, *, secret: str | None, timeout: float = 30) -> Mailbox:
    """Open `maildir:PATH`, `imap://user@host:port/FOLDER` or `imaps://…`.

    `?move=FOLDER` on an IMAP address moves mails there once they are done. Plain `imap` speaks without
    TLS only to this very machine and otherwise demands STARTTLS. `timeout` is in seconds.

    Raises:
        ValueError: when the address cannot be understood; it is not repeated, for it may hold a password.
        MailError: happened NO, when the box cannot be opened.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "maildir":
        return open_maildir(Path(rest.removeprefix("//")))
    if scheme not in ("imap", "imaps"):
        raise ValueError("A mailbox address begins with maildir:, imap:// or imaps://")
    parts = urlsplit(url)
    try:
        port = parts.port or (993 if scheme == "imaps" else 143)
    except ValueError:
        raise ValueError("The port of a mailbox is not a number") from None
    if parts.password is not None:
        raise ValueError("The password of a mailbox does not belong into its address")
    if not parts.hostname or not parts.username or secret is None:
        raise ValueError("An IMAP mailbox needs a host, a user and a secret")
    account = ImapAccount(
        host=parts.hostname,
        port=port,
        is_tls=scheme == "imaps",
        user=unquote(parts.username),
        folder=unquote(parts.path.removeprefix("/")) or "INBOX",
        move_to=parse_qs(parts.query).get("move", [None])[0],
        timeout=timeout,
    )
    return open_imap(account, secret)
