"""Notifications: take them out of the queue, and read again what they are about. They decide nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error, IntegrityError, close_old_connections, connection, transaction
from django.utils import timezone
from procrastinate import exceptions
from procrastinate.contrib.django import app
from procrastinate.tasks import Task

from mostrador.amazon import notifications as amazon
from mostrador.amazon.errors import AmazonError
from mostrador.amazon.message_queue import MessageQueue, QueueAddress, QueueMessage
from mostrador.amazon.notifications import FeedFinished, OrderChanged
from mostrador.amazon.orders import get_order
from mostrador.domain.feeds import FeedState
from mostrador.models import Feed, Notification, Order, QueueHealth, SellingPartner
from mostrador.models.notifications import Outcome
from mostrador.tasks import feeds, orders
from mostrador.tasks.clock import on_the_wall
from mostrador.tasks.gate import NoToken, ask
from mostrador.tasks.invariants import guarded

logger = logging.getLogger(__name__)

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a queue in trouble is asked again
FORGET_EVERY = timedelta(hours=1)


# ── the queue ─────────────────────────────────────────────────────────────────────────────────────────────


def is_configured() -> bool:
    """Return whether there is a queue to listen to."""
    return bool(settings.SQS_QUEUE_URL)


def open_queue() -> MessageQueue:
    """Return the queue the settings name."""
    return MessageQueue(
        QueueAddress(
            url=settings.SQS_QUEUE_URL,
            region=settings.SQS_REGION,
            endpoint=settings.SQS_ENDPOINT,
            access_key_id=settings.SQS_ACCESS_KEY_ID,
            secret_access_key=settings.SQS_SECRET_ACCESS_KEY,
        )
    )


def run_receiver(stop: threading.Event) -> None:
    """Listen to the queue until `stop` is set; a queue or a database that is away is waited for."""
    queue = open_queue()
    pause, forget_at = SHORTEST_PAUSE, timezone.now()
    while not stop.is_set():
        try:
            close_old_connections()
            if receive(queue):
                pause = SHORTEST_PAUSE
            else:
                stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            if timezone.now() >= forget_at:
                Notification.objects.forget_old(timezone.now())
                forget_at = timezone.now() + FORGET_EVERY
        except (Error, exceptions.ConnectorException):
            logger.exception("the database did not answer the receiver of notifications; it tries again")
            connection.close()
            stop.wait(SHORTEST_PAUSE)
    queue.close()
    connection.close()


def receive(queue: MessageQueue) -> bool:
    """Wait for messages, store and follow them, and take them out; return whether the queue answered.

    A message leaves the queue only after its transaction: what a crash leaves there comes again.
    """
    try:
        messages = queue.receive()
        _take_in(messages)
        queue.delete(messages)
    except AmazonError as error:
        QueueHealth.objects.failed(settings.SQS_QUEUE_URL, trouble=str(error), now=timezone.now())
        return False
    QueueHealth.objects.answered(settings.SQS_QUEUE_URL, now=timezone.now())
    return True


def _take_in(messages: Sequence[QueueMessage]) -> None:
    for message in messages:
        take_in(text=message.body, now=timezone.now())


# ── one notification ──────────────────────────────────────────────────────────────────────────────────────


def take_in(*, text: str, now: datetime) -> Outcome:
    """Store one message and have what it is about read again; return what was done."""
    try:
        said = amazon.read(text)
    except amazon.UnreadableNotification as fault:
        Notification.objects.store_unreadable(text=text, fault=str(fault), now=now)
        return Outcome.UNREADABLE
    try:
        with transaction.atomic():
            outcome, partner = _follow(said, now)
            Notification.objects.store(said, text=text, outcome=outcome, partner=partner, now=now)
    except IntegrityError:
        # Another worker was given the same notification at the same moment and used it.
        outcome = Outcome.DUPLICATE
        Notification.objects.store(said, text=text, outcome=outcome, partner=None, now=now)
    return outcome


def _follow(said: amazon.Notification, now: datetime) -> tuple[Outcome, SellingPartner | None]:
    """Have a feed or an order read because of a notification; nothing in it is believed."""
    if Notification.objects.was_used(said.notification_id):
        return Outcome.DUPLICATE, None
    match said.about:
        case FeedFinished():
            return _follow_feed(said.about, now)
        case OrderChanged():
            return _follow_order(said.about, now)
        case _:
            return Outcome.OTHER_TYPE, None


def _follow_feed(about: FeedFinished, now: datetime) -> tuple[Outcome, SellingPartner | None]:
    partners = SellingPartner.objects.filter(seller_id=about.seller_id)
    partner = partners.first()
    if partner is None:
        return Outcome.UNKNOWN_SELLER, None
    feed = Feed.objects.filter(selling_partner__in=partners, feed_id=about.feed_id).first()
    if feed is None:
        return _follow_strange_feed(about, partner, now)
    hinted = Feed.objects.filter(pk=feed.pk, state=FeedState.SENT).update(next_action_at=now)
    if not hinted:
        return Outcome.NOTHING_DUE, feed.selling_partner
    _plan(follow_feed, lock=f"hinted feed:{feed.pk}", feed_pk=feed.pk)
    return Outcome.HINT_USED, feed.selling_partner


def _follow_strange_feed(
    about: FeedFinished, partner: SellingPartner, now: datetime
) -> tuple[Outcome, SellingPartner | None]:
    """Have a lost feed of that kind looked for at once: this may be it, and Amazon is asked."""
    lost = Feed.objects.filter(
        selling_partner__seller_id=about.seller_id, feed_type=about.feed_type, state=FeedState.UNKNOWN
    ).first()
    if lost is None:
        return Outcome.UNKNOWN_FEED, partner
    lost.hurry(now)
    _plan(feeds.follow, lock=f"feed:{lost.pk}", feed_pk=lost.pk)
    return Outcome.HINT_USED, lost.selling_partner


def _follow_order(about: OrderChanged, now: datetime) -> tuple[Outcome, SellingPartner | None]:
    partner = SellingPartner.objects.filter(
        seller_id=about.seller_id, marketplace_ids__contains=[about.marketplace_id]
    ).first()
    if partner is None:
        return Outcome.UNKNOWN_SELLER, None
    order = Order.objects.filter(selling_partner=partner, amazon_order_id=about.order_id).first()
    if order is None:
        _plan(
            look_up,
            lock=f"look up:{partner.pk}:{about.order_id}",
            partner_id=partner.pk,
            amazon_order_id=about.order_id,
        )
    else:
        order.plan_read(at=now)
        _plan(orders.refresh, lock=f"order:{order.pk}", order_id=order.pk)
    return Outcome.HINT_USED, partner


def _plan(task: Task[Any, Any, Any], *, lock: str, **ids: int | str) -> None:
    """Put a job into the queue with the caller's transaction, unless the same one waits there already."""
    with suppress(exceptions.AlreadyEnqueued), transaction.atomic():
        task.configure(queueing_lock=lock).defer(**ids)


@app.task(name="notifications.follow_feed")
def follow_feed(*, feed_pk: int) -> None:
    """Ask how a feed stands, even if a look that began before the notification put the next one off."""
    Feed.objects.filter(pk=feed_pk, state=FeedState.SENT).update(next_action_at=timezone.now())
    feeds.follow(feed_pk=feed_pk)


@app.task(name="notifications.look_up")
@guarded
def look_up(*, partner_id: int, amazon_order_id: str) -> None:
    """Read an order that was never seen here; one that Amazon does not know leaves no trace.

    It gives up at any other trouble: the regular reading of changed orders finds what is real.
    """
    partner = SellingPartner.objects.get(pk=partner_id)
    now = timezone.now()
    try:
        said = ask(
            partner,
            "getOrder",
            lambda client: get_order(client, order_id=amazon_order_id, now=now),
            now,
        )
    except NoToken as wait:
        look_up.configure(schedule_at=on_the_wall(wait.ready_at)).defer(
            partner_id=partner_id, amazon_order_id=amazon_order_id
        )
    except AmazonError as error:
        logger.info("an order named by a notification could not be read: %s", error)
    else:
        if said.order_id == amazon_order_id:
            orders.take_over(partner=partner, said=said, now=now)
