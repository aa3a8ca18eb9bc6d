"""The outbox: hand one letter to a mailbox's own SMTP server, and say for certain what can be said."""

from __future__ import annotations

import ipaddress
import smtplib
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend

from mostrador.mail.errors import Happened, MailError, Stage, classify_smtp
from mostrador.mail.outgoing import Letter
from mostrador.mail.smtp import deliver
from mostrador.models import Mailbox
from mostrador.models.secrets import SecretUnreadable
from mostrador.tasks.failpoints import reach

# Six steps of a conversation fit into the two minutes after which a silent worker is taken for dead.
TIMEOUT_SECONDS = 15
RETRY_SECONDS = 60.0
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


def hand_over(mailbox: Mailbox, letter: Letter) -> str:
    """Send a letter once and return the server's words of acceptance.

    Raises: LetterError before anything was said; MailError, which knows whether the letter may have left.
    """
    backend = _open(mailbox)
    assert backend.connection is not None, "an open backend has a connection"
    reach("reply.reached")
    try:
        return deliver(backend.connection, letter)
    finally:
        _close(backend)


def _open(mailbox: Mailbox) -> EmailBackend:
    try:
        backend = connection_to(mailbox)
    except (SecretUnreadable, ValueError) as error:
        raise _not_reached(error) from None
    try:
        backend.open()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        _close(backend)
        raise _not_reached(error) from None
    return backend


def _close(backend: EmailBackend) -> None:
    """Take leave, and close the socket also where nobody listens any more."""
    connection = backend.connection
    with suppress(smtplib.SMTPException, OSError):
        backend.close()
    if connection is not None:
        connection.close()


def connection_to(mailbox: Mailbox) -> EmailBackend:
    """Return Django's way to a mailbox's SMTP server, not opened yet.

    `smtp://` speaks in clear only to this very machine and otherwise demands STARTTLS, as
    `smtp+starttls://` always does; `smtps://` is TLS from the first byte.

    Raises: ValueError when the address cannot be understood.
    """
    parts = urlsplit(mailbox.smtp_url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("An SMTP address begins with smtp://, smtps:// or smtp+starttls://")
    is_clear = parts.scheme == "smtp" and _is_this_machine(parts.hostname)
    backend = get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        username=unquote(parts.username or ""),
        password=mailbox.smtp_secret() or "",
        use_ssl=parts.scheme == "smtps",
        use_tls=parts.scheme != "smtps" and not is_clear,
        timeout=TIMEOUT_SECONDS,
    )
    assert isinstance(backend, EmailBackend), "it was named above"
    return backend


def _not_reached(error: Exception) -> MailError:
    """Say that no letter has left; a refused login or a wrong setting may be mended: there is always hope."""
    failure = classify_smtp(error, stage=Stage.CONNECT, operation="reach the mail server")
    retry_after = failure.retry_after or RETRY_SECONDS
    return MailError(failure.operation, Happened.NO, failure.words, retry_after, failure.status)


def _is_this_machine(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
