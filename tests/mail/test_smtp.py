"""Letters handed to real SMTP servers that refuse, break off or fall silent at every step."""

import copy
import smtplib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from mostrador.mail.errors import Happened, MailError, Stage, classify_smtp
from mostrador.mail.outgoing import Letter, LetterError, reply
from mostrador.mail.smtp import deliver

LETTER = Letter(
    to_address="a1b2c3d4e5f6g7h+T@marketplace.amazon.de",
    from_name="Läden",
    from_address="desk@seller.example",
    subject="Re: Hello",
    body=".\n..dots\nGrüße\n",
    message_id="<1@seller.example>",
)


class Keeper:
    """An aiosmtpd handler that keeps what it was given, or answers as it is told."""

    def __init__(self, answers: dict[str, str] | None = None) -> None:
        self.kept: list[Envelope] = []
        self.answers = answers or {}

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.kept.append(envelope)
        return self.answers.get("DATA", "250 kept as 17")


@contextmanager
def server(keeper: Keeper) -> Iterator[int]:
    """Run a real SMTP server on a free port."""
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    controller = Controller(keeper, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextmanager
def connected(port: int, timeout: float = 5) -> Iterator[smtplib.SMTP]:
    """Connect as Django's backend does."""
    smtp = smtplib.SMTP("127.0.0.1", port, local_hostname="localhost", timeout=timeout)
    try:
        yield smtp
    finally:
        smtp.close()


def test_a_letter_arrives_with_its_dots_and_its_date() -> None:
    keeper = Keeper()
    with server(keeper) as port, connected(port) as smtp:
        assert deliver(smtp, LETTER) == "kept as 17"
        assert deliver(smtp, LETTER) == "kept as 17"
    envelope = keeper.kept[0]
    assert envelope.mail_from == "desk@seller.example"
    assert envelope.rcpt_tos == ["a1b2c3d4e5f6g7h+T@marketplace.amazon.de"]
    content = envelope.content
    assert isinstance(content, bytes)
    assert b"\r\n\r\n.\r\n..dots\r\nGr=C3=BC=C3=9Fe\r\n" in content
    assert content.count(b"\r\nDate: ") == 1


@pytest.mark.parametrize(
    ("answers", "status", "retry_after"),
    [
        ({"MAIL": "550 not an approved sender"}, 550, None),
        ({"RCPT": "550 no such buyer"}, 550, None),
        ({"RCPT": "450 busy"}, 450, 60.0),
        ({"DATA": "554 refused"}, 554, None),
        ({"DATA": "451 try later"}, 451, 60.0),
    ],
)
def test_a_refusal_means_nothing_happened_and_the_connection_lives_on(
    answers: dict[str, str], status: int, retry_after: float | None
) -> None:
    keeper = Keeper(answers)
    with server(keeper) as port, connected(port) as smtp:
        with pytest.raises(MailError) as caught:
            deliver(smtp, LETTER)
        keeper.answers = {}
        assert deliver(smtp, LETTER) == "kept as 17"
    assert caught.value.happened is Happened.NO
    assert caught.value.status == status
    assert caught.value.retry_after == retry_after
    assert caught.value.words == next(iter(answers.values()))


def test_a_letter_that_must_not_leave_is_stopped_before_the_wire() -> None:
    bad = reply(
        original="x@y.example\r\nRCPT TO:<z@y.example>",
        order_id=None,
        comm_mgr_token=None,
        body="",
        subject="",
        from_name="",
        from_address="desk@seller.example",
        message_id="<1@x>",
        in_reply_to=None,
        references=(),
    )
    keeper = Keeper()
    with server(keeper) as port, connected(port) as smtp, pytest.raises(LetterError):
        deliver(smtp, bad)
    assert keeper.kept == []


Script = Callable[[socket.socket, Any], None]


@contextmanager
def scripted(steps: list[bytes], last: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[bytes]]]:
    """Run a server that answers `steps` line by line and then does `last` instead of answering."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)
    seen: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        connection.settimeout(5)
        with connection, connection.makefile("rb") as lines:
            for number, step in enumerate(steps):
                if number:
                    seen.append(_until(lines, steps[number - 1].startswith(b"354")))
                connection.sendall(step)
            seen.append(_until(lines, bool(steps) and steps[-1].startswith(b"354")) if steps else b"")
            last(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        thread.join(5)
        listener.close()
        assert not thread.is_alive()


def _until(lines: Any, is_content: bool) -> bytes:
    read = bytes(lines.readline())
    while is_content and read and not read.endswith(b"\r\n.\r\n"):
        line = lines.readline()
        if not line:
            break
        read += line
    return read


def hang_up(connection: socket.socket) -> None:
    """Close without a word."""


def fall_silent(connection: socket.socket) -> None:
    """Say nothing for longer than the client waits."""
    time.sleep(0.6)


def answer_nonsense(connection: socket.socket) -> None:
    """Answer what is no SMTP reply."""
    connection.sendall(b"banana\r\n")


TALK = [b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"]


@pytest.mark.parametrize("last", [hang_up, fall_silent, answer_nonsense])
@pytest.mark.parametrize(("steps", "at"), [(2, "MAIL"), (3, "RCPT"), (4, "DATA")])
def test_a_break_before_the_content_means_nothing_happened(
    steps: int, at: str, last: Callable[[socket.socket], None]
) -> None:
    with (
        scripted(TALK[:steps], last) as (port, seen),
        connected(port, 0.3) as smtp,
        pytest.raises(MailError) as caught,
    ):
        deliver(smtp, LETTER)
    assert seen[-1].upper().startswith(at.encode())
    assert caught.value.happened is Happened.NO


@pytest.mark.parametrize("last", [hang_up, fall_silent, answer_nonsense])
def test_a_break_after_the_final_dot_means_nobody_knows(last: Callable[[socket.socket], None]) -> None:
    with scripted(TALK, last) as (port, seen), connected(port, 0.3) as smtp:
        with pytest.raises(MailError) as caught:
            deliver(smtp, LETTER)
        assert smtp.sock is None
    assert seen[-1].endswith(b"\r\n.\r\n")
    assert caught.value.happened is Happened.UNKNOWN
    assert caught.value.retry_after is None


def test_a_break_within_the_content_means_nothing_happened() -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    big = replace(LETTER, body=("y" * 70 + "\n") * 1_400)
    letter_bytes: list[bytes] = []

    class Broken(smtplib.SMTP):
        def send(self, s: Any) -> None:
            if len(s) > 10_000 and self.sock is not None:
                letter_bytes.append(bytes(s))
                self.sock.sendall(s[: len(s) // 2])
                self.close()
                raise smtplib.SMTPServerDisconnected("the cable was pulled")
            super().send(s)

    with scripted(TALK, reset) as (port, _seen):
        smtp = Broken("127.0.0.1", port, local_hostname="localhost", timeout=2)
        with pytest.raises(MailError) as caught:
            deliver(smtp, big)
    assert len(letter_bytes) == 1
    assert caught.value.happened is Happened.NO


def test_a_definite_goodbye_after_the_dot_is_a_refusal() -> None:
    with (
        scripted(TALK, lambda connection: connection.sendall(b"421 closing\r\n")) as (port, _),
        connected(port) as smtp,
        pytest.raises(MailError) as caught,
    ):
        deliver(smtp, LETTER)
    assert caught.value.happened is Happened.NO
    assert caught.value.status == 421


@pytest.mark.parametrize(
    ("error", "stage", "happened"),
    [
        (ConnectionRefusedError("refused"), Stage.CONNECT, Happened.NO),
        (socket.gaierror("no such host"), Stage.CONNECT, Happened.NO),
        (smtplib.SMTPAuthenticationError(535, b"bad login"), Stage.GREETING, Happened.NO),
        (smtplib.SMTPHeloError(500, b"no"), Stage.GREETING, Happened.NO),
        (smtplib.SMTPNotSupportedError("no STARTTLS"), Stage.GREETING, Happened.NO),
        (smtplib.SMTPRecipientsRefused({"a@b": (550, b"no")}), Stage.RECIPIENT, Happened.NO),
        (smtplib.SMTPDataError(554, b"no"), Stage.FINAL, Happened.NO),
        (smtplib.SMTPDataError(-1, b"?"), Stage.FINAL, Happened.UNKNOWN),
        (smtplib.SMTPDataError(299, b"?"), Stage.FINAL, Happened.UNKNOWN),
        (TimeoutError("timed out"), Stage.FINAL, Happened.UNKNOWN),
        (TimeoutError("timed out"), Stage.CONTENT, Happened.NO),
        (smtplib.SMTPServerDisconnected("gone"), Stage.FINAL, Happened.UNKNOWN),
        (smtplib.SMTPServerDisconnected("gone"), Stage.DATA, Happened.NO),
        (smtplib.SMTPException("?"), Stage.FINAL, Happened.UNKNOWN),
    ],
)
def test_every_failure_says_whether_it_may_be_tried_again(
    error: Exception, stage: Stage, happened: Happened
) -> None:
    assert classify_smtp(error, stage=stage).happened is happened


def test_a_servers_words_become_one_bounded_line() -> None:
    error = classify_smtp(smtplib.SMTPDataError(550, b"a\r\nb\0" + b"x" * 9_000), stage=Stage.FINAL)
    assert error.words.startswith("550 a b x")
    assert len(error.words) == 300


def test_an_error_can_be_copied_whole() -> None:
    error = copy.copy(MailError("send", Happened.UNKNOWN, "gone", 5.0, 421))
    assert (error.operation, error.happened, error.words, error.retry_after, error.status) == (
        "send",
        Happened.UNKNOWN,
        "gone",
        5.0,
        421,
    )
