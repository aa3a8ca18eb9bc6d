"""Running: the seeded scheduler, its workers, their queue and its sweeper: one whole run in virtual time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import pairwise
from random import Random

from mostrador.amazon.errors import AmazonError
from mostrador.amazon.feeds import FeedType
from mostrador.domain.delivery import State
from tests.faults.simulation.amazon import Amazon, Luck
from tests.faults.simulation.desk import GONE, Desk, Person
from tests.faults.simulation.faults import Faults
from tests.faults.simulation.invariants import Broken, check_actions, check_end
from tests.faults.simulation.network import Network
from tests.faults.simulation.store import FeedRow, Store
from tests.faults.simulation.timeline import Timeline, seconds_of
from tests.faults.simulation.worker import Job, Steps, Worker

MAX_SKEW = 300.0  # seconds a worker's clock may be wrong; CLOCK_SLACK allows 600
MAX_STEPS = 60_000
MAX_DUPLICATES = 50  # a job that plans itself again would otherwise multiply without end
LATE_AFTER = 3.0
WAITS_BETWEEN_SWEEPS = 60.0
CALM = Faults()


@dataclass
class Host:
    """A worker's process: it can freeze, die and start again."""

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
    states: Mapping[State, int]
    moves: frozenset[tuple[State, State]]
    were_unknown: int
    longest_unknown: float  # minutes
    over_quota: Mapping[str, int]


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
        self.rng = rng = Random(self.seed)
        self.timeline = Timeline(rng)
        self.ready: list[Job] = []
        self.waiting_once: set[Job] = set()
        self.queue_life = self.duplicates = 0
        self.armed: dict[Job, float] = {}
        self.given = faults = self.faults or Faults.swarm(rng)
        self.now_faults = faults
        luck = Luck(faults.lag, faults.fatal, faults.stuck, faults.cancelled, faults.odd_report)
        self.amazon = Amazon(rng, luck, self.foreign_alone)
        self.store = Store(lose_connection=self._lose_connection)
        self.network = Network(rng, self.amazon, self.store, self.timeline, faults)
        self.desk = Desk(
            rng, faults, self.timeline, self.store, self.amazon, self.person, self.plan, self._foreign
        )
        self.hosts = [self._host() for _ in range(rng.randint(1, 4))]

    def run(self) -> Result:
        """Run to the end of all things. Raises: AssertionError, with the seed in its notes."""
        try:
            self._plan_faults()
            self.desk.open()
            while self.timeline.step():
                self._after_step()
            check_end(self.store, self.amazon)
        except Exception as broken:
            hours = self.timeline.now / 3600
            broken.add_note(
                f"seed {self.seed}, step {self.timeline.steps}, after {hours:.2f} h: {self.given}"
            )
            raise
        return self._result()

    def _after_step(self) -> None:
        if self.timeline.steps > MAX_STEPS:
            raise Broken("I5: it never comes to rest")
        store, amazon = self.store, self.amazon
        if store.changed or store.written or amazon.touched:
            check_actions(store, amazon)
            self._react()
            store.changed.clear()
            store.written.clear()
            amazon.touched.clear()

    def _result(self) -> Result:
        actions = self.store.actions
        return Result(
            seed=self.seed,
            steps=self.timeline.steps,
            digest=self.timeline.digest,
            hours=self.timeline.now / 3600,
            states=Counter(action.state for action in actions),
            moves=frozenset(move for action in actions for move in pairwise(action.history)),
            were_unknown=sum(State.UNKNOWN in action.history for action in actions),
            longest_unknown=self.desk.longest_unknown / 60,
            over_quota=self.amazon.over_quota,
        )

    # ── faults ────────────────────────────────────────────────────────────────────────────────────────────

    def _plan_faults(self) -> None:
        rng, at = self.rng, self.timeline.at
        end = rng.uniform(0.5, 4) * 3600
        for _ in range(round(self.given.restarts * 10)):
            at(rng.uniform(0, end), "restart", self._restart_all)
        for _ in range(round(self.given.wipes * 10)):
            at(rng.uniform(0, end), "wipe", self._wipe)
        at(end, "calm", self._calm_down)

    def _rages(self, likely: float) -> bool:
        return likely > 0 and self.rng.random() < likely

    def _lose_connection(self) -> str:
        return self.rng.choice(("before", "after")) if self._rages(self.now_faults.database * 0.1) else ""

    def _foreign(self, kind: FeedType) -> None:
        self.network.add_feed(kind, b"", "", None, self.timeline.now)

    def _restart_all(self) -> None:
        for host in self.hosts:
            self._crash(host)

    def _wipe(self) -> None:
        self.ready.clear()
        self.waiting_once.clear()
        self.queue_life += 1

    def _calm_down(self) -> None:
        self.now_faults = self.network.faults = CALM
        self.amazon.luck = Luck()

    # ── workers and their queue ───────────────────────────────────────────────────────────────────────────

    def _host(self) -> Host:
        skew = self.rng.uniform(-self.max_skew, self.max_skew) if self.given.skew else 0.0
        return Host(skew, self._worker(skew))

    def _worker(self, skew: float) -> Worker:
        return self.worker_class(
            store=self.store,
            clock=partial(self.timeline.date, skew),
            amazons_clock=self.timeline.date,
            boot_clock=lambda: self.timeline.now,
            plan=self.plan,
            plan_once=self.plan_once,
        )

    def plan(self, at: datetime, job: Job) -> None:
        """Put a job into the queue; it may be delivered twice."""
        self._defer(seconds_of(at), job)
        if self.duplicates < MAX_DUPLICATES and self._rages(self.now_faults.duplicate_job):
            self.duplicates += 1
            self._defer(seconds_of(at) + self.rng.uniform(0, 3600), job)

    def plan_once(self, at: datetime, job: Job) -> None:
        """Put a job into the queue unless the same one was put there and waits."""
        if job not in self.waiting_once:
            self.waiting_once.add(job)
            # By a clock that is behind the queue's it would be due at once, again and again.
            self.plan(max(at, self.timeline.date(1.0)), job)

    def _defer(self, when: float, job: Job) -> None:
        self.timeline.at(when, f"job {job[0]}", partial(self._due, job, self.queue_life))

    def _due(self, job: Job, life: int) -> None:
        if life == self.queue_life and job not in self.ready:
            self.ready.append(job)
            self._wake()

    def _wake(self) -> None:
        while self.ready:
            idle = [host for host in self.hosts if host.steps is None]
            if not idle:
                return
            host = self.rng.choice(idle)
            job = self.ready.pop(self.rng.randrange(len(self.ready)))
            self.waiting_once.discard(job)
            host.steps = host.worker.run(job)
            self._go_on(host, host.life, None, None)

    def _go_on(self, host: Host, life: int, answer: object, error: AmazonError | None) -> None:
        """Let a worker take its next step, unless it freezes or dies first."""
        rng, now = self.rng, self.timeline.now
        if host.life != life:
            return
        if self._rages(self.now_faults.freeze * 0.05):
            wakes = now + rng.choice((rng.uniform(5, 120), rng.uniform(60, 7200)))
            self.timeline.at(wakes, "thaw", partial(self._take_step, host, life, answer, error))
        elif self._rages(self.now_faults.crash * 0.05):
            self._crash(host)
        else:
            self._take_step(host, life, answer, error)

    def _take_step(self, host: Host, life: int, answer: object, error: AmazonError | None) -> None:
        if host.life != life or host.steps is None:
            return
        try:
            call = host.steps.throw(error) if error is not None else host.steps.send(answer)
        except (StopIteration, *GONE):  # what failed is found again by the sweeper
            host.steps = None
            self._wake()
            return
        go_on = partial(self._go_on, host, life)
        if call is None:
            soon = self.timeline.now + self.rng.uniform(0.0005, 0.02)
            self.timeline.at(soon, "step", partial(go_on, None, None))
        else:
            self.network.carry(call, self.timeline.now, go_on)

    def _crash(self, host: Host) -> None:
        if host.steps is not None:
            host.steps.close()
        host.steps, host.life = _nothing(), host.life + 1
        back = self.timeline.now + self.rng.uniform(1, 60)
        self.timeline.at(back, "start", partial(self._start, host))

    def _start(self, host: Host) -> None:
        host.steps, host.life, host.worker = None, host.life + 1, self._worker(host.skew)
        self._wake()

    # ── the sweeper: tasks/housekeeping.py ────────────────────────────────────────────────────────────────

    def _react(self) -> None:
        """Let the sweeper know what will be due, and people see what became of their wishes."""
        for feed in self.store.written:
            if feed.row.next_action_at is not None:
                self._arm(("follow", feed.pk), feed.row.next_action_at)
        for action in self.store.changed:
            self.desk.see(action)
            if action.state is State.REQUESTED:
                self._arm(("dispatch", action.kind), action.send_after)

    def _arm(self, job: Job, due: datetime) -> None:
        when = max(seconds_of(due), self.timeline.now) + LATE_AFTER + self.rng.uniform(0, 5)
        if self.armed.get(job, when + 1) <= when:
            return
        self.armed[job] = when
        self.timeline.at(when, "sweep", partial(self._sweep, job, when))

    def _sweep(self, job: Job, when: float) -> None:
        """Put a job into the queue if its row is due and nobody came; look again until it is not."""
        if self.armed.get(job) != when:
            return
        del self.armed[job]
        due = self._next_due(job)
        if due is None:
            return
        if seconds_of(due) + LATE_AFTER <= self.timeline.now:
            self._due(job, self.queue_life)
            due = self.timeline.date(WAITS_BETWEEN_SWEEPS)
        self._arm(job, due)

    def _next_due(self, job: Job) -> datetime | None:
        name, subject = job
        if name == "follow":
            feeds: list[FeedRow] = self.store.feeds[subject : subject + 1]
            return feeds[0].row.next_action_at if feeds else None  # none: its transaction was taken back
        return min((action.send_after for action in self.store.requested(subject)), default=None)


def _nothing() -> Steps:
    """Be a dead worker's job: it takes no step."""
    yield None
