"""Delivery: the table of moves, pair by pair."""

from __future__ import annotations

import itertools

import pytest

from mostrador.domain.delivery import (
    FREES_THE_MONEY,
    MOVES,
    OPEN,
    TRUE_FOR_THE_BUYER,
    UNDER_WAY,
    ForbiddenMove,
    Source,
    State,
    check_move,
    states_before,
)

# Written out once more, by hand, so that a change of the table is a change of the specification.
ALLOWED = {
    ("requested", "sending"),
    ("requested", "withdrawn"),
    ("requested", "confirmed"),  # a cancellation of an order that is cancelled already
    ("requested", "review"),  # after a restore: it may be in a feed that was forgotten
    ("sending", "sent"),
    ("sending", "unknown"),
    ("sending", "rejected"),
    ("sending", "requested"),
    ("sent", "accepted"),
    ("sent", "rejected"),
    ("sent", "review"),
    ("sent", "not_sent"),
    ("unknown", "sent"),
    ("unknown", "not_sent"),
    ("unknown", "review"),
    ("not_sent", "requested"),
    ("not_sent", "review"),  # after a restore: it may have been sent again
    ("review", "accepted"),
    ("review", "rejected"),
    ("accepted", "confirmed"),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(State, State)))
def test_a_move_is_allowed_exactly_if_the_table_holds_it(before: State, after: State) -> None:
    if (before.value, after.value) in ALLOWED:
        check_move(before=before, after=after)
        assert before in states_before(after)
    else:
        with pytest.raises(ForbiddenMove):
            check_move(before=before, after=after)
        assert before not in states_before(after)


def test_what_has_ended_never_moves_again() -> None:
    assert {state for state in State if not MOVES[state]} == {
        State.CONFIRMED,
        State.REJECTED,
        State.WITHDRAWN,
    }


@pytest.mark.parametrize("state", list(State))
def test_only_what_certainly_did_not_happen_frees_the_money(state: State) -> None:
    certainly_not = {State.REJECTED, State.NOT_SENT, State.WITHDRAWN}
    assert (state in FREES_THE_MONEY) is (state in certainly_not)


def test_every_state_is_open_decided_or_free() -> None:
    assert set(State) == OPEN | FREES_THE_MONEY | TRUE_FOR_THE_BUYER
    assert not OPEN & FREES_THE_MONEY
    assert not OPEN & TRUE_FOR_THE_BUYER


def test_under_way_is_what_needs_no_person_and_has_no_answer_yet() -> None:
    assert set(UNDER_WAY) == {State.REQUESTED, State.SENDING, State.SENT}


def test_who_brought_a_wish_about_is_stored_in_these_words() -> None:
    assert list(Source) == ["agent", "api", "rule", "elsewhere"]


def test_what_may_have_happened_is_never_free_and_never_told_as_true() -> None:
    for state in (State.SENDING, State.SENT, State.UNKNOWN, State.REVIEW):
        assert state in OPEN
        assert state not in TRUE_FOR_THE_BUYER


def test_from_unknown_no_way_leads_to_a_second_send_but_through_the_proof_that_it_was_never_sent() -> None:
    reached = {State.UNKNOWN}
    while True:
        more = {after for before in reached for after in MOVES[before]} - {State.NOT_SENT}
        if more <= reached:
            break
        reached |= more
    assert State.REQUESTED not in reached
    assert State.SENDING not in reached


def test_what_was_sent_cannot_be_taken_back() -> None:
    assert states_before(State.WITHDRAWN) == {State.REQUESTED}
    assert states_before(State.SENDING) == {State.REQUESTED}


def test_every_state_can_be_reached_and_has_an_end() -> None:
    ends = {State.CONFIRMED, State.REJECTED, State.WITHDRAWN}
    reached, before = {State.REQUESTED}, set[State]()
    while reached != before:
        before, reached = reached, reached | {after for state in reached for after in MOVES[state]}
    assert reached == set(State)
    for state in State:
        seen, last = {state}, set[State]()
        while seen != last:
            last, seen = seen, seen | {after for each in seen for after in MOVES[each]}
        assert seen & ends
