"""Many refunds and cancellations under random faults, in virtual time: no promise is broken."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from functools import cache

import pytest
from django.conf import settings

from mostrador import amazon
from mostrador.amazon import lwa
from mostrador.domain.delivery import MOVES, State
from mostrador.models import Feed
from mostrador.tasks import departures, feeds, gate, housekeeping, reports, sealing, settling
from tests.faults.figures import figure, row, share_of
from tests.faults.planted import PLANTED
from tests.faults.simulation import Faults, Result, Simulation, rendering, running, worker

_ORIGINALS = (amazon, departures, Feed, feeds, gate, lwa, reports, sealing, settling)

SEEDS = 300
MANY_SEEDS = 10_000

# What the simulated desk leaves out: Amazon's accounts and the orders as proof.
NOT_SIMULATED = {
    (State.REQUESTED, State.CONFIRMED),
    (State.REQUESTED, State.REVIEW),
    (State.NOT_SENT, State.REVIEW),
    (State.ACCEPTED, State.CONFIRMED),
    (State.SENDING, State.REQUESTED),
}
# Faults that leave no doubt about what happened.
UNAMBIGUOUS = Faults(
    refused_connection=0.3,
    throttled=0.1,
    duplicate_job=0.3,
    lag=0.3,
    refusals=0.3,
    skew=0.3,
    foreign=0.3,
    wipes=0.3,
)
DEATHS = Faults(crash=0.3, freeze=0.03, restarts=0.3, wipes=0.1, refusals=0.1)


@cache
def _swarm() -> tuple[Result, ...]:
    return tuple(Simulation(seed).run() for seed in range(SEEDS))


def test_no_seed_breaks_a_promise_and_all_come_to_rest() -> None:
    results = _swarm()
    assert len(results) == SEEDS
    assert sum(result.steps for result in results) >= 500 * SEEDS


def test_every_move_of_the_table_is_made_by_some_seed() -> None:
    made = {move for result in _swarm() for move in result.moves}
    allowed = {(before, after) for before, following in MOVES.items() for after in following}
    assert made == allowed - NOT_SIMULATED


def test_every_fault_is_drawn_by_some_seed() -> None:
    drawn = [Simulation(seed).given for seed in range(SEEDS)]
    for name in Faults.__slots__:
        assert any(getattr(faults, name) for faults in drawn), name


@pytest.mark.parametrize("seed", [1, 2, 3, 5, 8])
def test_a_seed_runs_the_same_way_twice(seed: int) -> None:
    assert Simulation(seed).run() == Simulation(seed).run()


def test_a_failing_seed_fails_in_the_same_way_twice_and_names_itself() -> None:
    planted = PLANTED["retry on a read time-out"]
    seed, first = _first_failure("retry on a read time-out", 100)
    with pytest.raises(AssertionError) as second:
        planted.run(seed)
    assert (str(second.value), second.value.__notes__) == (str(first), first.__notes__)
    assert f"seed {seed}, " in first.__notes__[0]


def test_without_doubtful_faults_all_ends_as_if_there_were_none() -> None:
    for seed in range(60):
        result = Simulation(seed, faults=UNAMBIGUOUS).run()
        assert set(result.states) <= {State.ACCEPTED, State.REJECTED, State.WITHDRAWN}, f"seed {seed}"


def test_a_death_outside_the_sending_changes_no_end() -> None:
    for seed in range(100):
        result = Simulation(seed, faults=DEATHS).run()
        assert result.states.get(State.NOT_SENT, 0) <= result.were_unknown, f"seed {seed}"
        assert set(result.states) <= {State.ACCEPTED, State.REJECTED, State.WITHDRAWN, State.NOT_SENT}


def test_a_lost_answer_is_decided_within_eighty_minutes() -> None:
    longest = 0.0
    for seed in range(60):
        result = Simulation(seed, faults=Faults(lost_request=0.3, lost_answer=0.3)).run()
        longest = max(longest, result.longest_unknown)
    assert 60 < longest <= 80


def test_no_call_goes_over_quota_while_nobody_else_uses_it() -> None:
    calls = Faults(crash=0.1, duplicate_job=0.3, wipes=0.1, refusals=0.1)
    over = sum((Counter(Simulation(seed, faults=calls).run().over_quota) for seed in range(60)), Counter())
    # Two a second, at the very limit: a request that travels faster than the one before comes too early.
    assert set(over) <= {"getFeed"}
    assert over.total() <= 10


def test_every_mirrored_step_names_an_original_that_exists() -> None:
    originals = {each.__name__.rpartition(".")[2]: each for each in _ORIGINALS}
    named = re.findall(r"Mirror `(\w+)\.(\w+)", inspect.getsource(worker) + inspect.getsource(rendering))
    assert len(named) >= 20
    assert [pair for pair in named if not hasattr(originals[pair[0]], pair[1])] == []


def test_the_mirror_has_the_settings_of_the_original() -> None:
    original = (feeds.SEND_WITHIN, feeds.LISTING_SLACK, feeds.CLOCK_SLACK)
    assert original == (worker.SEND_WITHIN, worker.LISTING_SLACK, worker.CLOCK_SLACK)
    assert settings.MESSAGES_PER_FEED == worker.MESSAGES_PER_FEED
    assert settings.FEED_SPACING_SECONDS == 0
    assert settings.TOKENS_KEPT_FOR_CANCELLATIONS == worker.TOKENS_KEPT
    assert housekeeping.LATE_AFTER.total_seconds() == running.LATE_AFTER
    at_least = inspect.signature(lwa.TokenSource.token).parameters["at_least"].default
    assert at_least == worker.TOKEN_AT_LEAST


# ── on demand ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.faults
def test_none_of_ten_thousand_seeds_breaks_a_promise() -> None:
    seeds = range(figure(sample=MANY_SEEDS, full=MANY_SEEDS))
    with row("F18 simulated days of a desk") as (entry, _):
        for seed in share_of(seeds):
            try:
                entry.tally["events"] += Simulation(seed).run().steps
            except AssertionError as broken:
                entry.wrong.append(f"python -m tests.faults.simulation --seeds 1 --first {seed}: {broken}")
            entry.count()


@pytest.mark.planted
@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str) -> None:
    _, broken = _first_failure(bug, 1000)
    assert str(broken)[:2] in PLANTED[bug].breaks


@pytest.mark.planted
def test_the_list_of_feeds_must_not_show_a_strangers_feed_alone() -> None:
    """The assumption A4 is needed: without it a wrong feed is adopted and believed."""
    with pytest.raises(AssertionError, match=r"I4: .* accepted, but Amazon did not do it"):
        _run(1000, foreign_alone=True)


@pytest.mark.planted
def test_the_clocks_must_be_right_to_ten_minutes() -> None:
    """The assumption A5 is needed: by a clock that is fifteen minutes fast our own feed looks too old."""
    with pytest.raises(AssertionError, match=r"I4: .* not_sent, but Amazon did it"):
        _run(1000, max_skew=900)


def _run(seeds: int, *, foreign_alone: bool = False, max_skew: float = running.MAX_SKEW) -> None:
    for seed in range(seeds):
        Simulation(seed, foreign_alone=foreign_alone, max_skew=max_skew).run()


def _first_failure(bug: str, seeds: int) -> tuple[int, AssertionError]:
    """Return the first seed in which the bug breaks one of the promises it must break."""
    planted = PLANTED[bug]
    for seed in range(seeds):
        try:
            planted.run(seed)
        except AssertionError as broken:
            if str(broken).startswith(planted.breaks):
                return seed, broken
    pytest.fail(f"no seed below {seeds} finds it")
