"""What really happens on a socket, and how it is classified."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mostrador.amazon.errors import AmazonError, Happened, NotSent, OutcomeUnknown, TooLarge
from mostrador.amazon.wire import Outgoing, Wire, boot_clock, is_allowed_address

from .amazonlike import Amazonlike, rude_server


def outgoing(url: str, **changes: Any) -> Outgoing:
    plain: dict[str, Any] = {
        "headers": {"Content-Type": "application/json"},
        "content": b'{"a": 1}',
        "fresh_connection": True,
        "connect_timeout": 0.5,
        "read_timeout": 0.3,
    }
    return Outgoing("createFeed", "POST", url, **(plain | changes))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def say(
    content: bytes, then: Callable[[socket.socket], None] = lambda _: None
) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.sendall(content)
        then(connection)

    return behave


@pytest.mark.parametrize("fresh", [True, False])
def test_a_refused_connection_is_proof_that_nothing_was_sent(fresh: bool) -> None:
    with pytest.raises(NotSent) as caught:
        Wire().send(outgoing(f"http://127.0.0.1:{closed_port()}/", fresh_connection=fresh))
    assert caught.value.happened is Happened.NO
    assert caught.value.operation == "createFeed"


def test_a_name_that_does_not_resolve_is_proof_that_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(NotSent) as caught:
        Wire().send(outgoing("https://nowhere.invalid/"))
    assert caught.value.happened is Happened.NO


def test_a_server_that_speaks_no_tls_gets_not_one_byte_of_the_request() -> None:
    with rude_server(say(b"HTTP/1.1 200 OK\r\n\r\n")) as (url, received), pytest.raises(NotSent) as caught:
        Wire().send(outgoing(url.replace("http:", "https:"), headers={"x-secret": "words"}))
    assert caught.value.happened is Happened.NO
    assert b"words" not in b"".join(received)


def test_a_passed_deadline_stops_the_request_after_connecting_but_before_the_first_byte() -> None:
    with rude_server(say(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")) as (url, received):
        with pytest.raises(NotSent) as caught:
            Wire().send(outgoing(url, deadline=boot_clock() - 0.001))
        assert caught.value.happened is Happened.NO
        assert Wire().send(outgoing(url, deadline=boot_clock() + 30)).status == 202
    assert received[0] == b""
    assert received[1].startswith(b"POST / HTTP/1.1\r\n")


LOST: dict[str, Callable[[socket.socket], None]] = {
    "closed without an answer": say(b""),
    "reset without an answer": reset,
    "silence until the time-out": lambda _: time.sleep(0.5),
    "garbage": say(b"\x00\x01garbage\r\n\r\n"),
    "another protocol": say(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "half a status line": say(b"HTTP/1.1 20"),
    "half a header": say(b"HTTP/1.1 202 Accepted\r\nContent-Le"),
    "half a body": say(b"HTTP/1.1 202 Accepted\r\nContent-Length: 20\r\n\r\n{"),
    "half a chunk": say(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{"),
    "reset in the body": say(b"HTTP/1.1 202 Accepted\r\nContent-Length: 20\r\n\r\n{", reset),
    "a wrong length": say(b"HTTP/1.1 202 Accepted\r\nContent-Length: minus\r\n\r\n{}"),
}


@pytest.mark.parametrize("behave", LOST.values(), ids=LOST.keys())
def test_a_lost_answer_is_unknown_and_the_request_is_sent_once(
    behave: Callable[[socket.socket], None],
) -> None:
    with rude_server(behave) as (url, received):
        with pytest.raises(OutcomeUnknown) as caught:
            Wire().send(outgoing(url))
        assert caught.value.happened is Happened.UNKNOWN
        assert caught.value.status is None
        time.sleep(0.02)
    assert len(received) == 1


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\n", b"HTTP/1.1 202 OK\r\nX: "]
)
def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    monkeypatch.setattr("mostrador.amazon.wire.BODY_SECONDS", 0.1)

    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        with contextlib.suppress(OSError):
            for _ in range(200):
                connection.sendall(b"x")
                time.sleep(0.01)

    began = time.monotonic()
    with rude_server(drip) as (url, _):
        with pytest.raises(OutcomeUnknown) as caught:
            Wire().send(outgoing(url, connect_timeout=0.1, read_timeout=0.1))
        assert 0.2 < time.monotonic() - began < 1
    assert caught.value.happened is Happened.UNKNOWN


def test_a_certificate_nobody_vouches_for_gets_not_one_byte(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    received: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with (
            connection,
            contextlib.suppress(OSError),
            context.wrap_socket(connection, server_side=True) as secure,
        ):
            received.append(secure.recv(100))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        with pytest.raises(NotSent, match="certificate"):
            Wire().send(outgoing(f"https://localhost:{listener.getsockname()[1]}/", connect_timeout=3))
        thread.join()
    assert received == []


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "self-signed.pem"
    path.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def test_an_answer_above_the_limit_is_not_read(amazon: Amazonlike) -> None:
    amazon.answers["POST", "/"] = (200, b" " * 1001)
    with pytest.raises(TooLarge) as caught:
        Wire().send(outgoing(amazon.url + "/", max_bytes=1000))
    assert caught.value.happened is Happened.UNKNOWN


def test_a_fresh_connection_is_not_one_that_was_used_before(amazon: Amazonlike) -> None:
    amazon.answers["POST", "/"] = (200, {})
    wire = Wire()
    for fresh in (False, False, True, False):
        wire.send(outgoing(amazon.url + "/", fresh_connection=fresh))
    wire.close()
    first, second, third, fourth = [asked.connection for asked in amazon.asked]
    assert first == second == fourth
    assert third != first


def test_the_machines_proxy_is_not_asked(amazon: Amazonlike, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port()}")
    amazon.answers["POST", "/"] = (200, {})
    assert Wire().send(outgoing(amazon.url + "/")).status == 200


def test_an_error_never_repeats_the_peers_bytes() -> None:
    with (
        rude_server(say(b"HTTP/9 Jane Buyer, 1 Secret Street\r\n\r\n")) as (url, _),
        pytest.raises(AmazonError) as caught,
    ):
        Wire().send(outgoing(url))
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://sellingpartnerapi-eu.amazon.com", True),
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("http://sellingpartnerapi-eu.amazon.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://10.0.0.1", False),
        ("https://user:word@sellingpartnerapi-eu.amazon.com", False),
        ("ftp://127.0.0.1", False),
        ("https://", False),
        ("sellingpartnerapi-eu.amazon.com", False),
        ("", False),
    ],
)
def test_plain_http_is_for_this_machine_only(url: str, allowed: bool) -> None:
    assert is_allowed_address(url) is allowed
