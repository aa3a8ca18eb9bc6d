"""Small real servers for this floor's tests: one records and answers, one misbehaves on the wire."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mostrador.amazon.client import Client
from mostrador.amazon.lwa import AccessToken, TokenSource

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TOKEN = AccessToken("Atza|pinned", NOW + timedelta(minutes=59))
LOGIN = (200, {"access_token": "Atza|fresh", "token_type": "bearer", "expires_in": 3600})


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


Said = tuple[int, object] | tuple[int, object, dict[str, str]]


@dataclass
class Amazonlike:
    """Answers from a table of (method, path); what is not in it is 404 in Amazon's form."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: dict[tuple[str, str], Said | list[Said]] = field(default_factory=dict)

    def client(self) -> Client:
        return Client(self.url, self.tokens())

    def tokens(self) -> TokenSource:
        return TokenSource(
            client_id="amzn1.client",
            client_secret="the-secret",
            refresh_token="Atzr|refresh",
            endpoint=self.url,
        )

    def calls(self) -> list[Asked]:
        """The requests without the logins."""
        return [asked for asked in self.asked if asked.path != "/auth/o2/token"]

    def _said(self, method: str, path: str) -> Said:
        said = self.answers.get((method, path))
        if isinstance(said, list):
            return said.pop(0)
        if said is not None:
            return said
        if path == "/auth/o2/token":
            return LOGIN
        return 404, {"errors": [{"code": "NotFound", "message": "nothing here", "details": ""}]}


def _answering(server: Amazonlike) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.asked.append(Asked(self.command, self.path, headers, body, self.client_address[1]))
            said = server._said(self.command, self.path.partition("?")[0])
            content = said[1] if isinstance(said[1], bytes) else json.dumps(said[1]).encode()
            self.send_response(said[0])
            for name, value in (said[2] if len(said) > 2 else {}).items():
                self.send_header(name, value)
            self.send_header("x-amzn-RequestId", "req-1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    return Answering


@contextlib.contextmanager
def amazonlike() -> Iterator[Amazonlike]:
    """Run the recording server on a free port."""
    server = Amazonlike()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _answering(server))
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


@contextlib.contextmanager
def rude_server(behave: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[bytes]]]:
    """Run a server that reads one request and then does with the connection what `behave` does."""
    listener = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(5)
                    received.append(_read_request(connection))
                    behave(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", received
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


def _read_request(connection: socket.socket) -> bytes:
    content = b""
    while b"\r\n\r\n" not in content:
        part = connection.recv(65536)
        if not part:
            return content
        content += part
    head, _, body = content.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    wanted = int(lengths[0].split(b":")[1]) if lengths else 0
    while len(body) < wanted:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
