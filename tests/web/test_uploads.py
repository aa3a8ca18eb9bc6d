"""Uploads: files laid beside an answer, what is refused of them, and how they are given back."""

from __future__ import annotations

from http import HTTPStatus
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mostrador.actions.uploads import lay_beside
from mostrador.domain.uploads import MOST_BYTES
from mostrador.models import Agent, Reply, Ticket, Upload
from tests import makers

HTMX = {"HTTP_HX_REQUEST": "true"}
PDF = b"%PDF-1.7\nreceipt"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64


@pytest.fixture
def ticket(agent: Agent) -> Ticket:
    """A ticket about a shipped order."""
    return makers.make_ticket(order=makers.make_order())


def laid(desk: Client, ticket: Ticket, *files: tuple[str, bytes]) -> tuple[int, str]:
    """Lay files beside the answer; return the status and the list as it then is."""
    posted = [SimpleUploadedFile(name, content) for name, content in files]
    answer = desk.post(f"/tickets/{ticket.pk}/files", {"files": posted}, **HTMX)
    return answer.status_code, answer.content.decode()


def test_files_lie_beside_the_draft_and_survive_another_browser(
    desk: Client, ticket: Ticket, agent: Agent
) -> None:
    status, html = laid(desk, ticket, ("receipt.pdf", PDF), ("lamp.png", PNG))
    assert status == HTTPStatus.OK
    assert [file.name in html for file in Upload.objects.all()] == [True, True]
    other = Client()
    other.force_login(agent)
    for file in Upload.objects.all():
        assert f'name="upload" value="{file.pk}"' in other.get(f"/tickets/{ticket.pk}/").content.decode()


def test_files_go_with_the_answer_and_leave_the_box(desk: Client, ticket: Ticket) -> None:
    laid(desk, ticket, ("receipt.pdf", PDF), ("lamp.png", PNG))
    first = Upload.objects.get(name="receipt.pdf")
    fields = {"kind": "reply", "text": "Anbei.", "request_key": "k1", "press": "send", "upload": [first.pk]}
    html = desk.post(f"/tickets/{ticket.pk}/reply", fields, **HTMX).content.decode()
    reply = Reply.objects.get()
    assert [file.name for file in reply.uploads.all()] == ["receipt.pdf"]
    assert "receipt.pdf" not in html
    assert "lamp.png" in html
    assert "receipt.pdf" in desk.get(f"/tickets/{ticket.pk}/").content.decode()


def test_taking_an_answer_back_brings_its_files_back(desk: Client, ticket: Ticket) -> None:
    laid(desk, ticket, ("receipt.pdf", PDF))
    file = Upload.objects.get()
    fields = {"kind": "reply", "text": "Anbei.", "request_key": "k1", "press": "send", "upload": [file.pk]}
    desk.post(f"/tickets/{ticket.pk}/reply", fields, **HTMX)
    reply = Reply.objects.get()
    html = desk.post(
        f"/tickets/{ticket.pk}/replies/{reply.pk}/withdraw", {"text": ""}, **HTMX
    ).content.decode()
    assert "Anbei.</textarea>" in html
    assert f'name="upload" value="{file.pk}"' in html


def test_a_file_is_taken_away_before_sending(desk: Client, ticket: Ticket) -> None:
    laid(desk, ticket, ("receipt.pdf", PDF))
    file = Upload.objects.get()
    html = desk.post(f"/tickets/{ticket.pk}/files/{file.pk}/remove", **HTMX).content.decode()
    assert "receipt.pdf" not in html
    assert not Upload.objects.exists()
    fields = {"kind": "reply", "text": "Anbei.", "request_key": "k1", "press": "send", "upload": [file.pk]}
    refused = desk.post(f"/tickets/{ticket.pk}/reply", fields, **HTMX)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "A file was taken away meanwhile" in refused.content.decode()
    assert not Reply.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("setup.exe", b"MZ\x90\x00\x03", "is not a kind of file Amazon carries"),
        ("lamp.svg", b"<svg onload='alert(1)'/>", "named like another kind of file"),
        ("page.html", b"<script>alert(1)</script>", "named like another kind of file"),
        ("lamp.png", PDF, "named like another kind of file"),
        ("archive.zip", b"PK\x03\x04rest", "is not a kind of file Amazon carries"),
        ("macro.docx", b"PK\x03\x04[Content_Types].xml word/document vbaProject", "is not a kind of file"),
        ("list.csv", b"a;b;c", "named like another kind of file"),
        ("empty.txt", b"", "is empty"),
        ("large.txt", b"a" * (MOST_BYTES + 1), "at most 10 MB"),
    ],
)
def test_what_amazon_does_not_carry_is_refused_in_words(
    desk: Client, ticket: Ticket, name: str, content: bytes, words: str
) -> None:
    status, html = laid(desk, ticket, (name, content))
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in html
    assert not Upload.objects.exists()


def test_files_together_stay_below_ten_megabytes(desk: Client, ticket: Ticket) -> None:
    assert laid(desk, ticket, ("a.txt", b"a" * (MOST_BYTES - 10)))[0] == HTTPStatus.OK
    status, html = laid(desk, ticket, ("b.txt", b"b" * 11))
    assert (status, "at most 10 MB" in html) == (HTTPStatus.UNPROCESSABLE_ENTITY, True)
    assert laid(desk, ticket, ("c.txt", b"c" * 10))[0] == HTTPStatus.OK


def test_an_endless_upload_is_cut_off(desk: Client, ticket: Ticket) -> None:
    head = b'--cut\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
    body = head + b"a" * (2 * MOST_BYTES)
    answer = desk.generic(
        "POST",
        f"/tickets/{ticket.pk}/files",
        BytesIO(body).getvalue(),
        content_type="multipart/form-data; boundary=cut",
        **HTMX,
    )
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "at most 10 MB" in answer.content.decode()
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("a\r\nBcc: x@y.example.txt", "a Bcc_ x@y.example.txt"),
        ("lamp\u202egnp.txt", "lampgnp.txt"),
        ("receipt", "receipt.txt"),
        ('q"uo;te.txt', "q_uo_te.txt"),
    ],
)
def test_a_file_gets_a_safe_name(ticket: Ticket, agent: Agent, name: str, kept: str) -> None:
    row = lay_beside(ticket=ticket, agent=agent, name=name, content=b"words", now=makers.NOW)
    assert row.name == kept


def test_a_waiting_file_is_saved_and_never_shown(desk: Client, ticket: Ticket) -> None:
    laid(desk, ticket, ("words.txt", b"<script>alert(1)</script>"))
    file = Upload.objects.get()
    address = f"/tickets/{ticket.pk}/files/{file.pk}"
    answer = desk.get(address)
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    other = Client()
    other.force_login(makers.make_agent(name="Jon Vidal"))
    assert other.get(address).status_code == HTTPStatus.NOT_FOUND
    assert other.post(f"{address}/remove", **HTMX).status_code == HTTPStatus.OK
    assert Upload.objects.count() == 1
