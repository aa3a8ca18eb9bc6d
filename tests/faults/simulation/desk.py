"""The desk: orders that were sold, and the people who ask, click twice, take back and send again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from random import Random

from mostrador.amazon.components import Component
from mostrador.amazon.feeds import FeedType
from mostrador.domain.delivery import State
from mostrador.domain.feeds import NotNow
from tests.faults.simulation.amazon import Amazon, SoldOrder
from tests.faults.simulation.faults import Faults
from tests.faults.simulation.invariants import DONE
from tests.faults.simulation.rendering import CANCELLATIONS, REFUNDS
from tests.faults.simulation.store import (
    Action,
    Amounts,
    Balance,
    ConstraintBroken,
    DatabaseGone,
    LostRace,
    Order,
    Store,
)
from tests.faults.simulation.timeline import Timeline
from tests.faults.simulation.worker import Job

UNDO = 30.0
GONE = (
    DatabaseGone,
    LostRace,
    NotNow,
    ConstraintBroken,
)  # what was begun has failed


@dataclass
class Person:
    """The agents: when they press "send again", and what that does."""

    resends: frozenset[State] = frozenset({State.NOT_SENT})

    def send_again(self, store: Store, action: Action, send_after: datetime) -> None:
        """Mirror `actions.refunds.send_refund_again`, for what was proven never sent."""
        with store.transaction():
            store.move(action, State.REQUESTED, before=State.NOT_SENT)
            store.postpone(action, send_after)


@dataclass
class Desk:
    """Everything that people do to the store."""

    rng: Random
    faults: Faults
    timeline: Timeline
    store: Store
    amazon: Amazon
    person: Person
    plan: Callable[[datetime, Job], None]
    foreign: Callable[[FeedType], object]
    longest_unknown: float = 0.0
    _unknown_since: dict[int, float] = field(default_factory=dict)

    def open(self) -> None:
        """Sell some orders, and plan what will be asked for them."""
        rng = self.rng
        for number in range(rng.randint(2, 6)):
            self._sell(number, shipped=True)
        for number in range(10, 10 + rng.randint(0, 2)):
            order = self._sell(number, shipped=False)
            if rng.random() < 0.1:
                self.timeline.at(rng.uniform(0, 3600), "buyer cancels", partial(_cancel, order))
        for wanted in self.store.orders:
            for _ in range(rng.randint(1, 2)):
                self._plan_wish(wanted)

    def see(self, action: Action) -> None:
        """See what became of a wish, and think of sending it again."""
        rng, now = self.rng, self.timeline.now
        if action.state is State.UNKNOWN:
            self._unknown_since.setdefault(action.pk, now)
        elif action.pk in self._unknown_since:
            self.longest_unknown = max(self.longest_unknown, now - self._unknown_since.pop(action.pk))
        if action.state in self.person.resends and rng.random() < 0.7:
            self.timeline.at(now + rng.uniform(60, 7200), "again", partial(self._press_again, action))

    def _sell(self, number: int, *, shipped: bool) -> SoldOrder:
        rng = self.rng
        currency = rng.choice(("USD", "EUR", "GBP", "JPY"))
        parts = [Component.PRINCIPAL, Component.SHIPPING, Component.GIFT_WRAP]
        if currency == "USD":
            parts += [Component.TAX, Component.SHIPPING_TAX]
        items = {
            f"{number:02d}{item:012d}": rng.sample(parts, rng.randint(1, len(parts))) for item in range(2)
        }
        order = Order(
            number=f"123-{number:07d}-{rng.randrange(10**7):07d}",
            currency=currency,
            tax_included=currency != "USD",
            balances={
                item_id: {part: Balance(rng.randint(1, 9999)) for part in item_parts} if shipped else {}
                for item_id, item_parts in items.items()
            },
        )
        paid = {(i, part.value): b.paid for i, each in order.balances.items() for part, b in each.items()}
        refuses = rng.choice(("25161", "18028", "30741")) if rng.random() < self.faults.refusals else ""
        self.store.orders.append(order)
        self.amazon.orders[order.number] = sold = SoldOrder(order.number, currency, paid, refuses)
        return sold

    def _plan_wish(self, order: Order) -> None:
        rng = self.rng
        kind = REFUNDS if any(order.balances.values()) else CANCELLATIONS
        when = rng.choice((rng.uniform(0, 60), rng.uniform(0, 5400)))
        self.timeline.at(when, "ask", partial(self._ask, order, kind))
        if rng.random() < self.faults.foreign * 2:
            beside = max(when + UNDO + rng.uniform(-600, 120), 0.0)
            self.timeline.at(beside, "foreign", partial(self.foreign, kind))

    def _ask(self, order: Order, kind: FeedType) -> None:
        """Ask for something, sometimes with a double click, and sometimes take it back."""
        done = any(action.order is order and action.state in DONE for action in self.store.actions)
        if kind is CANCELLATIONS and done:
            return
        lines: dict[str, Amounts] = {item: self._some(of) for item, of in order.balances.items()}
        if kind is REFUNDS:
            lines = {item: amounts for item, amounts in lines.items() if amounts}
        if not lines:
            return
        rng, key = self.rng, f"key-{self.rng.random()}"
        for _ in range(rng.choice((1, 1, 2))):
            self._press(order, kind, lines, key)
        action = self._asked(key)
        if action is not None and rng.random() < 0.1:
            when = self.timeline.now + rng.uniform(0, UNDO * 1.5)
            self.timeline.at(when, "withdraw", partial(self._withdraw, action))

    def _some(self, balances: Mapping[Component, Balance]) -> dict[Component, int]:
        """Return amounts that are left of some components."""
        rng = self.rng
        left = {part: each.paid - each.posted - each.pending for part, each in balances.items()}
        return {part: rng.randint(1, most) for part, most in left.items() if most and rng.random() < 0.7}

    def _asked(self, key: str) -> Action | None:
        return next((action for action in self.store.actions if action.request_key == key), None)

    def _press(self, order: Order, kind: FeedType, lines: Mapping[str, Amounts], key: str) -> None:
        if self._asked(key) is not None:
            return  # the same press once more: one wish
        send_after = self.timeline.date(UNDO)
        action = Action(len(self.store.actions), kind, order, lines, key, send_after)
        try:
            with self.store.transaction():
                self.store.add_action(action)
        except GONE:
            return
        self.plan(send_after, ("dispatch", kind))

    def _withdraw(self, action: Action) -> None:
        try:
            with self.store.transaction():
                self.store.move(action, State.WITHDRAWN, before=State.REQUESTED)
        except GONE:
            return

    def _press_again(self, action: Action) -> None:
        if action.state not in self.person.resends:
            return
        try:
            self.person.send_again(self.store, action, self.timeline.date(UNDO))
        except GONE:
            return
        self.plan(action.send_after, ("dispatch", action.kind))


def _cancel(order: SoldOrder) -> None:
    """Let the buyer cancel on Amazon, without us."""
    order.is_cancelled = True
