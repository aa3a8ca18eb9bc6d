"""Feeds: the once-only protocol of one feed, decided from its row, the evidence and the time.

Every decision is `decide(feed, evidence, now)`: the worker and the simulations run the same function.
Source: the rules of once-only sending in `docs/reference/once-only.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from mostrador.domain.delivery import State


class FeedState(StrEnum):
    """Where a feed stands; `marked` is the point of no return."""

    SEALED = "sealed"  # bytes fixed and stored
    STAGED = "staged"  # document uploaded; nothing has been asked of Amazon
    MARKED = "marked"  # "I am about to send" is committed: whoever finds it may only investigate
    SENT = "sent"  # Amazon gave a feed id
    UNKNOWN = "unknown"  # no answer: it may or may not exist at Amazon
    ABSENT = "absent"  # proven never sent
    REFUSED = "refused"  # Amazon said no at the door
    REVIEW = "review"  # a person must look at every message
    SETTLED = "settled"  # every message has its verdict


IN_FLIGHT = frozenset({FeedState.MARKED, FeedState.UNKNOWN})
BEFORE_AMAZON = frozenset({FeedState.SEALED, FeedState.STAGED, *IN_FLIGHT})
ENDED = frozenset({FeedState.ABSENT, FeedState.REFUSED, FeedState.REVIEW, FeedState.SETTLED})

LEASE = timedelta(seconds=90)  # longer than connect 5 s + read 60 s: after it nobody is still waiting
DOCUMENT_LIFE = timedelta(hours=47)  # Amazon keeps a feed document id for two days
STUCK_AFTER = timedelta(hours=8)  # Amazon's staff: contact support after 8 hours
TOKEN_GRACE = timedelta(minutes=5)
EMPTY_LOOKS_NEEDED = 3
LOOKS_APART = timedelta(minutes=10)
_MOST_LOOKS = 50
# A feed that only a notification named, and that cannot be read at Amazon, keeps the fence open so long.
STRANGE_LOOK_EVERY = timedelta(minutes=2)
STRANGE_UNTIL = timedelta(hours=4)
LOOK_AFTER = tuple(timedelta(minutes=m) for m in (1, 3, 6, 15, 30, 60))
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=5)

# How often getFeed is asked, by the age of the feed: (younger than, every).
_LOOK_EVERY = (
    (timedelta(seconds=30), timedelta(seconds=1)),
    (timedelta(minutes=2), timedelta(seconds=4)),
    (timedelta(minutes=10), timedelta(seconds=15)),
    (timedelta(hours=1), timedelta(minutes=1)),
    (timedelta(hours=8), timedelta(minutes=5)),
)
_LOOK_AT_MOST_EVERY = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the processing report says of one message; `outcome` is accepted, rejected or review."""

    outcome: State
    code: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """The row of a feed as far as decisions need it."""

    state: FeedState
    message_ids: frozenset[int]
    staged_at: datetime | None = None
    marked_at: datetime | None = None
    token_expires_at: datetime | None = None
    sent_at: datetime | None = None
    feed_id: str = ""
    adopted: bool = False  # its id was found in Amazon's list, not given in an answer
    tries: int = 0
    empty_looks: tuple[datetime, ...] = ()
    next_action_at: datetime | None = None


# ── evidence ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Staged:
    """The document is uploaded."""


@dataclass(frozen=True, slots=True)
class AboutToSend:
    """The worker holds a token and will send right after the commit.

    `token_expires_at` is by Amazon's clock: ours may be wrong, and differs from host to host.
    """

    token_expires_at: datetime


@dataclass(frozen=True, slots=True)
class FeedCreated:
    """Amazon answered createFeed with `feed_id`."""

    feed_id: str


