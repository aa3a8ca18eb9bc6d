"""A real SMTP server on the loopback: it keeps what it takes, and breaks off where it is told to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Taken:
    """One mail the relay has taken: the envelope and the bytes."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        parsed = BytesParser(policy=default).parsebytes(self.content)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def text(self) -> str:
        """The words of the mail, lines ending as in Python."""
        return str(self.message.get_content()).replace("\r\n", "\n")


class Relay:
    """Use it as a context manager; `answers` replaces a reply, `breaks_at` drops the connection.

    `breaks_at` is one of "connect", "MAIL", "RCPT", "DATA" (before the mail), "lost" (the mail came, but was
    not kept) and "dot" (it was kept, but nobody hears of it).
    """

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.breaks_at = ""
        self.answers: dict[str, str] = {}
        self._controller = _Controller(self)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._controller.port)

    @property
    def url(self) -> str:
        """The address Mostrador knows it by."""
        return f"smtp://127.0.0.1:{self.port}"

    def __enter__(self) -> Relay:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Greet, or hang up."""
        session.host_name = hostname
        self.break_off(server, "connect")
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the sender."""
        self.break_off(server, "MAIL")
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient."""
        self.break_off(server, "RCPT")
        answer = self.answers.get("RCPT", "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take the mail; "lost" hangs up before that, "dot" after it."""
        if self.break_off(server, "lost"):
            return "421 lost"
        answer = self.answers.get("dot", "250 taken as 7QX")
        if answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.taken.append(Taken(str(envelope.mail_from), tuple(envelope.rcpt_tos), content))
        self.break_off(server, "dot")
        return answer

    def break_off(self, server: SMTP, stage: str) -> bool:
        """Hang up at once if this is the stage to do so."""
        if self.breaks_at != stage:
            return False
        assert server.transport is not None
        server.transport.abort()
        return True


class _Server(SMTP):
    async def smtp_DATA(self, arg: str) -> None:
        """Answer DATA, or hang up before the mail."""
        if not self.event_handler.break_off(self, "DATA"):
            await super().smtp_DATA(arg)


class _Controller(Controller):
    def __init__(self, relay: Relay) -> None:
        super().__init__(relay, hostname="127.0.0.1", port=0)

    def _trigger_server(self) -> None:
        """Knock at the port that was really taken."""
        assert isinstance(self.server, asyncio.Server)
        self.port = int(self.server.sockets[0].getsockname()[1])
        super()._trigger_server()

    def factory(self) -> Any:
        """Return a server that leaves addresses as they came."""
        return _Server(self.handler, enable_SMTPUTF8=False, ident="test relay", hostname="relay.test")
