"""Attachments as JSON: which files came, and which go along."""

from __future__ import annotations

from django.db.models import Prefetch
from pydantic import Field

from mostrador.api.schemas.shapes import Shown
from mostrador.models import Attachment as AttachmentRow
from mostrador.models import Upload


class Attachment(Shown):
    """A file that came with a message; its bytes are offered on the desk's pages only."""

    name: str
    content_type: str
    size: int
    refused: str | None = Field(description="Why the desk does not keep its bytes.")

    @classmethod
    def of(cls, row: AttachmentRow) -> Attachment:
        """Return the attachment as JSON shows it."""
        return cls(name=row.name, content_type=row.content_type, size=row.size, refused=row.refused or None)

    @classmethod
    def of_upload(cls, row: Upload) -> Attachment:
        """Return a file that has not left yet as JSON shows it."""
        return cls(name=row.name, content_type=row.content_type, size=row.size, refused=None)


def files_of_messages(field: str = "attachments") -> Prefetch[str]:
    """Return the question for the files of messages, without their bytes."""
    return Prefetch(field, AttachmentRow.objects.defer("content").order_by("pk"))


def files_of_replies() -> tuple[str | Prefetch[str], ...]:
    """Return the questions for the files of replies, of those that left and of those that wait."""
    waiting = Upload.objects.defer("content").order_by("pk")
    return "message", files_of_messages("message__attachments"), Prefetch("uploads", waiting)
