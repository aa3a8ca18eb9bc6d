"""Money, played at random: agents, worker, Amazon's answers and refunds made elsewhere, on the real database.

Amazon's side is a book of its own: what it applied and what it may have applied never exceeds what was paid
by our hand, and after every step our balances are the sum of our refunds.
"""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from mostrador.actions.refunds import (
    RefundWish,
    request_refund,
    send_refund_again,
    send_refund_now,
    withdraw_refund,
)
from mostrador.amazon.components import Component
from mostrador.amazon.feeds import FeedType
from mostrador.amazon.finances import OutsideRefund
from mostrador.domain import feeds as rules
from mostrador.domain import refunds as sums
from mostrador.domain.delivery import FREES_THE_MONEY, OPEN, Source, State
from mostrador.domain.feeds import FeedState
from mostrador.domain.refunds import Line
from mostrador.domain.refusals import Refused
from mostrador.models import Agent, Event, Feed, ItemBalance, Order, Refund, RefundLine
from mostrador.money import Money
from mostrador.tasks import refunds, sealing
from mostrador.tasks.settling import settle
from tests.makers import NOW, make_agent, make_item, make_order, make_selling_partner

PARTS = (Component.PRINCIPAL, Component.SHIPPING)
PAID = {Component.PRINCIPAL: 3000, Component.SHIPPING: 499}
GIVEN_BACK = frozenset({State.ACCEPTED, State.CONFIRMED})
ON_THE_WAY = frozenset(State) - FREES_THE_MONEY - GIVEN_BACK
OUTCOMES = (State.ACCEPTED, State.ACCEPTED, State.ACCEPTED, State.REJECTED, State.REVIEW)
KIND = FeedType.POST_PAYMENT_ADJUSTMENT_DATA
_names = itertools.count(1)

minors = st.integers(1, 400) | st.sampled_from([-50, 0, 3000, 3001])
MINORS = (1, 99, 250, 250, 400, 1500, 0, -50, 3000, 3001)


