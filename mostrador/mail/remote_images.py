"""A picture fetched for a reader: it tells nobody who reads, and reaches nothing that is not public."""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from mostrador.mail import attachments, limits

_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

PICTURE_BYTES: Final = 5 * limits.MEGABYTE
SECONDS: Final = 10.0
REDIRECTS: Final = 3
_PORTS: Final = {"http": 80, "https": 443}
_CONNECT_SECONDS: Final = 5.0
_CHUNK_BYTES: Final = 64 * 1024
_KINDS: Final = frozenset({"image/png", "image/jpeg", "image/gif"})
_UNICAST = ipaddress.ip_network("2000::/3")
# IPv6 that carries an IPv4 address within: what that leads to is anybody's guess.
_TUNNELS = tuple(map(ipaddress.ip_network, ("2002::/16", "2001::/23", "192.88.99.0/24")))
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?", re.ASCII)
_ASKED: Final = {
    "Accept": "image/png,image/jpeg,image/gif,image/webp",
    "Accept-Encoding": "identity",
    "User-Agent": "Mozilla/5.0 (compatible; image proxy)",
    "Connection": "close",
}


class Why(StrEnum):
    """Why there is no picture."""

    BAD_ADDRESS = "bad_address"
    NOT_PUBLIC = "not_public"
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    NOT_A_PICTURE = "not_a_picture"
    REDIRECTED_TOO_OFTEN = "redirected_too_often"


class NoPicture(Exception):
    """A picture that is not shown, and why."""

    def __init__(self, why: Why) -> None:
        self.why = why
        super().__init__(why.value)


@dataclass(frozen=True, slots=True)
class Picture:
    """An image; `content_type` is what its bytes are."""

    content_type: str
    content: bytes


def is_public(address: _Ip, port: int) -> bool:
    """Return whether an address is a web server's on the open internet, and nothing near us."""
    if port not in _PORTS.values():
        return False
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False
    if any(address.version == net.version and address in net for net in _TUNNELS):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _resolved(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True, slots=True)
class Network:
    """How names become addresses, which of them may be reached, and how; there is but one outside tests."""

    resolve: Callable[[str, int], Sequence[str]]
    admits: Callable[[_Ip, int], bool]
    connect: Callable[[tuple[str, int], float], socket.socket]


PUBLIC: Final = Network(_resolved, is_public, socket.create_connection)


def fetch(address: str, *, network: Network = PUBLIC, seconds: float = SECONDS) -> Picture:
    """Fetch the picture at an address, without cookies and without saying where it is shown.

    A name is resolved once; every address it has must be public, and the connection goes to the one that
    was checked. The same holds for each redirect.

    Raises: NoPicture with the reason.
    """
    until = time.monotonic() + seconds
    for _ in range(1 + REDIRECTS):
        answer = _Visit(network, until).ask(address)
        if isinstance(answer, Picture):
            return answer
        address = _next(address, answer)
    raise NoPicture(Why.REDIRECTED_TOO_OFTEN)


def _next(address: str, location: str) -> str:
    try:
        return urljoin(address, location)
    except ValueError:
        raise NoPicture(Why.BAD_ADDRESS) from None


class _Visit:
    """One question to one server, ended by an alarm however slowly it is answered."""

    def __init__(self, network: Network, until: float) -> None:
        self._network = network
        self._until = until
        self._socket: socket.socket | None = None
        self._is_late = False

    def ask(self, address: str) -> Picture | str:
        """Return the picture, or the address the server sends us to."""
        scheme, host, port, target = _parts(address)
        ip = self._checked(host, port)
        alarm = threading.Timer(max(0.01, self._left()), self._cut)
        alarm.daemon = True
        alarm.start()
        try:
            self._socket = self._connect(ip, port)
            if scheme == "https":
                self._encrypt(host)
            return self._answer(host, port, target)
        except (OSError, http.client.HTTPException, ValueError):
            raise NoPicture(Why.TOO_SLOW if self._is_late else Why.UNREACHABLE) from None
        finally:
            alarm.cancel()
            if self._socket is not None:
                self._socket.close()

    def _left(self) -> float:
        return self._until - time.monotonic()

    def _cut(self) -> None:
        self._is_late = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _checked(self, host: str, port: int) -> str:
        try:
            found = self._network.resolve(host, port)
        except (OSError, UnicodeError):
            raise NoPicture(Why.UNREACHABLE) from None
        addresses = [_plain(one) for one in found]
        if not addresses or not all(self._network.admits(one, port) for one in addresses):
            raise NoPicture(Why.NOT_PUBLIC)
        return str(addresses[0])

    def _connect(self, ip: str, port: int) -> socket.socket:
        if self._left() <= 0:
            self._is_late = True
            raise TimeoutError
        return self._network.connect((ip, port), min(_CONNECT_SECONDS, self._left()))

    def _encrypt(self, host: str) -> None:
        assert self._socket is not None, "connected above"
        context = ssl.create_default_context()
        self._socket = context.wrap_socket(self._socket, server_hostname=host, do_handshake_on_connect=False)
        self._socket.do_handshake()

    def _answer(self, host: str, port: int, target: str) -> Picture | str:
        connection = http.client.HTTPConnection(host, port)
        connection.sock = self._socket
        # Or it would resolve the name a second time, should the server hang up.
        connection.auto_open = False
        with closing(connection):
            connection.request("GET", target, headers=_ASKED)
            with connection.getresponse() as answer:
                if answer.status in (301, 302, 303, 307, 308):
                    return answer.headers.get("Location") or ""
                if answer.status != 200 or answer.headers.get("Content-Encoding", "identity") != "identity":
                    raise NoPicture(Why.NOT_A_PICTURE)
                return _picture(self._content(answer))

    def _content(self, answer: http.client.HTTPResponse) -> bytes:
        content = bytearray()
        while chunk := answer.read(_CHUNK_BYTES):
            content += chunk
            if len(content) > PICTURE_BYTES:
                raise NoPicture(Why.TOO_LARGE)
        if self._is_late:
            raise NoPicture(Why.TOO_SLOW)
        return bytes(content)


def _parts(address: str) -> tuple[str, str, int, str]:
    """Take an address apart. Raises: NoPicture when it is not one of a web server."""
    try:
        parts = urlsplit(address[: limits.IMAGE_ADDRESS_CHARS].strip())
        host = (parts.hostname or "").encode("idna").decode("ascii").lower()
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except (ValueError, UnicodeError):
        raise NoPicture(Why.BAD_ADDRESS) from None
    is_plain = parts.scheme in _PORTS and "@" not in parts.netloc
    if (
        not is_plain
        or not (_HOST.fullmatch(host) or ":" in host)
        or len(address) > limits.IMAGE_ADDRESS_CHARS
    ):
        raise NoPicture(Why.BAD_ADDRESS)
    safe = "/%:@!$&'()*+,;=~-._?"
    target = quote(parts.path or "/", safe=safe) + (
        f"?{quote(parts.query, safe=safe)}" if parts.query else ""
    )
    return parts.scheme, host, port, target


def _plain(address: str) -> _Ip:
    """Return an address as it is reached: an IPv4 address dressed as IPv6 is judged as what it is."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return ip.ipv4_mapped or ip if isinstance(ip, ipaddress.IPv6Address) else ip


def _picture(content: bytes) -> Picture:
    is_webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    kind = "image/webp" if is_webp else attachments.sniff(content, attachments.TEXT)
    if kind not in _KINDS and not is_webp:
        raise NoPicture(Why.NOT_A_PICTURE)
    return Picture(kind, content)
