"""Tickets as JSON: the conversation, and all that happened in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from mostrador.api.schemas.attachments import Attachment, files_of_messages, files_of_replies
from mostrador.api.schemas.cancellations import Cancellation
from mostrador.api.schemas.events import Event, timeline
from mostrador.api.schemas.refunds import Refund
from mostrador.api.schemas.replies import Reply
from mostrador.api.schemas.shapes import Partner, Shown, name_of
from mostrador.api.schemas.ticket_changes import PriorityName
from mostrador.domain.tickets import Priority, TicketState
from mostrador.models import Cancellation as CancellationRow
from mostrador.models import Event as EventRow
from mostrador.models import Message as MessageRow
from mostrador.models import Refund as RefundRow
from mostrador.models import Ticket as TicketRow

MOST_MESSAGES = 500  # the newest
MOST_WISHES = 200  # refunds, cancellations and replies each, the newest

_SUMMARY_EXAMPLE: dict[str, Any] = {
    "id": "T-1042",
    "state": "open",
    "subject": "Anfrage von Amazon-Kunde Jürgen Groß",
    "buyer_name": "Jürgen Groß",
    "order_id": "302-1234567-1234567",
    "selling_partner": {"name": "Nordlicht", "seller_id": "A2EXAMPLE", "region": "eu"},
    "marketplace_id": "A1PA6795UKMFR9",
    "language": "de",
    "assigned_to": None,
    "priority": "normal",
    "tags": ["late-parcel"],
    "snoozed_until": None,
    "merged_into": None,
    "answer_due_at": "2026-11-25T10:21:00Z",
    "last_message_at": "2026-11-24T10:21:00Z",
    "closed_at": None,
    "preview": "Guten Tag, die Lampe ist kaputt.",
}


class Message(Shown):
    """Words of the conversation: the buyer's, ours, or a note for the team."""

    direction: Literal["in", "out", "note"]
    from_name: str
    at: datetime
    text: str = Field(description="Plain text: the words without what was quoted.")
    whole_text: str = Field(description="All of the mail's text, where it says more.")
    authentic: bool | None = Field(description="Whether the mail proved to come from Amazon; if known.")
    attachments: list[Attachment]

    @classmethod
    def of(cls, row: MessageRow) -> Message:
        """Return the message as JSON shows it."""
        return cls.model_validate(
            {
                "direction": row.direction,
                "from_name": row.from_name,
                "at": row.at,
                "text": row.text,
                "whole_text": row.whole_text,
                "authentic": row.authentic,
                "attachments": [Attachment.of(attachment) for attachment in row.attachments.all()],
            }
        )


class TicketSummary(Shown):
    """A ticket as a list shows it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SUMMARY_EXAMPLE]})

    id: str
    state: TicketState = Field(description="open: our turn; waiting: the buyer's; closed: nobody's.")
    subject: str
    buyer_name: str
    order_id: str | None
    selling_partner: Partner
    marketplace_id: str
    language: str
    assigned_to: str | None
    priority: PriorityName
    tags: list[str]
    snoozed_until: datetime | None = Field(description="It rests until then, or until the buyer writes.")
    merged_into: str | None = Field(
        description="The ticket that shows this one's messages, and gets its mail."
    )
    answer_due_at: datetime | None = Field(description="Amazon's 24 hours; nothing when no answer is due.")
    last_message_at: datetime
    closed_at: datetime | None
    preview: str

    @classmethod
    def of(cls, row: TicketRow) -> TicketSummary:
        """Return the ticket as a list shows it."""
        return cls(**_summary_facts(row))


class Ticket(TicketSummary):
    """A ticket with its conversation, the wishes of its order, and its timeline."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_SUMMARY_EXAMPLE,
                    "messages": [
                        {
                            "direction": "in",
                            "from_name": "Jürgen Groß",
                            "at": "2026-11-24T10:21:00Z",
                            "text": "Guten Tag, die Lampe ist kaputt.",
                            "whole_text": "",
                            "authentic": True,
                            "attachments": [],
                        }
                    ],
                    "replies": [],
                    "refunds": [],
                    "cancellations": [],
                    "events": [],
                }
            ]
        }
    )

    messages: list[Message]
    replies: list[Reply]
    refunds: list[Refund]
    cancellations: list[Cancellation]
    events: list[Event]

    @classmethod
    def in_full(cls, row: TicketRow) -> Ticket:
        """Return the ticket with all that happened in it."""
        return cls(
            **_summary_facts(row),
            messages=_messages(row),
            replies=_replies(row),
            refunds=_refunds(row),
            cancellations=_cancellations(row),
            events=timeline(EventRow.objects.about(row)),
        )


def _summary_facts(row: TicketRow) -> dict[str, Any]:
    return {
        "id": row.reference,
        "state": TicketState(row.state),
        "subject": row.subject,
        "buyer_name": row.buyer_name,
        "order_id": row.order.amazon_order_id if row.order else None,
        "selling_partner": Partner.of(row.selling_partner),
        "marketplace_id": row.marketplace_id,
        "language": row.language,
        "assigned_to": name_of(row.assigned_to),
        "priority": Priority(row.priority).name.lower(),
        "tags": row.tags,
        "snoozed_until": row.snoozed_until,
        "merged_into": TicketRow(pk=row.merged_into_id).reference if row.merged_into_id else None,
        "answer_due_at": row.answer_due_at,
        "last_message_at": row.last_message_at,
        "closed_at": row.closed_at,
        "preview": row.preview,
    }


def _messages(row: TicketRow) -> list[Message]:
    newest = (
        row.messages.defer("html")
        .prefetch_related(files_of_messages())
        .order_by("-at", "-pk")[:MOST_MESSAGES]
    )
    return [Message.of(message) for message in reversed(newest)]


def _replies(row: TicketRow) -> list[Reply]:
    related = ("ticket", "requested_by", "armed_refund", "armed_cancellation")
    newest = row.replies.select_related(*related).prefetch_related(*files_of_replies())
    return [Reply.of(reply) for reply in newest.order_by("-pk")[:MOST_WISHES]]


def _refunds(row: TicketRow) -> list[Refund]:
    if row.order_id is None:
        return []
    related = ("order__selling_partner", "ticket", "requested_by")
    newest = RefundRow.objects.filter(order=row.order_id).select_related(*related).order_by("-pk")
    return [Refund.of(refund) for refund in newest[:MOST_WISHES]]


def _cancellations(row: TicketRow) -> list[Cancellation]:
    if row.order_id is None:
        return []
    related = ("order__selling_partner", "ticket", "requested_by")
    newest = CancellationRow.objects.filter(order=row.order_id).select_related(*related).order_by("-pk")
    return [Cancellation.of(cancellation) for cancellation in newest[:MOST_WISHES]]


class Tickets(Shown):
    """One page of tickets, the latest message first."""

    items: list[TicketSummary]
    next: str | None = Field(description="Send it as `cursor` for the next page; nothing on the last.")
