"""The fake Amazon: tokens, documents, feeds, its list and its own money book, which is the oracle.

It shares no code with the product: it reads the XML it is given and writes its reports by itself.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from tests.faults.simulation import reports

TOKEN_LIFE = 3600.0
LISTED_AFTER_EXPIRY = 120.0  # A2: so long after its token's expiry at the latest, a feed is in the list
QUOTAS = {  # a second, at once: from Amazon's models
    "createFeedDocument": (0.5, 15),
    "createFeed": (0.0083, 15),
    "getFeed": (2.0, 15),
    "getFeeds": (0.0222, 10),
    "getFeedDocument": (0.0222, 10),
    "getOrder": (0.5, 30),
}
Adjusted = dict[tuple[str, str], int]  # by item and component, in minor units


@dataclass(slots=True)
class SoldOrder:
    """An order as Amazon knows it; `refuses` is the code with which it turns wishes down, if it does."""

    number: str
    currency: str
    paid: Adjusted
    refuses: str = ""
    is_cancelled: bool = False
    given_back: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(slots=True)
class AmazonFeed:
    """A feed at Amazon; `messages` are its message numbers with what each asks for."""

    feed_id: str
    kind: str
    created: float
    listed_at: float
    body: bytes
    origin: int | None
    status: str = "IN_QUEUE"
    report: bytes | None = None
    has_report: bool = False


@dataclass(slots=True)
class Luck:
    """What goes wrong inside Amazon, as probabilities."""

    lag: float = 0.0
    fatal: float = 0.0
    stuck: float = 0.0
    cancelled: float = 0.0
    odd_report: float = 0.0


@dataclass(slots=True)
class Amazon:
    """Amazon for one selling partner."""

    rng: Random
    luck: Luck
    foreign_alone: bool = False  # may another program's feed be the only newcomer in the list? (A4: no)
    orders: dict[str, SoldOrder] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    feeds: dict[str, AmazonFeed] = field(default_factory=dict)
    applied: Counter[int] = field(default_factory=Counter)  # by message number
    amounts: dict[int, int] = field(default_factory=dict)  # what each message moved, in minor units
    touched: list[int] = field(default_factory=list)
    over_quota: Counter[str] = field(default_factory=Counter)
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)

    # ── the door ──────────────────────────────────────────────────────────────────────────────────────────

    def token(self, now: float) -> str:
        """Return a new access token."""
        value = f"token-{len(self.tokens)}"
        self.tokens[value] = now + TOKEN_LIFE
        return value

    def is_valid(self, token: str, now: float) -> bool:
        """Return whether the token lives; an expired one is refused at once (A1)."""
        return token == "refreshed" or now < self.tokens[token]

    def has_quota(self, operation: str, now: float) -> bool:
        """Take a token of the usage plan, if there is one."""
        rate, burst = QUOTAS[operation]
        level, at = self._levels.get(operation, (float(burst), now))
        level = min(level + (now - at) * rate, float(burst))
        if level < 1 - 1e-6:
            self._levels[operation] = (level, now)
            self.over_quota[operation] += 1
            return False
        self._levels[operation] = (level - 1, now)
        return True

    def use_up(self, operation: str, now: float) -> None:
        """Let somebody else use up a quota."""
        self._levels[operation] = (0.0, now)

    # ── feeds ─────────────────────────────────────────────────────────────────────────────────────────────

    def add_document(self) -> str:
        """Return the id of a new, empty document."""
        document_id = f"doc-{len(self.documents)}"
        self.documents[document_id] = b""
        return document_id

    def create(self, *, kind: str, body: bytes, token: str, origin: int | None, now: float) -> AmazonFeed:
        """Create a feed; the caller lets it be worked on later."""
        lag = self.rng.uniform(0, 3600) if self.rng.random() < self.luck.lag else self.rng.uniform(0, 20)
        last = self.tokens.get(token, now + TOKEN_LIFE) + LISTED_AFTER_EXPIRY
        feed_id = str(50_000 + len(self.feeds))
        feed = AmazonFeed(feed_id, kind, now, max(min(now + lag, last), now), body, origin)
        self.feeds[feed_id] = feed
        return feed

    def listing(
        self, *, kind: str, since: float, sought: int, marked: float, now: float
    ) -> list[tuple[str, float]]:
        """Return id and birth of the feeds of one kind, as far as the list has caught up."""
        shown = [
            f for f in self.feeds.values() if f.kind == kind and since <= f.created and f.listed_at <= now
        ]
        if not self.foreign_alone and all(each.origin != sought for each in shown):
            shown = [f for f in shown if f.origin is not None or f.created < marked - 600]
        return [(each.feed_id, each.created) for each in shown]

    def work_on(self, feed: AmazonFeed) -> None:
        """Work on a feed to its end: apply what it asks for, and write the report."""
        if feed.status not in ("IN_QUEUE", "IN_PROGRESS"):
            return
        rng, luck = self.rng, self.luck
        if feed.origin is None:
            count = rng.randint(1, 3)
            feed.status, feed.has_report = "DONE", True
            feed.report = reports.write(feed.feed_id, processed=count, results=[])
            return
        messages = list(_messages(feed.body))
        if rng.random() < luck.fatal:
            feed.status = "FATAL"
            for number, asks in messages[: rng.randint(0, len(messages))]:
                self._apply(number, asks)
            return
        results = [(number, code) for number, asks in messages if (code := self._apply(number, asks))]
        feed.status, feed.has_report = "DONE", True
        feed.report = reports.write(feed.feed_id, processed=len(messages), results=results)
        if rng.random() < luck.odd_report:
            feed.report = reports.spoil(rng, feed.report, feed.feed_id, len(messages), results)
            feed.has_report = feed.report is not None

    def _apply(self, number: int, asks: _Asked) -> str:
        """Do what one message asks for; return the code of the refusal, or nothing."""
        order = self.orders.get(asks.order)
        if order is None:
            return "25441"
        if order.refuses:
            return order.refuses
        if asks.cancels:
            if order.is_cancelled:
                return "18028"
            order.is_cancelled = True
        else:
            for part, minor in asks.adjusted.items():
                if order.given_back[part] + minor > order.paid.get(part, 0):
                    return "25161"
            order.given_back.update(asks.adjusted)
        self.applied[number] += 1
        self.amounts[number] = self.amounts.get(number, 0) + sum(asks.adjusted.values())
        self.touched.append(number)
        return ""


@dataclass(slots=True)
class _Asked:
    order: str
    cancels: bool
    adjusted: Adjusted


_PARTS = {
    "Principal": "principal",
    "Tax": "tax",
    "Shipping": "shipping",
    "ShippingTax": "shipping_tax",
    "GiftWrap": "gift_wrap",
    "GiftWrapTax": "gift_wrap_tax",
}


def _messages(body: bytes) -> list[tuple[int, _Asked]]:
    found = []
    for message in ET.fromstring(body).iter("Message"):  # noqa: S314 - written by our own code
        number = int(message.findtext("MessageID", ""))
        wish = message[-1]
        adjusted: Adjusted = {}
        for item in wish.iter("AdjustedItem"):
            code = item.findtext("AmazonOrderItemCode", "")
            for component in item.iter("Component"):
                amount = component[1]
                part = (code, _PARTS[component.findtext("Type", "")])
                adjusted[part] = _minor(amount.text or "", amount.attrib["currency"])
        cancels = wish.tag == "OrderAcknowledgement"
        found.append((number, _Asked(wish.findtext("AmazonOrderID", ""), cancels, adjusted)))
    return found


def _minor(text: str, currency: str) -> int:
    scaled = Decimal(text) * (1 if currency == "JPY" else 100)
    assert scaled == int(scaled), f"{text} {currency} is no amount"
    return int(scaled)
