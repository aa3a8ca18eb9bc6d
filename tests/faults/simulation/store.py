"""The store: the tables in memory, with transactions, compare-and-set and the database's own constraints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from mostrador.amazon.components import Component
from mostrador.amazon.feeds import FeedType
from mostrador.amazon.quotas import USAGE_PLANS
from mostrador.domain import feeds as rules
from mostrador.domain.delivery import FREES_THE_MONEY, OPEN, State, check_move
from mostrador.domain.feeds import BEFORE_AMAZON, IN_FLIGHT, FeedState
from mostrador.domain.quotas import Bucket

Amounts = Mapping[Component, int]


class LostRace(Exception):
    """Somebody else moved the row first."""


class ConstraintBroken(Exception):
    """The database said no."""


class DatabaseGone(Exception):
    """The connection broke around a commit: it may be written or not."""


@dataclass(slots=True)
class Balance:
    """What one component of one item is worth, in minor units."""

    paid: int
    posted: int = 0
    pending: int = 0


@dataclass(slots=True)
class Order:
    """An order; for one that can be cancelled there are no balances."""

    number: str
    currency: str
    tax_included: bool
    balances: dict[str, dict[Component, Balance]]


@dataclass(slots=True, eq=False)
class Action:
    """A refund or a cancellation; `lines` holds the amounts of each item."""

    pk: int
    kind: FeedType
    order: Order
    lines: Mapping[str, Amounts]
    request_key: str
    send_after: datetime
    state: State = State.REQUESTED
    live_in: int | None = None
    history: tuple[State, ...] = (State.REQUESTED,)

    @property
    def total(self) -> int:
        """The sum of all lines."""
        return sum(sum(amounts.values()) for amounts in self.lines.values())


@dataclass(slots=True, eq=False)
class FeedRow:
    """A feed's row: what the rules need of it, and its facts."""

    pk: int
    kind: FeedType
    row: rules.Feed
    messages: Mapping[int, Action]
    body: bytes
    document_id: str = ""
    report_document_id: str = ""
    report: bytes | None = None


