"""Feeds: every decision of the once-only protocol, as tables and as random walks."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostrador.domain.delivery import MOVES, State
from mostrador.domain.feeds import (
    BEFORE_AMAZON,
    DOCUMENT_LIFE,
    ENDED,
    IN_FLIGHT,
    LEASE,
    AboutToSend,
    CertainlyNotDone,
    Decision,
    Evidence,
    Feed,
    FeedCreated,
    FeedState,
    LeaseOver,
    Listed,
    MayHaveLeft,
    NoAnswer,
    NotNow,
    RefusedAtTheDoor,
    ReportRead,
    Staged,
    StatusRead,
    Verdict,
    decide,
    decided_by,
    fence,
    is_absent,
    look_every,
    next_look,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
F = FeedState
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
ACCEPTED = Verdict(State.ACCEPTED)


def feed(state: FeedState, **more: object) -> Feed:
    """Return a feed as it stands in `state`; it was marked at NOW with a token of one hour."""
    facts: dict[str, object] = {"state": state, "message_ids": frozenset({1}), "next_action_at": NOW}
    if state is not F.SEALED:
        facts |= {"staged_at": NOW}
    if state in (F.MARKED, F.UNKNOWN, F.SENT):
        facts |= {"marked_at": NOW, "token_expires_at": NOW + HOUR, "tries": 1}
    if state is F.SENT:
        facts |= {"sent_at": NOW, "feed_id": "50001"}
    if state in ENDED:
        facts |= {"next_action_at": None}
    return Feed(**(facts | more))  # type: ignore[arg-type]  # the facts of one dataclass


# ── the table ─────────────────────────────────────────────────────────────────────────────────────────────

EVIDENCE: dict[str, Evidence] = {
    "staged": Staged(),
    "about to send": AboutToSend(NOW + HOUR),
    "created": FeedCreated("50001"),
    "certainly not done": CertainlyNotDone("refused to connect"),
    "refused at the door": RefusedAtTheDoor("InvalidInput"),
    "no answer": NoAnswer("timed out"),
    "lease over": LeaseOver(),
    "may have left": MayHaveLeft(NOW, NOW + HOUR),
    "nothing listed": Listed(()),
    "one listed": Listed(("50002",)),
    "two listed": Listed(("50002", "50003")),
    "a strange one named": Listed((), ("50009",)),
    "one listed and a strange one named": Listed(("50002",), ("50009",)),
    "two listed and a strange one named": Listed(("50002", "50003"), ("50009",)),
    "in queue": StatusRead("IN_QUEUE"),
    "in progress": StatusRead("IN_PROGRESS"),
    "done": StatusRead("DONE"),
    "cancelled": StatusRead("CANCELLED"),
    "fatal": StatusRead("FATAL"),
    "a new word": StatusRead("PAUSED"),
    "report": ReportRead({1: ACCEPTED}),
}

# (state, evidence) → (new state, what becomes of every delivery); any other pair is NotNow.
TABLE: dict[tuple[FeedState, str], tuple[FeedState, State | None]] = {
    (F.SEALED, "staged"): (F.STAGED, None),
    (F.SEALED, "certainly not done"): (F.SEALED, None),
    (F.SEALED, "refused at the door"): (F.REFUSED, State.REJECTED),
    (F.SEALED, "may have left"): (F.UNKNOWN, State.UNKNOWN),
    (F.STAGED, "about to send"): (F.MARKED, None),
    (F.STAGED, "certainly not done"): (F.STAGED, None),
    (F.STAGED, "refused at the door"): (F.REFUSED, State.REJECTED),
    (F.STAGED, "may have left"): (F.UNKNOWN, State.UNKNOWN),
    (F.MARKED, "created"): (F.SENT, State.SENT),
    (F.MARKED, "certainly not done"): (F.STAGED, None),
    (F.MARKED, "refused at the door"): (F.REFUSED, State.REJECTED),
    (F.MARKED, "no answer"): (F.UNKNOWN, State.UNKNOWN),
    (F.MARKED, "lease over"): (F.UNKNOWN, State.UNKNOWN),
    (F.UNKNOWN, "created"): (F.SENT, State.SENT),
    (F.UNKNOWN, "nothing listed"): (F.UNKNOWN, None),
    (F.UNKNOWN, "one listed"): (F.SENT, State.SENT),
    (F.UNKNOWN, "two listed"): (F.REVIEW, State.REVIEW),
    (F.UNKNOWN, "a strange one named"): (F.UNKNOWN, None),
    (F.UNKNOWN, "one listed and a strange one named"): (F.UNKNOWN, None),
    (F.UNKNOWN, "two listed and a strange one named"): (F.REVIEW, State.REVIEW),
    (F.SENT, "in queue"): (F.SENT, None),
    (F.SENT, "in progress"): (F.SENT, None),
    (F.SENT, "done"): (F.SENT, None),
    (F.SENT, "cancelled"): (F.SETTLED, State.NOT_SENT),
    (F.SENT, "fatal"): (F.REVIEW, State.REVIEW),
    (F.SENT, "a new word"): (F.REVIEW, State.REVIEW),
    (F.SENT, "report"): (F.SETTLED, None),
}


@pytest.mark.parametrize(("state", "name"), list(itertools.product(FeedState, EVIDENCE)))
def test_each_evidence_moves_each_state_as_the_table_says_or_not_at_all(state: FeedState, name: str) -> None:
    later = NOW + LEASE
    if (state, name) not in TABLE:
        with pytest.raises(NotNow):
            decide(feed(state), EVIDENCE[name], later)
        return
    decision = decide(feed(state), EVIDENCE[name], later)
    assert (decision.feed.state, decision.deliveries) == TABLE[state, name]
    assert (decision.feed.next_action_at is None) is (decision.feed.state in ENDED)
    assert decision.report_wanted is (name == "done")
    assert decision.feed.message_ids == frozenset({1})
    assert decision.words or decision.deliveries in (None, State.SENT), "it is not said why"


def test_no_evidence_leads_from_unknown_back_to_sending() -> None:
    after_unknown = {new for (old, _), (new, _) in TABLE.items() if old is F.UNKNOWN}
    assert after_unknown == {F.UNKNOWN, F.SENT, F.REVIEW}  # and ABSENT, behind the fence
    assert all((end, name) not in TABLE for end in ENDED for name in EVIDENCE)


def test_the_states_are_stored_in_these_words() -> None:
    assert list(FeedState) == [
        "sealed",
        "staged",
        "marked",
        "sent",
        "unknown",
        "absent",
        "refused",
        "review",
        "settled",
    ]


def test_a_feed_is_in_flight_from_the_mark_until_its_outcome_is_known_and_ends_once() -> None:
    assert {F.MARKED, F.UNKNOWN} == IN_FLIGHT
    assert {F.SEALED, F.STAGED, F.MARKED, F.UNKNOWN} == BEFORE_AMAZON
    assert {F.ABSENT, F.REFUSED, F.REVIEW, F.SETTLED} == ENDED


# ── sending ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_staged_feed_knows_since_when_and_goes_on_at_once() -> None:
    staged = decide(feed(F.SEALED), Staged(), NOW + SECOND).feed
    assert (staged.staged_at, staged.next_action_at) == (NOW + SECOND, NOW + SECOND)


def test_the_mark_keeps_the_tokens_expiry_and_a_lease() -> None:
    staged = feed(F.STAGED, tries=1, empty_looks=(NOW,))
    marked = decide(staged, AboutToSend(NOW + HOUR), NOW + SECOND).feed
    assert marked.marked_at == NOW + SECOND
    assert marked.token_expires_at == NOW + HOUR
    assert marked.next_action_at == NOW + SECOND + timedelta(seconds=90)
    assert marked.tries == 2
    assert marked.empty_looks == ()


def test_what_may_have_left_before_a_restore_is_looked_for_since_the_restored_moment() -> None:
    restored = feed(F.STAGED, empty_looks=(NOW,))
    lost = decide(restored, MayHaveLeft(NOW - HOUR, NOW + 2 * HOUR), NOW + SECOND)
    assert (lost.feed.state, lost.deliveries) == (F.UNKNOWN, State.UNKNOWN)
    assert (lost.feed.marked_at, lost.feed.token_expires_at) == (NOW - HOUR, NOW + 2 * HOUR)
    assert lost.feed.empty_looks == ()
    assert lost.feed.next_action_at == NOW + SECOND + MINUTE


def test_a_document_that_has_grown_too_old_is_staged_anew_and_nothing_is_sent() -> None:
    assert timedelta(hours=47) == DOCUMENT_LIFE  # Amazon forgets it after 48
    old = decide(feed(F.STAGED), AboutToSend(NOW + HOUR), NOW + DOCUMENT_LIFE + SECOND)
    assert old.feed.state is F.SEALED
    assert (old.feed.marked_at, old.feed.staged_at, old.feed.tries) == (None, None, 0)
    assert old.feed.next_action_at == NOW + DOCUMENT_LIFE + SECOND
    assert old.deliveries is None
    assert decide(feed(F.STAGED), AboutToSend(NOW + HOUR), NOW + DOCUMENT_LIFE).feed.state is F.MARKED


def test_a_feed_without_a_staging_time_is_never_marked() -> None:
    assert decide(feed(F.STAGED, staged_at=None), AboutToSend(NOW + HOUR), NOW).feed.state is F.SEALED


@pytest.mark.parametrize("seconds", [-60, 0, 1, 89])
def test_while_the_lease_holds_nobody_may_doubt_the_sender(seconds: int) -> None:
    with pytest.raises(NotNow):
        decide(feed(F.MARKED), LeaseOver(), NOW + timedelta(seconds=seconds))


def test_a_mark_without_a_time_has_no_lease_that_could_end() -> None:
    with pytest.raises(NotNow):
        decide(feed(F.MARKED, marked_at=None), LeaseOver(), NOW + LEASE)


@pytest.mark.parametrize("seconds", [90, 91, 3600])
def test_after_the_lease_the_outcome_is_unknown_and_looked_for_a_minute_later(seconds: int) -> None:
    later = NOW + timedelta(seconds=seconds)
    lost = decide(feed(F.MARKED), LeaseOver(), later)
    assert (lost.feed.state, lost.deliveries) == (F.UNKNOWN, State.UNKNOWN)
    assert lost.feed.next_action_at == later + MINUTE
    assert lost.words


@pytest.mark.parametrize(
    ("state", "tries", "retry_after", "wait"),
    [
        (F.MARKED, 1, None, 10),
        (F.MARKED, 2, None, 20),
        (F.MARKED, 5, None, 160),
        (F.MARKED, 6, None, 300),
        (F.MARKED, 10_000, None, 300),
        (F.MARKED, 1, 120, 120),
        (F.SEALED, 0, None, 5),
        (F.STAGED, 3, None, 40),
        (F.STAGED, 9, None, 300),
    ],
)
def test_what_was_certainly_not_done_is_tried_again_ever_more_slowly(
    state: FeedState, tries: int, retry_after: int | None, wait: int
) -> None:
    pause = timedelta(seconds=retry_after) if retry_after else None
    again = decide(feed(state, tries=tries), CertainlyNotDone("refused", pause), NOW)
    assert again.feed.next_action_at == NOW + timedelta(seconds=wait)
    assert again.feed.state is (F.STAGED if state is F.MARKED else state)
    assert again.feed.marked_at is None
    assert again.feed.tries == (tries if state is F.MARKED else tries + 1)
    assert again.words == "refused"


def test_amazons_no_at_the_door_is_final_and_in_its_words() -> None:
    refused = decide(feed(F.MARKED), RefusedAtTheDoor("400 InvalidInput"), NOW)
    assert refused.feed.state is F.REFUSED
    assert refused.feed.next_action_at is None
    assert (refused.deliveries, refused.words) == (State.REJECTED, "400 InvalidInput")


def test_an_answer_that_comes_after_the_lease_is_still_believed() -> None:
    late = decide(feed(F.UNKNOWN), FeedCreated("50009"), NOW + 5 * MINUTE)
    assert (late.feed.state, late.feed.feed_id) == (F.SENT, "50009")
    assert late.feed.sent_at == NOW + 5 * MINUTE
    assert late.deliveries is State.SENT


def test_a_certain_no_that_comes_after_the_lease_changes_nothing() -> None:
    for evidence in (CertainlyNotDone("429"), RefusedAtTheDoor("400")):
        with pytest.raises(NotNow):
            decide(feed(F.UNKNOWN), evidence, NOW + 5 * MINUTE)


# ── finding out ───────────────────────────────────────────────────────────────────────────────────────────


def test_exactly_one_candidate_is_adopted() -> None:
    found = decide(feed(F.UNKNOWN), Listed(("50002",)), NOW + 3 * MINUTE)
    assert (found.feed.state, found.feed.feed_id, found.deliveries) == (F.SENT, "50002", State.SENT)
    assert found.feed.next_action_at == NOW + 3 * MINUTE + SECOND


def test_two_candidates_are_for_a_person_who_reads_both_ids() -> None:
    found = decide(feed(F.UNKNOWN), Listed(("50002", "50003")), NOW + 3 * MINUTE)
    assert (found.feed.state, found.feed.feed_id, found.deliveries) == (F.REVIEW, "", State.REVIEW)
    assert "50002" in found.words
    assert "50003" in found.words


def test_the_fence_stands_five_minutes_behind_the_tokens_expiry() -> None:
    assert fence(feed(F.UNKNOWN)) == NOW + 65 * MINUTE


def walk_empty(lost: Feed) -> list[tuple[datetime, Feed]]:
    """Look whenever it is planned, find nothing, and return every look until the end."""
    looks = []
    while lost.next_action_at is not None:
        at = lost.next_action_at
        lost = decide(lost, Listed(()), at).feed
        looks.append((at, lost))
        assert len(looks) < 50
    return looks


def test_amazons_list_is_read_after_1_3_6_15_30_and_60_minutes_and_at_the_fence() -> None:
    lost = decide(feed(F.MARKED), NoAnswer("timed out"), NOW).feed
    looks = walk_empty(lost)
    assert [(at - NOW) / MINUTE for at, _ in looks] == [1, 3, 6, 15, 30, 60, 65]
    assert looks[-1][1].state is F.ABSENT
    assert looks[-2][1].state is F.UNKNOWN


@given(st.integers(1, 7200), st.integers(0, 90), st.integers(0, 3600))
def test_absence_is_proven_only_by_three_looks_apart_the_last_behind_the_fence(
    token_life: int, answer_after: int, outage: int
) -> None:
    marked = feed(F.MARKED, token_expires_at=NOW + timedelta(seconds=token_life))
    lost = decide(marked, NoAnswer("reset"), NOW + timedelta(seconds=answer_after)).feed
    assert lost.next_action_at is not None
    lost = replace(lost, next_action_at=lost.next_action_at + timedelta(seconds=outage))
    promised = decided_by(lost)
    looks = walk_empty(lost)

    end, absent = looks[-1]
    assert absent.state is F.ABSENT
    assert end >= NOW + timedelta(seconds=token_life) + 5 * MINUTE
    counted: list[datetime] = []
    for at, _ in reversed(looks):
        if not counted or counted[-1] - at >= 10 * MINUTE:
            counted.append(at)
    assert len(counted) >= 3
    assert end == promised, "the agent was told another end"
    assert end <= max(fence(lost), looks[0][0]) + 30 * MINUTE
    for at, after in looks[:-1]:
        assert after.state is F.UNKNOWN
        assert after.next_action_at is not None
        assert after.next_action_at > at


def test_the_end_is_told_also_where_the_next_look_is_not_planned_yet() -> None:
    assert decided_by(feed(F.UNKNOWN, next_action_at=None)) == NOW + 65 * MINUTE
    looks = (NOW + MINUTE, NOW + 66 * MINUTE)
    assert decided_by(feed(F.UNKNOWN, next_action_at=None, empty_looks=looks)) == NOW + 76 * MINUTE


@given(st.lists(st.integers(0, 180), min_size=1, max_size=12))
def test_looks_at_any_time_never_prove_absence_before_the_fence(minutes: list[int]) -> None:
    lost = feed(F.UNKNOWN)
    for minute in sorted(minutes):
        decision = decide(lost, Listed(()), NOW + minute * MINUTE)
        if decision.feed.state is F.ABSENT:
            assert minute >= 65
            assert decision.deliveries is State.NOT_SENT
            assert is_absent(decision.feed)
            return
        lost = decision.feed
        assert not is_absent(lost)


@pytest.mark.parametrize(
    ("minutes", "is_proof"),
    [
        ((45, 55, 65), True),
        ((44, 54, 64), False),  # the last one before the fence
        ((46, 55, 65), False),  # two of them too close
        ((45, 56, 65), False),
        ((45, 55, 60, 65), True),
        ((55, 65), False),
        ((), False),
    ],
)
def test_three_looks_ten_minutes_apart_with_the_last_at_the_fence_prove_absence(
    minutes: tuple[int, ...], is_proof: bool
) -> None:
    looks = tuple(NOW + minute * MINUTE for minute in minutes)
    assert is_absent(feed(F.UNKNOWN, empty_looks=looks)) is is_proof


def test_a_look_counts_ten_minutes_after_the_last_or_at_the_fence_and_not_sooner() -> None:
    lost = feed(F.UNKNOWN, empty_looks=(NOW,))
    assert decide(lost, Listed(()), NOW + 10 * MINUTE - SECOND).feed.empty_looks == (NOW,)
    assert decide(lost, Listed(()), NOW + 10 * MINUTE).feed.empty_looks == (NOW, NOW + 10 * MINUTE)
    two = feed(F.UNKNOWN, empty_looks=(NOW, NOW + 15 * MINUTE))
    assert decide(two, Listed(()), NOW + 20 * MINUTE).feed.empty_looks == two.empty_looks
    near = feed(F.UNKNOWN, empty_looks=(NOW + 60 * MINUTE,))
    assert len(decide(near, Listed(()), NOW + 65 * MINUTE - SECOND).feed.empty_looks) == 1
    assert len(decide(near, Listed(()), NOW + 65 * MINUTE).feed.empty_looks) == 2


@pytest.mark.parametrize("ahead", [5 * MINUTE, -5 * MINUTE])
def test_absence_is_proven_by_amazons_clock_and_not_by_that_of_who_looks(ahead: timedelta) -> None:
    looks = (NOW + 40 * MINUTE, NOW + 50 * MINUTE)
    lost, fenced = feed(F.UNKNOWN, empty_looks=looks), NOW + 65 * MINUTE
    early = decide(lost, Listed((), ahead=ahead), fenced + ahead - SECOND).feed
    assert (early.state, early.next_action_at) == (F.UNKNOWN, fenced + ahead)
    assert decide(lost, Listed((), ahead=ahead), fenced + ahead).feed.state is F.ABSENT


def test_what_is_found_is_sent_and_followed_by_our_clock() -> None:
    found = decide(feed(F.UNKNOWN), Listed(("50002",), ahead=5 * MINUTE), NOW + 8 * MINUTE).feed
    assert (found.sent_at, found.next_action_at) == (NOW + 8 * MINUTE, NOW + 8 * MINUTE + SECOND)


def test_a_proof_of_absence_says_how_often_was_looked() -> None:
    looks = tuple(NOW + minute * MINUTE for minute in (40, 50))
    absent = decide(feed(F.UNKNOWN, empty_looks=looks), Listed(()), NOW + 65 * MINUTE)
    assert (absent.feed.state, absent.deliveries) == (F.ABSENT, State.NOT_SENT)
    assert "3 times" in absent.words


@pytest.mark.parametrize(
    ("now", "looks", "at"),
    [
        (0, (), 1),
        (1, (1,), 3),
        (60, (60,), 65),  # the fence
        (64, (60,), 65),
        (65, (65,), 75),
        (66, (65,), 75),
        (90, (65,), None),
        (65, (), None),
        (90, (), None),
    ],
)
def test_the_list_is_read_as_planned_then_at_the_fence_then_every_ten_minutes_or_at_once(
    now: int, looks: tuple[int, ...], at: int | None
) -> None:
    lost = feed(F.UNKNOWN, empty_looks=tuple(NOW + minute * MINUTE for minute in looks))
    planned = NOW + now * MINUTE + SECOND if at is None else NOW + at * MINUTE
    assert next_look(lost, NOW + now * MINUTE) == planned


def test_three_looks_in_a_hurry_behind_the_fence_are_not_three_looks() -> None:
    lost = feed(F.UNKNOWN)
    for second in range(3):
        lost = decide(lost, Listed(()), NOW + 66 * MINUTE + second * SECOND).feed
    assert lost.state is F.UNKNOWN
    assert next_look(lost, NOW + 66 * MINUTE + 3 * SECOND) > NOW + 76 * MINUTE


# ── Amazon's status and report ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("age", "every"),
    [
        (timedelta(0), 1),
        (29 * SECOND, 1),
        (30 * SECOND, 4),
        (2 * MINUTE - SECOND, 4),
        (2 * MINUTE, 15),
        (10 * MINUTE - SECOND, 15),
        (10 * MINUTE, 60),
        (HOUR - SECOND, 60),
        (HOUR, 300),
        (8 * HOUR - SECOND, 300),
        (8 * HOUR, 1800),
        (60 * HOUR, 1800),
    ],
)
def test_a_feed_is_asked_for_ever_more_rarely(age: timedelta, every: int) -> None:
    assert look_every(age) == timedelta(seconds=every)


@pytest.mark.parametrize("status", ["IN_QUEUE", "IN_PROGRESS"])
def test_a_feed_that_hangs_for_eight_hours_is_for_a_person(status: str) -> None:
    waiting = decide(feed(F.SENT), StatusRead(status), NOW + 8 * HOUR - SECOND)
    assert (waiting.feed.state, waiting.deliveries) == (F.SENT, None)
    stuck = decide(feed(F.SENT), StatusRead(status), NOW + 8 * HOUR)
    assert (stuck.feed.state, stuck.deliveries) == (F.REVIEW, State.REVIEW)
    assert status in stuck.words


@pytest.mark.parametrize("status", ["", "done", "DONE ", "PROCESSING"])
def test_a_word_amazon_never_used_is_for_a_person(status: str) -> None:
    decision = decide(feed(F.SENT), StatusRead(status), NOW)
    assert (decision.feed.state, decision.deliveries) == (F.REVIEW, State.REVIEW)


def test_done_says_nothing_about_success_and_only_asks_for_the_report() -> None:
    decision = decide(feed(F.SENT), StatusRead("DONE"), NOW + 100 * HOUR)
    assert (decision.feed.state, decision.deliveries, decision.verdicts) == (F.SENT, None, {})
    assert decision.report_wanted
    assert decision.feed.next_action_at == NOW + 100 * HOUR + 30 * MINUTE


@pytest.mark.parametrize("status", ["IN_QUEUE", "IN_PROGRESS", "DONE"])
def test_the_next_question_comes_by_the_age_of_the_feed(status: str) -> None:
    decision = decide(feed(F.SENT), StatusRead(status), NOW + 5 * MINUTE)
    assert decision.feed.next_action_at == NOW + 5 * MINUTE + 15 * SECOND


def test_a_report_gives_each_message_its_own_verdict() -> None:
    verdicts = {1: ACCEPTED, 2: Verdict(State.REJECTED, "25161", "too much"), 3: Verdict(State.REVIEW)}
    decision = decide(feed(F.SENT, message_ids=frozenset(verdicts)), ReportRead(verdicts), NOW)
    assert decision.feed.state is F.SETTLED
    assert decision.verdicts == verdicts
    assert decision.deliveries is None


@pytest.mark.parametrize("verdicts", [{}, {1: ACCEPTED, 2: ACCEPTED}, {2: ACCEPTED}])
def test_a_reading_of_the_report_that_does_not_fit_the_feed_is_a_bug(verdicts: dict[int, Verdict]) -> None:
    with pytest.raises(AssertionError):
        decide(feed(F.SENT), ReportRead(verdicts), NOW)


# ── random walks ──────────────────────────────────────────────────────────────────────────────────────────

words = st.text(max_size=5)
evidences = st.one_of(
    st.just(Staged()),
    st.integers(300, 3600).map(lambda seconds: AboutToSend(NOW + timedelta(seconds=seconds))),
    st.sampled_from(["50001", "50002"]).map(FeedCreated),
    st.builds(CertainlyNotDone, words, st.none() | st.timedeltas(SECOND, HOUR)),
    st.builds(RefusedAtTheDoor, words),
    st.builds(NoAnswer, words),
    st.just(LeaseOver()),
    st.lists(st.sampled_from(["50001", "50002"]), unique=True).map(lambda ids: Listed(tuple(ids))),
    st.just(Listed(())),
    st.sampled_from([(), ("50001",), ("50001", "50002")]).map(lambda ids: Listed(ids, ("50009",))),
    st.sampled_from(["IN_QUEUE", "IN_PROGRESS", "DONE", "CANCELLED", "FATAL", "NEW"]).map(StatusRead),
    st.sampled_from([State.ACCEPTED, State.REJECTED, State.REVIEW]).map(
        lambda outcome: ReportRead({1: Verdict(outcome)})
    ),
)
steps = st.lists(st.tuples(evidences, st.timedeltas(timedelta(0), 20 * MINUTE)), max_size=40)


def follow(delivery: State, decision: Decision) -> State:
    """Return where the one delivery stands after `decision`; a move outside the table fails."""
    verdict = decision.verdicts.get(1)
    after = verdict.outcome if verdict else decision.deliveries
    if after is None:
        return delivery
    assert after in MOVES[delivery], f"{delivery} → {after}"
    return after


@given(steps)
def test_no_sequence_of_evidence_leaves_the_table_of_moves_or_sends_twice(
    sequence: list[tuple[Evidence, timedelta]],
) -> None:
    row, delivery, now, marks, doubts = feed(F.SEALED), State.SENDING, NOW, 0, False
    for evidence, passed in sequence:
        now += passed
        before = row
        try:
            decision = decide(row, evidence, now)
        except NotNow:
            continue
        row, delivery = decision.feed, follow(delivery, decision)
        doubts = doubts or row.state is F.UNKNOWN
        if doubts:
            assert row.state not in (F.SEALED, F.STAGED, F.MARKED), "a doubtful feed was made ready again"
        if row.state is F.MARKED:
            marks += 1
            assert before.state is F.STAGED
            assert row.tries == before.tries + 1
        assert (row.next_action_at is None) is (row.state in ENDED), "a feed fell silent"
        assert row.next_action_at is None or row.next_action_at >= now
        if row.state in IN_FLIGHT:
            assert row.marked_at is not None
            assert row.token_expires_at is not None
        if before.state in ENDED:
            pytest.fail("a feed that had ended moved")
    assert row.tries >= marks


# ── a feed that only a notification named ─────────────────────────────────────────────────────────────────


def test_the_fence_stays_open_while_a_named_feed_is_not_explained() -> None:
    looks = (NOW + 50 * MINUTE, NOW + 60 * MINUTE)
    lost = feed(F.UNKNOWN, empty_looks=looks)
    behind = fence(lost) + 10 * MINUTE
    assert decide(lost, Listed(()), behind).feed.state is F.ABSENT
    asked = decide(lost, Listed((), ("50009",)), behind)
    assert (asked.feed.state, asked.deliveries) == (F.UNKNOWN, None)
    assert asked.feed.empty_looks == looks, "it is no empty look"
    assert asked.feed.next_action_at == behind + 2 * MINUTE
    assert decide(asked.feed, Listed(()), behind + 2 * MINUTE).feed.state is F.ABSENT, "explained since"


def test_one_candidate_is_not_the_only_one_while_another_is_not_explained() -> None:
    asked = decide(feed(F.UNKNOWN), Listed(("50002",), ("50009",)), NOW + 3 * MINUTE)
    assert (asked.feed.state, asked.feed.feed_id) == (F.UNKNOWN, "")
    assert decide(asked.feed, Listed(("50002",)), NOW + 5 * MINUTE).feed.feed_id == "50002"


def test_what_stays_unexplained_for_hours_goes_to_a_person() -> None:
    lost = feed(F.UNKNOWN)
    late = fence(lost) + 4 * HOUR
    assert decide(lost, Listed((), ("50009",)), late - SECOND).feed.state is F.UNKNOWN
    for at in (late, late + SECOND):
        decision = decide(lost, Listed((), ("50009",)), at)
        assert (decision.feed.state, decision.deliveries) == (F.REVIEW, State.REVIEW)
        assert decision.feed.next_action_at is None
        assert "50009" in decision.words


# ── a feed found in Amazon's list may be another program's ────────────────────────────────────────────────


def _adopted() -> Feed:
    lost = Feed(
        state=FeedState.UNKNOWN,
        message_ids=frozenset({7}),
        staged_at=NOW,
        marked_at=NOW,
        token_expires_at=NOW + timedelta(hours=1),
        tries=1,
    )
    return decide(lost, Listed(("5001",)), NOW + timedelta(minutes=1)).feed


def test_a_feed_from_the_list_is_known_as_adopted() -> None:
    feed = _adopted()
    assert (feed.state, feed.feed_id, feed.adopted) == (FeedState.SENT, "5001", True)


def test_an_adopted_feed_is_not_believed_where_other_programs_send_too() -> None:
    verdicts = {7: Verdict(State.ACCEPTED)}
    later = NOW + timedelta(minutes=2)
    assert decide(_adopted(), ReportRead(verdicts), later).verdicts[7].outcome is State.ACCEPTED
    doubted = decide(_adopted(), ReportRead(verdicts, others_send=True), later).verdicts[7]
    assert doubted.outcome is State.REVIEW
    assert doubted.words


def test_an_adopted_feed_that_was_cancelled_proves_nothing() -> None:
    decision = decide(_adopted(), StatusRead("CANCELLED"), NOW + timedelta(minutes=2))
    assert (decision.feed.state, decision.deliveries) == (FeedState.REVIEW, State.REVIEW)


def test_a_feed_that_amazon_answered_with_is_believed_whoever_else_sends() -> None:
    answered = feed(F.SENT)
    decision = decide(answered, ReportRead({1: ACCEPTED}, others_send=True), NOW)
    assert decision.verdicts == {1: ACCEPTED}
    cancelled = decide(answered, StatusRead("CANCELLED"), NOW)
    assert (cancelled.feed.state, cancelled.deliveries) == (F.SETTLED, State.NOT_SENT)


def test_what_amazon_said_of_a_message_is_kept_also_where_it_is_not_believed() -> None:
    said = {7: Verdict(State.REJECTED, "25161", "too much")}
    doubted = decide(_adopted(), ReportRead(said, others_send=True), NOW + timedelta(minutes=2))
    assert doubted.verdicts == {7: Verdict(State.REVIEW, "25161", "too much")}
