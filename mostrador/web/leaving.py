"""Leaving: when what waits really leaves for Amazon, and what it waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mostrador.domain.delivery import Source, State
from mostrador.domain.dispatch import Kind
from mostrador.models import Cancellation, Feed, Refund, SellingPartner
from mostrador.tasks import departures

Action = Refund | Cancellation
# Sooner than this after the undo window it simply leaves: nothing needs to be said.
WORTH_SAYING = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Leaving:
    """The expected time of one waiting action, or the lost answer it waits for."""

    at: datetime | None = None
    ahead: int = 0
    blocked_until: datetime | None = None

    @property
    def is_blocked(self) -> bool:
        """Whether a feed before it must be decided first."""
        return self.at is None


def leavings(partner: SellingPartner, actions: Sequence[Action], now: datetime) -> dict[str, Leaving]:
    """Return, by reference, what leaves later than its undo window says (no query while nothing waits)."""
    waiting = [a for a in actions if a.state == State.REQUESTED and a.source != Source.ELSEWHERE]
    if not waiting:
        return {}
    plan = departures.expected(partner, now)
    found = {action.reference: _leaving(partner, action, plan) for action in waiting}
    return {reference: leaving for reference, leaving in found.items() if leaving}


def _leaving(
    partner: SellingPartner, action: Action, plan: Mapping[tuple[Kind, int], datetime]
) -> Leaving | None:
    kind = Kind.REFUNDS if isinstance(action, Refund) else Kind.CANCELLATIONS
    at = plan.get((kind, action.pk))
    if at is None:
        feed = Feed.objects.before_sending(partner=partner, feed_type=departures.KINDS[kind])
        stuck = feed is not None and feed.marked_at is not None
        return Leaving(blocked_until=feed.next_action_at) if stuck and feed else None
    if at - action.send_after < WORTH_SAYING:
        return None
    return Leaving(at=at, ahead=sum(each < at for each in plan.values()))
