"""Replies as JSON: what a program says to a buyer, and whether it has left."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from mostrador.api.schemas.attachments import Attachment
from mostrador.api.schemas.deliveries import DELIVERY_EXAMPLE, Answer, Delivery, answer_of, delivery_facts
from mostrador.api.schemas.events import Event, timeline
from mostrador.api.schemas.shapes import Asked, MessageText
from mostrador.domain.policy import Rule
from mostrador.domain.uploads import MOST_FILES
from mostrador.models import Reply as ReplyRow

FileName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
FileKind = Annotated[str, Field(max_length=100)]
RuleName = Annotated[str, Field(max_length=40, pattern=r"^[a-z_]+$")]
MacroName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
LanguageCode = Literal["en", "es", "de", "fr", "it", "ja"]
_TEXT = "Guten Tag, wir haben Ihnen 15,00 € erstattet."


def _decoded(content: object) -> bytes:
    if not isinstance(content, str):
        raise ValueError("must be text in base64")
    try:
        return b64decode(content, validate=True)
    except ValueError:
        raise ValueError("is not base64") from None


FileContent = Annotated[
    bytes, BeforeValidator(_decoded), WithJsonSchema({"type": "string", "contentEncoding": "base64"})
]


class FileToSend(Asked):
    """A file that goes along: of a kind Amazon carries to buyers, whatever it is called."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "label.pdf", "content_type": "application/pdf", "content": "JVBERi0xLjcK"}]
        }
    )

    name: FileName = Field(description="Its name, with the ending of its kind.")
    content_type: FileKind | None = Field(
        default=None, description="What it is said to be. Its bytes decide what it is."
    )
    content: FileContent = Field(description="Its bytes in base64 (RFC 4648 §4), without line breaks.")


class ReplyRequest(Asked):
    """The wish to answer the buyer by e-mail."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": _TEXT, "close": True, "armed_on": "R-1042"}]}
    )

    text: MessageText | None = Field(
        default=None,
        description="Plain text; without one, `macro` says it. An armed reply may leave `{amount}`, "
        "`{reason}` or `{reference}` open.",
    )
    macro: MacroName | None = Field(
        default=None,
        description="A macro of `GET /macros`: its claims must be true, or the reply armed on what makes "
        "them true. Its steps are not carried out.",
    )
    language: LanguageCode | None = Field(
        default=None, description="The language of the macro's words; by default the ticket's."
    )
    close: bool = Field(default=False, description="Close the ticket when the reply has left.")
    armed_on: str | None = Field(
        default=None,
        description="A refund or cancellation of the ticket's order: it leaves once Amazon accepts it.",
    )
    attachments: list[FileToSend] = Field(
        default=[],
        max_length=MOST_FILES,
        description="Files: txt, pdf, doc, docx, jpg, gif or png, at most 10 MB together.",
    )
    accept: list[RuleName] = Field(
        default=[],
        max_length=20,
        description="Rules whose `policy_warning` a person has read and accepts: " + ", ".join(Rule) + ".",
    )


class Reply(Delivery):
    """A reply and where it stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "M-1042",
                    "state": "sent",
                    **DELIVERY_EXAMPLE,
                    "ticket_id": "T-1042",
                    "text": _TEXT,
                    "close": True,
                    "armed_on": "R-1042",
                    "attachments": [],
                    "mail_server_says": None,
                    "events": [],
                }
            ]
        }
    )

    ticket_id: str
    text: str
    close: bool
    armed_on: str | None
    attachments: list[Attachment]
    mail_server_says: Answer | None
    events: list[Event]

    @classmethod
    def of(cls, row: ReplyRow) -> Reply:
        """Return the reply as JSON shows it."""
        armed_on = row.armed_action
        return cls(
            **delivery_facts(row),
            ticket_id=row.ticket.reference,
            text=row.text,
            close=row.closes_ticket,
            armed_on=armed_on.reference if armed_on else None,
            attachments=_attachments(row),
            mail_server_says=answer_of(row),
            events=timeline(row.events.all()),
        )


def _attachments(row: ReplyRow) -> list[Attachment]:
    """Return the files of a reply: those of its message once there is one, else those that wait with it."""
    if row.message is not None:
        return [Attachment.of(each) for each in row.message.attachments.all()]
    return [Attachment.of_upload(each) for each in row.uploads.all()]
