"""Delivery: the one state machine of refunds, cancellations and replies."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a wish stands; the values are the stored words."""

    REQUESTED = "requested"  # nothing has left
    SENDING = "sending"  # sealed; the worker is on it
    SENT = "sent"  # the other side has it
    ACCEPTED = "accepted"  # Amazon's report says it was done
    CONFIRMED = "confirmed"  # seen in Amazon's accounts, or in the order itself
    REJECTED = "rejected"  # the other side said no
    UNKNOWN = "unknown"  # it may have happened
    NOT_SENT = "not_sent"  # proven never sent; a person may send again
    REVIEW = "review"  # a person must look
    WITHDRAWN = "withdrawn"  # taken back in time


class Source(StrEnum):
    """Who brought a wish about."""

    AGENT = "agent"
    API = "api"
    RULE = "rule"
    ELSEWHERE = "elsewhere"


_S = State

MOVES: Mapping[State, frozenset[State]] = {
    # To review: after a restore it may be in a feed the database has forgotten; so may what was not sent.
    _S.REQUESTED: frozenset({_S.SENDING, _S.WITHDRAWN, _S.CONFIRMED, _S.REVIEW}),
    _S.SENDING: frozenset({_S.SENT, _S.UNKNOWN, _S.REJECTED, _S.REQUESTED}),
    _S.SENT: frozenset({_S.ACCEPTED, _S.REJECTED, _S.REVIEW, _S.NOT_SENT}),
    _S.UNKNOWN: frozenset({_S.SENT, _S.NOT_SENT, _S.REVIEW}),
    _S.NOT_SENT: frozenset({_S.REQUESTED, _S.REVIEW}),
    _S.REVIEW: frozenset({_S.ACCEPTED, _S.REJECTED}),
    _S.ACCEPTED: frozenset({_S.CONFIRMED}),
    _S.CONFIRMED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.WITHDRAWN: frozenset(),
}

# Whatever might have happened counts as happened: all but these use up the refundable sum.
FREES_THE_MONEY = frozenset({_S.REJECTED, _S.NOT_SENT, _S.WITHDRAWN})

# While one of these holds, nothing else may be asked for the same item (or, cancelling, the same order).
OPEN = frozenset({_S.REQUESTED, _S.SENDING, _S.SENT, _S.UNKNOWN, _S.REVIEW})

# Under way: the screen watches it closely, because the next step is expected within minutes.
UNDER_WAY = frozenset({_S.REQUESTED, _S.SENDING, _S.SENT})

# What the buyer may be told has happened.
TRUE_FOR_THE_BUYER = frozenset({_S.ACCEPTED, _S.CONFIRMED})


class ForbiddenMove(AssertionError):
    """A move the table does not allow: a bug, never a wish."""


def check_move(*, before: State, after: State) -> None:
    """Assert that `before` may become `after`.

    Raises: ForbiddenMove when the table of moves does not hold the pair.
    """
    if after not in MOVES[before]:
        raise ForbiddenMove(f"{before} → {after}")


def states_before(after: State) -> frozenset[State]:
    """Return the states from which `after` can be reached in one move."""
    return frozenset(before for before, reachable in MOVES.items() if after in reachable)
