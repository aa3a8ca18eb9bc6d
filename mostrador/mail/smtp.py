"""A letter handed to an SMTP server, step by step, so that a failure says whether it may have been taken."""

import contextlib
import re
import smtplib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from mostrador.mail.errors import Stage, classify_smtp
from mostrador.mail.outgoing import Letter, encode

_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
_LINE_END = re.compile(rb"\r\n|\r|\n")
_READY_FOR_DATA: Final = 354


def deliver(smtp: smtplib.SMTP, letter: Letter) -> str:
    """Hand one letter to a connected server and give its words of acceptance.

    The connection stays usable after a refusal and is closed after anything else. With Django:
    `backend.open()`, then `deliver(backend.connection, letter)`.

    Raises:
        LetterError: before anything is sent, when the letter must not leave.
        MailError: happened NO, unless the connection failed after the final dot: then UNKNOWN.
    """
    # The date is the moment of handing over (RFC 5322 §3.6.1), unless the letter says otherwise.
    dated = letter if letter.sent_at else replace(letter, sent_at=datetime.now(UTC))
    content = _dotted(encode(dated))
    stage = Stage.GREETING
    try:
        smtp.ehlo_or_helo_if_needed()
        stage = Stage.SENDER
        options = [f"size={len(content)}"] if smtp.has_extn("size") else []
        _expect(smtp.mail(letter.from_address, options), {250})
        stage = Stage.RECIPIENT
        _expect(smtp.rcpt(letter.to_address), {250, 251})
        stage = Stage.DATA
        _expect(smtp.docmd("DATA"), {_READY_FOR_DATA})
        stage = Stage.CONTENT
        smtp.send(content)
        # From here on the server may hold a whole letter: nothing but its reply can tell.
        stage = Stage.FINAL
        smtp.send(b".\r\n")
        return _expect(smtp.getreply(), {250})
    except (smtplib.SMTPException, OSError, ValueError) as error:
        failure = classify_smtp(error, stage=stage)
        _leave_clean(smtp, is_refused=failure.status is not None and stage is not Stage.CONTENT)
        raise failure from error


def _expect(answer: tuple[int, bytes], wanted: set[int]) -> str:
    code, words = answer
    if code not in wanted:
        raise smtplib.SMTPResponseException(code, words)
    return words.decode("utf-8", "replace")


def _dotted(content: bytes) -> bytes:
    """Double the dots that begin a line (RFC 5321 §4.5.2) and end with a line end."""
    lines = _LEADING_DOT.sub(b"..", _LINE_END.sub(b"\r\n", content))
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _leave_clean(smtp: smtplib.SMTP, *, is_refused: bool) -> None:
    if not is_refused:
        smtp.close()
        return
    with contextlib.suppress(smtplib.SMTPException, OSError):
        if smtp.rset()[0] != 250:
            smtp.close()
