"""A market: a simulator with many sellers and plain orders, asked of by the desk, and Amazon's books of it.

Many sellers, because Amazon's real buckets are left as they are: 15 feeds and 10 reports each at once.
"""

from __future__ import annotations

import itertools
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from django.db.models import Q
from django.utils import timezone

from mostrador.actions.cancellations import CancellationWish, request_cancellation
from mostrador.actions.messages import ReplyWish, request_reply
from mostrador.actions.refunds import RefundWish, request_refund
from mostrador.amazon.components import Component
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.domain.refunds import Line
from mostrador.models import Cancellation, Feed, Order, Quota, Refund, Reply, SellingPartner
from mostrador.models.guards import SendingStop
from mostrador.simulator.marketplaces import BY_COUNTRY
from mostrador.simulator.server import Simulator, start
from mostrador.simulator.settings import Settings
from mostrador.simulator.shop import Seller, Shop, read_order
from mostrador.simulator.world import fill, open_world
from mostrador.tasks import feeds, orders
from tests.faults.books import ANSWERED, Books
from tests.faults.figures import SIZE
from tests.faults.workers import Nursery
from tests.makers import make_agent, make_mailbox, make_ticket

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

# How long a worker may take between its mark and its call on a machine that is busy with the whole proof.
SECONDS_IN_HAND = 10 if SIZE else 1
PRICE = 5000  # minor units, of each order's one item
_keys = itertools.count(1)

Action = Refund | Cancellation | Reply


@dataclass
class Asked:
    """One wish: the action, what it was to move, and when it was asked for."""

    kind: str
    action: Action
    order_id: str
    minor: int = 0
    text: str = ""

    def state(self) -> State:
        """Return the state that is stored now."""
        self.action.refresh_from_db()
        return State(self.action.state)


