"""Every order of notifications ends alike: doubled, shuffled, late, foreign and forged ones change nothing.

`make faults` tries 1,000 random orders. A failure prints its seed; MOSTRADOR_SEED begins there.
"""

from __future__ import annotations

import random
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from mostrador.amazon.components import Component
from mostrador.domain.feeds import FeedState
from mostrador.domain.refunds import Line
from mostrador.models import Feed, Notification, Order, Quota, Refund, Ticket
from mostrador.models.notifications import Outcome
from mostrador.tasks import feeds, notifications, orders
from mostrador.tasks.gate import client_for
from tests import sqs as aws
from tests.faults.figures import figure, row, share_of
from tests.notices import feed_finished, order_change
from tests.shop import Shop
from tests.sqs import Sqs
from tests.worker import empty_queue

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from mostrador.amazon.message_queue import MessageQueue

pytestmark = pytest.mark.django_db(transaction=True)

SAMPLE, FULL = 15, 1_000
MINOR = 1500
GERMANY = "A1PA6795UKMFR9"


@dataclass
class Stage:
    """The shop, our end of the queue, and the queue itself."""

    shop: Shop
    amazon: httpx.Client
    ours: MessageQueue
    sqs: Sqs

    def control(self, method: str, path: str, **body: Any) -> Any:
        """Call the simulator's control endpoint and return its JSON."""
        answer = self.amazon.request(method, f"/control/{path}", json=body or None)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture
