"""The whole way of refunds that wait for tokens, in real processes with a fast clock, beside virtual time.

Run: python -m bench.dispatch_live [--only steady|burst]

PostgreSQL, the simulator and two workers are real; the clocks of simulator and workers run `speed` times as
fast as the wall's. The same arrivals are run in virtual time (`bench.virtual`). Two rounds at the same time,
about five minutes: a steady stream at eight times Amazon's rate with cancellations, and a burst of 1,000. The
burst is sped up less, because what the machine needs to seal feeds is not sped up at all.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bench.figures import Row, show
from bench.virtual import Arrivals, Outcome, poisson, run

if TYPE_CHECKING:
    from mostrador.models import Agent, Order, SellingPartner

SECONDS_TO_PREPARE = 5.0  # of the wall's, before the first arrival of a steady stream
SECONDS_FOR_A_PRESS = 0.06  # of the wall's, for each action of a burst, asked for beforehand
SECONDS_TO_LEAVE = 420.0  # of the wall's, after the last was asked for
CANCELLATION_REASON, REFUND_REASON = "NoInventory", "GeneralAdjustment"


@dataclass(frozen=True)
class Round:
    """One round: how fast the clocks run, and what is asked for."""

    speed: float
    arrivals: Arrivals


def rounds() -> dict[str, Round]:
    """Return the rounds by name."""
    rng = random.Random(1)  # noqa: S311  # arrivals, not secrets
    until = 1380.0
    steady = Arrivals("steady, one every 15 s for 23 min", poisson(rng, 15, until), poisson(rng, 300, until))
    return {
        "steady": Round(5.0, steady),
        "burst": Round(2.5, Arrivals("burst of 1,000", [0.0] * 1000)),
    }


def main() -> None:
    """Run both rounds, each in a process of its own with a database and an Amazon of its own."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(rounds()))
    only = parser.parse_args().only
    if only and os.environ.get("BENCH_SPEED"):
        show(rounds()[only].arrivals.name, _measured(rounds()[only]))
        return
    children = [
        subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", "bench.dispatch_live", "--only", name],
            env={**os.environ, "BENCH_SPEED": str(each.speed)},
        )
        for name, each in rounds().items()
        if only in (None, name)
    ]
    codes = [child.wait() for child in children]
    sys.exit(max(codes))


def _measured(chosen: Round) -> list[Row]:
    from bench.desk import open_desk, partners, start_worker
    from mostrador.tasks import clock

    clock.run_as_set()
    with open_desk() as desk:
        partner = partners()[0]
        refunds, cancellations = _orders(partner, chosen.arrivals)
        start_worker(desk)
        start_worker(desk, "worker 2")
        began = _ask_for_all(chosen, refunds, cancellations)
        wanted = len(refunds) + len(cancellations)
        desk.household.wait_until(lambda: _sent() >= wanted, what="The last feed", seconds=SECONDS_TO_LEAVE)
        live = _outcome(partner, began)
        return [*_table(live, run(chosen.arrivals), chosen.speed), *_quota_rows(), *desk.usage()]


def _orders(partner: SellingPartner, arrivals: Arrivals) -> tuple[list[Order], list[Order]]:
    """Put an order into the simulator for each action, and read them all by Amazon's list of orders."""
    from django.utils import timezone

    from bench.amazon import add_order, shipped_order
    from mostrador.amazon.marketplaces import marketplace
    from mostrador.models import Order
    from mostrador.tasks import orders

    place = marketplace(partner.marketplace_ids[0])
    numbers: dict[str, list[str]] = {"SHIPPED": [], "UNSHIPPED": []}
    wanted = ["SHIPPED"] * len(arrivals.refunds) + ["UNSHIPPED"] * len(arrivals.cancellations)
    for number, status in enumerate(wanted):
        order_id = f"4{partner.pk:02d}-{number:07d}-{partner.pk:07d}"
        body = shipped_order(order_id=order_id, seller_id=partner.seller_id, place=place, buyer="Buyer")
        add_order({**body, "status": status})
        numbers[status].append(order_id)
    while orders.search_page(partner, timezone.now()):
        pass
    known = {order.amazon_order_id: order for order in Order.objects.filter(selling_partner=partner)}
    return [known[each] for each in numbers["SHIPPED"]], [known[each] for each in numbers["UNSHIPPED"]]


