"""The worker: the adapter of `mostrador/tasks` mirrored as generators that stop at every outside effect.

Mirrored (each function names its original): `tasks/feeds.py`, `settling.py`, `sealing.py`, `reports.py`,
`departures.py`, `gate.py`, `preflight.already_done`. Run as it ships: `decide`, the table of moves, the
policy of dispatch, `Bucket`, both feeds' XML, the reading of reports, the sorting of Amazon's answers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from mostrador.amazon import processing_reports
from mostrador.amazon.clocks import lead
from mostrador.amazon.errors import AmazonError, Happened, NotSent, Throttled, Unauthorized
from mostrador.amazon.feeds import FeedType
from mostrador.domain import dispatch as policy
from mostrador.domain import feeds as rules
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState, NotNow
from tests.faults.simulation.rendering import CANCELLATIONS, REFUNDS, render
from tests.faults.simulation.store import Action, ConstraintBroken, FeedRow, LostRace, Store

# The settings of the adapter; a test holds them equal to the originals.
SEND_WITHIN = 60.0
LISTING_SLACK = timedelta(minutes=10)
CLOCK_SLACK = timedelta(minutes=10)
MESSAGES_PER_FEED = 50
TOKENS_KEPT = 2
KINDS = {policy.Kind.REFUNDS: REFUNDS, policy.Kind.CANCELLATIONS: CANCELLATIONS}
TOKEN_AT_LEAST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Call:
    """A request to Amazon; `origin` is the feed and the mark it belongs to, for createFeed."""

    operation: str
    asks: Mapping[str, Any] = field(default_factory=dict)
    origin: tuple[int, int] | None = None


Steps = Generator[Call | None, Any, None]  # None: a moment in which others may go first
Job = tuple[str, Any]


class NoToken(Exception):
    """The bucket is empty until `ready_at`."""

    def __init__(self, ready_at: datetime) -> None:
        super().__init__()
        self.ready_at = ready_at


@dataclass(slots=True)
class Held:
    """A feed as a worker read it."""

    feed: FeedRow
    row: rules.Feed
    document_id: str = ""
    report_document_id: str = ""

    @classmethod
    def of(cls, feed: FeedRow) -> Held:
        """Read the row."""
        return cls(feed, feed.row, feed.document_id, feed.report_document_id)


@dataclass(slots=True)
class Token:
    """An access token and when it expires: by the worker's own clock, and by Amazon's."""

    value: str
    expires_at: datetime
    dead_at: datetime


@dataclass
class Worker:
    """One worker with its own clock and its own token; nothing else outlives a job."""

    store: Store
    clock: Callable[[], datetime]
    amazons_clock: Callable[[], datetime]
    boot_clock: Callable[[], float]
    plan: Callable[[datetime, Job], None]
    plan_once: Callable[[datetime, Job], None]
    token: Token | None = None

    def run(self, job: Job) -> Steps:
        """Do one job."""
        name, subject = job
        return self.dispatch(subject) if name == "dispatch" else self.follow(subject)

    # ── tasks/feeds.py ────────────────────────────────────────────────────────────────────────────────────

    def dispatch(self, kind: FeedType) -> Steps:
        """Mirror `feeds.dispatch`."""
        now = self.clock()
        if self.store.before_sending(kind) is not None:
            return
        departure = self.next_departure(now)
        yield None
        if departure is None:
            return
        leaves = KINDS[departure.kind]
        if departure.at > now:
            self.plan_once(departure.at, ("dispatch", leaves))
            return
        feed = self.seal(leaves, departure.keys, now)
        yield None
        if feed is not None:
            yield from self.carry(Held.of(feed))
        if leaves is not kind:
            self.plan(now, ("dispatch", kind))

    def next_departure(self, now: datetime) -> policy.Departure | None:
        """Mirror `departures.next_departure`: the real policy."""
        keep = self.kept(REFUNDS)
        return policy.next_departure(
            refunds=self.waiting(REFUNDS),
            cancellations=self.waiting(CANCELLATIONS),
            bucket=self.store.bucket("createFeed", now),
            past=self.past(),
            rules=policy.Rules(messages_per_feed=MESSAGES_PER_FEED, keep=keep),
            now=now,
        )

    def waiting(self, kind: FeedType) -> list[policy.Waiting]:
        """Mirror `departures._refunds` and `_cancellations`."""
        if self.store.before_sending(kind) is not None:
            return []
        return [policy.Waiting(each.pk, each.send_after) for each in self.store.requested(kind)]

    def past(self) -> policy.Past:
        """Mirror `departures._past`."""
        sent = [(feed.kind, feed.row.marked_at) for feed in reversed(self.store.feeds) if feed.row.marked_at]
        in_a_row = len(list(takewhile(lambda each: each[0] is CANCELLATIONS, sent)))
        return policy.Past(
            refunds_at=next((at for kind, at in sent if kind is REFUNDS), None),
            cancellations_at=next((at for kind, at in sent if kind is CANCELLATIONS), None),
            cancellations_in_a_row=in_a_row,
        )

    def kept(self, kind: FeedType) -> int:
        """Mirror `departures.kept`."""
        if kind is CANCELLATIONS:
            return 0
        in_sight = len(self.store.requested(CANCELLATIONS))
        return policy.tokens_kept(most=TOKENS_KEPT, cancellations_in_sight=in_sight)

    def follow(self, pk: int) -> Steps:
        """Mirror `feeds.follow`."""
        feed = self.store.feeds[pk]
        held, now = Held.of(feed), self.clock()
        if held.row.next_action_at is None or held.row.next_action_at > now:
            return
        yield None
        try:
            match held.row.state:
                case FeedState.SEALED | FeedState.STAGED:
                    yield from self.carry(held)
                    return
                case FeedState.MARKED:
                    self.settle(held, rules.LeaseOver(), now)
                case FeedState.UNKNOWN:
                    yield from self.look_for(held, now)
                case FeedState.SENT:
                    yield from self.ask_how_it_stands(held, now)
                case _:
                    return
        except NoToken as wait:
            self.again(held, wait.ready_at)
        except AmazonError as error:
            self.again(held, now + timedelta(seconds=min(max(error.retry_after or 15.0, 2.0), 300.0)))
        except (LostRace, NotNow):
            return
        yield None
        self.plan_next(held)

    def again(self, held: Held, at: datetime) -> None:
        """Mirror `feeds._again`."""
        if held.feed.row.state is held.row.state:
            with self.store.transaction():
                self.store.note_fact(held.feed, "row", replace(held.feed.row, next_action_at=at))
                self.store.written.append(held.feed)
        held.row = replace(held.row, next_action_at=at)

    def carry(self, held: Held) -> Steps:
        """Mirror `feeds._carry`."""
        try:
            if held.row.state is FeedState.SEALED:
                yield from self.stage(held)
            if held.row.state is FeedState.STAGED:
                yield from self.send(held)
        except NoToken as wait:
            self.again(held, wait.ready_at)
        except AmazonError as error:
            self.settle(held, rules.CertainlyNotDone(str(error), _retry_after(error)), self.clock())
        except (LostRace, NotNow, ConstraintBroken):
            return
        yield None
        self.plan_next(held)

    def plan_next(self, held: Held) -> None:
        """Mirror `feeds._plan_next`."""
        now = self.clock()
        if held.row.next_action_at is not None:
            self.plan(held.row.next_action_at, ("follow", held.feed.pk))
        if held.row.state not in rules.BEFORE_AMAZON and self.store.due(held.feed.kind, now):
            self.plan(now, ("dispatch", held.feed.kind))

    def stage(self, held: Held) -> Steps:
        """Mirror `feeds._stage`."""
        now = self.clock()
        document_id = yield from self.ask("createFeedDocument", now)
        yield Call("upload", {"document": document_id, "body": held.feed.body})
        self.settle(held, rules.Staged(), now, document_id=document_id)
        held.document_id = document_id

    def send(self, held: Held) -> Steps:
        """Mirror `feeds._send`: mark, then send; the only step that creates a feed, and it does so once."""
        token = yield from self.access_token()
        now = self.clock()
        self.take("createFeed", now, keep=self.kept(held.feed.kind))
        deadline = self.boot_clock() + SEND_WITHIN
        yield None
        self.settle(held, rules.AboutToSend(token.dead_at), now)
        yield None
        if held.row.state is not FeedState.MARKED:
            return
        try:
            feed_id = yield from self.create_feed(held, token, deadline)
        except AmazonError as error:
            self.failed(held, error)
            return
        yield from self.created(held, feed_id)

    def create_feed(self, held: Held, token: Token, deadline: float) -> Generator[Call | None, Any, str]:
        """Mirror `amazon.feeds.create_feed`: not a byte leaves behind the deadline."""
        if self.boot_clock() > deadline:
            raise NotSent("too late", operation="createFeed", happened=Happened.NO)
        asks = {"kind": held.feed.kind, "document": held.document_id, "token": token.value}
        feed_id: str = yield Call("createFeed", asks, origin=(held.feed.pk, held.row.tries))
        return feed_id

    def created(self, held: Held, feed_id: str) -> Steps:
        """Mirror `feeds._created`."""
        evidence = rules.FeedCreated(feed_id)
        try:
            self.settle(held, evidence, self.clock())
        except (LostRace, NotNow):
            held.row = held.feed.row
            yield None
            if held.row.feed_id:
                assert held.row.feed_id == feed_id, "another feed was adopted in place of this one"
                return
            self.settle(held, evidence, self.clock())

    def failed(self, held: Held, error: AmazonError) -> None:
        """Mirror `feeds._failed`."""
        now = self.clock()
        if error.happened is not Happened.NO:
            self.settle(held, rules.NoAnswer(str(error)), now)
            return
        if isinstance(error, Throttled):
            bucket = self.store.bucket("createFeed", now).emptied(now)
            self.store.buckets["createFeed"] = bucket
            wait = bucket.ready_at(now, keep=self.kept(held.feed.kind)) - now
            self.settle(held, rules.CertainlyNotDone(str(error), wait), now)
            return
        if isinstance(error, Unauthorized):
            self.token = None
        elif error.status is not None:
            self.settle(held, rules.RefusedAtTheDoor(str(error)), now)
            return
        self.settle(held, rules.CertainlyNotDone(str(error), _retry_after(error)), now)

    def look_for(self, held: Held, now: datetime) -> Steps:
        """Mirror `feeds._look_for`."""
        marked = held.row.marked_at
        assert marked is not None
        asks = {
            "kind": held.feed.kind,
            "since": marked - LISTING_SLACK,
            "sought": held.feed.pk,
            "marked": marked,
        }
        listed: list[tuple[str, datetime]] = yield from self.ask("getFeeds", now, asks)
        candidates = self.candidates(held, listed)
        ahead = lead(self.clock(), self.amazons_clock())
        self.settle(held, rules.Listed(tuple(candidates), ahead=ahead), now)
        yield None
        with self.store.transaction():
            self.store.note_seen([feed_id for feed_id, _ in listed if feed_id not in candidates])

    def candidates(self, held: Held, listed: list[tuple[str, datetime]]) -> list[str]:
        """Return which of the listed feeds may be the one that is sought."""
        assert held.row.marked_at is not None
        oldest = held.row.marked_at - CLOCK_SLACK
        return [feed_id for feed_id, at in listed if at >= oldest and feed_id not in self.store.seen]

    def ask_how_it_stands(self, held: Held, now: datetime) -> Steps:
        """Mirror `feeds._ask_how_it_stands`."""
        status, report = yield from self.ask("getFeed", now, {"feed": held.row.feed_id})
        decision = self.settle(held, rules.StatusRead(status), now, report_document_id=report)
        held.report_document_id = report
        yield None
        if decision.report_wanted:
            yield from self.read_report(held, now)

    # ── tasks/reports.py, preflight.already_done ──────────────────────────────────────────────────────────

    def read_report(self, held: Held, now: datetime) -> Steps:
        """Mirror `reports.read`."""
        body = held.feed.report
        if body is None:
            body = b""
            if held.report_document_id:
                body = yield from self.ask("getFeedDocument", now, {"document": held.report_document_id})
                with self.store.transaction():
                    self.store.note_fact(held.feed, "report", body)
        verdicts = self.verdicts(body, held)
        for number, action in held.feed.messages.items():
            if action.kind is CANCELLATIONS and verdicts[number].outcome is State.REJECTED:
                is_cancelled = yield from self.ask("getOrder", now, {"order": action.order.number})
                if is_cancelled:
                    verdicts[number] = replace(verdicts[number], outcome=State.ACCEPTED)
        self.settle(held, rules.ReportRead(verdicts), now)

    def verdicts(self, body: bytes, held: Held) -> dict[int, rules.Verdict]:
        """Return what the report says of each message, read by the real reader."""
        report = processing_reports.read(body, expected=held.row.message_ids)
        return {
            number: rules.Verdict(State(verdict.outcome.value), verdict.code, verdict.words)
            for number, verdict in report.by_message.items()
        }

    # ── tasks/settling.py, sealing.py, gate.py ────────────────────────────────────────────────────────────

    def settle(self, held: Held, evidence: rules.Evidence, now: datetime, **facts: object) -> rules.Decision:
        """Mirror `settling.settle`: the real decision, written with all that follows in one transaction."""
        store = self.store
        with store.transaction():
            decision = rules.decide(held.row, evidence, now)
            self.put(held, decision.feed)
            for name, value in facts.items():
                store.note_fact(held.feed, name, value)
            if decision.feed.state is FeedState.SENT:
                store.note_seen([decision.feed.feed_id])
            if isinstance(evidence, rules.Listed) and decision.feed.state is not FeedState.UNKNOWN:
                store.note_seen(list(evidence.candidates))
            for number, action in held.feed.messages.items():
                verdict = decision.verdicts.get(number)
                after = verdict.outcome if verdict else decision.deliveries
                if after is not None:
                    store.move(action, after)
                if action.state is State.NOT_SENT:
                    store.let_live(action, None)
        held.row = decision.feed
        return decision

    def put(self, held: Held, new: rules.Feed) -> None:
        """Mirror `Feed.put`: compare and set."""
        self.store.put(held.feed, held.row, new)

    def seal(self, kind: FeedType, keys: Sequence[int], now: datetime) -> FeedRow | None:
        """Mirror `sealing.seal`."""
        store = self.store
        with store.transaction():
            if store.before_sending(kind) is not None:
                return None
            first_of_order: dict[str, Action] = {}
            due = [each for each in store.due(kind, now) if each.pk in keys]
            for action in sorted(due, key=lambda each: keys.index(each.pk)):
                first_of_order.setdefault(action.order.number, action)
            actions = list(first_of_order.values())[:MESSAGES_PER_FEED]
            if not actions:
                return None
            messages = {store.next_message(): action for action in actions}
            row = rules.Feed(FeedState.SEALED, frozenset(messages), next_action_at=now)
            feed = FeedRow(len(store.feeds), kind, row, messages, render(kind, messages))
            store.add_feed(feed)
            store.message_of.update(messages)
            for action in actions:
                store.let_live(action, feed.pk)
                store.move(action, State.SENDING, before=State.REQUESTED)
        return feed

    def take(self, operation: str, now: datetime, *, keep: int = 0) -> None:
        """Mirror `gate.take`. Raises: NoToken."""
        bucket = self.store.bucket(operation, now)
        ready_at = bucket.ready_at(now, keep=keep)
        if ready_at > now:
            raise NoToken(ready_at)
        self.store.buckets[operation] = bucket.take(now)

    def ask(
        self, operation: str, now: datetime, asks: Mapping[str, Any] | None = None
    ) -> Generator[Call | None, Any, Any]:
        """Mirror `gate.ask`. Raises: NoToken, AmazonError."""
        self.take(operation, now)
        try:
            return (yield Call(operation, asks or {}))
        except Throttled:
            self.store.buckets[operation] = self.store.bucket(operation, now).emptied(now)
            raise

    def access_token(self) -> Generator[Call | None, Any, Token]:
        """Mirror `lwa.TokenSource.token`: the kept token while it lives long enough."""
        now = self.clock()
        if self.token is None or self.token.expires_at - now < TOKEN_AT_LEAST:
            value: str = yield Call("getAccessToken")
            self.token = Token(value, now + timedelta(hours=1), self.amazons_clock() + timedelta(hours=1))
        return self.token


def _retry_after(error: AmazonError) -> timedelta | None:
    return timedelta(seconds=error.retry_after) if error.retry_after else None