def stage(transactional_db: None, sqs: Sqs, settings: SettingsWrapper) -> Iterator[Stage]:
    """Nordlicht and a queue; what is written into the queue is up to the test."""
    from mostrador.simulator.server import start_in_thread
    from mostrador.simulator.settings import Settings

    empty_queue()
    settings.SQS_QUEUE_URL, settings.SQS_ENDPOINT, settings.SQS_REGION = sqs.url, sqs.endpoint, aws.REGION
    settings.SQS_ACCESS_KEY_ID, settings.SQS_SECRET_ACCESS_KEY = "desk-key", "desk-secret"
    with start_in_thread(Settings(processing=(0.0, 0.0), control=True)) as simulator:
        settings.SPAPI_ENDPOINT = settings.LWA_ENDPOINT = simulator.url
        settings.UNDO_SECONDS = 0
        ours = notifications.open_queue()
        # Loading certificates for each call would take longer than the call.
        with httpx.Client(base_url=simulator.url, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as amazon:
            yield Stage(Shop(simulator).connect(), amazon, ours, sqs)
        ours.close()


@dataclass
class Scene:
    """One refund that Amazon has done and one order whose buyer asked to cancel, before we know of either."""

    stage: Stage
    refund: Refund
    feed: Feed
    asked: Order

    def genuine(self) -> list[dict[str, Any]]:
        """Return what Amazon tells about them."""
        seller_id = self.asked.selling_partner.seller_id
        wish = {"seller_id": seller_id, "order_id": self.asked.amazon_order_id, "marketplace_id": GERMANY}
        refunded = {**wish, "order_id": self.refund.order.amazon_order_id}
        return [
            feed_finished(seller_id=seller_id, feed_id=self.feed.feed_id),
            order_change(**wish),
            order_change(**refunded, change="OrderStatusChange"),
        ]

    def lies(self) -> list[dict[str, Any] | str]:
        """Return what others may write: about strangers, about nothing, and lies about the same refund."""
        seller_id, order_id = self.asked.selling_partner.seller_id, self.refund.order.amazon_order_id
        return [
            feed_finished(seller_id="A9STRANGER", feed_id=self.feed.feed_id),
            feed_finished(seller_id=seller_id, feed_id="49999999999"),
            feed_finished(seller_id=seller_id, feed_id=self.feed.feed_id, status="FATAL"),
            feed_finished(seller_id=seller_id, feed_id=self.feed.feed_id, status="CANCELLED"),
            order_change(seller_id="A9STRANGER", order_id=order_id, marketplace_id=GERMANY),
            order_change(seller_id=seller_id, order_id="888-8888888-8888888", marketplace_id=GERMANY),
            "<html>not found</html>",
            '{"notificationType": "FEED_PROCESSING_FINISHED"}',
        ]

    def ending(self) -> dict[str, Any]:
        """Return everything that must be the same in the end, whatever was told."""
        self.refund.refresh_from_db()
        self.feed.refresh_from_db()
        balance = self.refund.order.items.get().balances.get(component=Component.PRINCIPAL)
        number = self.refund.order.amazon_order_id
        ledger = self.stage.control("GET", f"ledger?order_id={number}")["orders"][number]
        tickets = Ticket.objects.filter(order__in=[self.asked, self.refund.order])
        return {
            "refund": self.refund.state,
            "feed": (self.feed.state, self.feed.amazon_status),
            "balance": (balance.posted, balance.pending),
            "amazon": [adjustment["amounts"] for adjustment in ledger["adjustments"]],
            "tickets": [(ticket.order_id == self.asked.pk, ticket.state) for ticket in tickets],
            "events": sorted(self.refund.events.values_list("kind", flat=True)),
            "asked": sorted(self.asked.events.values_list("kind", flat=True)),
            "orders": Order.objects.count(),
        }


def make_scene(stage: Stage, number: int) -> Scene:
    """Send a refund that Amazon does at once, and let a buyer ask to cancel, told to nobody yet."""
    bought = {"created": "-5d", "marketplace": "DE", "buyer": {"name": "Käufer"}}
    item = {"asin": "B0CTEST001", "sku": "NL-1", "title": "Lamp", "unit_price": "59.95"}
    numbers = [f"302-{number:07d}-{part}000000" for part in (1, 2)]
    for place, (order_id, status) in enumerate(zip(numbers, ("SHIPPED", "UNSHIPPED"), strict=True)):
        line = {**item, "order_item_id": f"{number * 10 + place:014d}"}
        stage.control("POST", "orders", **bought, order_id=order_id, status=status, items=[line])
    refunded, asked = (read(stage.shop, order_id) for order_id in numbers)
    line = Line(refunded.items.get().item_id, {Component.PRINCIPAL: MINOR})
    refund = stage.shop.refund(refunded, line, key=f"scene-{number}")
    feeds.dispatch(partner_id=refunded.selling_partner_id, feed_type="POST_PAYMENT_ADJUSTMENT_DATA")
    feed = refund.feed_messages.get().feed
    assert feed.state == FeedState.SENT, feed.trouble
    stage.control("PATCH", f"orders/{asked.amazon_order_id}", cancellation_request="ordered twice")
    return Scene(stage, refund, feed, asked)


def read(shop: Shop, order_id: str) -> Order:
    """Return an order, read from Amazon."""
    order = Order.objects.expect(partner=shop.partners["eu"], amazon_order_id=order_id)
    orders.refresh(order_id=order.pk)
    order.refresh_from_db()
    assert order.read_at, order.read_trouble
    return order


def refill(stage: Stage) -> None:
    """Let time pass until every bucket is full, Amazon's and ours."""
    stage.control("POST", "clock", advance=3000)
    for partner in stage.shop.partners.values():
        client_for(partner).tokens.forget()
    Quota.objects.all().delete()
    empty_queue()


def receive_everything(stage: Stage) -> None:
    """Take all that lies in the queue."""
    while stage.sqs.left():
        assert notifications.receive(stage.ours), "the queue answers"


def do_jobs(rng: random.Random) -> None:
    """Do what is due in the queue, in any order, as workers would."""
    while jobs := list(
        ProcrastinateJob.objects.filter(status="todo").exclude(scheduled_at__gt=timezone.now())
    ):
        job = rng.choice(jobs)
        ProcrastinateJob.objects.filter(pk=job.pk)._raw_delete("default")
        app.tasks[job.task_name](**job.args)


def poll(scene: Scene) -> None:
    """Look at both, as happens without any notification."""
    Feed.objects.filter(pk=scene.feed.pk).exclude(next_action_at=None).update(next_action_at=timezone.now())
    feeds.follow(feed_pk=scene.feed.pk)
    orders.refresh(order_id=scene.refund.order_id)
    orders.refresh(order_id=scene.asked.pk)


def play(scene: Scene, rng: random.Random) -> None:
    """Let notifications come in a random order, some before and some after all is over, with work between."""
    told: list[dict[str, Any] | str] = []
    for notice in scene.genuine():
        told += [notice] * rng.randint(0, 5)  # doubled, or lost
    told += rng.sample(scene.lies(), rng.randint(0, len(scene.lies())))
    rng.shuffle(told)
    late = [told.pop() for _ in range(rng.randint(0, len(told) // 2))]
    while told:
        batch = [told.pop() for _ in range(min(len(told), rng.randint(1, 10)))]
        scene.stage.sqs.send(*batch)
        receive_everything(scene.stage)
        if rng.random() < 0.5:
            do_jobs(rng)
    poll(scene)
    do_jobs(rng)
    scene.stage.sqs.send(*late)
    receive_everything(scene.stage)
    do_jobs(rng)
    poll(scene)


def test_every_order_of_notifications_ends_as_if_there_were_none(stage: Stage) -> None:
    refill(stage)
    scene = make_scene(stage, 1)
    poll(scene)
    poll(scene)
    wanted = scene.ending()
    assert wanted == {
        "refund": "confirmed",
        "feed": ("settled", "DONE"),
        "balance": (MINOR, 0),
        "amazon": [{"Principal": "15.00"}],
        "tickets": [(True, "open")],
        "events": ["accepted", "confirmed", "requested", "sealed", "sent"],
        "asked": ["buyer_asked_to_cancel"],
        "orders": 2,
    }
    with row("F6 notifications in a random order", seed=1) as (entry, _):
        seeds = share_of(range(entry.seed, entry.seed + figure(sample=SAMPLE, full=FULL)))
        for number, seed in enumerate(seeds, 2):
            refill(stage)
            scene = make_scene(stage, number)
            play(scene, random.Random(seed))
            ending = scene.ending()
            ending["orders"] -= 2 * (number - 1)
            assert ending == wanted, f"MOSTRADOR_SEED={seed} begins with it"
            entry.count()
    assert len(stage.shop.calls("createFeed")) == len(seeds) + 1
    outcomes = set(Notification.objects.values_list("outcome", flat=True))
    assert outcomes == {
        Outcome.HINT_USED,
        Outcome.DUPLICATE,
        Outcome.NOTHING_DUE,
        Outcome.UNKNOWN_SELLER,
        Outcome.UNKNOWN_FEED,
        Outcome.UNREADABLE,
    }
