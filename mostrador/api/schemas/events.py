"""Events: the lines of the timeline, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from pydantic import ConfigDict, Field

from mostrador.api.problems import with_money
from mostrador.api.schemas.shapes import Shown, name_of
from mostrador.models import Cancellation, EventKind, Refund, Reply
from mostrador.models import Event as EventRow

LONGEST_TIMELINE = 500


class Event(Shown):
    """One line of the timeline: a fact that was noted and never changes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "sent",
                    "at": "2026-11-24T10:32:07.125Z",
                    "agent": None,
                    "about": "R-1042",
                    "facts": {"feed_id": "50123020416"},
                }
            ]
        }
    )

    kind: EventKind
    at: datetime
    agent: str | None = Field(description="Who did it; nothing where the program itself or Amazon did.")
    about: str | None = Field(description="The refund, cancellation or reply it is a step of.")
    facts: dict[str, Any]

    @classmethod
    def of(cls, event: EventRow) -> Event:
        """Return the event as JSON shows it."""
        return cls(
            kind=EventKind(event.kind),
            at=event.at,
            agent=name_of(event.agent),
            about=_about(event),
            facts=with_money(event.facts),
        )


def timeline(events: QuerySet[EventRow]) -> list[Event]:
    """Return the newest events in the order in which they happened."""
    newest = events.select_related("agent").order_by("-at", "-pk")[:LONGEST_TIMELINE]
    return [Event.of(event) for event in reversed(newest)]


def _about(event: EventRow) -> str | None:
    if event.refund_id:
        return Refund(pk=event.refund_id).reference
    if event.cancellation_id:
        return Cancellation(pk=event.cancellation_id).reference
    return Reply(pk=event.reply_id).reference if event.reply_id else None
