"""Guards: when the database is behind what was sent, and what becomes of rows then; as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.domain.guards import (
    Fate,
    ForgottenFeed,
    Knowledge,
    Point,
    ReasonCode,
    Record,
    after_last_knowledge,
    certain_from,
    compare,
    fate_of_feed,
    fate_of_wish,
    listed_since,
    may_hold,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EVENT = Point(40, NOON - MINUTE)
MARK = Point(7, NOON - 2 * MINUTE)
RECORD = Record("7301", 1, EVENT, MARK, written_at=NOON)
SAME = Knowledge("7301", 1, EVENT, MARK, event_then=EVENT.at, mark_then=MARK.at)
LATER = Point(90, NOON + MINUTE)


@pytest.mark.parametrize(
    ("database", "reasons"),
    [
        (SAME, []),
        (replace(SAME, event=LATER, mark=Point(8, NOON)), []),
        (replace(SAME, system_identifier="7302"), [ReasonCode.OTHER_CLUSTER]),
        (replace(SAME, timeline=2), [ReasonCode.OTHER_TIMELINE]),
        (replace(SAME, system_identifier="7302", timeline=2), [ReasonCode.OTHER_CLUSTER]),
        (replace(SAME, event=Point(39, NOON), event_then=None), [ReasonCode.EVENTS_BEHIND]),
        (replace(SAME, event=None, event_then=None), [ReasonCode.EVENTS_BEHIND]),
        (replace(SAME, event=LATER, event_then=NOON), [ReasonCode.OTHER_EVENT]),
        (replace(SAME, event=LATER, event_then=None), [ReasonCode.OTHER_EVENT]),
        (replace(SAME, mark=Point(6, NOON), mark_then=None), [ReasonCode.MARKS_BEHIND]),
        (replace(SAME, mark=None, mark_then=None), [ReasonCode.MARKS_BEHIND]),
        (replace(SAME, mark_then=NOON), [ReasonCode.OTHER_MARK]),
        (
            Knowledge("7302", 1, None, None),
            [ReasonCode.OTHER_CLUSTER, ReasonCode.EVENTS_BEHIND, ReasonCode.MARKS_BEHIND],
        ),
    ],
)
def test_a_database_is_trusted_only_if_it_holds_all_that_the_record_names(
    database: Knowledge, reasons: list[ReasonCode]
) -> None:
    assert [reason.code for reason in compare(RECORD, database)] == reasons


def test_without_a_record_only_a_database_that_never_marked_anything_is_trusted() -> None:
    assert compare(None, replace(SAME, mark=None)) == []
    (reason,) = compare(None, SAME)
    assert (reason.code, reason.facts) == (ReasonCode.NO_RECORD, {"database": f"7 of {MARK.at.isoformat()}"})


def test_a_record_of_a_desk_that_never_sent_anything_compares_with_an_empty_one() -> None:
    empty = Record("7301", 1, None, None, written_at=NOON)
    assert compare(empty, Knowledge("7301", 1, None, None)) == []
    assert compare(empty, SAME) == []


def test_amazons_list_is_certain_once_no_frozen_worker_holds_a_living_token() -> None:
    closed_at = NOON + timedelta(hours=5)
    assert certain_from(RECORD, closed_at=closed_at) == NOON + 65 * MINUTE
    assert certain_from(None, closed_at=closed_at) == closed_at + 65 * MINUTE
    from_the_future = replace(RECORD, written_at=closed_at + MINUTE)
    assert certain_from(from_the_future, closed_at=closed_at) == closed_at + 65 * MINUTE


@pytest.mark.parametrize(
    ("waiting", "since"),
    [
        ([], timedelta(days=7)),
        ([timedelta(hours=1)], timedelta(days=7)),
        ([timedelta(hours=1), timedelta(days=20)], timedelta(days=20, minutes=10)),
        ([timedelta(days=400)], timedelta(days=89, hours=23, minutes=50)),
    ],
)
def test_amazons_list_is_read_a_week_back_or_as_far_as_the_oldest_wish(
    waiting: list[timedelta], since: timedelta
) -> None:
    assert listed_since(NOON, [NOON - age for age in waiting]) == NOON - since


def _feed(minutes: int) -> ForgottenFeed:
    return ForgottenFeed(f"feed {minutes}", NOON + minutes * MINUTE, "DONE")


def test_a_feed_from_before_the_newest_mark_is_not_forgotten_but_somebody_elses() -> None:
    feeds = [_feed(-30), _feed(-10), _feed(5)]
    assert after_last_knowledge(feeds, NOON) == (_feed(-10), _feed(5))
    assert after_last_knowledge(feeds, None) == tuple(feeds)


def test_a_wish_may_be_only_in_a_feed_that_is_not_older_than_itself() -> None:
    feeds = [_feed(-30), _feed(-10), _feed(5)]
    assert may_hold(feeds, asked_at=NOON) == (_feed(-10), _feed(5))
    assert may_hold(feeds, asked_at=NOON + timedelta(hours=1)) == ()


@pytest.mark.parametrize(
    ("state", "forgotten", "fate"),
    [
        (FeedState.SEALED, 0, Fate.SAFE),
        (FeedState.STAGED, 0, Fate.SAFE),
        (FeedState.SEALED, 1, Fate.SEARCHED),
        (FeedState.STAGED, 2, Fate.SEARCHED),
        (FeedState.MARKED, 0, Fate.SEARCHED),
        (FeedState.UNKNOWN, 0, Fate.SEARCHED),
        (FeedState.UNKNOWN, 1, Fate.SEARCHED),
    ],
)
def test_a_feed_before_amazon_is_safe_only_if_nothing_was_forgotten_and_it_was_not_marked(
    state: FeedState, forgotten: int, fate: Fate
) -> None:
    assert fate_of_feed(state, [_feed(each) for each in range(forgotten)]) is fate


@pytest.mark.parametrize("state", [State.REQUESTED, State.NOT_SENT])
def test_a_wish_without_a_feed_is_safe_only_if_nothing_was_forgotten(state: State) -> None:
    assert fate_of_wish(state, []) is Fate.SAFE
    assert fate_of_wish(state, [_feed(1)]) is Fate.REVIEWED


def test_what_is_in_a_feed_or_over_is_not_judged_as_a_waiting_wish() -> None:
    for state in set(State) - {State.REQUESTED, State.NOT_SENT}:
        with pytest.raises(AssertionError):
            fate_of_wish(state, [])
