"""Uploads: files laid beside an answer, taken away again, and looked at before they leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.files.uploadhandler import MemoryFileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from mostrador.actions import uploads as actions
from mostrador.domain.refusals import Refusal, RefusalCode, Refused
from mostrador.domain.uploads import MOST_BYTES
from mostrador.models import Agent, Ticket
from mostrador.web.access import access_ticket, access_upload, agent_of
from mostrador.web.reply_form import files_beside
from mostrador.web.words import refusals_words

# What a browser may send in one go: the files, and the form around them.
MOST_BODY_BYTES = MOST_BYTES + 1024 * 1024


class BoundedUploadHandler(MemoryFileUploadHandler):
    """Takes files into memory as far as Amazon would carry them, and stops reading after that."""

    def handle_raw_input(
        self,
        input_data: object,
        META: dict[str, str],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Note how much has come; Django calls this first."""
        self.activated, self.taken = True, 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Keep a piece of a file. Raises: StopUpload when all files together are too large."""
        self.taken += len(raw_data)
        if self.taken > MOST_BODY_BYTES:
            raise StopUpload(connection_reset=True)
        return super().receive_data_chunk(raw_data, start)


@require_POST
def upload(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Lay files beside the answer; what is refused is told in words, file by file."""
    ticket, agent = access_ticket(request, ticket_id), agent_of(request)
    _laid, problems = lay_beside(request, ticket, timezone.now())
    return _files(request, ticket, agent, refusals_words(problems))


def lay_beside(
    request: HttpRequest, ticket: Ticket, now: datetime
) -> tuple[tuple[int, ...], tuple[Refusal, ...]]:
    """Lay the files a form brought beside the answer; return their ids, and why others were refused."""
    files = request.FILES.getlist("files")
    if not files and int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return (), (Refusal(RefusalCode.FILES_TOO_LARGE, {"name": "…", "most": MOST_BYTES}),)
    agent, laid = agent_of(request), []
    refused: list[Refusal] = []
    for file in files:
        try:
            content = file.read()
            row = actions.lay_beside(
                ticket=ticket, agent=agent, name=file.name or "", content=content, now=now
            )
            laid.append(row.pk)
        except Refused as no:
            refused += no.refusals
    return tuple(laid), tuple(refused)


@require_POST
def remove(request: HttpRequest, ticket_id: int, upload_id: int) -> HttpResponse:
    """Take a file away from the answer."""
    ticket, agent = access_ticket(request, ticket_id), agent_of(request)
    actions.take_away(ticket=ticket, agent=agent, upload_id=upload_id)
    return _files(request, ticket, agent, [])


def _files(request: HttpRequest, ticket: Ticket, agent: Agent, problems: Sequence[str]) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        return HttpResponseRedirect(reverse("ticket", args=[ticket.pk]))
    box = {"files": files_beside(ticket, agent)}
    context = {"ticket": ticket, "reply": box, "file_problems": problems}
    return render(request, "messages/files.html", context, status=422 if problems else 200)


@require_safe
def download(request: HttpRequest, ticket_id: int, upload_id: int) -> HttpResponse:
    """Return a file that has not left yet, for saving."""
    ticket = access_ticket(request, ticket_id)
    file = access_upload(request, ticket, upload_id)
    return saved_as(file.name, bytes(file.content))


def saved_as(name: str, content: bytes) -> HttpResponse:
    """Return bytes as a file a browser saves and never shows."""
    response = HttpResponse(content, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = content_disposition(name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def content_disposition(name: str) -> str:
    """Return the header that makes a browser save a file under `name`."""
    return content_disposition_header(as_attachment=True, filename=name or "file") or "attachment"