class MoneyMachine(RuleBasedStateMachine):
    """One order of two items; two agents; one worker; Amazon answers whatever it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.order: Order | None = None
        self.now = NOW
        self.events = 0
        self.agents: list[Agent] = []

    @initialize()
    def open_shop(self) -> None:
        self.agents = [make_agent(), make_agent()]
        lines = [make_item(paid=PAID), make_item(paid=PAID)]
        self.order = make_order(partner=make_selling_partner(), items=lines)
        self.items = [item.item_id for item in self.order.items.order_by("place")]

    @rule(lot=st.randoms(use_true_random=True))
    def something_happens(self, lot: Random) -> None:
        acts = [self.an_agent_acts, self.the_worker_works, self.the_accounts_are_read]
        lot.choices(acts, [5, 5, 1])[0](lot)

    # ── agents ────────────────────────────────────────────────────────────────────────────────────────────

    def an_agent_acts(self, lot: Random) -> None:
        rows = list(Refund.objects.exclude(source=Source.ELSEWHERE).order_by("-pk")[:3])
        act = lot.choice(["ask", "ask", "percentage", "change", "change"] if rows else ["ask"])
        if act == "ask":
            chosen = lot.sample(self.items, lot.randint(1, 2))
            lines = [Line(item_id, {lot.choice(PARTS): lot.choice(MINORS)}) for item_id in chosen]
            self._request(lines, lot, seen=lot.choice([None, self.order.facts().left, 1]))
        elif act == "percentage":
            percent = Decimal(lot.choice(["5", "10", "33.33", "50", "100"]))
            self._request(sums.by_percentage(self.order.facts(), percent=percent), lot)
        else:
            verb = lot.choice([withdraw_refund, send_refund_now, send_refund_again, send_refund_again])
            self._change(lot.choice(rows), verb)

    def _request(self, lines: list[Line], lot: Random, seen: int | None = None) -> None:
        key = f"machine-{next(_names)}"
        wish = RefundWish(lines, "GeneralAdjustment", key, seen_available=seen)
        try:
            refund = request_refund(
                order=self.order, ticket=None, agent=lot.choice(self.agents), wish=wish, now=self.now
            )
        except Refused:
            return
        assert refund.total == sum(line.total for line in lines)
        again = request_refund(
            order=self.order, ticket=None, agent=lot.choice(self.agents), wish=wish, now=self.now
        )
        assert again == refund, "a double click made a second refund"

    def _change(self, refund: Refund, act: Any) -> None:
        state = refund.state
        try:
            act(refund=refund, agent=self.agents[0], now=self.now)
        except Refused:
            return
        assert act is not send_refund_again or state == State.NOT_SENT
        assert act is send_refund_again or state == State.REQUESTED

    # ── the worker, and Amazon's answers ──────────────────────────────────────────────────────────────────

    def the_worker_works(self, lot: Random) -> None:
        """Take one feed, or what waits for one, a few phases further."""
        for _ in range(lot.randint(1, 6)):
            self.now += timedelta(minutes=2)
            feed = Feed.objects.unfinished().order_by("-state", "pk").first()
            feed = feed or sealing.seal(
                partner=self.order.selling_partner,
                feed_type=KIND,
                keys=list(Refund.objects.due(self.now).values_list("pk", flat=True)),
                now=self.now,
            )
            if feed is None:
                return
            evidence = lot.choice(self._evidence(feed))
            try:
                settle(feed, evidence, self.now)
            except rules.NotNow:
                assert isinstance(evidence, rules.LeaseOver), "the only evidence that can come too early"

    def _evidence(self, feed: Feed) -> list[rules.Evidence]:
        """Return what may become known of a feed as it stands, the common cases more often."""
        name = f"F{next(_names)}"
        match FeedState(feed.state):
            case FeedState.SEALED:
                found: list[rules.Evidence] = [rules.Staged()]
            case FeedState.STAGED:
                found = [rules.AboutToSend(self.now + timedelta(hours=1))]
            case FeedState.MARKED:
                found = [rules.FeedCreated(name)] * 4 + [rules.NoAnswer("timed out"), rules.LeaseOver()]
                found += [rules.CertainlyNotDone("refused"), rules.RefusedAtTheDoor("400")]
            case FeedState.UNKNOWN:
                self.now = max(self.now, feed.next_action_at or self.now)
                found = [rules.Listed(())] * 6 + [rules.Listed((name,)), rules.Listed((name, f"{name}x"))]
            case _:
                found = [rules.ReportRead(self._verdicts(feed, outcome)) for outcome in OUTCOMES]
                found += [rules.StatusRead(status) for status in ("IN_PROGRESS", "FATAL", "CANCELLED")]
        return found

    def _verdicts(self, feed: Feed, outcome: State) -> dict[int, rules.Verdict]:
        return {number: rules.Verdict(outcome) for number in feed.rules().message_ids}

    # ── Amazon's accounts ─────────────────────────────────────────────────────────────────────────────────

    def the_accounts_are_read(self, lot: Random) -> None:
        refund = Refund.objects.filter(state=State.ACCEPTED).order_by("pk").first()
        if refund is not None and lot.random() < 0.7:
            lines = [
                (line.item_id, component, Money(amount, "EUR"))
                for line in refund.wished_lines()
                for component, amount in line.amounts.items()
            ]
            self._book(tuple(lines))
            refund.refresh_from_db()
            assert refund.state == State.CONFIRMED
        else:
            place = lot.choice([*self.items, None])
            self._book(((place, lot.choice(PARTS), Money(lot.choice([7, 150, 499, 4000]), "EUR")),))

    def _book(self, lines: tuple[tuple[str | None, Component | None, Money], ...]) -> None:
        total = Money(sum(money.minor for _, _, money in lines), "EUR")
        booking = OutsideRefund(f"B{next(_names)}", self.now, "EUR", lines, total)
        for _ in range(2):  # Amazon shows the same booking at every reading
            refunds.take_over(order=self.order, bookings=[booking], now=self.now)

    # ── what always holds ─────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def the_books_agree(self) -> None:
        if self.order is None:
            return
        posted: Counter[tuple[int, str]] = Counter()
        pending: Counter[tuple[int, str]] = Counter()
        for line in RefundLine.objects.select_related("refund"):
            for part, minor in line.amounts().items():
                if line.refund.state in GIVEN_BACK:
                    posted[line.item_id, part] += minor
                elif line.refund.state in ON_THE_WAY:
                    pending[line.item_id, part] += minor
        for balance in ItemBalance.objects.all():
            place = (balance.item_id, balance.component)
            assert balance.posted + balance.pending <= balance.paid == PAID[Component(balance.component)]
            assert balance.pending == pending[place]
            assert balance.posted + balance.excess == posted[place]

    @invariant()
    def our_own_hand_never_gives_back_more_than_was_paid(self) -> None:
        given: Counter[tuple[int, str]] = Counter()
        for line in RefundLine.objects.select_related("refund").exclude(refund__source=Source.ELSEWHERE):
            if line.refund.state not in FREES_THE_MONEY:
                given.update({(line.item_id, part): minor for part, minor in line.amounts().items()})
        for (_, part), minor in given.items():
            assert minor <= PAID[Component(part)]

    @invariant()
    def an_item_has_one_open_refund(self) -> None:
        open_lines = Counter(RefundLine.objects.filter(open=True).values_list("item", flat=True))
        assert max(open_lines.values(), default=0) <= 1
        by_state = RefundLine.objects.filter(refund__state__in=OPEN).count()
        assert by_state == sum(open_lines.values())

    @invariant()
    def a_refund_under_way_is_in_one_live_feed_that_is_not_silent(self) -> None:
        ours = Refund.objects.exclude(source=Source.ELSEWHERE)
        for refund in ours.prefetch_related("feed_messages__feed"):
            live = [message for message in refund.feed_messages.all() if message.live]
            if refund.state in (State.SENDING, State.SENT, State.UNKNOWN):
                (message,) = live
                assert message.feed.next_action_at is not None
            if refund.state in (State.REQUESTED, State.WITHDRAWN):
                assert live == []
        assert Feed.objects.filter(state__in=rules.IN_FLIGHT).count() <= 1

    @invariant()
    def the_timeline_only_grows(self) -> None:
        count = Event.objects.count()
        assert count >= self.events
        self.events = count
        assert not Refund.objects.filter(events=None).exists(), "a refund without a word on the timeline"


@pytest.mark.django_db
def test_no_sequence_of_events_loses_or_doubles_money() -> None:
    class Rolled(MoneyMachine):
        """A machine whose shop is forgotten when it ends."""

        def __init__(self) -> None:
            self.block = transaction.atomic()
            self.block.__enter__()
            super().__init__()

        def teardown(self) -> None:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    run_state_machine_as_test(
        Rolled,
        settings=settings(
            max_examples=18,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
