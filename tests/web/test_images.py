"""Images of a mail: blocked until asked for, and then fetched by this server alone."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory

from mostrador.mail.remote_images import Network, is_public
from mostrador.models import Agent, Message, RawMail
from mostrador.tasks import intake
from mostrador.web.images import image_view
from tests import makers
from tests.tasks.letters import letter

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32
ADDRESSES = ["https://pictures.example/a.png?id=1&x=2", "http://pictures.example/b.png"]


def written(html: str) -> Message:
    """Take in a buyer's mail with that HTML."""
    mail = message_from_bytes(letter(), policy=SMTP)
    assert isinstance(mail, EmailMessage)
    mail.set_content(html, subtype="html")
    content = mail.as_bytes()
    raw, _ = RawMail.objects.keep(
        mailbox=makers.make_mailbox(), content=content, size=len(content), truncated=False, now=makers.NOW
    )
    intake.take_in(raw.pk, makers.NOW)
    return Message.objects.get(raw=raw)


@pytest.fixture
def message(agent: Agent) -> Message:
    """A mail with two remote images, one of them twice, and one that is none."""
    cache.clear()
    first, second = (address.replace("&", "&amp;") for address in ADDRESSES)
    return written(
        f'<p>Look:</p><img src="{first}" onerror="alert(1)"><img src="{second}" width="1">'
        '<img src="cid:1"><img src="javascript:alert(1)"><img srcset="https://pictures.example/c.png">'
    )


@pytest.fixture
def server() -> Iterator[int]:
    """A web server with one picture, on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert "Cookie" not in self.headers
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PNG)

        def log_message(self, *_args: object) -> None:
            """Say nothing on the screen."""

    one = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield one.server_address[1]
    one.shutdown()
    thread.join()
    one.server_close()


def page(desk: Client, message: Message, **headers: str) -> str:
    """Return the mail's page with its images' places."""
    answer = desk.get(f"/messages/{message.pk}/with-images", **headers)
    assert answer.status_code == HTTPStatus.OK
    return answer.content.decode()


def sources(html: str) -> list[str]:
    """Return the addresses of the images in a page."""
    return [source.replace("&amp;", "&") for source in re.findall(r'<img src="([^"]*)"', html)]


def test_images_are_blocked_until_somebody_asks(desk: Client, message: Message) -> None:
    html = desk.get(f"/messages/{message.pk}/html").content.decode()
    assert "<img" not in html
    ticket = desk.get(f"/tickets/{message.ticket_id}/").content.decode()
    assert "images from outside were blocked" in ticket
    assert f'href="/messages/{message.pk}/with-images"' in ticket
    assert "pictures.example" not in ticket


def test_images_come_from_this_server_and_nothing_else_may_load(desk: Client, message: Message) -> None:
    answer = desk.get(f"/messages/{message.pk}/with-images")
    html, policy = answer.content.decode(), answer.headers["Content-Security-Policy"]
    assert [source.partition("?")[0] for source in sources(html)] == [
        f"/messages/{message.pk}/images/0",
        f"/messages/{message.pk}/images/1",
    ]
    assert "pictures.example" not in html
    assert "onerror" not in html
    assert "img-src 'self'" in policy
    for source in ("default", "script", "connect", "frame"):
        assert f"{source}-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_other_site_can_have_images_loaded(desk: Client, message: Message, site: str) -> None:
    answer = desk.get(f"/messages/{message.pk}/with-images", HTTP_SEC_FETCH_SITE=site)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/messages/{message.pk}/html")


def test_an_image_passes_through_this_server(desk: Client, message: Message, server: int) -> None:
    asked: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["93.184.216.34"]

    def connect(_address: tuple[str, int], timeout: float) -> socket.socket:
        return socket.create_connection(("127.0.0.1", server), timeout)

    image = image_view(Network(resolve, is_public, connect))
    request = RequestFactory().get(sources(page(desk, message))[1])
    answer = image(request, message_id=message.pk, number=1)
    assert (answer.status_code, answer.content) == (HTTPStatus.OK, PNG)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == "attachment"
    assert asked == [("pictures.example", 80)]


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "localhost", "[::1]", "10.0.0.1"])
def test_a_mail_cannot_make_this_server_look_around_itself(desk: Client, agent: Agent, host: str) -> None:
    cache.clear()
    message = written(f'<img src="http://{host}/latest/meta-data/">')
    [source] = sources(page(desk, message))
    answer = desk.get(source)
    assert (answer.status_code, answer.content) == (HTTPStatus.NOT_FOUND, b"not_public")


def test_the_address_never_comes_from_the_request(desk: Client, message: Message) -> None:
    source = sources(page(desk, message))[0]
    number = source.replace("/images/0?", "/images/7?")
    assert desk.get(number).status_code == HTTPStatus.NOT_FOUND
    other = source.replace(f"/messages/{message.pk}/", f"/messages/{message.pk + 1}/")
    assert desk.get(other).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("seal", ["", "1:1:1:x", "1:1"])
def test_an_image_is_fetched_only_with_a_fresh_seal(desk: Client, message: Message, seal: str) -> None:
    assert desk.get(f"/messages/{message.pk}/images/0?seal={seal}").status_code == HTTPStatus.NOT_FOUND


def test_a_seal_ends_with_its_agent(desk: Client, message: Message, agent: Agent) -> None:
    source = sources(page(desk, message))[0]
    Agent.objects.filter(pk=agent.pk).update(is_active=False)
    assert Client().get(source).status_code == HTTPStatus.NOT_FOUND


def test_who_is_not_signed_in_gets_no_page_with_images(message: Message) -> None:
    answer = Client().get(f"/messages/{message.pk}/with-images")
    assert answer.status_code == HTTPStatus.FOUND
    assert answer.headers["Location"].startswith("/sign-in")


def test_older_text_is_folded_and_can_be_opened(desk: Client, agent: Agent) -> None:
    older = "Am 23.11.2026 um 10:12 schrieb Nordlicht <x@y.example>:\n> Ihre Lampe ist da."
    ticket = makers.make_ticket(text=f"Sie kam nie an.\n\n{older}")
    html = desk.get(f"/tickets/{ticket.pk}/").content.decode()
    shown, _, folded = html.partition('<details class="older">')
    assert "Sie kam nie an." in shown
    assert "Ihre Lampe ist da." in folded.partition("</details>")[0]
