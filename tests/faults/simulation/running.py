"""Running: the seeded scheduler, its workers, its people, and one whole run in virtual time."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random

from mostrador.amazon.components import Component
from mostrador.amazon.errors import AmazonError
from mostrador.amazon.feeds import FeedType
from mostrador.domain.delivery import State
from mostrador.domain.feeds import NotNow
from tests.faults.simulation.amazon import Amazon, Luck, SoldOrder
from tests.faults.simulation.faults import Faults
from tests.faults.simulation.invariants import DONE, Broken, check_actions, check_end
from tests.faults.simulation.network import Network
from tests.faults.simulation.store import (
    Action,
    Balance,
    ConstraintBroken,
    DatabaseGone,
    FeedRow,
    LostRace,
    Order,
    Store,
)
from tests.faults.simulation.worker import CANCELLATIONS, REFUNDS, Job, Steps, Worker

BEGINNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
MAX_SKEW = 90.0  # seconds a worker's clock may be wrong; CLOCK_SLACK allows 120
MAX_STEPS = 60_000
UNDO = 30.0
LATE_AFTER = 3.0
WAITS_BETWEEN_SWEEPS = 60.0
GONE = (DatabaseGone, LostRace, NotNow, ConstraintBroken)  # the job fails; the sweeper finds the row again


@dataclass
class Person:
    """The agents: what they press, and when they may press it again."""

    resends: frozenset[State] = frozenset({State.NOT_SENT})

    def send_again(self, store: Store, action: Action, send_after: datetime) -> None:
        """Send a wish that was proven never sent once more."""
        with store.transaction():
            store.move(action, State.REQUESTED, before=State.NOT_SENT)
            store.postpone(action, send_after)


@dataclass
class Host:
    """A worker's process: it can freeze, die and start again."""

    number: int
    skew: float
    worker: Worker
    steps: Steps | None = None
    life: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a run; `digest` is the same whenever every event was."""

    seed: int
    steps: int
    digest: int
    hours: float
    states: dict[str, int]
    over_quota: int


@dataclass
class Simulation:
    """One run. `worker` and `person` can be replaced by others with a bug in them."""

    seed: int
    faults: Faults | None = None
    worker_class: type[Worker] = Worker
    person: Person = field(default_factory=Person)
    foreign_alone: bool = False
    max_skew: float = MAX_SKEW

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.now = 0.0
        self.steps = 0
        self.digest = 0
        self.heap: list[tuple[float, float, int, str, Callable[[], None]]] = []
        self.planned = 0
        self.ready: list[Job] = []
        self.queue_life = 0
        self.armed: dict[Job, float] = {}
        if self.faults is None:
            self.faults = Faults.swarm(self.rng)
        faults = self.faults
        luck = Luck(faults.lag, faults.fatal, faults.stuck, faults.cancelled, faults.odd_report)
        self.amazon = Amazon(self.rng, luck, self.foreign_alone)
        self.store = Store(lose_connection=self._lose_connection)
        self.network = Network(self.rng, self.amazon, self.store, self.at, self.date, faults)
        self.faults_end = self.rng.uniform(0.5, 4) * 3600
        self.hosts = [self._host(number) for number in range(self.rng.randint(1, 4))]

    # ── time ──────────────────────────────────────────────────────────────────────────────────────────────

    def at(self, when: float, label: str, action: Callable[[], None]) -> None:
        """Plan something; what is planned for the same moment comes in random order."""
        self.planned += 1
        heappush(self.heap, (max(when, self.now), self.rng.random(), self.planned, label, action))

    def date(self, when: float) -> datetime:
        """Return the date of a moment."""
        return BEGINNING + timedelta(seconds=when)

    def run(self) -> Result:
        """Run to the end of all things. Raises: AssertionError, with the seed in its notes."""
        try:
            self._prepare()
            while self.heap:
                self._step()
            check_end(self.store, self.amazon)
        except Exception as broken:
            broken.add_note(
                f"seed {self.seed}, step {self.steps}, after {self.now / 3600:.2f} h: {self.faults}"
            )
            raise
        return self._result()

    def _step(self) -> None:
        self.now, _, _, label, action = heappop(self.heap)
        self.steps += 1
        self.digest = zlib.crc32(f"{self.now:.6f} {label}".encode(), self.digest)
        if self.steps > MAX_STEPS:
            raise Broken("I5: it never comes to rest")
        action()
        store, amazon = self.store, self.amazon
        if store.changed or store.written or amazon.touched:
            check_actions(store, amazon)
            self._react()
            store.changed.clear()
            store.written.clear()
            amazon.touched.clear()

    def _result(self) -> Result:
        states: dict[str, int] = {}
        for action in self.store.actions:
            states[action.state.value] = states.get(action.state.value, 0) + 1
        return Result(self.seed, self.steps, self.digest, self.now / 3600, states, self.amazon.over_quota)

    def _rages(self, likely: float) -> bool:
        return self.now < self.faults_end and likely > 0 and self.rng.random() < likely

    def _lose_connection(self) -> str:
        assert self.faults is not None
        return self.rng.choice(("before", "after")) if self._rages(self.faults.database * 0.1) else ""

    # ── workers and their queue ───────────────────────────────────────────────────────────────────────────

    def _host(self, number: int) -> Host:
        assert self.faults is not None
        skew = self.rng.uniform(-self.max_skew, self.max_skew) if self.faults.skew else 0.0
        return Host(number, skew, self._worker(skew))

    def _worker(self, skew: float) -> Worker:
        return self.worker_class(
            store=self.store,
            clock=lambda: self.date(self.now + skew),
            boot_clock=lambda: self.now,
            plan=self.plan,
        )

    def plan(self, at: datetime, job: Job) -> None:
        """Put a job into the queue; it may be delivered twice."""
        assert self.faults is not None
        when = (at - BEGINNING).total_seconds()
        self._defer(when, job)
        if self._rages(self.faults.duplicate_job):
            self._defer(when + self.rng.uniform(0, 3600), job)

    def _defer(self, when: float, job: Job) -> None:
        life = self.queue_life
        self.at(when, f"job {job[0]}", lambda: self._due(job, life))

    def _due(self, job: Job, life: int) -> None:
        if life == self.queue_life and job not in self.ready:
            self.ready.append(job)
            self._wake()

    def _wake(self) -> None:
        idle = [host for host in self.hosts if host.steps is None]
        self.rng.shuffle(idle)
        for host in idle:
            if not self.ready:
                return
            job = self.ready.pop(self.rng.randrange(len(self.ready)))
            host.steps = host.worker.run(job)
            self._go_on(host, host.life, None, None)

    def _go_on(self, host: Host, life: int, answer: object, error: AmazonError | None) -> None:
        """Let a worker take its next step, unless it freezes or dies first."""
        assert self.faults is not None
        if host.life != life or host.steps is None:
            return
        if self._rages(self.faults.freeze * 0.05):
            wakes = self.now + self.rng.choice((self.rng.uniform(5, 120), self.rng.uniform(60, 7200)))
            self.at(wakes, "thaw", lambda: self._take_step(host, life, answer, error))
        elif self._rages(self.faults.crash * 0.05):
            self._crash(host)
        else:
            self._take_step(host, life, answer, error)

    def _take_step(self, host: Host, life: int, answer: object, error: AmazonError | None) -> None:
        if host.life != life or host.steps is None:
            return
        try:
            call = host.steps.throw(error) if error is not None else host.steps.send(answer)
        except (StopIteration, *GONE):
            host.steps = None
            self._wake()
            return
        if call is None:
            soon = self.now + self.rng.uniform(0.0005, 0.02)
            self.at(soon, "step", lambda: self._go_on(host, life, None, None))
        else:
            self.network.carry(call, self.now, lambda said, wrong: self._go_on(host, life, said, wrong))

    def _crash(self, host: Host) -> None:
        if host.steps is not None:
            host.steps.close()
        host.steps, host.life = _nothing(), host.life + 1
        self.at(self.now + self.rng.uniform(1, 60), "start", lambda: self._start(host))

    def _start(self, host: Host) -> None:
        host.steps, host.life, host.worker = None, host.life + 1, self._worker(host.skew)
        self._wake()

    # ── the sweeper (tasks/housekeeping.py), and people ───────────────────────────────────────────────────

    def _react(self) -> None:
        """Let the sweeper know what will be due, and people see what became of their wishes."""
        for feed in self.store.written:
            if feed.row.next_action_at is not None:
                self._arm(("follow", feed.pk), feed.row.next_action_at)
        for action in self.store.changed:
            if action.state is State.REQUESTED:
                self._arm(("dispatch", action.kind), action.send_after)
            elif action.state in self.person.resends and self.rng.random() < 0.7:
                again = self.now + self.rng.uniform(60, 7200)
                self.at(again, "again", lambda action=action: self._press_again(action))  # type: ignore[misc]  # bound now

    def _arm(self, job: Job, due: datetime) -> None:
        when = max((due - BEGINNING).total_seconds(), self.now) + LATE_AFTER + self.rng.uniform(0, 5)
        if self.armed.get(job, when + 1) <= when:
            return
        self.armed[job] = when
        self.at(when, "sweep", lambda: self._sweep(job, when))

    def _sweep(self, job: Job, when: float) -> None:
        """Put a job into the queue if its row is due and nobody came; look again until it is not."""
        if self.armed.get(job) != when:
            return
        del self.armed[job]
        due = self._next_due(job)
        if due is None:
            return
        if (due - BEGINNING).total_seconds() + LATE_AFTER <= self.now:
            self._due(job, self.queue_life)
            self._arm(job, self.date(self.now + WAITS_BETWEEN_SWEEPS))
        else:
            self._arm(job, due)

    def _next_due(self, job: Job) -> datetime | None:
        name, subject = job
        if name == "follow":
            feeds: list[FeedRow] = self.store.feeds[subject : subject + 1]
            return feeds[0].row.next_action_at if feeds else None  # none: its transaction was taken back
        waiting = [a for a in self.store.actions if a.kind is subject and a.state is State.REQUESTED]
        return min((action.send_after for action in waiting), default=None)

    def _press_again(self, action: Action) -> None:
        if action.state in self.person.resends:
            try:
                self.person.send_again(self.store, action, self.date(self.now + UNDO))
            except GONE:
                return
            self.plan(action.send_after, ("dispatch", action.kind))

    # ── what happens ──────────────────────────────────────────────────────────────────────────────────────

    def _prepare(self) -> None:
        rng, faults = self.rng, self.faults
        assert faults is not None
        for number in range(rng.randint(2, 6)):
            self._sell(number, shipped=True)
        for number in range(10, 10 + rng.randint(0, 2)):
            self._sell(number, shipped=False)
            if rng.random() < 0.1:
                self.at(rng.uniform(0, 3600), "buyer cancels", self._buyer_cancels)
        for order in self.store.orders:
            for _ in range(rng.randint(1, 2)):
                kind = REFUNDS if order.balances[next(iter(order.balances))] else CANCELLATIONS
                when = rng.choice((rng.uniform(0, 60), rng.uniform(0, 5400)))
                self.at(when, "ask", lambda order=order, kind=kind: self._ask(order, kind))  # type: ignore[misc]  # bound now
                if rng.random() < faults.foreign * 2:
                    beside = max(when + UNDO + rng.uniform(-600, 120), 0.0)
                    self.at(beside, "foreign", lambda kind=kind: self._foreign(kind))  # type: ignore[misc]  # bound now
        for _ in range(_times(faults.restarts, 10)):
            self.at(rng.uniform(0, self.faults_end), "restart", self._restart_all)
        for _ in range(_times(faults.wipes, 10)):
            self.at(rng.uniform(0, self.faults_end), "wipe", self._wipe)
        self.at(self.faults_end, "calm", self._calm_down)

    def _sell(self, number: int, *, shipped: bool) -> None:
        rng, faults = self.rng, self.faults
        assert faults is not None
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
        refuses = rng.choice(("25161", "18028", "30741")) if rng.random() < faults.refusals else ""
        self.store.orders.append(order)
        self.amazon.orders[order.number] = SoldOrder(order.number, currency, paid, refuses)

    def _ask(self, order: Order, kind: FeedType) -> None:
        """Let an agent ask for a refund or a cancellation, sometimes with a double click, and take it back."""
        done = any(action.order is order and action.state in DONE for action in self.store.actions)
        if kind is CANCELLATIONS and done:
            return
        lines = {item: self._some(balances) for item, balances in order.balances.items()}
        if kind is REFUNDS:
            lines = {item: amounts for item, amounts in lines.items() if amounts}
        if not lines:
            return
        rng = self.rng
        key = f"key-{len(self.store.actions)}-{rng.random()}"
        for _ in range(rng.choice((1, 1, 2))):
            self._press(order, kind, lines, key)
        action = self.store.actions[-1] if self.store.actions else None
        if action and action.request_key == key and rng.random() < 0.1:
            self.at(self.now + rng.uniform(0, UNDO * 1.5), "withdraw", lambda: self._withdraw(action))

    def _some(self, balances: dict[Component, Balance]) -> dict[Component, int]:
        """Return amounts that are left of some components."""
        rng = self.rng
        left = {part: each.paid - each.posted - each.pending for part, each in balances.items()}
        return {part: rng.randint(1, most) for part, most in left.items() if most and rng.random() < 0.7}

    def _press(self, order: Order, kind: FeedType, lines: dict[str, dict[Component, int]], key: str) -> None:
        if any(action.request_key == key for action in self.store.actions):
            return  # the same press once more: one wish
        send_after = self.date(self.now + UNDO)
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

    def _buyer_cancels(self) -> None:
        """Let the buyer cancel on Amazon, without us."""
        self.amazon.orders[self.store.orders[-1].number].is_cancelled = True

    def _foreign(self, kind: FeedType) -> None:
        self.network.add_feed(kind, b"", "", None, self.now)

    def _restart_all(self) -> None:
        for host in self.hosts:
            self._crash(host)

    def _wipe(self) -> None:
        self.ready.clear()
        self.queue_life += 1

    def _calm_down(self) -> None:
        self.network.faults = Faults()
        self.amazon.luck = Luck()


def _nothing() -> Steps:
    """Be a dead worker's job: it takes no step."""
    yield None


def _times(strength: float, most: int) -> int:
    return round(strength * most)
