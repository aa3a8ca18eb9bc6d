"""Everything one running simulator knows, and the only ways to change its money."""

from __future__ import annotations

import base64
import random
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from decimal import Decimal

from mostrador.simulator.book import Adjustment, Item, Order, Status, charged, refunded
from mostrador.simulator.clock import Clock
from mostrador.simulator.faults import Faults
from mostrador.simulator.quotas import Buckets
from mostrador.simulator.sealing import Seal
from mostrador.simulator.settings import Settings
from mostrador.simulator.shop import Letter, Seller, Shop, moment
from mostrador.simulator.store import Json, Store

MAX_LOG = 20_000


@dataclass
class Document:
    """A feed document: an upload, or a processing report (`report`)."""

    document_id: str
    seller_id: str
    content_type: str
    created: float
    report: bool = False
    gzip: bool = False
    body_base64: str = ""
    uploaded: bool = False
    used: bool = False

    @property
    def body(self) -> bytes:
        """Its bytes."""
        return base64.b64decode(self.body_base64)

    @body.setter
    def body(self, content: bytes) -> None:
        self.body_base64 = base64.b64encode(content).decode()


@dataclass
class Feed:
    """One feed of one seller; times are seconds since 1970, 0 is not yet."""

    feed_id: str
    seller_id: str
    feed_type: str
    marketplace_ids: list[str]
    input_document_id: str
    created: float
    status: str = "IN_QUEUE"
    started: float = 0.0
    ended: float = 0.0
    result_document_id: str = ""


@dataclass
class Destination:
    """An SQS queue an application wants its notifications in."""

    destination_id: str
    client_id: str
    name: str
    queue_arn: str


@dataclass
class Subscription:
    """A seller's wish for one type of notification."""

    subscription_id: str
    seller_id: str
    notification_type: str
    payload_version: str
    destination_id: str
    ended: bool = False


@dataclass
class RelayedMail:
    """A mail the relay accepted for a buyer. `raw` holds its bytes as latin-1, which loses none."""

    seller_id: str
    sender: str
    recipient: str
    at: float
    raw: str


@dataclass
class LogEntry:
    """One request that arrived. `wall` is real time, `at` virtual; `status` 0 was never answered."""

    operation: str
    method: str
    path: str
    at: float
    wall: float
    status: int = 0
    seller_id: str = ""
    feed_id: str = ""
    request_id: str = ""
    fault: str = ""
    with_access_token: bool = False


Thing = Order | Feed | Document | Seller | Letter | RelayedMail | Destination | Subscription


@dataclass
class World:
    """One Amazon."""

    settings: Settings
    clock: Clock
    store: Store
    seal: Seal
    sellers: dict[str, Seller] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    adjustments: dict[str, list[Adjustment]] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    feeds: dict[str, Feed] = field(default_factory=dict)
    letters: dict[str, Letter] = field(default_factory=dict)
    mails: list[RelayedMail] = field(default_factory=list)
    destinations: dict[str, Destination] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    notices: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_LOG))
    buckets: Buckets = field(default_factory=Buckets)
    faults: Faults = field(default_factory=Faults)
    log: deque[LogEntry] = field(default_factory=lambda: deque(maxlen=MAX_LOG))
    # Feed ids and processing times need no secrecy.
    random: random.Random = field(default_factory=random.Random)
    # Whoever works on feeds is told of a new one here.
    feed_arrived: Callable[[Feed], None] = lambda feed: None
    # Whoever notifies is told here of an end, and of an order that was added or changed.
    feed_ended: Callable[[Feed], None] = lambda feed: None
    order_changed: Callable[[Order], None] = lambda order: None
    put_notice: Callable[[str], None] = lambda text: None

    def assumes(self, name: str) -> str:
        """Return the chosen answer to an unconfirmed question about Amazon."""
        return self.settings.assumptions[name]

    def adjustments_of(self, order_id: str) -> list[Adjustment]:
        """Return everything given back on an order, oldest first."""
        return self.adjustments.get(order_id, [])

    def remaining(self, order: Order, item: Item, component: str) -> Decimal:
        """Return what may still be given back on a line under one component."""
        paid = charged(order, item, component, line_cap=self.assumes("line-cap"))
        return paid - refunded(self.adjustments_of(order.order_id), item.order_item_id, component)

    def subscription(self, seller_id: str, notification_type: str) -> Subscription | None:
        """Return a seller's subscription to a type of notification, if there is one."""
        alive = (each for each in self.subscriptions.values() if not each.ended)
        wanted = (seller_id, notification_type)
        return next((each for each in alive if (each.seller_id, each.notification_type) == wanted), None)

    def keep(self, kind: str, key: str, thing: Thing) -> None:
        """Write one thing to the store; `commit` makes it last."""
        self.store.put(kind, key, asdict(thing))

    def commit(self) -> None:
        """Make everything written last, with the virtual time it happened at."""
        self.store.put("meta", "clock", {"now": self.clock.now()})
        self.store.commit()

    def add_order(self, order: Order) -> None:
        """Add or replace an order."""
        self.orders[order.order_id] = order
        self.keep("order", order.order_id, order)
        self.order_changed(order)

    def touch(self, order: Order) -> None:
        """Write an order that has just changed."""
        order.updated = self.clock.now()
        self.keep("order", order.order_id, order)
        self.order_changed(order)

    def adjust(self, adjustment: Adjustment) -> None:
        """Give money back. Nothing here checks whether that is allowed."""
        self.adjustments.setdefault(adjustment.order_id, []).append(adjustment)
        self.store.put("adjustment", adjustment.adjustment_id, asdict(adjustment))

    def new_number(self, digits: int) -> str:
        """Return a fresh number for an id of Amazon's."""
        return str(self.random.randrange(10 ** (digits - 1), 10**digits))

    def new_document_id(self) -> str:
        """Return a fresh id for a feed document."""
        return f"amzn1.tortuga.4.eu.{secrets.token_hex(18)}"

    def new_feed_id(self) -> str:
        """Return the next feed id; they grow, as Amazon's do."""
        return str(50_000_000_001 + len(self.feeds))


