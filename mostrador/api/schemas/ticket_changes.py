"""Ticket changes as JSON: what a program changes about a ticket, and the note it leaves."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from mostrador.api.schemas.shapes import Asked, MessageText
from mostrador.domain.tags import LONGEST_TAG, MOST_TAGS

TagText = Annotated[str, Field(max_length=LONGEST_TAG * 4, pattern=r"^[^\x00]*$")]
PriorityName = Literal["low", "normal", "high", "urgent"]


class TicketPatch(Asked):
    """What shall change; a field that is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"assigned_to": "marta@example.com", "tags": ["late-parcel"], "priority": "high"},
                {"snoozed_until": "2026-11-25T08:00:00Z"},
                {"assigned_to": None, "snoozed_until": None},
            ]
        }
    )

    assigned_to: str | None = Field(
        default=None, max_length=254, description="The agent's e-mail address; null gives it to nobody."
    )
    tags: list[TagText] | None = Field(
        default=None, max_length=MOST_TAGS, description="All tags of the ticket; null changes none."
    )
    priority: PriorityName | None = Field(default=None, description="null changes nothing.")
    snoozed_until: str | None = Field(
        default=None,
        max_length=40,
        json_schema_extra={"format": "date-time"},
        description="When it wakes by itself, with its offset from UTC; null wakes it now.",
    )
    accept_late: bool = Field(
        default=False, description="Let it rest although Amazon's 24 hours end before (`snooze_past_due`)."
    )


class NoteRequest(Asked):
    """A note for the team; no buyer sees it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "@Ben the photo is clear."}]})

    text: MessageText = Field(description="Plain text; @ and a name calls an agent.")
