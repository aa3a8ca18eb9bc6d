"""The one place where bytes leave for Amazon: one request, one answer, no retry, no redirect."""

from __future__ import annotations

import atexit
import functools
import ipaddress
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from mostrador.amazon.errors import AmazonError, Happened, NotSent, OutcomeUnknown, TooLarge, classify
from mostrador.amazon.transport import Transport, begin_exchange

MAX_ANSWER = 32 * 1024 * 1024  # bytes of one answer of the API
POOL_SECONDS = 5.0
WRITE_SECONDS = 30.0
BODY_SECONDS = 60.0  # for a whole answer, beyond the time-outs of its first byte


def boot_clock() -> float:
    """Return the seconds since the machine started, its sleep included: a clock nobody can set."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request. `deadline` is a time of `boot_clock()` after which not one byte may be written."""

    operation: str
    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(default=b"", repr=False)
    fresh_connection: bool = False
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    max_bytes: int = MAX_ANSWER
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, unread: header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Wire:
    """Keeps the connections. It may be shared by threads.

    httpx's transport is used without httpx's client: that one writes every URL to the log, and the URLs
    of feed documents carry a signature. Proxies and netrc files of the machine are not looked at.
    """

    def __init__(self) -> None:
        self._pooled = Transport(keep_alive=True)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._pooled.close()

    def send(self, outgoing: Outgoing) -> Reply:
        """Send one request once and return the answer, whatever its status.

        Raises: NotSent when nothing was written, OutcomeUnknown when no complete answer came, TooLarge.
        """
        if not outgoing.fresh_connection:
            return _exchange(self._pooled, outgoing)
        transport = Transport(keep_alive=False)
        try:
            return _exchange(transport, outgoing)
        finally:
            transport.close()


@functools.cache
def shared_wire() -> Wire:
    """Return this program's one wire, so that clients made for one call still share connections."""
    wire = Wire()
    atexit.register(wire.close)
    return wire


# A forked child must not write into its parent's connections.
os.register_at_fork(after_in_child=shared_wire.cache_clear)


def is_allowed_address(url: str) -> bool:
    """Return whether `url` is https, or plain http to this very machine, without a password in it."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return False
    if not parsed.host or parsed.userinfo:
        return False
    return parsed.scheme == "https" or (parsed.scheme == "http" and _is_loopback(parsed.host))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _DeadlinePassed(Exception):
    """The request was about to be written too late."""


class _Gate:
    """Stands before the first byte: refuses when it is too late, remembers that it let the request pass."""

    def __init__(self, deadline: float | None) -> None:
        self.began = False
        self._deadline = deadline

    def __call__(self, event: str, _: Mapping[str, object]) -> None:
        if not event.endswith(".send_request_headers.started"):
            return
        if self._deadline is not None and boot_clock() > self._deadline:
            raise _DeadlinePassed
        self.began = True


def _exchange(transport: httpx.HTTPTransport, outgoing: Outgoing) -> Reply:
    gate = _Gate(outgoing.deadline)
    begin_exchange(outgoing.connect_timeout + outgoing.read_timeout + BODY_SECONDS)
    try:
        response = transport.handle_request(_request(outgoing, gate))
        try:
            body = _read(response, outgoing)
        finally:
            response.close()
    except _DeadlinePassed:
        raise _lost(outgoing, "the deadline had passed before the request was written", began=False) from None
    except httpx.TransportError as error:
        raise _lost(outgoing, _words(error), began=gate.began) from None
    return Reply(response.status_code, _headers(response), body)


def _request(outgoing: Outgoing, gate: _Gate) -> httpx.Request:
    timeout = {
        "connect": outgoing.connect_timeout,
        "read": outgoing.read_timeout,
        "write": WRITE_SECONDS,
        "pool": POOL_SECONDS,
    }
    return httpx.Request(
        outgoing.method,
        outgoing.url,
        headers=dict(outgoing.headers),
        content=outgoing.content,
        extensions={"timeout": timeout, "trace": gate},
    )


def _read(response: httpx.Response, outgoing: Outgoing) -> bytes:
    """Read the body as it was sent: nothing is unpacked here, so nothing can burst."""
    assert isinstance(response.stream, httpx.SyncByteStream)
    parts: list[bytes] = []
    size = 0
    for part in response.stream:
        size += len(part)
        if size > outgoing.max_bytes:
            raise TooLarge(
                f"the answer is larger than {outgoing.max_bytes} bytes",
                operation=outgoing.operation,
                happened=Happened.UNKNOWN,
                status=response.status_code,
            )
        parts.append(part)
    return b"".join(parts)


def _lost(outgoing: Outgoing, message: str, *, began: bool) -> AmazonError:
    happened = classify(status=None, readable=False, request_began=began)
    kind = NotSent if happened is Happened.NO else OutcomeUnknown
    return kind(message, operation=outgoing.operation, happened=happened)


def _words(error: httpx.TransportError) -> str:
    """Return what failed; never the peer's bytes, which some of these errors carry."""
    if isinstance(error, httpx.ConnectError):
        return f"ConnectError: {str(error)[:200]}"
    return type(error).__name__


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
