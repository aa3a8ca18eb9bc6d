"""The clock: which of the buyer's words still wait for an answer, whatever order the mails are read in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostrador.domain.tickets import Said, Speaker, first_unanswered

START = datetime(2026, 12, 24, 20, 0, tzinfo=UTC)
BUYER, DESK, MARK = Speaker.BUYER, Speaker.DESK, Speaker.MARK


def _at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def _said(speaker: Speaker, at: int, known: int | None = None, *, automatic: bool = False) -> Said:
    return Said(speaker, _at(at), _at(at if known is None else known), automatic)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], None),
        ([_said(BUYER, 5)], 5),
        ([_said(BUYER, 5), _said(BUYER, 9)], 5),
        ([_said(BUYER, 5), _said(DESK, 9)], None),
        ([_said(BUYER, 5), _said(DESK, 9), _said(BUYER, 12), _said(BUYER, 20)], 12),
        # An answer written before the mail could be read does not speak to it, however old the mail is.
        ([_said(BUYER, 5, 10), _said(DESK, 9)], 5),
        ([_said(BUYER, 5, 9), _said(DESK, 9)], None),
        ([_said(BUYER, 5), _said(DESK, 9, automatic=True)], 5),
        ([_said(BUYER, 5, automatic=True)], None),
        ([_said(BUYER, 5, automatic=True), _said(BUYER, 7)], 7),
        ([_said(BUYER, 5), _said(MARK, 6)], None),
        ([_said(BUYER, 5), _said(MARK, 6), _said(BUYER, 8)], 8),
        ([_said(DESK, 1)], None),
    ],
)
def test_the_clock_runs_from_the_first_message_no_answer_speaks_to(
    said: Sequence[Said], expected: int | None
) -> None:
    assert first_unanswered(said) == (None if expected is None else _at(expected))


def _slowly(said: Sequence[Said]) -> datetime | None:
    """Live through it: every message waits on a pile, every answer clears the pile as it stands."""
    pile: list[datetime] = []
    moments = sorted({each.known_at for each in said})
    for moment in moments:
        happening = [each for each in said if each.known_at == moment and not each.is_automatic]
        pile += [each.at for each in happening if each.speaker is BUYER]
        if any(each.speaker in (DESK, MARK) for each in happening):
            pile = []
    return sorted(pile)[0] if pile else None


_MINUTES = st.integers(0, 30)
_STORIES = st.lists(
    st.builds(
        lambda speaker, at, later, automatic: _said(
            speaker, at, at + (later if speaker is BUYER else 0), automatic=automatic
        ),
        st.sampled_from([BUYER, BUYER, BUYER, DESK, DESK, MARK]),
        _MINUTES,
        _MINUTES,
        st.sampled_from([False, False, False, True]),
    ),
    max_size=12,
)


@settings(max_examples=1000)
@given(_STORIES, st.integers())
def test_any_order_of_mails_gives_what_living_through_them_gives(said: list[Said], seed: int) -> None:
    expected = _slowly(said)
    assert first_unanswered(said) == expected
    shuffled = list(said)
    Random(seed).shuffle(shuffled)
    assert first_unanswered(shuffled) == expected
