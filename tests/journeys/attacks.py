"""Attacks: mails full of payloads, and a browser in which nothing they want goes unseen."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, BrowserContext, Dialog, Frame, Page, ProxySettings, Request

from tests.journeys.house import House
from tests.mail.payloads import Payload

SELLER = "A2NORDLICHTEU7"
PAYLOADS_PER_MAIL = 20
_NAME_BYTES = 150  # of a display name and a file's, as far as the reader keeps them
_SUBJECT_BYTES = 500
# Ends whatever a payload has left open, so that it cannot swallow the next one and hide it.
_CLOSED = (
    "'\"`>--></style></script></title></textarea></noscript></template></xmp></noembed></noframes></iframe>"
    "</select></svg></math></form></object></table>"
)
# What a payload left in the page: an attribute of its making, other than a link's target or mere words.
_SUSPECTS = """() => [...document.querySelectorAll('*')].flatMap((one) => [...one.attributes].filter((it) => {
    const isWords = ['title', 'aria-label', 'alt', 'placeholder', 'value', 'content'].includes(it.name);
    const isLink = one.tagName === 'A' && it.name === 'href' && /^(https?|mailto):/i.test(it.value);
    const isOurs = /^\\/(?![\\/\\\\])/.test(it.value);
    if (/^on|^hx-on|^data-hx|^srcdoc$|^style$|^ping$|^formaction$/i.test(it.name)) return true;
    if (isWords || isLink || isOurs) return false;
    return /canary\\(|evil\\.example/i.test(it.value);
}).map((it) => `<${one.tagName.toLowerCase()} ${it.name}="${it.value.slice(0, 120)}">`))"""


def html_of(payloads: Sequence[Payload]) -> str:
    """Return payloads as one HTML body, none of which can hide the next."""
    ordered = sorted(payloads, key=lambda payload: "plaintext" in payload.text)
    return "<p>Guten Tag</p>" + "\n".join(f"{payload.text}{_CLOSED}" for payload in ordered)


def mail_of(payloads: Sequence[Payload], number: int, *, name: Sequence[str], charset: str = "utf-8") -> str:
    """Return a mail with the payloads in every place a sender can write to, and `name` as who wrote it."""
    first, texts = payloads[0], [payload.text for payload in payloads]
    plain = "Guten Tag\n" + "\n".join(texts)
    files = "".join(_file(payload) for payload in payloads)
    return (
        f"From: {_words(name, _NAME_BYTES)} <attack{number:05d}@marketplace.amazon.de>\r\n"
        f"To: service@nordlicht.example\r\nSubject: {_words(texts, _SUBJECT_BYTES)}\r\n"
        f'Message-ID: <{number}"><script>canary({first.number})</script>@evil.example>\r\n'
        f"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/mixed; boundary="m"\r\n\r\n'
        f'--m\r\nContent-Type: multipart/alternative; boundary="a"\r\n\r\n'
        f"--a\r\n{_part('plain', plain, charset)}--a\r\n{_part('html', html_of(payloads), charset)}--a--\r\n"
        f"{files}--m--\r\n"
    )


def _words(texts: Sequence[str], room: int) -> str:
    """Return texts as encoded words, into which line breaks and zeros fit as well."""
    content = " ".join(texts).encode()[:room].decode(errors="ignore")
    pieces = [content[at : at + 12] for at in range(0, len(content), 12)]
    return "\r\n ".join(f"=?utf-8?b?{_base64(piece.encode())}?=" for piece in pieces)


def _file(payload: Payload) -> str:
    """Return an attached text whose name is the payload, written in one of the two ways."""
    if payload.number % 2 and payload.text.isascii() and payload.text.isprintable():
        escaped = payload.text.replace("\\", "\\\\").replace('"', '\\"')
        name = f'filename="{escaped}.txt"'
    else:
        name = f"filename*=utf-8''{quote(payload.text, safe='')}.txt"
    content = _base64(payload.text.encode())
    return (
        f"--m\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: attachment; {name}\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{content}\r\n"
    )


def _part(kind: str, text: str, charset: str) -> str:
    content = _base64(text.encode(charset, "xmlcharrefreplace"))
    return (
        f"Content-Type: text/{kind}; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{content}\r\n"
    )


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


@dataclass
class Trap:
    """A browser in which every script, dialog, window and foreign request of a payload is noted."""

    page: Page
    caught: list[str] = field(default_factory=list)

    def suspects(self) -> list[str]:
        """Return what payloads left in the page and its frames, other than words."""
        return [found for frame in self.page.frames for found in _left_in(frame)]


def _left_in(frame: Frame) -> list[str]:
    return list(frame.evaluate(_SUSPECTS))


@contextmanager
def set_trap(browser: Browser, house: House, state: Any, *, bypass_csp: bool = False) -> Iterator[Trap]:
    """Open a browser of its own; with `bypass_csp` the pages' policy protects nothing."""
    # What asks for another host ends at a closed door of this machine. (Routes would switch the cache off.)
    nowhere: ProxySettings = {"server": "http://127.0.0.1:9", "bypass": "127.0.0.1"}
    context = browser.new_context(
        storage_state=state, bypass_csp=bypass_csp, proxy=nowhere, viewport={"width": 1440, "height": 900}
    )
    try:
        trap = Trap(context.new_page())
        _listen(context, trap, house)
        yield trap
    finally:
        context.close()


def _listen(context: BrowserContext, trap: Trap, house: House) -> None:
    def asked(request: Request) -> None:
        if not request.url.startswith((f"{house.url}/", "data:", "about:", "blob:")):
            trap.caught.append(f"request {request.url}")

    def window(page: Page) -> None:
        trap.caught.append(f"window {page.url}")

    def dialog(opened: Dialog) -> None:
        trap.caught.append(f"dialog {opened.message}")
        opened.dismiss()

    context.on("request", asked)
    context.expose_binding("canary", lambda _source, number: trap.caught.append(f"canary {number}"))
    context.on("page", window)
    trap.page.on("dialog", dialog)
    trap.page.on("framenavigated", lambda frame: _note(frame, trap, house))


def _note(frame: Frame, trap: Trap, house: House) -> None:
    if frame.url and not frame.url.startswith((f"{house.url}/", "about:blank", "about:srcdoc")):
        trap.caught.append(f"navigation {frame.url}")
