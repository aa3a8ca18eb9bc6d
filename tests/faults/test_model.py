"""The model of one refund keeps every promise, and every weakening of the protocol is found out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from mostrador.domain import feeds as rules
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState, NotNow, decide
from tests.faults.model import Findings, Protocol, explore
from tests.faults.model.rows import EXPIRES_AT, MARKED_AT, MESSAGE, Move

PAID_TWICE = "paid twice"

# Edges of the real table that one refund of its own cannot need, or that change nothing.
OUTSIDE_THE_MODEL = frozenset(
    {
        # Trouble before the mark: the row stays as it is, and is tried again.
        Move(FeedState.SEALED, rules.CertainlyNotDone, FeedState.SEALED, None),
        Move(FeedState.STAGED, rules.CertainlyNotDone, FeedState.STAGED, None),
        Move(FeedState.SEALED, rules.RefusedAtTheDoor, FeedState.REFUSED, State.REJECTED),
        Move(FeedState.STAGED, rules.RefusedAtTheDoor, FeedState.REFUSED, State.REJECTED),
        # The document grew too old to be sent: it is staged anew.
        Move(FeedState.STAGED, rules.AboutToSend, FeedState.SEALED, None),
        # Two candidates need a feed of somebody else: the simulation has them.
        Move(FeedState.UNKNOWN, rules.Listed, FeedState.REVIEW, State.REVIEW),
        # The restore guard has tests of its own.
        Move(FeedState.SEALED, rules.MayHaveLeft, FeedState.UNKNOWN, State.UNKNOWN),
        Move(FeedState.STAGED, rules.MayHaveLeft, FeedState.UNKNOWN, State.UNKNOWN),
        # Not over yet, or DONE and its report not read yet.
        Move(FeedState.SENT, rules.StatusRead, FeedState.SENT, None),
    }
)

WEAKENINGS = {
    "the queue retries after a lost answer": Protocol(retries_after_lost_answer=True),
    "a queue's lock in place of compare-and-set": Protocol(marks_without_comparing=True),
    "absent after one empty look": Protocol(absent_after_one_look=True),
    "the client refreshes its token": Protocol(refreshes_token=True),
    "a person may send again while unknown": Protocol(resends_while_unknown=True),
    "a naive job": Protocol(
        retries_after_lost_answer=True,
        marks_without_comparing=True,
        absent_after_one_look=True,
        never_adopts=True,
    ),
}


@cache
def _full() -> Findings:
    return explore(Protocol())


def test_the_full_protocol_breaks_no_promise_and_never_gets_stuck() -> None:
    found = _full()
    assert found.violations == {}
    assert found.stuck == []
    assert found.states > 20_000, "the model has lost most of its world"


@pytest.mark.faults
def test_a_third_worker_changes_nothing() -> None:
    found = explore(Protocol(workers=3))
    assert (found.violations, found.stuck) == ({}, [])
    assert found.states > 60_000, "the model has lost most of its world"


@pytest.mark.parametrize("weakening", WEAKENINGS)
def test_a_weaker_protocol_pays_twice(weakening: str) -> None:
    found = explore(WEAKENINGS[weakening], until=PAID_TWICE)
    assert PAID_TWICE in found.violations
    assert found.violations[PAID_TWICE].count("done") == 2


def test_the_model_uses_every_edge_of_the_real_table() -> None:
    used = _full().moves
    real = frozenset(_real_moves())
    assert used - real == frozenset()
    assert real - used == OUTSIDE_THE_MODEL


def _real_moves() -> Iterator[Move]:
    """Return every edge `decide` has, found by giving it everything in every state."""
    for feed in _every_row():
        for evidence, age in _all_evidence():
            try:
                decision = decide(feed, evidence, MARKED_AT + age)
            except NotNow:
                continue
            verdict = decision.verdicts.get(MESSAGE)
            yield Move(
                feed.state,
                type(evidence),
                decision.feed.state,
                verdict.outcome if verdict else decision.deliveries,
            )


def _every_row() -> Iterator[rules.Feed]:
    for state in FeedState:
        row = rules.Feed(
            state,
            frozenset({MESSAGE}),
            staged_at=MARKED_AT,
            marked_at=MARKED_AT,
            token_expires_at=EXPIRES_AT,
            sent_at=MARKED_AT,
            feed_id="1",
            tries=1,
        )
        looks = tuple(MARKED_AT + number * rules.LOOKS_APART for number in range(rules.EMPTY_LOOKS_NEEDED))
        yield row
        yield replace(row, empty_looks=looks)


def _all_evidence() -> Iterator[tuple[rules.Evidence, timedelta]]:
    said: list[rules.Evidence] = [
        rules.Staged(),
        rules.AboutToSend(EXPIRES_AT),
        rules.FeedCreated("1"),
        rules.CertainlyNotDone("no connection"),
        rules.CertainlyNotDone("429", timedelta(minutes=2)),
        rules.RefusedAtTheDoor("400"),
        rules.NoAnswer("time-out"),
        rules.LeaseOver(),
        rules.MayHaveLeft(MARKED_AT, EXPIRES_AT),
        *(rules.Listed(tuple("123"[:number])) for number in range(4)),
        rules.Listed((), ("9",)),
        rules.Listed(("1",), ("9",)),
        *(rules.StatusRead(word) for word in _STATUSES),
        *(rules.ReportRead({MESSAGE: rules.Verdict(each)}) for each in _VERDICTS),
    ]
    assert {type(each) for each in said} == set(rules.Evidence.__args__), "a new kind of evidence is missing"
    for evidence in said:
        for age in _AGES:
            yield evidence, age


_STATUSES = ("IN_QUEUE", "IN_PROGRESS", "DONE", "FATAL", "CANCELLED", "A_NEW_WORD")
_VERDICTS = (State.ACCEPTED, State.REJECTED, State.REVIEW)
_AGES = tuple(timedelta(minutes=minutes) for minutes in (0, 1, 2, 30, 64, 66, 120, 8 * 60, 3 * 24 * 60))
