"""Connections to Amazon: certificates checked, no proxy, no retry, no endless dripping."""

from __future__ import annotations

import functools
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

MAX_CONNECTIONS = 20
KEEP_SECONDS = 15.0


def begin_exchange(seconds: float) -> None:
    """Give the exchange that this thread begins now so many seconds for all its reads."""
    _limit.until = time.monotonic() + seconds


class Transport(httpx.HTTPTransport):
    """httpx's transport, whose reads end when the whole exchange has had its time, however they drip."""

    def __init__(self, *, keep_alive: bool) -> None:
        super().__init__(verify=_tls(), trust_env=False, retries=0)
        # httpx offers no way to hand in a network backend; its version is pinned, and a test drips.
        self._pool = httpcore.ConnectionPool(
            ssl_context=_tls(),
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_CONNECTIONS if keep_alive else 0,
            keepalive_expiry=KEEP_SECONDS,
            http1=True,
            http2=False,
            retries=0,
            network_backend=_Backend(),
        )


class _Limit(threading.local):
    """When this thread's exchange must be over; the exchange runs in one thread from start to end."""

    until: float = float("inf")

    def seconds(self, timeout: float | None) -> float:
        """Return what is left, at most `timeout`; a socket wants it above zero."""
        left = max(self.until - time.monotonic(), 0.001)
        return left if timeout is None else min(timeout, left)


_limit = _Limit()


class _Backend(httpcore.SyncBackend):
    """Opens connections that know the limit."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(super().connect_tcp(host, port, timeout, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    """A connection on which no read outlasts the exchange."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if time.monotonic() > _limit.until:
            raise httpcore.ReadTimeout("the exchange has had its time")
        return self._inner.read(max_bytes, _limit.seconds(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


@functools.cache
def _tls() -> ssl.SSLContext:
    """The trusted certificates, read once: reading them takes tens of milliseconds."""
    context = httpx.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
