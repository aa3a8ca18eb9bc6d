"""Quotas: a bucket that is never below empty, never above full, and exact about the next token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostrador.amazon.quotas import USAGE_PLANS
from mostrador.domain.quotas import ARRIVES_WITHIN, Bucket, believable

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EARLIER = timedelta(microseconds=2)
plans = st.sampled_from(sorted(USAGE_PLANS))


def full(operation: str, at: datetime = NOW) -> Bucket:
    plan = USAGE_PLANS[operation]
    return Bucket(float(plan.rate), plan.burst, float(plan.burst), at)


@pytest.mark.parametrize(
    ("tokens", "after", "level"),
    [
        (0.0, 0, 0.0),
        (0.0, 10, 5.0),
        (3.0, 4, 5.0),
        (14.0, 2, 15.0),
        (15.0, 1000, 15.0),
        (3.0, -60, 3.0),  # a clock that went back takes nothing away
    ],
)
def test_tokens_come_back_with_time_up_to_the_burst(tokens: float, after: int, level: float) -> None:
    assert Bucket(0.5, 15, tokens, NOW).level(NOW + timedelta(seconds=after)) == level


@pytest.mark.parametrize(
    ("tokens", "keep", "wait"),
    [
        (1.0, 0, 0),
        (0.0, 0, 2),
        (0.5, 0, 1),
        (3.0, 3, 2),
        (4.0, 3, 0),
        (0.0, 3, 8),
    ],
)
def test_the_next_token_is_there_exactly_then(tokens: float, keep: int, wait: int) -> None:
    assert Bucket(0.5, 15, tokens, NOW).ready_at(NOW, keep=keep) == NOW + timedelta(seconds=wait)


def test_a_token_is_never_taken_from_an_empty_bucket() -> None:
    with pytest.raises(AssertionError):
        Bucket(0.5, 15, 0.5, NOW).take(NOW)


def test_amazons_429_empties_the_bucket_whatever_we_thought() -> None:
    emptied = full("createFeed").emptied(NOW)
    assert emptied.level(NOW) == 0
    assert emptied.ready_at(NOW) > NOW + timedelta(seconds=120)


def test_workers_whose_clocks_differ_count_no_moment_twice() -> None:
    bucket, taken = full("createFeedDocument"), 0
    for round_ in range(200):
        for now in (NOW + timedelta(seconds=3, milliseconds=round_), NOW + timedelta(milliseconds=round_)):
            if bucket.ready_at(now) <= now:
                bucket = bucket.take(now)
                taken += 1
    assert taken == 15


def test_a_full_burst_leaves_at_once_and_what_refills_is_counted_a_second_late() -> None:
    bucket = full("createFeed")
    for _ in range(15):
        assert bucket.ready_at(NOW) == NOW
        bucket = bucket.take(NOW)
    whole = timedelta(seconds=1 / 0.0083)
    assert timedelta(0) <= bucket.ready_at(NOW) - (NOW + ARRIVES_WITHIN + whole) <= EARLIER


def test_a_bucket_that_is_far_from_full_loses_nothing() -> None:
    bucket = Bucket(0.5, 15, 3.0, NOW).take(NOW)
    assert (bucket.tokens, bucket.at) == (2.0, NOW)


@given(
    plans,
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, ARRIVES_WITHIN.total_seconds())), max_size=120),
)
def test_amazon_never_sees_too_many_however_long_each_call_takes_to_arrive(
    operation: str, calls: list[tuple[float, float]]
) -> None:
    """Amazon's own bucket refills from arrival to arrival, ours from take to take."""
    plan = USAGE_PLANS[operation]
    bucket, now, arrivals = full(operation), NOW, []
    for pause, delay in calls:
        now = bucket.ready_at(now + timedelta(seconds=pause * (1 / bucket.rate) / 20))
        bucket = bucket.take(now)
        arrivals.append(now + timedelta(seconds=delay))
    level, since = float(plan.burst), NOW
    for at in sorted(arrivals):
        level = min(level + (at - since).total_seconds() * float(plan.rate), float(plan.burst))
        since = at
        assert level >= 1 - 1e-5, "Amazon would have answered 429"
        level -= 1


def test_another_rate_counts_from_the_moment_it_is_named() -> None:
    bucket = Bucket(0.5, 15, 1.0, NOW).paced(2.0, NOW + timedelta(seconds=4))
    assert bucket.level(NOW + timedelta(seconds=4)) == 3.0
    assert bucket.level(NOW + timedelta(seconds=6)) == 7.0


@pytest.mark.parametrize(
    ("said", "kept"),
    [(0.05, 0.05), (0.0042, 0.0042), (0.0000001, 0.00083), (1e9, 0.83)],
)
def test_a_named_rate_is_believed_within_bounds(said: float, kept: float) -> None:
    assert believable(said, documented=0.0083) == pytest.approx(kept)


@given(plans, st.floats(0, 1), st.integers(0, 10**12))
def test_when_it_says_ready_a_token_can_be_taken_and_a_moment_before_it_cannot(
    operation: str, tokens: float, later: int
) -> None:
    bucket = Bucket(full(operation).rate, full(operation).burst, tokens, NOW)
    now = NOW + timedelta(microseconds=later)
    ready = bucket.ready_at(now)
    assert ready >= now
    after = bucket.take(ready)
    assert 0 <= after.level(ready) <= bucket.burst
    if ready - EARLIER > now:
        assert bucket.ready_at(ready - EARLIER) > ready - EARLIER


@given(plans, st.integers(0, 3), st.lists(st.integers(-2_000_000, 20_000_000), max_size=60))
def test_no_sequence_of_calls_is_faster_than_the_plan(operation: str, keep: int, steps: list[int]) -> None:
    bucket, now, latest, taken = full(operation), NOW, NOW, 0
    for step in steps:
        now += timedelta(microseconds=step)  # negative: the clock of another worker
        latest = max(latest, now)
        if bucket.ready_at(now, keep=keep) <= now:
            bucket = bucket.take(now)
            taken += 1
        assert 0 <= bucket.tokens <= bucket.burst
        assert 0 <= bucket.level(latest) <= bucket.burst
    passed = (latest - NOW).total_seconds()
    assert taken <= full(operation).burst - keep + passed * bucket.rate + 1e-6
