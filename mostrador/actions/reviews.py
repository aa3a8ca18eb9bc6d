"""Reviews: take down what a person found about an action nobody else could decide, and look again at once."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from mostrador.domain import reviews as rules
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.domain.refusals import Refusal, RefusalCode, Refused
from mostrador.domain.reviews import Outcome
from mostrador.models import Agent, Cancellation, Event, EventKind, Feed, Finding, Order, Refund
from mostrador.tasks import feeds, messages


def record_finding(
    *, action: Refund | Cancellation, agent: Agent, outcome: Outcome, proof: str, now: datetime
) -> State:
    """Take down what `agent` saw in Seller Central; return the state the action has then.

    Above the currency's limit it stays in review until a second person has seen the same.
    Raises: Refused when it is not in review, names no proof, or this person has spoken already.
    """
    with transaction.atomic():
        Order.objects.locked(action.order_id)
        action.refresh_from_db()
        said = [each.rules() for each in Finding.objects.about(action)]
        new = rules.Finding(agent.pk, outcome)
        reasons = rules.refusals(state=State(action.state), findings=said, new=new, proof=proof)
        if reasons:
            raise Refused(reasons)
        Finding.objects.add(action, agent=agent, outcome=outcome, proof=proof.strip(), now=now)
        Event.objects.step(
            EventKind.FINDING, action, at=now, agent=agent, outcome=outcome.value, proof=proof.strip()
        )
        money = action.money if isinstance(action, Refund) else None
        two = rules.needs_two(money, limits=settings.SECOND_PERSON_ABOVE)
        after = rules.decided([*said, new], two=two)
        if after is not None:
            action.move(after, now=now, answer_words=proof.strip())
            kind = EventKind.ACCEPTED if after is State.ACCEPTED else EventKind.REJECTED
            Event.objects.step(kind, action, at=now, agent=agent, words=proof.strip())
            messages.release_armed(action=action, now=now)
    return State(action.state)


def look_now(*, action: Refund | Cancellation, now: datetime) -> None:
    """Look into Amazon's list at once for an action whose answer was lost.

    Raises: Refused when its outcome is not unknown.
    """
    feed = Feed.objects.carrying(action)
    if action.state != State.UNKNOWN or feed is None or feed.state != FeedState.UNKNOWN:
        raise Refused([Refusal(RefusalCode.NOT_UNKNOWN, {"state": action.state})])
    with transaction.atomic():
        feed.hurry(now)
        feeds.plan_follow(feed_pk=feed.pk, at=now, now=now)
