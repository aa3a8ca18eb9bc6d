"""A TCP proxy that breaks what passes through it: one HTTP request a connection, one fault at a time."""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

PATIENCE = 20.0  # seconds after which the proxy itself gives up
SMALLEST = 4096


class Fault(StrEnum):
    """What happens to a request whose first line matches."""

    REFUSE_NEXT = "refuse_next"  # this one passes, but nobody listens for the next connection
    RESET_AT_ONCE = "reset_at_once"  # reset before a byte was read
    HALF_UP = "half_up"  # reset after half of the request's bytes have passed
    RESET_AFTER = "reset_after"  # the whole request arrives, then a reset instead of an answer
    EOF_AFTER = "eof_after"  # the same, with a polite end of the connection
    GARBAGE = "garbage"  # it arrives; a good status with nonsense comes back
    NOT_HTTP = "not_http"  # it arrives; what comes back is no HTTP
    TRUNCATE = "truncate"  # it arrives; half of the answer's body comes back
    STALL = "stall"  # it arrives; no byte comes back
    DRIP = "drip"  # it arrives; the answer comes back byte by byte, too slowly
    LOST = "lost"  # nothing arrives and nothing comes back
    DUPLICATE = "duplicate"  # it arrives twice; the first answer comes back


@dataclass
class Rule:
    """A fault for the first lines that match, so many times."""

    fault: Fault
    match: str = "."
    times: int = 1


@dataclass
class Proxy:
    """Stands before `upstream`. Use it as a context manager."""

    upstream: str
    rules: list[Rule] = field(default_factory=list)
    met: list[tuple[Fault, str]] = field(default_factory=list)
    drip_seconds: float = 0.05
    _closing: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Proxy:
        self._listener = self._listen(0)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._shut()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def arm(self, fault: Fault, match: str = ".", times: int = 1) -> None:
        """Let the next matching requests meet a fault."""
        self.rules.append(Rule(fault, match, times))

    def heal(self) -> None:
        """End every fault, and listen again."""
        self.rules.clear()
        if self._listener.fileno() < 0:
            self._listener = self._listen(self.port)
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _listen(self, port: int) -> socket.socket:
        return socket.create_server(("127.0.0.1", port), backlog=64)

    def _shut(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(PATIENCE)
        with client, suppress(OSError):
            request = read_message(client)
            if request:
                self._pass(client, request)

    def _take(self, line: str) -> Fault | None:
        with self._lock:
            for rule in self.rules:
                if rule.times and re.search(rule.match, line):
                    rule.times -= 1
                    self.met.append((rule.fault, line))
                    return rule.fault
        return None

    def _pass(self, client: socket.socket, request: bytes) -> None:
        line = request.split(b"\r\n", 1)[0].decode("latin-1")
        fault = self._take(line)
        match fault:
            case Fault.RESET_AT_ONCE:
                return reset(client)
            case Fault.LOST:
                return self._wait(client)
            case Fault.HALF_UP:
                self._ask(request[: len(request) // 2], wait=False)
                return reset(client)
        answer = self._ask(request)
        if fault is Fault.DUPLICATE:
            self._ask(request)
        if fault is Fault.REFUSE_NEXT:
            self._shut()
        self._answer(client, answer, fault)

    def _answer(self, client: socket.socket, answer: bytes, fault: Fault | None) -> None:
        head, _, body = answer.partition(b"\r\n\r\n")
        match fault:
            case Fault.RESET_AFTER:
                reset(client)
            case Fault.EOF_AFTER:
                pass
            case Fault.GARBAGE:
                client.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n<\x00{]\xff\xfe!?}"
                )
            case Fault.NOT_HTTP:
                client.sendall(b"\x16\x03\x01 220 good day\r\n")
            case Fault.TRUNCATE:
                client.sendall(head + b"\r\n\r\n" + body[: len(body) // 2])
            case Fault.STALL:
                self._wait(client)
            case Fault.DRIP:
                for byte in answer:
                    client.sendall(bytes([byte]))
                    time.sleep(self.drip_seconds)
            case _:
                client.sendall(answer)

    def _wait(self, client: socket.socket) -> None:
        """Say nothing until the other side has had enough."""
        while not self._closing.is_set() and client.recv(SMALLEST):
            pass

    def _ask(self, request: bytes, *, wait: bool = True) -> bytes:
        """Bring bytes upstream, with the wish to close, and return the whole answer."""
        where = urlsplit(self.upstream)
        with socket.create_connection((where.hostname, where.port), timeout=PATIENCE) as upstream:
            upstream.sendall(_closing(request))
            if not wait:
                return b""
            parts = []
            while part := upstream.recv(65536):
                parts.append(part)
            return b"".join(parts)


def read_message(connection: socket.socket) -> bytes:
    """Read one HTTP request: its head, and as much body as the head announces."""
    content = b""
    while b"\r\n\r\n" not in content:
        part = connection.recv(65536)
        if not part:
            return b""
        content += part
    head, _, body = content.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    missing = int(length[1]) - len(body) if length else 0
    while missing > 0:
        part = connection.recv(65536)
        if not part:
            return b""
        content += part
        missing -= len(part)
    return content


def _closing(request: bytes) -> bytes:
    head, blank, body = request.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([lines[0], b"Connection: close", *lines[1:]]) + blank + body


def reset(connection: socket.socket) -> None:
    """End a connection with a TCP reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
