"""From the press to Amazon: how long after the POST of a refund the simulator receives createFeed.

Run: python -m bench.press [--per-seller N] [--between SECONDS]
"""

from __future__ import annotations

import time
import uuid
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from django.db.models import F
from django.utils import timezone

from bench.amazon import add_order, calls_of, shipped_order
from bench.desk import open_desk, partners, program, start_web, start_worker
from bench.figures import Row, milliseconds, show
from mostrador.amazon.marketplaces import marketplace
from mostrador.models import FeedMessage, Order, SellingPartner
from mostrador.tasks import orders

# createFeed has a burst of 15, of which two are kept for cancellations: so many leave at once.
PRESSES_PER_SELLER = 12
# Two refunds every three seconds are a busy team; `--between 0.4` shows the worker under load.
SECONDS_BETWEEN = 1.5
SECONDS_TO_ARRIVE = 20.0
WARM_UP = 1  # the first press of each seller: logins, imports, connections; told apart


@dataclass(frozen=True, slots=True)
class Press:
    """One press: when it began, when the desk answered, and which order it was about."""

    order: Order
    began: float
    answered: float


@dataclass(frozen=True, slots=True)
class Way:
    """When one press reached each milestone; seconds of the machine's clock."""

    pressed: float
    answered: float
    asked: float
    picked_up: float
    document: float
    upload: float
    marked: float
    received: float

    def parts(self) -> dict[str, float]:
        """Return how long each part of the way took."""
        return {
            "press → view": self.asked - self.pressed,
            "view → worker begins": self.picked_up - self.asked,
            "seal → createFeedDocument": self.document - self.picked_up,
            "→ upload received": self.upload - self.document,
            "→ mark": self.marked - self.upload,
            "→ createFeed received": self.received - self.marked,
        }


def main() -> None:
    """Measure and print."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--per-seller", type=int, default=PRESSES_PER_SELLER)
    parser.add_argument("--between", type=float, default=SECONDS_BETWEEN)
    chosen = parser.parse_args()
    per_seller = chosen.per_seller
    with open_desk() as desk:
        rows = [list(_shipped_orders(partner, per_seller)) for partner in partners()]
        start_worker(desk)
        start_web(desk)
        with program(desk) as client:
            client.get("/api/v1/orders").raise_for_status()
            presses = [
                _press(client, order, chosen.between) for turn in zip(*rows, strict=True) for order in turn
            ]
        desk.household.wait_until(
            lambda: len(calls_of("createFeed")["createFeed"]) >= len(presses),
            what="The arrival of every feed",
            seconds=SECONDS_TO_ARRIVE,
        )
        ways = _ways(presses)
        show("Press to createFeed received (JSON API, undo window 0)", [*_table(ways), *desk.usage()])


def _table(ways: Sequence[Way]) -> list[Row]:
    cold, warm = ways[: WARM_UP * len(partners())], ways[WARM_UP * len(partners()) :]
    whole = [way.received - way.pressed for way in warm]
    parts = [way.parts() for way in warm]
    return [
        Row("press → createFeed received", milliseconds(whole), "p50 ≤ 100, p95 ≤ 250 ms"),
        Row("the same, first press of each seller", milliseconds([w.received - w.pressed for w in cold])),
        Row("press → HTTP answer", milliseconds([way.answered - way.pressed for way in warm])),
        *(Row(f"  {name}", milliseconds([part[name] for part in parts])) for name in parts[0]),
    ]


def _shipped_orders(partner: SellingPartner, count: int) -> Iterator[Order]:
    """Put shipped orders into the simulator and read them, as a synchronisation does."""
    place = marketplace(partner.marketplace_ids[0])
    for number in range(count):
        order_id = f"4{partner.pk:02d}-{number:07d}-{partner.pk:07d}"
        add_order(
            shipped_order(
                order_id=order_id, seller_id=partner.seller_id, place=place, buyer=f"Buyer {number}"
            )
        )
        order = Order.objects.expect(partner=partner, amazon_order_id=order_id)
        orders.read_order(order, timezone.now())
        yield Order.objects.get(pk=order.pk)


def _press(client: httpx.Client, order: Order, between: float) -> Press:
    """Ask for a refund of five units of currency, then wait a little."""
    item = order.items.get()
    amount = {"amount": "500" if order.currency == "JPY" else "5.00", "currency": order.currency}
    wish = {
        "lines": [{"item_id": item.item_id, "amounts": {"principal": amount}}],
        "reason": "GeneralAdjustment",
    }
    path = f"/api/v1/orders/{order.amazon_order_id}/refunds"
    key = {"Idempotency-Key": str(uuid.uuid4())}
    began = time.time()
    answer = client.post(path, json=wish, headers=key)
    answered = time.time()
    answer.raise_for_status()
    time.sleep(max(0.0, began + between - time.time()))
    return Press(order, began, answered)


def _ways(presses: Sequence[Press]) -> list[Way]:
    """Find each press again in the simulator's log and in our own tables."""
    calls = calls_of("createFeed", "createFeedDocument", "uploadDocument")
    sent = FeedMessage.objects.filter(feed__sent_at__isnull=False).annotate(order=F("refund__order"))
    feeds = {message.order: message for message in sent.select_related("feed", "refund")}
    return [_way(press, feeds[press.order.pk], calls) for press in presses]


def _way(press: Press, message: Any, calls: dict[str, list[dict[str, Any]]]) -> Way:
    feed, refund = message.feed, message.refund
    received = next(call["wall"] for call in calls["createFeed"] if call["feed_id"] == feed.feed_id)
    before = {name: [c["wall"] for c in calls[name] if c["wall"] < received] for name in calls}
    return Way(
        pressed=press.began,
        answered=press.answered,
        asked=refund.requested_at.timestamp(),
        picked_up=feed.sealed_at.timestamp(),
        document=before["createFeedDocument"][-1],
        upload=before["uploadDocument"][-1],
        marked=feed.marked_at.timestamp(),
        received=received,
    )


if __name__ == "__main__":
    main()
