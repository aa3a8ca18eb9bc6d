"""The reply box, the mail's own page, and attachments."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus

import pytest
from django.test import Client

from mostrador.domain.delivery import State
from mostrador.models import Agent, Attachment, Message, Reply, Ticket
from tests import makers

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def ticket(agent: Agent) -> Ticket:
    """A ticket about a shipped order."""
    return makers.make_ticket(order=makers.make_order())


def _reply(desk: Client, ticket: Ticket, **more: str) -> tuple[int, str]:
    fields = {"kind": "reply", "text": "Guten Tag!", "request_key": "k1", "press": "send", **more}
    answer = desk.post(f"/tickets/{ticket.pk}/reply", fields, **HTMX)
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize(("press", "closes"), [("send", False), ("close", True)])
def test_an_answer_waits_a_moment_and_knows_whether_it_closes(
    desk: Client, ticket: Ticket, press: str, closes: bool
) -> None:
    assert [_reply(desk, ticket, press=press)[0] for _ in range(2)] == [200, 200]
    reply = Reply.objects.get()
    assert (reply.text, reply.closes_ticket, reply.state) == ("Guten Tag!", closes, State.REQUESTED)
    assert "leaves in a few seconds" in desk.get(f"/tickets/{ticket.pk}/").content.decode()


def test_a_forms_key_can_never_be_that_of_another_source(desk: Client, ticket: Ticket) -> None:
    _reply(desk, ticket, request_key="elsewhere:amzn-1")
    long = "k" * 300
    for _ in range(2):
        _reply(desk, ticket, request_key=long)
    keys = sorted(Reply.objects.values_list("request_key", flat=True))
    assert keys == sorted(["web:elsewhere:amzn-1", f"web:{sha256(long.encode()).hexdigest()}"])


def test_an_armed_answer_waits_for_the_newest_open_action(desk: Client, ticket: Ticket) -> None:
    refund = makers.make_refund(ticket=ticket, state=State.SENT)
    text = "Wir haben {amount} erstattet."
    assert _reply(desk, ticket, press="armed", macro="refund_issued", language="de", text=text)[0] == 200
    reply = Reply.objects.get()
    assert reply.armed_refund == refund
    assert reply.closes_ticket
    html = desk.get(f"/tickets/{ticket.pk}/").content.decode()
    assert f"armed: goes out when Amazon accepts {refund.reference}" in html
    assert "<mark>amount</mark>" in html
    assert "Send when Amazon accepts" not in html


def test_disarming_brings_the_words_back_into_the_box(desk: Client, ticket: Ticket) -> None:
    makers.make_refund(ticket=ticket, state=State.SENT)
    _reply(desk, ticket, press="armed", text="Bald.")
    reply = Reply.objects.get()
    answer = desk.post(f"/tickets/{ticket.pk}/replies/{reply.pk}/withdraw", **HTMX)
    reply.refresh_from_db()
    assert reply.state == State.WITHDRAWN
    assert "Bald.</textarea>" in answer.content.decode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  ", "There is nothing to send"),
        ("x" * 10_001, "10001 characters"),
        ("Wir haben {amount} erstattet.", "not true yet"),
    ],
)
def test_a_refused_answer_keeps_its_words(desk: Client, ticket: Ticket, text: str, words: str) -> None:
    status, html = _reply(desk, ticket, text=text)
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in html
    assert text in html
    assert not Reply.objects.exists()


def test_a_note_is_for_the_team_only(desk: Client, ticket: Ticket, agent: Agent) -> None:
    assert _reply(desk, ticket, kind="note", press="note", text="Be generous.")[0] == HTTPStatus.OK
    note = Message.objects.get(direction="note")
    assert (note.text, note.author) == ("Be generous.", agent)
    assert not Reply.objects.exists()
    assert "note, only for the team" in desk.get(f"/tickets/{ticket.pk}/").content.decode()


def test_a_macro_says_refunded_only_after_amazon_accepted(desk: Client, ticket: Ticket) -> None:
    refund = makers.make_refund(ticket=ticket, state=State.SENT)
    path = f"/tickets/{ticket.pk}/macro?macro=refund_issued&language=en"
    draft = desk.get(path, **HTMX).content.decode()
    assert "{amount}" in draft
    assert "Amazon has not accepted yet" in draft
    refund.move(State.ACCEPTED, now=makers.NOW)
    said = desk.get(path, **HTMX).content.decode()
    assert "€10.00" in said
    assert refund.reference in said
    assert "{" not in said


def test_a_macro_speaks_the_language_that_was_chosen(desk: Client, ticket: Ticket) -> None:
    makers.make_refund(ticket=ticket, state=State.ACCEPTED)
    path = f"/tickets/{ticket.pk}/macro?macro=refund_issued"
    assert 'lang="de"' in desk.get(path, **HTMX).content.decode()
    assert "Jürgen Groß 様" in desk.get(f"{path}&language=ja", **HTMX).content.decode()


def test_a_mails_own_page_can_neither_run_nor_load_anything(desk: Client, ticket: Ticket) -> None:
    message = Message.objects.get()
    Message.objects.filter(pk=message.pk).update(html="<p>Hallo</p>")
    answer = desk.get(f"/messages/{message.pk}/html")
    policy = answer.headers["Content-Security-Policy"]
    for source in ("default", "script", "img", "connect", "frame"):
        assert f"{source}-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "frame-ancestors 'self'" in policy
    assert "<p>Hallo</p>" in answer.content.decode()
    page = desk.get(f"/tickets/{ticket.pk}/").content.decode()
    assert 'sandbox="allow-popups"' in page
    assert "allow-scripts" not in page


def test_a_file_is_saved_and_never_shown(desk: Client, ticket: Ticket) -> None:
    file = Attachment.objects.keep(
        message=Message.objects.get(),
        name="Foto ü.html",
        content_type="text/html",
        content=b"<script>alert(1)</script>",
        size=25,
        refused="",
    )
    answer = desk.get(f"/attachments/{file.pk}/")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content == b"<script>alert(1)</script>"


def test_a_refused_file_says_why(desk: Client, ticket: Ticket) -> None:
    file = Attachment.objects.keep(
        message=Message.objects.get(),
        name="a.exe",
        content_type="x",
        content=b"MZ",
        size=2,
        refused="a program",
    )
    answer = desk.get(f"/attachments/{file.pk}/")
    assert answer.status_code == HTTPStatus.GONE
    assert "a program" in answer.content.decode()
    assert "a program" in desk.get(f"/tickets/{ticket.pk}/").content.decode()
