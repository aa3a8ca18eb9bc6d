"""A shop on the simulator: connected selling partners, and words for what the money tests do with them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
from django.utils import timezone

from mostrador.actions.cancellations import CancellationWish, request_cancellation
from mostrador.actions.refunds import RefundWish, request_refund
from mostrador.domain.delivery import State
from mostrador.domain.refunds import Line
from mostrador.models import Agent, Cancellation, Feed, Order, Refund, SellingPartner
from mostrador.simulator.server import Simulator
from mostrador.tasks import housekeeping, orders
from tests.makers import make_agent
from tests.worker import run_jobs

PATIENCE = 20.0  # seconds a story may take in real time

_keys = itertools.count(1)


@dataclass
class Shop:
    """The Nordlicht shop on a running simulator, seen from a desk that is connected to it."""

    simulator: Simulator
    partners: dict[str, SellingPartner] = field(default_factory=dict)
    agent: Agent = field(default_factory=make_agent)

    def connect(self) -> Shop:
        """Connect the desk to every seller of the simulator."""
        for seller in self.simulator.sellers:
            self.partners[seller["region"]] = SellingPartner.objects.connect(
                name=seller["name"],
                seller_id=seller["seller_id"],
                region=seller["region"],
                marketplace_ids=seller["marketplaces"],
                client_id=seller["client_id"],
                client_secret=seller["client_secret"],
                refresh_token=seller["refresh_token"],
            )
        return self

    # ── Amazon's side ─────────────────────────────────────────────────────────────────────────────────────

    def control(self, method: str, path: str, **body: Any) -> Any:
        """Call the simulator's control endpoint and return its JSON."""
        answer = httpx.request(method, f"{self.simulator.url}/control/{path}", json=body or None, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def fault(self, **rule: Any) -> None:
        """Let the simulator fail as `rule` says."""
        self.control("POST", "faults", **rule)

    def ledger(self, order: Order) -> dict[str, Any]:
        """Return Amazon's own book for an order."""
        orders_of = self.control("GET", "ledger")["orders"]
        return dict(orders_of[order.amazon_order_id])

    def calls(self, operation: str) -> list[dict[str, Any]]:
        """Return the calls of one operation the simulator received, in order."""
        return [
            call for call in self.control("GET", "requests")["requests"] if call["operation"] == operation
        ]

    # ── our side ──────────────────────────────────────────────────────────────────────────────────────────

    def order(self, amazon_order_id: str) -> Order:
        """Return an order, read from Amazon with its bookings."""
        seller_id = self.control("GET", "ledger")["orders"][amazon_order_id]["seller_id"]
        partner = next(each for each in self.partners.values() if each.seller_id == seller_id)
        order = Order.objects.expect(partner=partner, amazon_order_id=amazon_order_id)
        orders.refresh(order_id=order.pk)
        order.refresh_from_db()
        assert order.read_at, order.read_trouble
        return order

    def refund(self, order: Order, *lines: Line, key: str = "", reason: str = "GeneralAdjustment") -> Refund:
        """Ask for a refund as an agent does."""
        wish = RefundWish(lines=lines, reason=reason, request_key=key or f"shop-{next(_keys)}")
        return request_refund(order=order, ticket=None, agent=self.agent, wish=wish, now=timezone.now())

    def cancel(self, order: Order, *, reason: str = "NoInventory") -> Cancellation:
        """Ask for a cancellation as an agent does."""
        wish = CancellationWish(reason=reason, request_key=f"shop-{next(_keys)}")
        return request_cancellation(order=order, ticket=None, agent=self.agent, wish=wish, now=timezone.now())

    def work_until(self, done: Callable[[], bool], *, patience: float = PATIENCE) -> None:
        """Let a real worker work, and the sweeper sweep, until `done`."""
        until = time.monotonic() + patience
        while not done():
            assert time.monotonic() < until, f"not done after {patience} s: {self.situation()}"
            run_jobs()
            housekeeping.sweep(timezone.now())
            time.sleep(0.05)

    def settle(self, *actions: Refund | Cancellation) -> None:
        """Work until each action has Amazon's answer."""
        self.work_until(lambda: all(state_of(action) in _ANSWERED for action in actions))
        for action in actions:
            action.refresh_from_db()

    def situation(self) -> str:
        """Say where everything stands, for a test that waits in vain."""
        feeds = [(feed.pk, feed.state, feed.trouble) for feed in Feed.objects.all()]
        actions = [(a.reference, a.state) for a in [*Refund.objects.all(), *Cancellation.objects.all()]]
        return f"feeds {feeds}, actions {actions}"


_ANSWERED = frozenset({State.ACCEPTED, State.CONFIRMED, State.REJECTED, State.REVIEW, State.NOT_SENT})


def state_of(action: Refund | Cancellation) -> State:
    """Return the state that is stored now."""
    action.refresh_from_db()
    return State(action.state)


def decimal_of(text: str | None) -> Decimal:
    """Return an amount of the simulator's ledger."""
    return Decimal(text or "0")
