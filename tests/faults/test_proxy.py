"""The fault proxy: each fault does to a request what its name says, and healing ends it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.faults.proxy import Fault, Proxy, read_message

ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Length: 40\r\nConnection: close\r\n\r\n" + b"x" * 40
WHOLE = [b"POST /feeds HTTP/1.1"]


@contextmanager
def amazon() -> Iterator[tuple[str, list[bytes]]]:
    """A server that writes down the first lines of whole requests and says 202."""
    came: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                if request := read_message(client):
                    came.append(request.split(b"\r\n")[0])
                    client.sendall(ANSWER)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", came
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def post(proxy: Proxy, *, seconds: float = 0.3) -> httpx.Response:
    return httpx.post(f"{proxy.url}/feeds", content=b"y" * 5000, timeout=seconds, trust_env=False)


def test_without_a_fault_everything_passes() -> None:
    with amazon() as (url, came), Proxy(url) as proxy:
        assert post(proxy, seconds=5).content == b"x" * 40
    assert came == WHOLE


@pytest.mark.parametrize(
    ("fault", "error", "arrivals"),
    [
        (Fault.RESET_AT_ONCE, (httpx.ReadError, httpx.WriteError), 0),
        (Fault.HALF_UP, (httpx.ReadError, httpx.WriteError), 0),
        (Fault.RESET_AFTER, httpx.ReadError, 1),
        (Fault.EOF_AFTER, httpx.RemoteProtocolError, 1),
        (Fault.NOT_HTTP, httpx.RemoteProtocolError, 1),
        (Fault.TRUNCATE, httpx.RemoteProtocolError, 1),
        (Fault.STALL, httpx.ReadTimeout, 1),
        (Fault.LOST, httpx.ReadTimeout, 0),
    ],
)
def test_a_fault_breaks_one_request_and_the_next_is_whole(
    fault: Fault, error: type[Exception] | tuple[type[Exception], ...], arrivals: int
) -> None:
    with amazon() as (url, came), Proxy(url) as proxy:
        proxy.arm(fault, "POST /feeds")
        with pytest.raises(error):
            post(proxy)
        assert post(proxy, seconds=5).status_code == 202
        assert len(came) == arrivals + 1
        assert [each for each, _ in proxy.met] == [fault]


def test_a_rule_leaves_other_requests_alone() -> None:
    with amazon() as (url, _), Proxy(url) as proxy:
        proxy.arm(Fault.RESET_AT_ONCE, "GET /other")
        assert post(proxy, seconds=5).status_code == 202


def test_a_doubled_request_arrives_twice_and_is_answered_once() -> None:
    with amazon() as (url, came), Proxy(url) as proxy:
        proxy.arm(Fault.DUPLICATE)
        assert post(proxy, seconds=5).status_code == 202
    assert came == WHOLE * 2


def test_garbage_has_a_good_status() -> None:
    with amazon() as (url, _), Proxy(url) as proxy:
        proxy.arm(Fault.GARBAGE)
        answer = post(proxy, seconds=5)
    assert (answer.status_code, len(answer.content)) == (200, 9)


def test_a_dripping_answer_is_slower_than_patience() -> None:
    with amazon() as (url, _), Proxy(url, drip_seconds=0.02) as proxy:
        proxy.arm(Fault.DRIP)
        answer = post(proxy, seconds=5)
        assert answer.elapsed.total_seconds() > 0.02 * 60


def test_nobody_listens_until_it_is_healed() -> None:
    with amazon() as (url, _), Proxy(url) as proxy:
        proxy.arm(Fault.REFUSE_NEXT)
        assert post(proxy, seconds=5).status_code == 202
        with pytest.raises(httpx.ConnectError):
            post(proxy)
        proxy.heal()
        assert post(proxy, seconds=5).status_code == 202
