"""The dispatch policy: alone and at once while tokens last, together when they run low."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mostrador.domain.dispatch import (
    PACE_LOOKS_AT,
    PATIENCE,
    Departure,
    Kind,
    Past,
    Rules,
    Waiting,
    departures,
    next_departure,
    pace,
    price,
    tokens_kept,
)
from mostrador.domain.quotas import Bucket

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
RATE = 1 / 120
BUSY = 3 * RATE  # refunds a second: three for each token
UNDO = timedelta(seconds=60)


def _at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def _bucket(tokens: float) -> Bucket:
    return Bucket(RATE, 15, tokens, NOW)


def _waiting(*dues: float, ships: float | None = None) -> list[Waiting]:
    ship_by = None if ships is None else _at(ships)
    return [Waiting(key, _at(due), ship_by) for key, due in enumerate(dues)]


def _next(
    refunds: list[Waiting],
    *,
    tokens: float,
    pace: float = 0.0,
    keep: int = 0,
    cancellations: list[Waiting] | None = None,
) -> Departure:
    departure = next_departure(
        refunds=refunds,
        cancellations=cancellations or [],
        bucket=_bucket(tokens),
        past=Past(pace=pace),
        rules=Rules(keep=keep, undo=UNDO),
        now=NOW,
    )
    assert departure is not None
    return departure


def test_nothing_waits_and_nothing_leaves() -> None:
    bucket = _bucket(15)
    none = next_departure(refunds=[], cancellations=[], bucket=bucket, past=Past(), rules=Rules(), now=NOW)
    assert none is None


def test_a_refund_leaves_alone_and_at_once_while_tokens_last() -> None:
    assert _next(_waiting(0, 20), tokens=12, pace=BUSY) == Departure(Kind.REFUNDS, (0,), NOW)


def test_at_a_quiet_pace_a_refund_leaves_at_once_with_few_tokens_too() -> None:
    assert _next(_waiting(0), tokens=3, pace=RATE / 2) == Departure(Kind.REFUNDS, (0,), NOW)


def test_at_a_busy_pace_a_refund_waits_for_the_one_whose_undo_window_is_about_to_end() -> None:
    assert _next(_waiting(0, 20), tokens=6, pace=BUSY) == Departure(Kind.REFUNDS, (0, 1), _at(20))


def test_the_last_token_is_not_spent_on_one_of_two_even_at_a_quiet_pace() -> None:
    assert _next(_waiting(0, 20), tokens=1) == Departure(Kind.REFUNDS, (0, 1), _at(20))


def test_a_full_feed_never_waits_for_others() -> None:
    departure = _next(_waiting(*[0] * 50, 5), tokens=2, pace=BUSY)
    assert departure == Departure(Kind.REFUNDS, tuple(range(50)), NOW)


def test_nobody_is_held_for_others_longer_than_tokens_need_to_come() -> None:
    departure = _next(_waiting(-200), tokens=2, pace=30 * RATE)
    assert departure.at <= _at(PATIENCE / RATE - 200)


def test_without_a_token_everything_due_by_then_leaves_with_the_next_one() -> None:
    departure = _next(_waiting(0, 40), tokens=0.5)
    assert (departure.kind, departure.keys) == (Kind.REFUNDS, (0, 1))
    assert departure.at == _bucket(0.5).ready_at(NOW)


def test_refunds_leave_the_tokens_that_are_kept() -> None:
    departure = _next(_waiting(0), tokens=2, keep=2)
    assert departure.at == _bucket(2).ready_at(NOW, keep=2)
    assert departure.at > NOW


def test_a_cancellation_goes_first_and_takes_any_token() -> None:
    departure = _next(_waiting(0), tokens=1, keep=1, cancellations=_waiting(0, ships=7200))
    assert departure == Departure(Kind.CANCELLATIONS, (0,), NOW)


def test_a_waiting_refund_has_its_turn_after_two_feeds_of_cancellations() -> None:
    past = Past(cancellations_in_a_row=2)
    kinds = []
    for ships in (7200, 1800):
        departure = next_departure(
            refunds=_waiting(0),
            cancellations=_waiting(0, ships=ships),
            bucket=_bucket(1),
            past=past,
            rules=Rules(),
            now=NOW,
        )
        assert departure is not None
        kinds.append(departure.kind)
    assert kinds == [Kind.REFUNDS, Kind.CANCELLATIONS]


def test_the_plan_names_a_time_for_everything_that_waits() -> None:
    plan = departures(
        refunds=_waiting(*[0] * 120),
        cancellations=[Waiting(7, _at(10), _at(90_000))],
        bucket=_bucket(2),
        past=Past(),
        rules=Rules(),
        now=NOW,
    )
    assert sorted(key for each in plan if each.kind is Kind.REFUNDS for key in each.keys) == list(range(120))
    assert [each.keys for each in plan if each.kind is Kind.CANCELLATIONS] == [(7,)]
    assert [each.at for each in plan] == sorted(each.at for each in plan)


def test_a_token_costs_more_the_fewer_are_left_and_nothing_while_there_are_plenty() -> None:
    prices = [price(_bucket(tokens), NOW, BUSY) for tokens in (1, 6, 11, 12)]
    assert prices[0] > prices[1] > prices[2] > prices[3] == 0.0
    assert price(_bucket(6), NOW, RATE / 2) == 0.0


def test_the_pace_is_that_of_the_last_four_hours() -> None:
    every_two_minutes = [_at(-120 * k) for k in range(1, 200)]
    assert pace(every_two_minutes, NOW) == 119 / (119 * 120)
    assert pace([_at(-4 * 3600)], NOW) == 0.0
    assert pace([], NOW) == 0.0


def test_the_pace_of_a_morning_is_measured_from_its_first_refund() -> None:
    assert pace([_at(-60 * k) for k in range(1, 31)], NOW) == 30 / 1800
    assert pace([_at(-1)], NOW) == 1 / 900


def test_a_fast_pace_is_measured_over_the_refunds_that_are_looked_at() -> None:
    every_ten_seconds = [_at(-10 * k) for k in range(1, 2 * PACE_LOOKS_AT)]
    assert pace(every_ten_seconds, NOW) == PACE_LOOKS_AT / (10 * PACE_LOOKS_AT)


def test_a_burst_is_not_a_pace() -> None:
    assert pace([_at(-30)] * 100, NOW) == 1 / 900


def test_as_many_tokens_are_kept_as_cancellations_are_in_sight() -> None:
    assert [tokens_kept(most=2, cancellations_in_sight=seen) for seen in (0, 1, 5)] == [0, 1, 2]
