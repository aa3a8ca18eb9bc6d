"""The exhaustive model of one refund: every order of events, no chance, and the real `decide` for every row.

Two or three workers that may stop or freeze between any two steps, a network that loses and delays, Amazon
with its outcomes, its list that lags, tokens that expire, a lease that may end at any time, a person who may
send again once. Time is reduced to what matters for a mark's token: valid, expired, behind the fence.

Every change of the feed's row is made by `mostrador.domain.feeds.decide` on a concrete `Feed`, and every
change of the refund passes `check_move`: the model cannot drift from the code. A look at Amazon's list is one
step, since its `now` is older than the list. What is taken for granted: Amazon refuses an expired token on
arrival (A1), its list is complete when the fence is passed (A2), no commit is lost (A3), nobody else's feed
of this kind is the only newcomer in the list (A4).
"""

from __future__ import annotations

from tests.faults.model.exploring import Findings, explore
from tests.faults.model.steps import Protocol

__all__ = ["Findings", "Protocol", "explore"]