@dataclass
class Market:
    """The simulator, the desk's selling partners in it, and everything that was asked for."""

    simulator: Simulator
    client: httpx.Client
    orders: dict[str, list[str]]  # free order ids of each seller and kind, "SELLER:shipped"
    partners: dict[str, SellingPartner] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    shared_sellers: set[str] = field(default_factory=set)  # for whom other programs send feeds too

    @cached_property
    def agent(self) -> Any:
        """An agent."""
        return make_agent()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control endpoint and return its JSON."""
        answer = self.client.request(method, f"{self.simulator.url}/control/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def fault(self, **rule: Any) -> None:
        """Let the simulator fail as `rule` says."""
        self.control("POST", "faults", rule)

    def calls(self, operation: str) -> list[dict[str, Any]]:
        """Return the calls of one operation that arrived."""
        found: list[dict[str, Any]] = self.control("GET", f"requests?operation={operation}")["requests"]
        return found

    def sellers(self) -> list[str]:
        """Return the sellers' ids."""
        return list(self.partners)

    def take_order(self, seller_id: str, kind: str) -> Order:
        """Return an order of a seller that nothing was done to, as it was read from Amazon."""
        number = self.orders[f"{seller_id}:{'unshipped' if kind == 'cancel' else 'shipped'}"].pop()
        return Order.objects.get(selling_partner=self.partners[seller_id], amazon_order_id=number)

    # ── asking ────────────────────────────────────────────────────────────────────────────────────────────

    def ask(
        self, kind: str, seller_id: str, *, minor: int = 1250, order: Order | None = None, key: str = ""
    ) -> Asked:
        """Ask for a refund, a partial refund ("partial"), a cancellation ("cancel") or a reply."""
        order = order or self.take_order(seller_id, kind)
        now = timezone.now()
        key = key or self.new_key()
        text = ""
        action: Action
        if kind == "cancel":
            wish = CancellationWish(reason="NoInventory", request_key=key)
            action = request_cancellation(order=order, ticket=None, agent=self.agent, wish=wish, now=now)
        elif kind == "reply":
            text = f"Unsere Antwort {key}."
            said = ReplyWish(text=text, request_key=key)
            action = request_reply(ticket=self._ticket(order), agent=self.agent, wish=said, now=now)
        else:
            minor = PRICE if kind == "refund" else minor
            line = Line(order.items.get().item_id, {Component.PRINCIPAL: minor})
            money = RefundWish(lines=(line,), reason="GeneralAdjustment", request_key=key)
            action = request_refund(order=order, ticket=None, agent=self.agent, wish=money, now=now)
        asked = Asked(kind, action, order.amazon_order_id, 0 if text or kind == "cancel" else minor, text)
        self.asked.append(asked)
        return asked

    def new_key(self) -> str:
        """Return a request key nobody has used."""
        return f"fault-{next(_keys)}"

    def cancel_again(self, asked: Asked) -> None:
        """Ask anew for a cancellation that was proven never sent."""
        wish = CancellationWish(reason="NoInventory", request_key=f"fault-{next(_keys)}")
        order = asked.action.order  # type: ignore[union-attr]  # only a reply has none
        asked.action = request_cancellation(
            order=order, ticket=None, agent=self.agent, wish=wish, now=timezone.now()
        )

    def _ticket(self, order: Order) -> Any:
        partner = order.selling_partner
        mailbox = partner.mailboxes.first() or make_mailbox(
            partner=partner,
            smtp_url=f"smtp://127.0.0.1:{self.simulator.smtp_port}",
            from_address=f"{partner.seller_id.lower()}@market.example",
        )
        address = f"{alias_of(order.amazon_order_id)}+tag@marketplace.amazon.de"
        return make_ticket(order=order, mailbox=mailbox, buyer_address=address)

    # ── time ──────────────────────────────────────────────────────────────────────────────────────────────

    def age_lost(self, *, by: timedelta | None = None, pk: int | None = None) -> int:
        """Let so much time pass for marked and unknown feeds, by moving their times into the past.

        The lease, the fence and the looks ten minutes apart pass in a moment; return how many there are. What
        was marked just now is left alone, unless it is named: a living worker may be about to send it, with a
        token that only the desk would take for dead.
        """
        now = timezone.now()
        lost = Feed.objects.filter(state__in=(FeedState.MARKED, FeedState.UNKNOWN))
        count = 0
        in_hand = Q(state=FeedState.MARKED, marked_at__gt=now - timedelta(seconds=SECONDS_IN_HAND))
        for feed in lost.exclude(in_hand) if pk is None else lost.filter(pk=pk):
            step = by or timedelta(minutes=11 if feed.empty_looks else 80)
            moved = lost.filter(pk=feed.pk, state=feed.state, marked_at=feed.marked_at).update(
                marked_at=feed.marked_at - step if feed.marked_at else None,
                token_expires_at=feed.token_expires_at - step if feed.token_expires_at else None,
                empty_looks=[look - step for look in feed.empty_looks],
                next_action_at=now - timedelta(seconds=1),
            )
            if moved:
                feeds.plan_follow(feed_pk=feed.pk, at=now, now=now)
                count += 1
        return count

    def forget_refusals(self) -> None:
        """Let the wait pass that a 429 out of the blue caused: Amazon's own buckets were never empty."""
        now = timezone.now()
        Quota.objects.update(at=now - timedelta(hours=1))
        Feed.objects.unfinished().exclude(next_action_at=None).update(next_action_at=now)

    def age_replies(self) -> None:
        """Let the lease of letters that were begun and never ended run out."""
        begun = Reply.objects.filter(state=State.SENDING)
        begun.update(moved_at=timezone.now() - timedelta(minutes=3))

    # ── Amazon's books ────────────────────────────────────────────────────────────────────────────────────

    def books(self) -> Books:
        """Return what really happened, as Amazon's ledger and mail log have it."""
        ledger = self.control("GET", "ledger")["orders"]
        mails = self.control("GET", "mails")["mails"]
        return Books(
            ledger, Counter(re.findall(r"Unsere Antwort fault-\d+\.", "".join(m["text"] for m in mails)))
        )

    def wait(self, done: Callable[[], bool], *, seconds: float, what: str, every: float = 0.2) -> None:
        """Wait until `done`; fail after `seconds`."""
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, f"{what} did not come within {seconds} s: {self.situation()}"
            time.sleep(every)

    def open(self) -> list[Asked]:
        """Return what has no final answer yet; a reply whose fate is unknown is as final as it gets."""
        return [each for each in self.asked if not _is_final(each)]

    def situation(self) -> str:
        """Return what is open, and every unfinished feed."""
        lines = Feed.objects.unfinished().values_list("pk", "state", "tries", "next_action_at", "trouble")
        stop = SendingStop.objects.current()
        buckets = Quota.objects.filter(tokens__lt=3).values_list("operation", "tokens", "at")
        waits = f"{stop and stop.because}, {self.paused()}, {list(buckets)[:5]}"
        return (
            f"{waits} {[(a.kind, a.order_id, a.action.state) for a in self.open()][:10]} {list(lines)[:10]}"
        )

    def paused(self) -> list[tuple[str, str]]:
        """Return the selling partners whose sending was stopped, and why: a rule did not hold."""
        stopped = SellingPartner.objects.exclude(paused_at=None)
        return list(stopped.values_list("seller_id", "paused_because"))

    def tell(self, row: Any, *, expect_rejected: Sequence[str] = ()) -> None:
        """Compare what the desk says with Amazon's books, and count what is wrong."""
        books = self.books()
        for each in self.asked:
            books.judge(row, each, expect_rejected=each.order_id in expect_rejected)
        row.wrong += [f"{seller} was paused: {because}" for seller, because in self.paused()]