def _ask_for_all(chosen: Round, refunds: Sequence[Order], cancellations: Sequence[Order]) -> datetime:
    """Ask for each action at its time; return when the arrivals began, by the fast clock."""
    from django.utils import timezone

    from bench.desk import agent
    from mostrador.tasks.clock import on_the_wall

    arrivals, asker = chosen.arrivals, agent()
    at_once = sum(at <= 0 for at in arrivals.refunds)
    lead = SECONDS_TO_PREPARE + at_once * SECONDS_FOR_A_PRESS
    began = timezone.now() + timedelta(seconds=lead * chosen.speed)
    wishes = [(at, True, order) for at, order in zip(arrivals.refunds, refunds, strict=True)]
    wishes += [(at, False, order) for at, order in zip(arrivals.cancellations, cancellations, strict=True)]
    for at, is_refund, order in sorted(wishes, key=lambda wish: wish[0]):
        moment = began + timedelta(seconds=at)
        if at > 0:
            time.sleep(max(0.0, on_the_wall(moment).timestamp() - time.time()))
        _ask_for(order, asker, moment, is_refund=is_refund)
    return began


def _ask_for(order: Order, asker: Agent, now: datetime, *, is_refund: bool) -> None:
    from mostrador.actions.cancellations import CancellationWish, request_cancellation
    from mostrador.actions.refunds import RefundWish, request_refund
    from mostrador.amazon.components import Component
    from mostrador.domain.refunds import Line

    key = order.amazon_order_id
    if not is_refund:
        wish = CancellationWish(reason=CANCELLATION_REASON, request_key=key)
        request_cancellation(order=order, ticket=None, agent=asker, wish=wish, now=now)
        return
    amounts = {Component.PRINCIPAL: 500}
    lines = [Line(order.items.get().item_id, amounts)]
    request_refund(
        order=order,
        ticket=None,
        agent=asker,
        wish=RefundWish(lines=lines, reason=REFUND_REASON, request_key=key),
        now=now,
    )


def _sent() -> int:
    from mostrador.models import FeedMessage

    return FeedMessage.objects.filter(feed__sent_at__isnull=False).count()


def _outcome(partner: SellingPartner, began: datetime) -> Outcome:
    """Return how long each action waited until Amazon received its feed, by Amazon's clock."""
    from bench.amazon import calls_of
    from mostrador.models import FeedMessage

    received = {call["feed_id"]: call["at"] for call in calls_of("createFeed")["createFeed"]}
    outcome = Outcome()
    feeds: dict[bool, set[str]] = {True: set(), False: set()}
    for message in FeedMessage.objects.filter(feed__selling_partner=partner).select_related("feed"):
        is_refund = message.refund is not None
        wait = received[message.feed.feed_id] - message.action.send_after.timestamp()
        (outcome.refund_waits if is_refund else outcome.cancel_waits).append(wait)
        feeds[is_refund].add(message.feed.feed_id)
    outcome.refund_feeds = sorted(received[each] - began.timestamp() for each in feeds[True])
    outcome.cancel_feeds = sorted(received[each] - began.timestamp() for each in feeds[False])
    return outcome


def _table(live: Outcome, virtual: Outcome, speed: float) -> list[Row]:
    rows = [Row("clock", f"{speed:g} times as fast: 100 ms of the machine count {speed / 10:.1f} s")]
    pairs = [("refunds", live.refund_waits, virtual.refund_waits)]
    if virtual.cancel_waits:
        pairs.append(("cancellations", live.cancel_waits, virtual.cancel_waits))
    for name, real, foretold in pairs:
        for what, seen, told in zip(_WHAT, _figures(real), _figures(foretold), strict=True):
            apart = (
                f"{(seen / told - 1) * 100:+.1f} %" if told >= 1 else f"{(seen - told) / speed:+.2f} s real"
            )
            rows.append(Row(f"{name} wait, {what}", f"{seen:8.1f} s live   {told:8.1f} s virtual   {apart}"))
    rows.append(Row("feeds", f"{live.feeds:8d}   live   {virtual.feeds:8d}   virtual"))
    return rows


_WHAT = ("mean", "p50", "p95", "max")


def _figures(waits: Sequence[float]) -> tuple[float, float, float, float]:
    ordered = sorted(waits)
    p50, p95 = (ordered[min(len(ordered) - 1, int(q * len(ordered)))] for q in (0.5, 0.95))
    return statistics.fmean(waits), p50, p95, max(waits)


def _quota_rows() -> list[Row]:
    """Return how many calls Amazon refused because a bucket was empty: each would be a call over quota."""
    from bench.amazon import all_calls

    calls = all_calls()
    refused = [call["operation"] for call in calls if call["status"] == 429]
    words = f"{len(refused)} of {len(calls)} calls {', '.join(sorted(set(refused)))}".strip()
    return [Row("over quota (answered 429)", words, "0")]


if __name__ == "__main__":
    main()