def open_world(settings: Settings) -> World:
    """Return the world of a state folder, or a fresh one."""
    store = Store(settings.state)
    meta = store.load("meta")
    seal_secret = meta.get("seal", {}).get("secret") or secrets.token_hex(32)
    store.put("meta", "seal", {"secret": seal_secret})
    clock = Clock(speed=settings.speed, not_before=float(meta.get("clock", {}).get("now", 0.0)))
    world = World(settings=settings, clock=clock, store=store, seal=Seal(seal_secret))
    world.sellers = {key: Seller(**body) for key, body in store.load("seller").items()}
    world.orders = {key: Order.from_json(body) for key, body in store.load("order").items()}
    for body in store.load("adjustment").values():
        world.adjustments.setdefault(body["order_id"], []).append(Adjustment(**body))
    world.documents = {key: Document(**body) for key, body in store.load("document").items()}
    world.feeds = {key: Feed(**body) for key, body in store.load("feed").items()}
    world.letters = {key: Letter(**body) for key, body in store.load("letter").items()}
    world.destinations = {key: Destination(**body) for key, body in store.load("destination").items()}
    world.subscriptions = {key: Subscription(**body) for key, body in store.load("subscription").items()}
    world.mails = [RelayedMail(**body) for body in store.load("mail").values()]
    return world


def fill(world: World, shop: Shop) -> None:
    """Add a sample shop to a world that has no sellers yet."""
    for seller in shop.sellers:
        seller = seller.with_new_credentials()
        world.sellers[seller.seller_id] = seller
        world.keep("seller", seller.seller_id, seller)
    for order in shop.orders:
        world.add_order(order)
    for order_id, refund in shop.refunds:
        refund_outside(world, world.orders[order_id], refund)
    for letter in shop.letters:
        world.letters[letter.key] = letter
        world.keep("letter", letter.key, letter)
    world.commit()


def refund_outside(world: World, order: Order, body: Json) -> str:
    """Record a refund made elsewhere than by feed, and return its id.

    `body` is {at?, reason?, refund_id?, items: {item id: {component: amount}}}.
    """
    refund_id = str(body.get("refund_id") or world.new_number(12))
    for order_item_id, amounts in body["items"].items():
        if order.item(order_item_id) is None:
            raise KeyError(order_item_id)
        world.adjust(
            Adjustment(
                adjustment_id=world.new_number(14),
                refund_id=refund_id,
                order_id=order.order_id,
                order_item_id=order_item_id,
                amounts={name: str(Decimal(amount)) for name, amount in amounts.items()},
                reason=body.get("reason", "GeneralAdjustment"),
                source="outside",
                feed_id="",
                message_id="",
                at=moment(body.get("at", "now"), world.clock.now()),
            )
        )
    return refund_id


def cancel(world: World, order: Order, *, by: str, reason: str) -> None:
    """Cancel every line of an order. Nothing here checks whether that is allowed."""
    for item in order.items:
        item.cancelled_by = by
        item.cancel_reason = reason
    order.status = Status.CANCELLED
    world.touch(order)
