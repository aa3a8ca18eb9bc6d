"""The hand: carries a market's feeds in this very process, one step after the other, without a queue."""

from __future__ import annotations

import time
from datetime import timedelta

from django.utils import timezone

from mostrador.amazon.feeds import FeedType
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.models import Feed, Quota
from mostrador.tasks import feeds
from tests.faults.market import Asked, Market

KIND_OF = {"cancel": FeedType.POST_ORDER_ACKNOWLEDGEMENT_DATA}
STEPS = 60


def dispatch(market: Market, asked: Asked) -> None:
    """Let what is due of the action's kind and seller leave."""
    kind = KIND_OF.get(asked.kind, FeedType.POST_PAYMENT_ADJUSTMENT_DATA)
    feeds.dispatch(partner_id=asked.action.selling_partner_id, feed_type=kind.value)


def follow(asked: Asked) -> Feed | None:
    """Do the next step of the action's feed now, whenever it was planned for; return the feed."""
    feed = feed_of(asked)
    if feed is not None and feed.next_action_at is not None:
        Feed.objects.filter(pk=feed.pk).update(next_action_at=timezone.now())
        feeds.follow(feed_pk=feed.pk)
        feed.refresh_from_db()
    return feed


def feed_of(asked: Asked) -> Feed | None:
    """Return the feed the action leaves in, the newest."""
    message = asked.action.feed_messages.order_by("-pk").first()  # type: ignore[union-attr]  # no reply comes here
    return Feed.objects.get(pk=message.feed_id) if message else None


def finish(market: Market, asked: Asked) -> State:
    """Carry the action to its end, letting the lease, the fence and the looks pass in a moment."""
    for _ in range(STEPS):
        refill(asked)
        if asked.state() is State.REQUESTED:
            dispatch(market, asked)
        elif asked.state() not in (State.SENDING, State.SENT, State.UNKNOWN):
            return asked.state()
        feed = feed_of(asked)
        if feed is not None and feed.state in (FeedState.MARKED, FeedState.UNKNOWN):
            market.age_lost(pk=feed.pk)
        follow(asked)
        time.sleep(0.002)
    raise AssertionError(f"no end after {STEPS} steps: {market.situation()}")


def refill(asked: Asked) -> None:
    """Forget that the bucket was emptied by a 429: later it will be full again."""
    at = timezone.now() - timedelta(hours=1)
    Quota.objects.filter(selling_partner=asked.action.selling_partner_id, tokens__lt=1).update(at=at)
