"""Tickets: Amazon's 24 hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mostrador.domain.tickets import Urgency, answer_due, urgency

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_an_answer_is_due_24_hours_after_the_first_unanswered_message() -> None:
    assert answer_due(NOW) == datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    assert answer_due(None) is None


def test_weekends_and_new_year_do_not_stop_the_clock() -> None:
    assert answer_due(datetime(2026, 12, 31, 18, 0, tzinfo=UTC)) == datetime(2027, 1, 1, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (None, Urgency.CALM),
        (NOW + timedelta(hours=24), Urgency.CALM),
        (NOW + timedelta(hours=4) + SECOND, Urgency.CALM),
        (NOW + timedelta(hours=4), Urgency.SOON),
        (NOW + SECOND, Urgency.SOON),
        (NOW, Urgency.LATE),
        (NOW - timedelta(days=3), Urgency.LATE),
    ],
)
def test_the_time_left_is_calm_soon_or_late(due: datetime | None, expected: Urgency) -> None:
    assert urgency(due=due, now=NOW) is expected
