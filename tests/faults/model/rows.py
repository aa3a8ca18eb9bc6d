"""The feed's row: every change of it is made by the real `decide`, on dates that fit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from mostrador.domain import feeds as rules
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState, NotNow
from tests.faults.model.world import Clock, Row


class Said(NamedTuple):
    """Evidence in the model's words: a kind, a feed's number, the age of the mark's token."""

    kind: type[rules.Evidence]
    feeds: tuple[int, ...] = ()
    clock: Clock = Clock.VALID
    word: str = ""


class Edge(NamedTuple):
    """What `decide` made of a row: the new row, and what becomes of the refund, if anything."""

    row: Row
    refund: State | None


class Move(NamedTuple):
    """One edge of the real transition table."""

    before: FeedState
    evidence: type[rules.Evidence]
    after: FeedState
    refund: State | None


MARKED_AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
EXPIRES_AT = MARKED_AT + timedelta(hours=1)
MESSAGE = 7


_answers: dict[tuple[Row, Said], Edge | None] = {}


def decided(row: Row, said: Said) -> Edge | None:
    """Return what the real `decide` makes of the row, or nothing when the evidence comes too late."""
    asked = (row, said)
    if asked not in _answers:
        _answers[asked] = _decide(row, said)
    return _answers[asked]


def _decide(row: Row, said: Said) -> Edge | None:
    try:
        decision = rules.decide(concrete(row), evidence(said), moment(row, said))
    except NotNow:
        return None
    verdict = decision.verdicts.get(MESSAGE)
    refund = verdict.outcome if verdict else decision.deliveries
    return Edge(_abstract(row, decision.feed), refund)


def forget_answers() -> None:
    """Begin to collect anew which edges are used."""
    _answers.clear()


def edges_used() -> frozenset[Move]:
    """Return every move of a feed's row that was made since `forget_answers`."""
    return frozenset(
        Move(row.state, said.kind, edge.row.state, edge.refund)
        for (row, said), edge in _answers.items()
        if edge is not None
    )


def concrete(row: Row) -> rules.Feed:
    """Return a feed's row with dates that fit the model's row."""
    is_marked = row.state in rules.IN_FLIGHT or row.feed is not None
    return rules.Feed(
        state=row.state,
        message_ids=frozenset({MESSAGE}),
        staged_at=None if row.state is FeedState.SEALED else MARKED_AT,
        marked_at=MARKED_AT if is_marked else None,
        token_expires_at=EXPIRES_AT if row.tries else None,
        sent_at=MARKED_AT if row.feed is not None else None,
        feed_id="" if row.feed is None else str(row.feed),
        tries=row.tries,
        empty_looks=tuple(_look_at(n) for n in range(row.looks)),
        next_action_at=MARKED_AT,
    )


def _look_at(number: int) -> datetime:
    return MARKED_AT + timedelta(minutes=1) + number * rules.LOOKS_APART


def moment(row: Row, said: Said) -> datetime:
    """Return a time at which this evidence can come."""
    if said.kind is rules.LeaseOver:
        return MARKED_AT + rules.LEASE
    if said.kind is rules.Listed:
        behind_fence = EXPIRES_AT + rules.TOKEN_GRACE + row.looks * rules.LOOKS_APART
        return behind_fence if said.clock is Clock.FENCED else _look_at(row.looks)
    if said.word == "IN_PROGRESS":
        return MARKED_AT + rules.STUCK_AFTER
    return MARKED_AT


def evidence(said: Said) -> rules.Evidence:
    """Return the evidence as the rules take it."""
    kind = said.kind
    if kind is rules.Staged or kind is rules.LeaseOver:
        return rules.Staged() if kind is rules.Staged else rules.LeaseOver()
    if kind is rules.AboutToSend:
        return rules.AboutToSend(EXPIRES_AT)
    if kind is rules.FeedCreated:
        return rules.FeedCreated(str(said.feeds[0]))
    if kind is rules.Listed:
        return rules.Listed(tuple(map(str, said.feeds)))
    if kind is rules.StatusRead:
        return rules.StatusRead(said.word)
    if kind is rules.ReportRead:
        return rules.ReportRead({MESSAGE: rules.Verdict(State(said.word))})
    if kind is rules.CertainlyNotDone:
        return rules.CertainlyNotDone("turned away")
    return rules.RefusedAtTheDoor("no") if kind is rules.RefusedAtTheDoor else rules.NoAnswer("lost")


def _abstract(before: Row, feed: rules.Feed) -> Row:
    looks = min(len(feed.empty_looks), rules.EMPTY_LOOKS_NEEDED - 1) if feed.state is FeedState.UNKNOWN else 0
    return Row(
        state=feed.state,
        tries=feed.tries,
        looks=looks,
        feed=int(feed.feed_id) if feed.feed_id else None,
        since=before.since,
    )
