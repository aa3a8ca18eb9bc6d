"""Collisions: what happened in a ticket or on its order since somebody began to act on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.models import Agent, Direction, Event, EventKind, Message, Order, Ticket

MOST_CHANGES = 6
# What others do, and what Amazon says, that may make an answer or a refund wrong.
_BY_OTHERS = frozenset(
    {
        EventKind.TICKET_CLOSED,
        EventKind.TICKET_REOPENED,
        EventKind.TICKET_ASSIGNED,
        EventKind.TICKET_MERGED,
        EventKind.TICKET_SPLIT,
        EventKind.NO_ANSWER_NEEDED,
        EventKind.CLAIM_OPENED,
        EventKind.ORDER_FOUND,
        EventKind.BUYER_ASKED_TO_CANCEL,
        EventKind.ORDER_STATUS_CHANGED,
        EventKind.REFUNDED_ELSEWHERE,
        EventKind.REQUESTED,
        EventKind.WITHDRAWN,
        EventKind.ASKED_AGAIN,
        EventKind.REJECTED,
        EventKind.NOT_SENT,
        EventKind.REVIEW,
        EventKind.UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of a ticket's course was on the page when somebody began: the newest event and message."""

    event: int
    message: int


def seen_now(ticket: Ticket) -> Seen:
    """Return how far the course of a ticket has come."""
    events = Event.objects.about(ticket).order_by("-pk").values_list("pk", flat=True)
    messages = Message.objects.filter(ticket__in=Ticket.objects.family(ticket)).order_by("-pk")
    return Seen(event=events.first() or 0, message=messages.values_list("pk", flat=True).first() or 0)


def changes(
    *, ticket: Ticket | None, agent: Agent, seen: Seen | None, order: Order | None = None
) -> list[Refusal]:
    """Return what others, the buyer and Amazon have done since then, each as a reason to look again.

    Call it with the ticket or the order locked, so that of two who press at once the second is stopped.
    """
    if seen is None or ticket is None:
        return []
    if order is not None:
        ticket.order = order
    family = Ticket.objects.family(ticket)
    found = [*_said(family, agent, seen), *_happened(ticket, family, agent, seen)]
    return [Refusal(RefusalCode.CHANGED_MEANWHILE), *found[:MOST_CHANGES]] if found else []


def _said(family: Sequence[int], agent: Agent, seen: Seen) -> list[Refusal]:
    later = Message.objects.filter(ticket__in=family, pk__gt=seen.message).exclude(author=agent)
    spoken = later.exclude(direction=Direction.OUT).order_by("pk")
    return [
        _change("message" if direction == Direction.IN else "note", who=name)
        for direction, name in spoken.values_list("direction", "from_name")[:MOST_CHANGES]
    ]


def _happened(ticket: Ticket, family: Sequence[int], agent: Agent, seen: Seen) -> list[Refusal]:
    about = Event.objects.about(ticket, family=family).filter(pk__gt=seen.event, kind__in=_BY_OTHERS)
    # Who and what is asked for row by row: nearly always nothing has happened, and six at most are told.
    rows = about.exclude(agent=agent).select_related(None).order_by("pk")[:MOST_CHANGES]
    return [
        _change(
            event.kind,
            who=event.agent.name if event.agent else "",
            what=_about(event),
            to=str(event.facts.get("to") or event.facts.get("after") or event.facts.get("other") or ""),
        )
        for event in rows
    ]


def _about(event: Event) -> str:
    delivery = event.refund or event.cancellation or event.reply
    return delivery.reference if delivery else ""


def _change(kind: str, **facts: str) -> Refusal:
    return Refusal(RefusalCode.CHANGED_MEANWHILE, {"kind": str(kind), **facts})