def _is_final(asked: Asked) -> bool:
    state = asked.state()
    if asked.kind == "reply":
        return state in (State.SENT, State.UNKNOWN, State.REJECTED, State.WITHDRAWN)
    return state in ANSWERED


def alias_of(order_id: str) -> str:
    """Return the buyer's alias of an order: fifteen letters and digits."""
    return ("buyer" + re.sub(r"\D", "", order_id)[-10:])[:15]


@contextmanager
def open_market(
    folder: Path,
    settings: SettingsWrapper,
    *,
    sellers: int,
    orders_each: int = 8,
    cancellable_each: int | None = None,
    options: Sequence[str] = (),
) -> Iterator[Market]:
    """Start a simulator with `sellers` sellers, with `orders_each` shipped and unshipped orders each.

    Of the unshipped there are `cancellable_each`, if it is given: each order is read, which takes its time.
    Actions leave at once; the settings point to it.
    """
    settings.UNDO_SECONDS = settings.REPLY_UNDO_SECONDS = 0
    state = folder / "amazon"
    unshipped = orders_each if cancellable_each is None else cancellable_each
    names = _fill(state, sellers=sellers, orders_each={"SHIPPED": orders_each, "UNSHIPPED": unshipped})
    with start("--processing", "0-0", *options, state=state) as simulator, _client() as client:
        settings.SPAPI_ENDPOINT = settings.LWA_ENDPOINT = simulator.url
        market = Market(simulator, client, names)
        for seller in simulator.sellers:
            partner = SellingPartner.objects.connect(
                name=seller["name"],
                seller_id=seller["seller_id"],
                region=seller["region"],
                marketplace_ids=seller["marketplaces"],
                client_id=seller["client_id"],
                client_secret=seller["client_secret"],
                refresh_token=seller["refresh_token"],
            )
            market.partners[partner.seller_id] = partner
        yield market


def read_orders(market: Market, sellers: Sequence[str] = ()) -> None:
    """Read every order from Amazon, and look for no changes by the clock afterwards."""
    for seller_id in sellers or market.sellers():
        partner = market.partners[seller_id]
        while orders.search_page(partner, timezone.now()):
            pass
    SellingPartner.objects.update(next_sync_at=timezone.now() + timedelta(days=1))
    Order.objects.update(next_read_at=None)


def open_nursery(folder: Path, market: Market, **environment: str) -> Nursery:
    """Return a nursery whose workers speak to the market's simulator."""
    url = market.simulator.url
    ours = {"MOSTRADOR_SPAPI_ENDPOINT": url, "MOSTRADOR_LWA_ENDPOINT": url}
    return Nursery(folder, **(ours | environment))


def _client() -> httpx.Client:
    return httpx.Client(timeout=30, trust_env=False)


def _fill(state: Path, *, sellers: int, orders_each: dict[str, int]) -> dict[str, list[str]]:
    state.mkdir(parents=True, exist_ok=True)
    world = open_world(Settings(state=state))
    place = BY_COUNTRY["DE"]
    shop, names = Shop(), {}
    numbers = itertools.count(1)
    now = world.clock.now()
    for n in range(sellers):
        seller_id = f"AFAULT{n:07d}"
        seller = Seller(
            name=f"Faults {n}",
            seller_id=seller_id,
            region="eu",
            marketplaces=[place.id],
            mailbox_address=f"{seller_id.lower()}@market.example",
        )
        shop.sellers.append(seller)
        for status, number in orders_each.items():
            ids = [f"303-{next(numbers):07d}-{n:07d}" for _ in range(number)]
            names[f"{seller_id}:{status.lower()}"] = ids
            shop.orders += [read_order(_order(each, status), seller, place, now) for each in ids]
    fill(world, shop)
    world.store.close()
    return names


def _order(order_id: str, status: str) -> dict[str, Any]:
    number = re.sub(r"\D", "", order_id)
    return {
        "order_id": order_id,
        "created": "-3d",
        "updated": "-2d",
        "ship_by": ["-1h", "+2d"],
        "status": status,
        "buyer": {"name": f"Buyer {number}", "alias": alias_of(order_id)},
        "address": {"addressLine1": "Weg 1", "city": "Halle", "postalCode": "06108"},
        "items": [
            {
                "order_item_id": number[-14:].zfill(14),
                "asin": "B0FAULTS01",
                "sku": f"S-{number}",
                "title": "Lampe",
                "unit_price": "50.00",
            }
        ],
        "packages": [
            {
                "carrier": "DHL",
                "tracking": number,
                "shipping_option": "Paket",
                "shipped": "-2d",
                "status": "SHIPPED",
            }
        ]
        if status == "SHIPPED"
        else [],
    }


def shuffled(rng: random.Random, things: Sequence[Any]) -> list[Any]:
    """Return `things` in an order that the seed decides."""
    return rng.sample(list(things), len(things))
