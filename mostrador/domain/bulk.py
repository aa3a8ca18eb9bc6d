"""Bulk: what one wish for many tickets would change in each of them, and why not where it would not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.domain.snoozing import snooze_refusals
from mostrador.domain.tags import MOST_TAGS, with_tag
from mostrador.domain.tickets import Priority, TicketState


class BulkVerb(StrEnum):
    """What may be done with many tickets at once; money is never among it."""

    ASSIGN = "assign"
    TAG = "tag"
    UNTAG = "untag"
    RANK = "rank"
    SNOOZE = "snooze"
    CLOSE = "close"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class BulkWish:
    """A verb, and what goes with it: the agent (or nobody), the tag, the priority, the time."""

    verb: BulkVerb
    agent_id: int | None = None
    tag: str = ""
    priority: Priority = Priority.NORMAL
    until: datetime | None = None
    accepts_late: bool = False


@dataclass(frozen=True, slots=True)
class TicketNow:
    """What counts about a ticket for a wish."""

    state: TicketState
    agent_id: int | None
    tags: Sequence[str]
    priority: Priority
    snoozed_until: datetime | None
    answer_due_at: datetime | None
    is_merged: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a ticket would change; if not, it is so already, or the rules say no."""

    changes: bool
    refusals: Sequence[Refusal] = field(default_factory=tuple)

    @property
    def is_so_already(self) -> bool:
        """Whether there is nothing to change."""
        return not self.changes and not self.refusals


def judge(wish: BulkWish, ticket: TicketNow, *, now: datetime) -> Verdict:
    """Return what the wish would do to the ticket."""
    if ticket.is_merged:
        return Verdict(changes=False, refusals=[Refusal(RefusalCode.MERGED_ALREADY)])
    refusals = _refusals(wish, ticket, now)
    return Verdict(changes=not refusals and not _is_so(wish, ticket), refusals=refusals)


def _is_so(wish: BulkWish, ticket: TicketNow) -> bool:
    match wish.verb:
        case BulkVerb.ASSIGN:
            return ticket.agent_id == wish.agent_id
        case BulkVerb.TAG:
            return wish.tag in ticket.tags
        case BulkVerb.UNTAG:
            return wish.tag not in ticket.tags
        case BulkVerb.RANK:
            return ticket.priority == wish.priority
        case BulkVerb.SNOOZE:
            return ticket.snoozed_until == wish.until
        case BulkVerb.CLOSE:
            return ticket.state is TicketState.CLOSED
        case BulkVerb.REOPEN:
            return ticket.state is TicketState.OPEN


def _refusals(wish: BulkWish, ticket: TicketNow, now: datetime) -> Sequence[Refusal]:
    if wish.verb in (BulkVerb.TAG, BulkVerb.UNTAG) and not wish.tag:
        return [Refusal(RefusalCode.NO_TAG)]
    if wish.verb is BulkVerb.TAG and len(with_tag(ticket.tags, wish.tag)) > MOST_TAGS:
        return [Refusal(RefusalCode.TOO_MANY_TAGS, {"most": MOST_TAGS})]
    if wish.verb is BulkVerb.SNOOZE:
        return snooze_refusals(
            state=ticket.state,
            until=wish.until or now,
            due=ticket.answer_due_at,
            accepts_late=wish.accepts_late,
            now=now,
        )
    return []