@dataclass(frozen=True, slots=True)
class CertainlyNotDone:
    """The request did not reach Amazon, or was turned away at the gate: it may be tried again."""

    words: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class RefusedAtTheDoor:
    """Amazon refused createFeed itself, for good."""

    words: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Time-out, reset, 5xx, garbage: the feed may exist."""

    words: str


@dataclass(frozen=True, slots=True)
class LeaseOver:
    """The worker that marked it is gone, or too slow to be trusted."""


@dataclass(frozen=True, slots=True)
class MayHaveLeft:
    """The database is a copy from before the mark: another run may have sent it at any time since `since`."""

    since: datetime
    token_expires_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """getFeeds answered: feeds of this type, made since the mark, that are not known as other feeds.

    Among the candidates are feeds that a notification named and that Amazon, asked, showed as such. Those
    of which Amazon said nothing yet are `unexplained`: each of them may be ours. `ahead` is how far our clock
    is ahead of Amazon's: a fence and looks ten minutes apart are told by Amazon's, whoever looks.
    """

    candidates: tuple[str, ...]
    unexplained: tuple[str, ...] = ()
    ahead: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class StatusRead:
    """getFeed answered with Amazon's word for where it stands."""

    processing_status: str


@dataclass(frozen=True, slots=True)
class ReportRead:
    """The processing report is stored and read, one verdict for each message.

    `others_send` says that Amazon's list has shown feeds of other programs for this selling partner.
    """

    verdicts: Mapping[int, Verdict]
    others_send: bool = False


