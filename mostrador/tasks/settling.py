"""Settling: one piece of evidence about a feed, written with everything that follows, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from mostrador.domain import feeds as rules
from mostrador.domain.delivery import State
from mostrador.models import (
    Cancellation,
    Event,
    EventKind,
    Feed,
    FeedMark,
    FeedMessage,
    Order,
    Refund,
    SeenFeed,
)
from mostrador.tasks import messages, orders
from mostrador.tasks.failpoints import reach

_EVENTS = {
    State.SENT: EventKind.SENT,
    State.UNKNOWN: EventKind.UNKNOWN,
    State.NOT_SENT: EventKind.NOT_SENT,
    State.ACCEPTED: EventKind.ACCEPTED,
    State.REJECTED: EventKind.REJECTED,
    State.REVIEW: EventKind.REVIEW,
}


def settle(feed: Feed, evidence: rules.Evidence, now: datetime, **facts: object) -> rules.Decision:
    """Decide what `evidence` makes of `feed` and write it: feed, deliveries, money, timeline, next jobs.

    Raises: NotNow or LostRace when somebody was faster; nothing is written then.
    """
    with transaction.atomic():
        feed_messages = list(
            feed.feed_messages.select_related("refund__order", "cancellation__order").order_by("pk")
        )
        decision = rules.decide(feed.rules(feed_messages), evidence, now)
        is_about_actions = decision.deliveries is not None or bool(decision.verdicts)
        if is_about_actions or isinstance(evidence, rules.CertainlyNotDone):
            _lock_orders(feed_messages)
        reach("settle.decided")
        is_news = decision.words != feed.trouble
        if decision.words:
            facts["trouble"] = decision.words
        feed.put(decision.feed, now=now, **facts)
        if isinstance(evidence, rules.AboutToSend):
            # Only now: to a worker that came late and has lost, others' work would look like a broken rule.
            _check_before_the_mark(feed, feed_messages)
        reach("settle.put")
        if isinstance(evidence, rules.AboutToSend) and decision.feed.state is rules.FeedState.MARKED:
            FeedMark.objects.note(feed)
        if decision.feed.state is rules.FeedState.SENT:
            # With the row itself: a known id without its feed would hide the feed from the search.
            SeenFeed.objects.note(partner=feed.selling_partner, feed_ids=[feed.feed_id], now=now)
        if isinstance(evidence, rules.Listed) and decision.feed.state is not rules.FeedState.UNKNOWN:
            # With the conclusion itself: the next lost feed must not take one of them for its own.
            SeenFeed.objects.note(partner=feed.selling_partner, feed_ids=evidence.candidates, now=now)
        for message in feed_messages:
            _follow(message, feed, decision, now)
            if isinstance(evidence, rules.CertainlyNotDone) and is_news:
                _note_retry(message, feed, evidence, now)
        reach("settle.moved")
    reach("settle.committed")
    return decision


def _check_before_the_mark(feed: Feed, feed_messages: Sequence[FeedMessage]) -> None:
    """Assert, while nothing has left, that what is about to leave is what was sealed and is still wanted."""
    assert feed_messages, "a feed without a message was about to be sent"
    assert hashlib.sha256(bytes(feed.body)).hexdigest() == feed.body_sha256, "the sealed bytes have changed"
    for message in feed_messages:
        state, live = message.action.state, message.live
        assert live, f"message {message.pk} is in no live feed"
        assert state == State.SENDING, f"{message.action.reference} is {state}, and was about to be sent"


def _note_retry(message: FeedMessage, feed: Feed, evidence: rules.CertainlyNotDone, now: datetime) -> None:
    again_at = feed.next_action_at.isoformat() if feed.next_action_at else ""
    Event.objects.step(EventKind.RETRY, message.action, at=now, words=evidence.words, again_at=again_at)


def _lock_orders(feed_messages: Iterable[FeedMessage]) -> None:
    """Lock the orders first, always in the same sequence: order, then deliveries, then feed."""
    pks = sorted({message.action.order_id for message in feed_messages})
    found = Order.objects.select_for_update(no_key=True).filter(pk__in=pks)
    list(found.order_by("pk").values_list("pk", flat=True))


def _follow(message: FeedMessage, feed: Feed, decision: rules.Decision, now: datetime) -> None:
    """Let one refund or cancellation follow its feed."""
    action = message.action
    verdict = decision.verdicts.get(message.pk)
    if verdict is not None:
        _move(action, feed, verdict.outcome, code=verdict.code, words=verdict.words, now=now)
    elif decision.deliveries is not None:
        _move(action, feed, decision.deliveries, code="", words=decision.words, now=now)
    if action.state == State.NOT_SENT:
        FeedMessage.objects.filter(pk=message.pk).update(live=False)


def _move(
    action: Refund | Cancellation, feed: Feed, after: State, *, code: str, words: str, now: datetime
) -> None:
    facts: dict[str, object] = {"answer_code": code, "answer_words": words}
    if after is State.SENT:
        facts["sent_at"] = now
    action.move(after, now=now, **facts)
    Event.objects.step(
        _EVENTS[after],
        action,
        at=now,
        feed_id=feed.feed_id,
        code=code,
        words=words,
        request_id=feed.request_id,
    )
    messages.release_armed(action=action, now=now)
    if after in (State.ACCEPTED, State.REJECTED):
        orders.plan_proof(order_id=action.order_id, now=now)
