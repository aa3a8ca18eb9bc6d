"""Remote pictures: what is fetched for a reader, from a hostile server and through hostile names."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mostrador.mail import remote_images
from mostrador.mail.remote_images import PUBLIC, Network, NoPicture, Picture, Why, fetch, is_public

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
GIF = b"GIF89a" + b"\x00" * 32
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 " + b"\x00" * 16


class Hostile(BaseHTTPRequestHandler):
    """Answers as its path says, and remembers what it was told."""

    heard: list[dict[str, str]]

    def do_GET(self) -> None:
        self.heard.append({"path": self.path, **{name.lower(): text for name, text in self.headers.items()}})
        name = self.path.partition("?")[0].strip("/")
        getattr(self, f"_{name}", self._png)()

    def _say(self, content: bytes, kind: str = "image/png", status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Set-Cookie", "tracked=1")
        for field_name, text in headers.items():
            self.send_header(field_name.replace("_", "-"), text)
        self.end_headers()
        self.wfile.write(content)

    def _png(self) -> None:
        self._say(PNG)

    def _gif(self) -> None:
        self._say(GIF, "text/html")

    def _webp(self) -> None:
        self._say(WEBP)

    def _svg(self) -> None:
        self._say(b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "image/svg+xml")

    def _html(self) -> None:
        self._say(b"<html><script>alert(1)</script></html>", "image/png")

    def _empty(self) -> None:
        self._say(b"")

    def _missing(self) -> None:
        self._say(PNG, status=404)

    def _packed(self) -> None:
        self._say(PNG, Content_Encoding="gzip")

    def _huge(self) -> None:
        self._say(PNG)
        for _ in range(200):
            self.wfile.write(b"\x00" * 65_536)

    def _drip(self) -> None:
        self._say(PNG)
        for _ in range(100):
            self.wfile.write(b"\x00")
            self.wfile.flush()
            time.sleep(0.05)

    def _slow_head(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100):
            self.wfile.write(f"X-{number}: a\r\n".encode())
            self.wfile.flush()
            time.sleep(0.05)

    def _loop(self) -> None:
        self._say(b"", status=302, Location="/loop")

    def _near(self) -> None:
        self._say(b"", status=302, Location="http://metadata.example/latest")

    def _moved(self) -> None:
        self._say(b"", status=301, Location="/png?again=1")

    def _file(self) -> None:
        self._say(b"", status=302, Location="file:///etc/passwd")

    def _nonsense(self) -> None:
        self._say(b"", status=302, Location="http://[")

    def log_message(self, *_args: object) -> None:
        """Say nothing on the screen."""


@dataclass
class Web:
    """A hostile server as if it stood on the open internet, and what was asked of the network."""

    port: int
    heard: list[dict[str, str]]
    resolved: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)

    def network(self, admits: Callable[[object, int], bool] = is_public) -> Network:
        """Return a network whose every connection ends at this server, whatever address was checked."""

        def resolve(host: str, _port: int) -> list[str]:
            self.resolved.append(host)
            known = self.names.setdefault(host, ["93.184.216.34"])
            return [known.pop(0) if len(known) > 1 else known[0]]

        def connect(address: tuple[str, int], timeout: float) -> socket.socket:
            self.connected.append(address[0])
            return socket.create_connection(("127.0.0.1", self.port), timeout)

        return Network(resolve, admits, connect)


@pytest.fixture
def web() -> Iterator[Web]:
    heard: list[dict[str, str]] = []
    handler = type("Handler", (Hostile,), {"heard": heard})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_args: None  # type: ignore[method-assign]  # clients hang up on purpose
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield Web(server.server_address[1], heard)
    server.shutdown()
    thread.join()
    server.server_close()


def why(address: str, network: Network, seconds: float = 5) -> Why:
    """Return why there is no picture at an address."""
    with pytest.raises(NoPicture) as found:
        fetch(address, network=network, seconds=seconds)
    return found.value.why


# ── what is fetched ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "picture"),
    [
        ("png", Picture("image/png", PNG)),
        ("gif", Picture("image/gif", GIF)),
        ("webp", Picture("image/webp", WEBP)),
        ("moved", Picture("image/png", PNG)),
    ],
)
def test_a_picture_is_known_by_its_bytes(web: Web, name: str, picture: Picture) -> None:
    assert fetch(f"http://pictures.example/{name}", network=web.network()) == picture


def test_the_sender_learns_neither_who_reads_nor_where(web: Web) -> None:
    fetch("http://pictures.example/png?id=7&x=%20y#part", network=web.network())
    [told] = web.heard
    assert set(told) == {"path", "host", "accept", "accept-encoding", "user-agent", "connection"}
    assert (told["path"], told["host"]) == ("/png?id=7&x=%20y", "pictures.example")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("svg", Why.NOT_A_PICTURE),
        ("html", Why.NOT_A_PICTURE),
        ("empty", Why.NOT_A_PICTURE),
        ("missing", Why.NOT_A_PICTURE),
        ("packed", Why.NOT_A_PICTURE),
        ("huge", Why.TOO_LARGE),
        ("loop", Why.REDIRECTED_TOO_OFTEN),
        ("file", Why.BAD_ADDRESS),
        ("nonsense", Why.BAD_ADDRESS),
    ],
)
def test_what_is_no_small_picture_is_not_fetched(web: Web, name: str, reason: Why) -> None:
    assert why(f"http://pictures.example/{name}", web.network()) == reason


@pytest.mark.parametrize("name", ["drip", "slow_head"])
def test_a_server_that_drips_is_left_in_time(web: Web, name: str) -> None:
    begun = time.monotonic()
    assert why(f"http://pictures.example/{name}", web.network(), seconds=0.3) == Why.TOO_SLOW
    assert time.monotonic() - begun < 2


def test_a_server_that_is_not_there_gives_no_picture() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    network = Network(lambda *_: ["127.0.0.1"], lambda *_: True, socket.create_connection)
    assert why(f"http://nobody.example:{port}/", network) == Why.UNREACHABLE


def test_what_speaks_no_tls_gives_no_picture_over_https(web: Web) -> None:
    assert why("https://pictures.example/png", web.network()) == Why.UNREACHABLE
    assert web.heard == []


# ── what is never reached ─────────────────────────────────────────────────────────────────────────────────

NEAR = [
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255",
    "192.88.99.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "100::1",
]  # fmt: skip


@pytest.mark.parametrize("address", NEAR)
def test_nothing_near_us_is_reached_by_any_name(web: Web, address: str) -> None:
    web.names["pictures.example"] = [address]
    assert why("http://pictures.example/png", web.network()) == Why.NOT_PUBLIC
    assert (web.connected, web.heard) == ([], [])


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1/", "http://2130706433/", "http://0x7f.1/", "http://017700000001/", "http://127.1/",
     "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://localhost/", "http://LOCALHOST./",
     "http://127.0.0.1\t/", "http://１２７.０.０.１/"],
)  # fmt: skip
def test_no_spelling_of_this_machine_is_reached(address: str) -> None:
    assert why(address, PUBLIC) in (Why.NOT_PUBLIC, Why.BAD_ADDRESS, Why.UNREACHABLE)


@pytest.mark.parametrize(
    "address",
    ["", "picture.png", "//pictures.example/a.png", "ftp://pictures.example/a.png", "file:///etc/passwd",
     "gopher://pictures.example/", "data:image/png;base64,AA", "javascript:alert(1)", "http://",
     "http://user@pictures.example/", "http://a:b@pictures.example/", "http://pictures.example:99999/",
     "http://[::1", "http://pic tures.example/", "http://pictures.example\r\nX: y/",
     "http://pictures.example/" + "a" * 2000],
)  # fmt: skip
def test_what_is_no_web_address_is_not_even_looked_up(web: Web, address: str) -> None:
    assert why(address, web.network()) == Why.BAD_ADDRESS
    assert web.resolved == []


@pytest.mark.parametrize("port", [22, 25, 5432, 6379, 8080])
def test_only_the_ports_of_the_web_are_reached(web: Web, port: int) -> None:
    assert why(f"http://pictures.example:{port}/png", web.network()) == Why.NOT_PUBLIC
    assert web.connected == []


def test_one_near_address_among_public_ones_is_enough_to_refuse() -> None:
    found = ["93.184.216.34", "10.0.0.1"]
    network = replace(PUBLIC, resolve=lambda *_: found, connect=lambda *_: pytest.fail("connected"))
    assert why("http://pictures.example/png", network) == Why.NOT_PUBLIC


def test_a_name_that_changes_its_mind_is_asked_once_and_the_checked_address_is_reached(web: Web) -> None:
    web.names["pictures.example"] = ["93.184.216.34", "127.0.0.1"]
    assert fetch("http://pictures.example/png", network=web.network()).content == PNG
    assert (web.resolved, web.connected) == (["pictures.example"], ["93.184.216.34"])


def test_a_redirect_to_something_near_is_not_followed(web: Web) -> None:
    web.names["metadata.example"] = ["169.254.169.254"]
    assert why("http://pictures.example/near", web.network()) == Why.NOT_PUBLIC
    assert web.connected == ["93.184.216.34"]
    assert [told["path"] for told in web.heard] == ["/near"]


def test_a_line_break_in_an_address_never_becomes_a_header(web: Web) -> None:
    fetch("http://pictures.example/png?a=1\u2028b&c=\u00e9 d", network=web.network())
    [told] = web.heard
    assert told["path"] == "/png?a=1%E2%80%A8b&c=%C3%A9%20d"


def test_public_addresses_are_admitted() -> None:
    for text in ("93.184.216.34", "1.1.1.1", "2606:4700:4700::1111"):
        assert is_public(ipaddress.ip_address(text), 443)


def test_the_desk_knows_but_one_network() -> None:
    assert remote_images.PUBLIC.admits is is_public
    assert fetch.__kwdefaults__["network"] is PUBLIC