Evidence = (
    Staged
    | AboutToSend
    | FeedCreated
    | CertainlyNotDone
    | RefusedAtTheDoor
    | NoAnswer
    | LeaseOver
    | MayHaveLeft
    | Listed
    | StatusRead
    | ReportRead
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The new row; what becomes of all its deliveries, or of each; whether the report is wanted now."""

    feed: Feed
    deliveries: State | None = None
    verdicts: Mapping[int, Verdict] = field(default_factory=dict)
    words: str = ""
    report_wanted: bool = False


class NotNow(AssertionError):
    """Evidence that makes no sense in this state: the caller lost a race and must read the row again."""


def decide(feed: Feed, evidence: Evidence, now: datetime) -> Decision:
    """Return what `evidence` makes of `feed` at `now`.

    Raises: NotNow when the evidence does not fit the state; nothing may be written then.
    """
    match evidence:
        case Staged():
            _expect(feed, FeedState.SEALED)
            return Decision(replace(feed, state=FeedState.STAGED, staged_at=now, next_action_at=now))
        case AboutToSend(token_expires_at=expires):
            return _mark(feed, expires, now)
        case FeedCreated(feed_id=feed_id):
            _expect(feed, FeedState.MARKED, FeedState.UNKNOWN)
            return _sent(feed, feed_id, now)
        case CertainlyNotDone(words=words, retry_after=retry_after):
            _expect(feed, FeedState.SEALED, FeedState.STAGED, FeedState.MARKED)
            return _try_again(feed, words, retry_after, now)
        case RefusedAtTheDoor(words=words):
            _expect(feed, FeedState.SEALED, FeedState.STAGED, FeedState.MARKED)
            ended = replace(feed, state=FeedState.REFUSED, next_action_at=None)
            return Decision(ended, State.REJECTED, words=words)
        case NoAnswer(words=words):
            _expect(feed, FeedState.MARKED)
            return _unknown(feed, words, now)
        case LeaseOver():
            _expect(feed, FeedState.MARKED)
            if feed.marked_at is None or now < feed.marked_at + LEASE:
                raise NotNow("the lease still holds")
            return _unknown(feed, "the worker that was sending stopped before it could note the answer", now)
        case MayHaveLeft(since=since, token_expires_at=expires):
            _expect(feed, FeedState.SEALED, FeedState.STAGED)
            marked = replace(feed, marked_at=since, token_expires_at=expires, empty_looks=())
            return _unknown(marked, "the database was restored: it may have been sent before", now)
        case Listed():
            _expect(feed, FeedState.UNKNOWN)
            return _by_our_clock(_listed(feed, evidence, now - evidence.ahead), evidence.ahead)
        case StatusRead(processing_status=status):
            _expect(feed, FeedState.SENT)
            return _status(feed, status, now)
        case ReportRead(verdicts=verdicts, others_send=others_send):
            _expect(feed, FeedState.SENT)
            return _settled(feed, _believed(feed, verdicts, others_send))
        case _:
            assert_never(evidence)


def _expect(feed: Feed, *states: FeedState) -> None:
    if feed.state not in states:
        raise NotNow(f"a feed that is {feed.state} cannot take this evidence")


def _mark(feed: Feed, token_expires_at: datetime, now: datetime) -> Decision:
    _expect(feed, FeedState.STAGED)
    if feed.staged_at is None or now > feed.staged_at + DOCUMENT_LIFE:
        return Decision(replace(feed, state=FeedState.SEALED, staged_at=None, next_action_at=now))
    marked = replace(
        feed,
        state=FeedState.MARKED,
        marked_at=now,
        token_expires_at=token_expires_at,
        tries=feed.tries + 1,
        empty_looks=(),
        next_action_at=now + LEASE,
    )
    return Decision(marked)


def _sent(feed: Feed, feed_id: str, now: datetime) -> Decision:
    sent = replace(feed, state=FeedState.SENT, feed_id=feed_id, sent_at=now)
    return Decision(replace(sent, next_action_at=now + look_every(timedelta())), State.SENT)


def _try_again(feed: Feed, words: str, retry_after: timedelta | None, now: datetime) -> Decision:
    wait = retry_after or min(FIRST_RETRY * 2 ** min(feed.tries, 10), LONGEST_RETRY)
    state = FeedState.STAGED if feed.state is FeedState.MARKED else feed.state
    tries = feed.tries if feed.state is FeedState.MARKED else feed.tries + 1
    again = replace(feed, state=state, marked_at=None, tries=tries, next_action_at=now + wait)
    return Decision(again, words=words)


def _unknown(feed: Feed, words: str, now: datetime) -> Decision:
    lost = replace(feed, state=FeedState.UNKNOWN, next_action_at=now + LOOK_AFTER[0])
    return Decision(lost, State.UNKNOWN, words=words)


def _listed(feed: Feed, listed: Listed, now: datetime) -> Decision:
    if listed.unexplained and len(listed.candidates) < 2:
        return _looked_at_strange_ones(feed, listed.unexplained, now)
    return _looked(feed, listed.candidates, now)


def _by_our_clock(decision: Decision, ahead: timedelta) -> Decision:
    """Return a decision made by Amazon's clock with what is to be done told by ours."""
    feed = decision.feed
    sent_at = feed.sent_at + ahead if feed.sent_at else None
    next_action_at = feed.next_action_at + ahead if feed.next_action_at else None
    return replace(decision, feed=replace(feed, sent_at=sent_at, next_action_at=next_action_at))


def _looked(feed: Feed, candidates: tuple[str, ...], now: datetime) -> Decision:
    if len(candidates) == 1:
        return _sent(replace(feed, adopted=True), candidates[0], now)
    if candidates:
        return Decision(
            replace(feed, state=FeedState.REVIEW, next_action_at=None),
            State.REVIEW,
            words=f"Amazon lists {len(candidates)} feeds that could be this one: {', '.join(candidates)}",
        )
    looks = feed.empty_looks
    if not looks or now - looks[-1] >= LOOKS_APART or now >= fence(feed):
        looks = (*looks, now)
    seen_empty = replace(feed, empty_looks=looks)
    if is_absent(seen_empty):
        ended = replace(seen_empty, state=FeedState.ABSENT, next_action_at=None)
        return Decision(ended, State.NOT_SENT, words=f"not in Amazon's list, looked {len(looks)} times")
    return Decision(replace(seen_empty, next_action_at=next_look(seen_empty, now)))


def _looked_at_strange_ones(feed: Feed, unexplained: tuple[str, ...], now: datetime) -> Decision:
    """Conclude nothing while a feed that a notification named is not explained; in the end, a person looks.

    Such a look is no empty one, and one candidate is not the only one.
    """
    if now < fence(feed) + STRANGE_UNTIL:
        return Decision(replace(feed, next_action_at=now + STRANGE_LOOK_EVERY))
    named = ", ".join(unexplained)
    words = f"Amazon sent word of feeds it does not show, one of which may be this one: {named}"
    return Decision(replace(feed, state=FeedState.REVIEW, next_action_at=None), State.REVIEW, words=words)


def fence(feed: Feed) -> datetime:
    """Return the moment after which no frozen sender can still create the feed: its token has expired."""
    assert feed.token_expires_at, "a feed is never marked without its token's expiry"
    return feed.token_expires_at + TOKEN_GRACE


def is_absent(feed: Feed) -> bool:
    """Return whether it is proven that Amazon never got it: enough empty looks, the last behind the fence."""
    spread_out = _apart(feed.empty_looks)
    return len(spread_out) >= EMPTY_LOOKS_NEEDED and spread_out[0] >= fence(feed)


def _apart(looks: tuple[datetime, ...]) -> tuple[datetime, ...]:
    """Return the last look and those before it that are far enough apart, the last one first."""
    kept: tuple[datetime, ...] = ()
    for look in reversed(looks):
        if not kept or kept[-1] - look >= LOOKS_APART:
            kept = (*kept, look)
    return kept


def next_look(feed: Feed, now: datetime) -> datetime:
    """Return when Amazon's list is read next for a feed whose answer was lost."""
    assert feed.marked_at, "only a marked feed can be unknown"
    planned = [feed.marked_at + after for after in LOOK_AFTER if feed.marked_at + after > now]
    if now >= fence(feed) and feed.empty_looks:
        return max(feed.empty_looks[-1] + LOOKS_APART, now + timedelta(seconds=1))
    return min([*planned, max(fence(feed), now + timedelta(seconds=1))])


def decided_by(feed: Feed) -> datetime:
    """Return when the outcome of an unknown feed will be known at the latest, if Amazon's list answers.

    It looks ahead with the rules themselves, as if every look came in time and stayed empty.
    """
    assert feed.marked_at, "only a marked feed can be unknown"
    at = feed.next_action_at or next_look(feed, (feed.marked_at, *feed.empty_looks)[-1])
    for _ in range(_MOST_LOOKS):
        feed = _looked(feed, (), at).feed
        if feed.next_action_at is None:
            return at
        at = feed.next_action_at
    raise AssertionError("a search for a lost feed has an end")


def look_every(age: timedelta) -> timedelta:
    """Return how long to wait before getFeed is asked again, for a feed sent `age` ago."""
    return next((every for younger, every in _LOOK_EVERY if age < younger), _LOOK_AT_MOST_EVERY)


def _status(feed: Feed, status: str, now: datetime) -> Decision:
    assert feed.sent_at, "a sent feed knows when it was sent"
    age = now - feed.sent_at
    match status:
        case "DONE":
            return Decision(replace(feed, next_action_at=now + look_every(age)), report_wanted=True)
        case "CANCELLED" if feed.adopted:
            words = "Amazon cancelled the feed that was taken for this one; ours may be another"
        case "CANCELLED":
            ended = replace(feed, state=FeedState.SETTLED, next_action_at=None)
            return Decision(ended, State.NOT_SENT, words="Amazon cancelled the feed before it was worked on")
        case "FATAL":
            ended = replace(feed, state=FeedState.REVIEW, next_action_at=None)
            words = "Amazon stopped while working on it: some, none or all of it may have been done"
            return Decision(ended, State.REVIEW, words=words)
        case "IN_QUEUE" | "IN_PROGRESS" if age < STUCK_AFTER:
            return Decision(replace(feed, next_action_at=now + look_every(age)))
        case "IN_QUEUE" | "IN_PROGRESS":
            words = f"Amazon has shown {status} for more than 8 hours; ask Seller Support"
        case _:
            words = f"Amazon shows a status this program does not know: {status}"
    return Decision(replace(feed, state=FeedState.REVIEW, next_action_at=None), State.REVIEW, words=words)


def _believed(feed: Feed, verdicts: Mapping[int, Verdict], others_send: bool) -> Mapping[int, Verdict]:
    """Return the verdicts, none of them believed where the feed may be another program's.

    A report without errors looks the same for every feed of as many messages.
    """
    if not (feed.adopted and others_send):
        return verdicts
    words = (
        "the feed was found in Amazon's list, where other programs' feeds are too: it may be one of theirs"
    )
    return {
        number: replace(each, outcome=State.REVIEW, words=each.words or words)
        for number, each in verdicts.items()
    }


def _settled(feed: Feed, verdicts: Mapping[int, Verdict]) -> Decision:
    missing = feed.message_ids - set(verdicts)
    assert not missing, f"the report's reader gave no verdict for {sorted(missing)}"
    assert set(verdicts) <= feed.message_ids, "a verdict for a message that is not in this feed"
    ended = replace(feed, state=FeedState.SETTLED, next_action_at=None)
    return Decision(ended, verdicts=verdicts)
