"""Reviews: what a person found out about an action nobody could decide, and when two must agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mostrador.domain.delivery import State
from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.money import Money

SHORTEST_PROOF = 8  # characters: a word like "ok" is no proof
# Amazon's accounts may lag 48 hours; what is not there after a week deserves a case.
DISPUTED_AFTER = timedelta(days=7)


class Outcome(StrEnum):
    """What a person saw in Seller Central."""

    DONE = "done"
    NOT_DONE = "not_done"


STATE_AFTER: Mapping[Outcome, State] = {Outcome.DONE: State.ACCEPTED, Outcome.NOT_DONE: State.REJECTED}


@dataclass(frozen=True, slots=True)
class Finding:
    """One person's word, with the proof they named."""

    agent: int
    outcome: Outcome


def needs_two(money: Money | None, *, limits: Mapping[str, int]) -> bool:
    """Return whether a second person must agree: above the currency's limit (minor units), or without one."""
    if money is None:
        return False
    return money.minor > limits.get(money.currency, 0)


def refusals(*, state: State, findings: Sequence[Finding], new: Finding, proof: str) -> list[Refusal]:
    """Return why this finding is refused; empty means it is taken down."""
    found = []
    if state is not State.REVIEW:
        found.append(Refusal(RefusalCode.NOT_IN_REVIEW, {"state": state.value}))
    if len(proof.strip()) < SHORTEST_PROOF:
        found.append(Refusal(RefusalCode.PROOF_MISSING))
    if any(each.agent == new.agent for each in findings):
        found.append(Refusal(RefusalCode.SECOND_PERSON_NEEDED))
    return found


def decided(findings: Sequence[Finding], *, two: bool) -> State | None:
    """Return what the findings decide, or nothing while a second person is needed.

    Two people who disagree decide nothing: a third must look.
    """
    for outcome in Outcome:
        people = {each.agent for each in findings if each.outcome is outcome}
        others = {each.agent for each in findings if each.outcome is not outcome}
        if len(people) >= (2 if two or others else 1) and len(people) > len(others):
            return STATE_AFTER[outcome]
    return None


def is_disputed(*, state: State, accepted_at: datetime, now: datetime) -> bool:
    """Return whether Amazon accepted a refund long ago and its accounts still do not show it."""
    return state is State.ACCEPTED and now - accepted_at >= DISPUTED_AFTER
