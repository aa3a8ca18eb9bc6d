"""Guards: whether the database still knows all that was sent, and what becomes of rows when it does not.

Source: the rules of the restore guard in `docs/reference/once-only.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from mostrador.domain.delivery import State
from mostrador.domain.feeds import TOKEN_GRACE, FeedState

# Amazon's access tokens live one hour: a frozen worker may still send so long after the last mark.
TOKEN_LIFE = timedelta(hours=1)
# How far back Amazon's list is read at least, and how far back it reaches at most.
LISTED_BACK = timedelta(days=7)
LIST_REACHES = timedelta(days=90)
# How far Amazon's clock may be behind ours.
CLOCK_SLACK = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Point:
    """The newest row of an append-only table: its number and its moment."""

    pk: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """What was known outside the database at `written_at`."""

    system_identifier: str
    timeline: int
    event: Point | None
    mark: Point | None
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the database knows now; `…_then` is the moment of the row that the record names."""

    system_identifier: str
    timeline: int
    event: Point | None
    mark: Point | None
    event_then: datetime | None = None
    mark_then: datetime | None = None


class ReasonCode(StrEnum):
    """Why sending is closed."""

    NO_RECORD = "no_record"  # marks exist, but nothing outside tells whether they are all
    UNREADABLE_RECORD = "unreadable_record"
    OTHER_CLUSTER = "other_cluster"
    OTHER_TIMELINE = "other_timeline"
    EVENTS_BEHIND = "events_behind"
    MARKS_BEHIND = "marks_behind"
    OTHER_EVENT = "other_event"  # the same number, another moment: another history
    OTHER_MARK = "other_mark"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, with its facts."""

    code: ReasonCode
    facts: Mapping[str, str] = field(default_factory=dict)


def compare(record: Record | None, database: Knowledge) -> list[Reason]:
    """Return why the database cannot be trusted to know all that was sent; empty means it can."""
    if record is None:
        missing = Reason(ReasonCode.NO_RECORD, {"database": _shown(database.mark)})
        return [missing] if database.mark else []
    reasons = []
    if record.system_identifier != database.system_identifier:
        facts = {"record": record.system_identifier, "database": database.system_identifier}
        reasons.append(Reason(ReasonCode.OTHER_CLUSTER, facts))
    elif record.timeline != database.timeline:
        facts = {"record": str(record.timeline), "database": str(database.timeline)}
        reasons.append(Reason(ReasonCode.OTHER_TIMELINE, facts))
    events = (ReasonCode.EVENTS_BEHIND, ReasonCode.OTHER_EVENT)
    marks = (ReasonCode.MARKS_BEHIND, ReasonCode.OTHER_MARK)
    reasons += _behind(record.event, database.event, database.event_then, *events)
    reasons += _behind(record.mark, database.mark, database.mark_then, *marks)
    return reasons


def _behind(
    recorded: Point | None,
    newest: Point | None,
    then: datetime | None,
    behind: ReasonCode,
    other: ReasonCode,
) -> list[Reason]:
    if recorded is None:
        return []
    facts = {"record": _shown(recorded), "database": _shown(newest)}
    if newest is None or newest.pk < recorded.pk:
        return [Reason(behind, facts)]
    if then != recorded.at:
        return [Reason(other, facts)]
    return []


def _shown(point: Point | None) -> str:
    return f"{point.pk} of {point.at.isoformat()}" if point else "none"


def certain_from(record: Record | None, *, closed_at: datetime) -> datetime:
    """Return from when on Amazon's list shows every feed that the database may have forgotten.

    The record is written before every sending, so nothing was marked after it. Without one, only the
    closing bounds what was sent. A frozen worker may send until the token of its mark has expired.
    """
    last_mark = min(record.written_at, closed_at) if record else closed_at
    return last_mark + TOKEN_LIFE + TOKEN_GRACE


# ── what becomes of the rows ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ForgottenFeed:
    """A feed in Amazon's list that the database does not know."""

    feed_id: str
    created_at: datetime
    status: str


def listed_since(now: datetime, waiting_since: Sequence[datetime]) -> datetime:
    """Return how far back Amazon's list is read: a week, or as far as the oldest waiting wish."""
    oldest = min([now - LISTED_BACK, *(at - CLOCK_SLACK for at in waiting_since)])
    return max(oldest, now - LIST_REACHES + CLOCK_SLACK)


def after_last_knowledge(
    feeds: Sequence[ForgottenFeed], last_mark: datetime | None
) -> tuple[ForgottenFeed, ...]:
    """Return the feeds that came after the newest mark in the database: earlier ones it would know.

    While sending is closed nothing is marked, so the newest mark is older than what the database copies.
    """
    if last_mark is None:
        return tuple(feeds)
    return tuple(feed for feed in feeds if feed.created_at >= last_mark - CLOCK_SLACK)


def may_hold(feeds: Sequence[ForgottenFeed], *, asked_at: datetime) -> tuple[ForgottenFeed, ...]:
    """Return the forgotten feeds that may contain what was asked for at `asked_at`."""
    return tuple(feed for feed in feeds if feed.created_at >= asked_at - CLOCK_SLACK)


class Fate(StrEnum):
    """What becomes of a row after a restore."""

    SAFE = "safe"  # it certainly was not sent: it goes on as it is
    SEARCHED = "searched"  # it may be one of the forgotten feeds: unknown, the normal search decides
    REVIEWED = "reviewed"  # it may be inside one of them: a person must look


class MarkFate(StrEnum):
    """What became of something that was about to be sent and that the database does not know."""

    HELD = "held"  # not known: nothing else may be refunded on its order
    IN_ACCOUNTS = "in_accounts"  # Amazon's accounts show it
    IN_ORDER = "in_order"  # a cancellation: the order itself has been read since
    NEVER_SENT = "never_sent"  # Amazon lists no feed that could carry it
    RELEASED = "released"  # an owner decided


def fate_of_feed(state: FeedState, candidates: Sequence[ForgottenFeed]) -> Fate:
    """Return what becomes of a feed that had not reached Amazon when the copy was made."""
    if state in (FeedState.MARKED, FeedState.UNKNOWN):
        return Fate.SEARCHED
    return Fate.SEARCHED if candidates else Fate.SAFE


def fate_of_wish(state: State, candidates: Sequence[ForgottenFeed]) -> Fate:
    """Return what becomes of a refund or cancellation that was in no feed when the copy was made."""
    assert state in (State.REQUESTED, State.NOT_SENT), f"a wish that is {state} is in a feed or has ended"
    return Fate.REVIEWED if candidates else Fate.SAFE