@dataclass(slots=True)
class Store:
    """All tables; `changed` names the actions that the last step wrote."""

    orders: list[Order] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    feeds: list[FeedRow] = field(default_factory=list)
    message_of: dict[int, Action] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    marks: set[tuple[int, int]] = field(default_factory=set)
    buckets: dict[str, Bucket] = field(default_factory=dict)
    changed: list[Action] = field(default_factory=list)
    written: list[FeedRow] = field(default_factory=list)
    last_message: int = 1000
    lose_connection: Callable[[], str] = lambda: ""
    _undo: list[Callable[[], None]] | None = None

    # ── transactions ──────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write everything or nothing; the connection may break before the commit, or after it.

        Raises: DatabaseGone.
        """
        assert self._undo is None, "a transaction in a transaction"
        self._undo = []
        breaks = self.lose_connection()
        try:
            yield
            if breaks == "before":
                raise DatabaseGone
        except BaseException:
            for take_back in reversed(self._undo):
                take_back()
            raise
        finally:
            self._undo = None
        if breaks == "after":
            raise DatabaseGone

    def _set(self, row: object, name: str, value: object) -> None:
        assert self._undo is not None, "written outside a transaction"
        before = getattr(row, name)
        self._undo.append(lambda: setattr(row, name, before))
        setattr(row, name, value)

    # ── actions and money ─────────────────────────────────────────────────────────────────────────────────

    def add_action(self, action: Action) -> None:
        """Store a wish and put its money on its way. Raises: ConstraintBroken."""
        assert self._undo is not None
        for other in self.actions:
            if other.order is action.order and other.state in OPEN:
                raise ConstraintBroken("one open wish for this money")
        self.actions.append(action)
        self._undo.append(lambda: self.actions.remove(action))
        self._shift(action, pending=1)
        self.changed.append(action)

    def move(self, action: Action, after: State, *, before: State | None = None) -> None:
        """Change the state if the table allows it, and let the balances follow.

        Raises: ForbiddenMove, LostRace when it is no longer in `before`.
        """
        was = action.state
        if before is not None and was is not before:
            raise LostRace
        check_move(before=was, after=after)
        self.put_state(action, after)
        if after in FREES_THE_MONEY:
            self._shift(action, pending=-1)
        elif was in FREES_THE_MONEY:
            self._shift(action, pending=1)
        elif after is State.ACCEPTED:
            self._shift(action, pending=-1, posted=1)

    def put_state(self, action: Action, after: State) -> None:
        """Write a state and the history, without asking the table."""
        self._set(action, "history", (*action.history, after))
        self._set(action, "state", after)
        self.changed.append(action)

    def let_live(self, action: Action, feed_pk: int | None) -> None:
        """Put an action into a feed, or take it out. Raises: ConstraintBroken if it is in a live one."""
        if feed_pk is not None and action.live_in is not None:
            raise ConstraintBroken("a refund is in one live feed")
        self._set(action, "live_in", feed_pk)

    def postpone(self, action: Action, send_after: datetime) -> None:
        """Give the wish a new moment to leave."""
        self._set(action, "send_after", send_after)

    def _shift(self, action: Action, *, pending: int = 0, posted: int = 0) -> None:
        for item_id, amounts in action.lines.items():
            for component, minor in amounts.items():
                balance = action.order.balances[item_id][component]
                self._set(balance, "pending", balance.pending + pending * minor)
                self._set(balance, "posted", balance.posted + posted * minor)
                if (
                    min(balance.pending, balance.posted) < 0
                    or balance.posted + balance.pending > balance.paid
                ):
                    raise ConstraintBroken("never more back than was paid")

    def requested(self, kind: FeedType) -> list[Action]:
        """Return the wishes of one kind that have not left."""
        return [each for each in self.actions if each.state is State.REQUESTED and each.kind is kind]

    def due(self, kind: FeedType, now: datetime) -> list[Action]:
        """Return the wishes of one kind that should leave."""
        return [each for each in self.requested(kind) if each.send_after <= now]

    # ── feeds ─────────────────────────────────────────────────────────────────────────────────────────────

    def add_feed(self, feed: FeedRow) -> None:
        """Store a sealed feed."""
        assert self._undo is not None
        self.feeds.append(feed)
        self._undo.append(lambda: self.feeds.remove(feed))
        self.written.append(feed)

    def next_message(self) -> int:
        """Return a message number that was never used."""
        self.last_message += 1
        return self.last_message

    def before_sending(self, kind: FeedType) -> FeedRow | None:
        """Return the feed of this kind that has not reached Amazon yet."""
        return next((f for f in self.feeds if f.kind is kind and f.row.state in BEFORE_AMAZON), None)

    def put(self, feed: FeedRow, read_as: rules.Feed, new: rules.Feed) -> None:
        """Write a decision if the row is as it was read.

        Raises: LostRace; ConstraintBroken when another of its kind is in flight or has this feed id.
        """
        row = feed.row
        if (row.state, row.tries, row.marked_at) != (read_as.state, read_as.tries, read_as.marked_at):
            raise LostRace
        self.overwrite(feed, new)

    def overwrite(self, feed: FeedRow, new: rules.Feed) -> None:
        """Write a row whatever it is now, as far as the constraints allow it."""
        for other in self.feeds:
            if other is feed:
                continue
            if new.state in IN_FLIGHT and other.kind is feed.kind and other.row.state in IN_FLIGHT:
                raise ConstraintBroken("one feed in flight")
            if new.feed_id and other.row.feed_id == new.feed_id:
                raise ConstraintBroken("one row per feed id")
        self._set(feed, "row", new)
        self.written.append(feed)
        if new.state is FeedState.MARKED:
            assert self._undo is not None
            mark = (feed.pk, new.tries)
            self.marks.add(mark)
            self._undo.append(lambda: self.marks.discard(mark))

    def note_fact(self, feed: FeedRow, name: str, value: object) -> None:
        """Write a fact beside the row."""
        self._set(feed, name, value)

    def note_seen(self, feed_ids: list[str]) -> None:
        """Remember feed ids."""
        assert self._undo is not None
        new = set(feed_ids) - self.seen
        self.seen |= new
        self._undo.append(lambda: self.seen.difference_update(new))

    # ── quotas ────────────────────────────────────────────────────────────────────────────────────────────

    def bucket(self, operation: str, now: datetime) -> Bucket:
        """Return the bucket of an operation; a new one is full."""
        if operation not in self.buckets:
            plan = USAGE_PLANS[operation]
            self.buckets[operation] = Bucket(float(plan.rate), plan.burst, float(plan.burst), now)
        return self.buckets[operation]
