"""Notifications: hints that make the next reading come at once, and never decide anything."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from mostrador.amazon.components import Component
from mostrador.amazon.message_queue import MessageQueue
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.domain.refunds import Line
from mostrador.domain.tickets import TicketState
from mostrador.models import Event, Feed, Notification, Order, QueueHealth, SellingPartner, Ticket
from mostrador.models.notifications import Outcome
from mostrador.tasks import feeds, notifications, subscriptions
from tests import sqs as aws
from tests.actions.races import Racers
from tests.makers import NOW, make_order, make_selling_partner
from tests.notices import feed_finished, order_change
from tests.shop import Shop, state_of
from tests.sqs import Sqs
from tests.worker import empty_queue, queued, run_jobs

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db(transaction=True)

GERMANY, AMERICA = "A1PA6795UKMFR9", "ATVPDKIKX0DER"
SHIPS_SOON = "114-7720418-3395061"  # US, unshipped
UNSHIPPED = "406-7740218-3356179"  # FR, unshipped
LAMP, LAMP_ITEM = "303-5512894-7749126", "30155128947741"


@pytest.fixture(autouse=True)
def _no_jobs(transactional_db: None) -> None:
    empty_queue()


@pytest.fixture
def queue(sqs: Sqs, settings: SettingsWrapper) -> Iterator[MessageQueue]:
    """The queue of the settings, on a real server."""
    settings.SQS_QUEUE_URL, settings.SQS_ENDPOINT, settings.SQS_REGION = sqs.url, sqs.endpoint, aws.REGION
    settings.SQS_ACCESS_KEY_ID, settings.SQS_SECRET_ACCESS_KEY = "desk-key", "desk-secret"
    opened = notifications.open_queue()
    yield opened
    opened.close()


def make_feed(partner: SellingPartner, *, feed_id: str = "503", state: FeedState = FeedState.SENT) -> Feed:
    """Store a feed that Amazon has; the next look at it is due in an hour."""
    with transaction.atomic():
        feed = Feed.objects.begin(
            partner=partner, feed_type="POST_PAYMENT_ADJUSTMENT_DATA", marketplace_ids=[GERMANY], now=NOW
        )
        Feed.objects.filter(pk=feed.pk).update(
            state=state,
            feed_id=feed_id,
            marked_at=NOW,
            token_expires_at=NOW,
            sent_at=NOW,
            next_action_at=timezone.now() + timedelta(hours=1),
        )
    feed.refresh_from_db()
    return feed


def take_in(notice: dict[str, Any] | str) -> Outcome:
    text = notice if isinstance(notice, str) else json.dumps(notice)
    return notifications.take_in(text=text, now=timezone.now())


# ── what is done about each ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", ["DONE", "FATAL", "CANCELLED"])
def test_a_finished_feed_is_looked_at_now_and_nothing_else_changes(status: str) -> None:
    feed = make_feed(make_selling_partner(seller_id="A2TEST"))
    assert take_in(feed_finished(seller_id="A2TEST", feed_id="503", status=status)) is Outcome.HINT_USED

    before = {field.name: getattr(feed, field.name) for field in Feed._meta.concrete_fields}
    feed.refresh_from_db()
    after = {field.name: getattr(feed, field.name) for field in Feed._meta.concrete_fields}
    assert {name for name in before if before[name] != after[name]} == {"next_action_at"}
    assert feed.next_action_at is not None
    assert feed.next_action_at <= timezone.now()
    assert queued("notifications.follow_feed") == [{"feed_pk": feed.pk}]


def test_a_look_that_began_before_the_hint_cannot_put_it_off(shop: Shop) -> None:
    order = shop.order(LAMP)
    refund = shop.refund(order, Line(LAMP_ITEM, {Component.PRINCIPAL: 1500}))
    run_jobs()
    feed = refund.feed_messages.get().feed
    seller_id = order.selling_partner.seller_id
    assert take_in(feed_finished(seller_id=seller_id, feed_id=feed.feed_id)) is Outcome.HINT_USED
    Feed.objects.filter(pk=feed.pk).update(next_action_at=timezone.now() + timedelta(minutes=10))
    run_jobs()
    assert state_of(refund) in (State.ACCEPTED, State.CONFIRMED)


def test_the_same_notification_is_used_once() -> None:
    make_feed(make_selling_partner(seller_id="A2TEST"))
    notice = feed_finished(seller_id="A2TEST", feed_id="503")
    assert [take_in(notice) for _ in range(3)] == [Outcome.HINT_USED, Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert len(queued("notifications.follow_feed")) == 1


def test_workers_that_get_the_same_notification_at_once_use_it_once() -> None:
    make_feed(make_selling_partner(seller_id="A2TEST"))
    notice = feed_finished(seller_id="A2TEST", feed_id="503")
    with Racers(4) as racers:
        outcomes = racers.run(*[lambda: take_in(notice)] * 4)
    assert sorted(map(str, outcomes)) == [Outcome.DUPLICATE] * 3 + [Outcome.HINT_USED]


@pytest.mark.parametrize(
    ("notice", "outcome"),
    [
        (feed_finished(seller_id="A9STRANGER", feed_id="503"), Outcome.UNKNOWN_SELLER),
        (feed_finished(seller_id="A2TEST", feed_id="999"), Outcome.UNKNOWN_FEED),
        (feed_finished(seller_id="A2OTHER", feed_id="503"), Outcome.UNKNOWN_FEED),
        (
            order_change(seller_id="A9STRANGER", order_id="302-1-1", marketplace_id=GERMANY),
            Outcome.UNKNOWN_SELLER,
        ),
        (
            order_change(seller_id="A2TEST", order_id="302-1-1", marketplace_id=AMERICA),
            Outcome.UNKNOWN_SELLER,
        ),
        ("<html>", Outcome.UNREADABLE),
        (
            {**feed_finished(seller_id="A2TEST", feed_id="503"), "notificationType": "PRICING_HEALTH"},
            Outcome.OTHER_TYPE,
        ),
    ],
    ids=["seller", "feed", "feed of another", "seller of an order", "marketplace", "unreadable", "type"],
)
def test_what_is_foreign_or_forged_is_stored_and_ignored(
    notice: dict[str, Any] | str, outcome: Outcome
) -> None:
    feed = make_feed(make_selling_partner(seller_id="A2TEST"))
    make_selling_partner(seller_id="A2OTHER")
    assert take_in(notice) is outcome
    assert Notification.objects.get().outcome == outcome
    assert (
        queued("notifications.follow_feed") + queued("notifications.look_up") + queued("orders.refresh") == []
    )
    due = feed.next_action_at
    feed.refresh_from_db()
    assert feed.next_action_at == due
    assert not Order.objects.exists()


def test_a_notification_before_the_feed_is_known_does_not_spend_the_hint() -> None:
    partner = make_selling_partner(seller_id="A2TEST")
    notice = feed_finished(seller_id="A2TEST", feed_id="503")
    assert take_in(notice) is Outcome.UNKNOWN_FEED
    make_feed(partner)
    assert take_in(notice) is Outcome.HINT_USED


def test_a_feed_whose_story_has_ended_is_left_alone() -> None:
    feed = make_feed(make_selling_partner(seller_id="A2TEST"), state=FeedState.SETTLED)
    assert take_in(feed_finished(seller_id="A2TEST", feed_id="503", status="FATAL")) is Outcome.NOTHING_DUE
    assert queued("notifications.follow_feed") == []
    feed.refresh_from_db()
    assert feed.state == FeedState.SETTLED


def test_a_changed_order_is_read_now_and_many_hints_are_one_reading() -> None:
    partner = make_selling_partner(seller_id="A2TEST")
    order = make_order(partner=partner)
    hint = {"seller_id": "A2TEST", "order_id": order.amazon_order_id, "marketplace_id": GERMANY}
    assert {take_in(order_change(**hint)) for _ in range(5)} == {Outcome.HINT_USED}
    assert queued("orders.refresh") == [{"order_id": order.pk}]
    status = order.status
    order.refresh_from_db()
    assert order.next_read_at is not None
    assert order.status == status


def test_of_a_notification_ids_and_amazons_words_are_kept_and_no_buyer() -> None:
    partner = make_selling_partner(seller_id="A2TEST")
    order = make_order(partner=partner)
    notice = order_change(seller_id="A2TEST", order_id=order.amazon_order_id, marketplace_id=GERMANY)
    take_in(notice)
    kept = Notification.objects.get()
    assert (kept.type, kept.seller_id, kept.subject, kept.word, kept.selling_partner) == (
        "ORDER_CHANGE",
        "A2TEST",
        order.amazon_order_id,
        "BuyerRequestedChange",
        partner,
    )
    everything = " ".join(str(getattr(kept, field.name)) for field in Notification._meta.concrete_fields)
    assert "48110" not in everything, "the postal code of the buyer"


def test_notifications_are_forgotten_after_fourteen_days() -> None:
    now = timezone.now()
    for age in (timedelta(days=13, hours=23), timedelta(days=14, hours=1)):
        Notification.objects.store_unreadable(text="x", fault="not JSON", now=now - age)
    assert Notification.objects.forget_old(now) == 1
    assert Notification.objects.count() == 1


# ── the queue ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_leaves_the_queue_once_it_is_stored(queue: MessageQueue, sqs: Sqs) -> None:
    make_feed(make_selling_partner(seller_id="A2TEST"))
    sqs.send(feed_finished(seller_id="A2TEST", feed_id="503"), "nonsense")
    assert notifications.receive(queue) is True
    assert sqs.left() == 0
    outcomes = Notification.objects.values_list("outcome", flat=True)
    assert sorted(outcomes) == [Outcome.HINT_USED, Outcome.UNREADABLE]


def test_a_message_that_could_not_be_stored_stays_in_the_queue(queue: MessageQueue, sqs: Sqs) -> None:
    sqs.send("nonsense")
    table = Notification._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{table}" RENAME TO away')
        try:
            with pytest.raises(Error):
                notifications.receive(queue)
        finally:
            cursor.execute(f'ALTER TABLE away RENAME TO "{table}"')
    assert sqs.left() == 1
    assert not Notification.objects.exists()


def test_a_queue_that_is_away_is_noted_and_so_is_its_return(
    queue: MessageQueue, sqs: Sqs, settings: SettingsWrapper
) -> None:
    sqs.client.delete_queue(QueueUrl=sqs.url)
    assert notifications.receive(queue) is False
    health = QueueHealth.objects.get(url=sqs.url)
    assert "NonExistentQueue" in health.trouble
    since = health.trouble_since
    assert since is not None
    notifications.receive(queue)
    health.refresh_from_db()
    assert health.trouble_since == since

    sqs.client.create_queue(QueueName=sqs.url.rpartition("/")[2])
    sqs.send("nonsense")
    assert notifications.receive(queue) is True
    health.refresh_from_db()
    assert (health.trouble, health.trouble_since) == ("", None)
    assert health.answered_at is not None


def test_the_receiver_listens_until_it_is_told_to_stop(queue: MessageQueue, sqs: Sqs) -> None:
    stop = threading.Event()
    receiver = threading.Thread(target=notifications.run_receiver, args=(stop,))
    receiver.start()
    sqs.send("first")
    _wait_for(1)
    sqs.send("second")
    _wait_for(2)
    stop.set()
    sqs.send("wakes it up")
    receiver.join(timeout=10)
    assert not receiver.is_alive()


def _wait_for(number: int) -> None:
    until = time.monotonic() + 10
    while Notification.objects.count() < number:
        assert time.monotonic() < until, "nothing came"
        time.sleep(0.02)


# ── the whole way ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def notified(
    transactional_db: None, queue: MessageQueue, sqs: Sqs, settings: SettingsWrapper
) -> Iterator[Shop]:
    """Nordlicht on a simulator that notifies, connected and subscribed."""
    from mostrador.simulator.server import start

    address = ("--sqs-endpoint", sqs.endpoint, "--sqs-queue-url", sqs.url, "--sqs-region", aws.REGION)
    with start("--processing", "0-0", *address) as simulator:
        settings.SPAPI_ENDPOINT = settings.LWA_ENDPOINT = simulator.url
        settings.UNDO_SECONDS = 0
        shop = Shop(simulator).connect()
        for partner in shop.partners.values():
            subscriptions.connect(partner=partner, queue_arn=queue.arn(), now=timezone.now())
        yield shop


def told(queue: MessageQueue, outcome: Outcome) -> None:
    """Receive until a notification with this outcome has come."""
    until = time.monotonic() + 15
    while not Notification.objects.filter(outcome=outcome).exists():
        assert time.monotonic() < until, list(Notification.objects.values_list("outcome", flat=True))
        notifications.receive(queue)


def test_a_finished_feed_is_read_without_waiting_for_the_next_look(
    notified: Shop, queue: MessageQueue
) -> None:
    order = notified.order(LAMP)
    refund = notified.refund(order, Line(LAMP_ITEM, {Component.PRINCIPAL: 1500}))
    run_jobs()
    feed = refund.feed_messages.get().feed
    told(queue, Outcome.HINT_USED)
    assert feed.state == FeedState.SENT
    assert len(notified.calls("getFeed")) == 0
    feeds.follow(feed_pk=feed.pk)
    assert state_of(refund) is State.ACCEPTED


def test_a_buyers_wish_to_cancel_opens_a_ticket_within_seconds(notified: Shop, queue: MessageQueue) -> None:
    order = notified.order(UNSHIPPED)
    assert not Ticket.objects.exists()
    began = time.monotonic()
    notified.control("PATCH", f"orders/{UNSHIPPED}", cancellation_request="ordered twice")
    told(queue, Outcome.HINT_USED)
    run_jobs()
    assert time.monotonic() - began < 5.0
    ticket = Ticket.objects.get()
    assert (ticket.order, ticket.state, ticket.buyer_name) == (order, TicketState.OPEN, order.buyer_name)
    assert list(Ticket.objects.cancel_radar()) == [ticket]
    assert Event.objects.get(kind="ticket_begun").facts == {"because": "buyer_asked_to_cancel"}


def test_an_order_that_was_never_seen_is_read_and_one_that_does_not_exist_leaves_no_trace(
    notified: Shop,
) -> None:
    partner = notified.partners["na"]
    for number in (SHIPS_SOON, "888-8888888-8888888"):
        notice = order_change(seller_id=partner.seller_id, order_id=number, marketplace_id=AMERICA)
        assert take_in(notice) is Outcome.HINT_USED
    run_jobs()
    order = Order.objects.get()
    assert order.amazon_order_id == SHIPS_SOON
    assert order.read_at is not None
    assert [ticket.order for ticket in Ticket.objects.cancel_radar()] == [order]
