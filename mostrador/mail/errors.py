"""What can go wrong with mail, and whether the letter may have left."""

import re
import smtplib
from enum import StrEnum
from typing import Final

WORDS_CHARS: Final = 300
BUSY_RETRY_SECONDS: Final = 60.0
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


class Happened(StrEnum):
    """Whether the outside may have acted on what was asked."""

    NO = "no"
    UNKNOWN = "unknown"


class Stage(StrEnum):
    """How far the conversation with an SMTP server had come."""

    CONNECT = "connect"
    GREETING = "greeting"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    CONTENT = "content"
    FINAL = "final"


class MailError(Exception):
    """A mail server failed or refused.

    `retry_after` is in seconds: None where the server gave no hope that a second try ends differently.
    `status` is the SMTP reply code where there was one.
    """

    def __init__(
        self,
        operation: str,
        happened: Happened,
        words: str,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        self.operation = operation
        self.happened = Happened(happened)
        self.words = one_line(words)
        self.retry_after = retry_after
        self.status = status
        super().__init__(f"{operation}: {self.words}")

    def __reduce__(self) -> tuple[type["MailError"], tuple[object, ...]]:
        return type(self), (self.operation, self.happened, self.words, self.retry_after, self.status)


def one_line(words: str) -> str:
    """Turn a server's words into one bounded, printable line."""
    return _UNPRINTABLE.sub(" ", words).strip()[:WORDS_CHARS]


def classify_smtp(exc: Exception, *, stage: Stage, operation: str = "send a letter") -> MailError:
    """Say of a failed SMTP conversation whether the letter may have been taken.

    Only the time after the final dot is doubtful: until then no server has a whole letter, and a reply of
    4xx or 5xx is a refusal at any time (RFC 5321 §4.2.1, §6.1).
    """
    status, words = _reply(exc)
    if status is not None and 400 <= status < 600:
        retry_after = BUSY_RETRY_SECONDS if status < 500 else None
        return MailError(operation, Happened.NO, f"{status} {words}", retry_after, status)
    if stage is Stage.FINAL:
        return MailError(operation, Happened.UNKNOWN, words or type(exc).__name__, None, status)
    retry_after = None if isinstance(exc, smtplib.SMTPNotSupportedError) else BUSY_RETRY_SECONDS
    return MailError(operation, Happened.NO, words or type(exc).__name__, retry_after, status)


def _reply(exc: Exception) -> tuple[int | None, str]:
    if isinstance(exc, smtplib.SMTPRecipientsRefused):
        for code, text in exc.recipients.values():
            return code, _words(text)
        return None, "every recipient was refused"
    if isinstance(exc, smtplib.SMTPResponseException):
        return exc.smtp_code, _words(exc.smtp_error)
    return None, str(exc)


def _words(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
