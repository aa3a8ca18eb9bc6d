"""F8: a database restored from a backup of any step sends nothing until reconciled, and doubles nothing.

The whole list runs with MOSTRADOR_FAULTS, a sample always. The oracle is the simulator's ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from mostrador.actions.guards import CannotOpen, Obstacle, open_sending
from mostrador.amazon.components import Component
from mostrador.amazon.feeds import FeedType
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.domain.refunds import Line
from mostrador.models import Agent, Cancellation, Feed, Refund, SendingStop
from mostrador.simulator.server import start
from mostrador.tasks import feeds, guards, orders, reconciling, reports, sealing
from tests.faults import snapshots
from tests.faults.figures import SIZE, figure, row, share_of
from tests.makers import make_agent
from tests.shop import Shop, state_of
from tests.tasks.conftest import shop as shop  # the fixture

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db(transaction=True)

LAMP = "303-5512894-7749126"
LAMP_ITEM = "30155128947741"
UNSHIPPED = "406-7740218-3356179"

STEPS = (
    "requested",
    "seal.committed",
    "stage.document",
    "stage.uploaded",
    "stage.committed",
    "send.taken",
    "send.marked",
    "send.recorded",
    "send.answered",
    "send.noted",
    "report.fetched",
    "report.settled",
    "confirmed",
)
SAMPLE = {("refund", "requested"), ("refund", "stage.committed"), ("refund", "send.marked")}
FENCE = timedelta(minutes=70)

Wish = Refund | Cancellation


def _cases() -> list[tuple[str, str]]:
    every = [(kind, step) for kind in ("refund", "cancellation") for step in STEPS]
    if not SIZE:
        return [case for case in every if case in SAMPLE]
    return list(share_of(every * figure(sample=1, full=1, night=10)))


@pytest.mark.parametrize(("kind", "step"), _cases())
def test_a_restored_backup_of_any_step_doubles_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, kind: str, step: str
) -> None:
    with row("F8 a restored backup of a step") as (entry, _):
        story = Story(shop, kind)
        guards.keep_now_and_then(timezone.now())
        if step == "requested":
            snapshots.take()
        else:
            _take_at(step, monkeypatch)
        story.go_on_until(lambda: state_of(story.wish) in (State.ACCEPTED, State.CONFIRMED))
        if step == "confirmed":
            story.go_on_until(lambda: state_of(story.wish) is State.CONFIRMED)
            snapshots.take()
        story.ask_for_more()
        guards.keep(timezone.now())
        sent = len(shop.calls("createFeed"))
        assert sent == 2

        snapshots.restore()
        assert guards.is_closed(timezone.now())
        story.press_on()
        assert len(shop.calls("createFeed")) == sent, "nothing is sent before an owner opens"
        with pytest.raises(CannotOpen):
            open_sending(agent=story.owner, now=timezone.now())
        later = timezone.now() + FENCE
        found = reconciling.reconcile(now=later)
        assert all(each.complete for each in found), found
        open_sending(agent=story.owner, now=later)
        assert not guards.is_closed(timezone.now())
        story.press_on()

        assert len(shop.calls("createFeed")) == sent, "what had been sent was sent again"
        story.assert_done_once()
        assert state_of(story.wish) in (State.ACCEPTED, State.CONFIRMED, State.REVIEW)
        entry.count()


def _take_at(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a backup when the worker first reaches `step`, and let it go on."""
    todo = [step]

    def reach(name: str) -> None:
        if name in todo:
            todo.remove(name)
            snapshots.take()

    for module in (feeds, reports, sealing):
        monkeypatch.setattr(module, "reach", reach)


class Story:
    """One refund or cancellation, driven by the worker's own tasks, and another one behind it."""

    def __init__(self, shop: Shop, kind: str) -> None:
        self.shop = shop
        self.owner: Agent = make_agent(is_owner=True)
        self.is_refund = kind == "refund"
        self.order = shop.order(LAMP if self.is_refund else UNSHIPPED)
        self.other = shop.order("250-6617204-8839155")
        self.wish: Wish = self._ask()

    def _ask(self) -> Wish:
        return self.shop.refund(self.order, lamp(1500)) if self.is_refund else self.shop.cancel(self.order)

    def ask_for_more(self) -> None:
        """Send something of another order, of which the backup knows nothing at all."""
        line = Line(self.other.items.get().item_id, {Component.PRINCIPAL: 100})
        later = self.shop.refund(self.other, line)
        self.go_on_until(lambda: state_of(later) in (State.ACCEPTED, State.CONFIRMED))

    def go_on_until(self, done: Callable[[], bool]) -> None:
        """Let the tasks run until `done`."""
        for _ in range(60):
            if done():
                return
            self.press_on(times=1)
        raise AssertionError(self.shop.situation())

    def press_on(self, *, times: int = 6) -> None:
        """Do all a worker could do now, several times; the orders are read once, for the quota's sake."""
        for _ in range(times):
            for partner in self.shop.partners.values():
                for kind in FeedType:
                    feeds.dispatch(partner_id=partner.pk, feed_type=kind)
            for feed in Feed.objects.unfinished():
                due = timezone.now() - (
                    timedelta(minutes=2) if feed.state == FeedState.MARKED else timedelta()
                )
                Feed.objects.filter(pk=feed.pk).update(next_action_at=due)
                if feed.state == FeedState.MARKED:
                    Feed.objects.filter(pk=feed.pk).update(marked_at=due)
                feeds.follow(feed_pk=feed.pk)
        for order in (self.order, self.other):
            orders.refresh(order_id=order.pk)

    def assert_done_once(self) -> None:
        """Ask Amazon's own book."""
        book = self.shop.ledger(self.order)
        if self.is_refund:
            assert book["items"][LAMP_ITEM]["components"]["Principal"]["refunded"] == "15.00"
        else:
            assert book["status"] == "CANCELLED"
        refunded = [
            Decimal(part["refunded"])
            for item in self.shop.ledger(self.other)["items"].values()
            for part in item["components"].values()
        ]
        assert sum(refunded) == Decimal(100)


def lamp(minor: int) -> Line:
    return Line(LAMP_ITEM, {Component.PRINCIPAL: minor})


@pytest.mark.planted
def test_without_the_guard_the_same_story_pays_twice(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(shop, "refund")
    _take_at("stage.committed", monkeypatch)
    story.go_on_until(lambda: state_of(story.wish) in (State.ACCEPTED, State.CONFIRMED))
    snapshots.restore()
    monkeypatch.setattr(guards, "is_closed", lambda now: False)
    monkeypatch.setattr(guards, "keep", lambda now: True)
    story.press_on()

    book = shop.ledger(story.order)
    assert book["items"][LAMP_ITEM]["components"]["Principal"]["refunded"] == "30.00"


def test_a_forgotten_refund_is_found_in_amazons_accounts_before_it_can_be_asked_for_again(shop: Shop) -> None:
    story = Story.__new__(Story)
    story.shop, story.is_refund, story.owner = shop, True, make_agent(is_owner=True)
    story.order = story.other = shop.order(LAMP)
    guards.keep(timezone.now())
    snapshots.take()
    story.wish = shop.refund(story.order, lamp(1500))
    story.go_on_until(lambda: state_of(story.wish) is State.CONFIRMED)
    guards.keep(timezone.now())

    snapshots.restore()
    assert guards.is_closed(timezone.now())
    assert not story.order.refunds.exists()
    orders.refresh(order_id=story.order.pk)

    elsewhere = story.order.refunds.get()
    assert (elsewhere.source, elsewhere.total) == ("elsewhere", 1500)
    balance = story.order.items.get().balances.get(component=Component.PRINCIPAL)
    assert (balance.paid, balance.posted, balance.pending) == (5995, 1500, 0)


def test_a_second_restore_while_sending_is_closed_must_be_reconciled_anew(shop: Shop) -> None:
    story = Story(shop, "refund")
    guards.keep(timezone.now())
    story.go_on_until(lambda: state_of(story.wish) in (State.ACCEPTED, State.CONFIRMED))
    guards.keep(timezone.now())
    _lose_the_record()
    assert guards.is_closed(timezone.now())
    later = timezone.now() + FENCE
    reconciling.reconcile(now=later)
    snapshots.take()  # closed, reconciled, not opened yet
    open_sending(agent=story.owner, now=later)
    story.ask_for_more()
    guards.keep(timezone.now())

    snapshots.restore()
    assert guards.is_closed(timezone.now())
    with pytest.raises(CannotOpen) as refused:
        open_sending(agent=story.owner, now=later)
    assert refused.value.obstacle is Obstacle.NOT_RECONCILED
    assert SendingStop.objects.unopened().count() == 2


def _lose_the_record() -> None:
    from mostrador.tasks import epoch

    epoch.path().unlink()


def test_a_worker_that_outlives_a_restore_does_not_hide_what_was_forgotten(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(shop, "refund")
    _take_at("send.marked", monkeypatch)
    story.go_on_until(lambda: state_of(story.wish) in (State.ACCEPTED, State.CONFIRMED))
    later = shop.refund(story.order, lamp(300))
    story.go_on_until(lambda: state_of(later) in (State.ACCEPTED, State.CONFIRMED))
    guards.keep(timezone.now())

    snapshots.restore()
    feed = Feed.objects.get()
    long_ago = timezone.now() - timedelta(minutes=2)
    Feed.objects.update(marked_at=long_ago, next_action_at=long_ago)
    feeds.follow(feed_pk=feed.pk)  # its lease is over: unknown
    Feed.objects.update(next_action_at=long_ago)
    feeds.follow(feed_pk=feed.pk)  # two feeds could be it: both are noted as seen
    assert Feed.objects.get().state == FeedState.REVIEW

    found = reconciling.reconcile(now=timezone.now() + FENCE)
    assert sum(len(each.forgotten) for each in found) == 2


@pytest.mark.parametrize("adopted_before", [False, True])
def test_a_waiting_refund_goes_to_a_person_though_amazons_accounts_show_nothing_yet(
    slow_accounts: Shop, monkeypatch: pytest.MonkeyPatch, adopted_before: bool
) -> None:
    shop = slow_accounts
    first = Story(shop, "refund")
    mugs = shop.order("204-8830127-4471956")
    waiting = shop.refund(mugs, Line(mugs.items.get().item_id, {Component.PRINCIPAL: 100}))
    Refund.objects.filter(pk=waiting.pk).update(send_after=timezone.now() + timedelta(hours=1))
    if adopted_before:
        _take_at("send.marked", monkeypatch)
    first.go_on_until(lambda: state_of(first.wish) is State.ACCEPTED)
    if not adopted_before:
        snapshots.take()
    Refund.objects.filter(pk=waiting.pk).update(send_after=timezone.now())
    first.go_on_until(lambda: state_of(waiting) is State.ACCEPTED)
    guards.keep(timezone.now())
    sent = len(shop.calls("createFeed"))

    snapshots.restore()
    Refund.objects.filter(pk=waiting.pk).update(send_after=timezone.now())
    assert guards.is_closed(timezone.now())
    first.press_on()
    later = timezone.now() + FENCE
    found = reconciling.reconcile(now=later)
    assert waiting.reference in [name for each in found for name in each.reviewed]
    assert [name for each in found for name in each.imported] == []
    open_sending(agent=first.owner, now=later)
    first.press_on()
    assert state_of(waiting) is State.REVIEW
    assert len(shop.calls("createFeed")) == sent


@pytest.fixture
def slow_accounts(transactional_db: None, settings: SettingsWrapper) -> Iterator[Shop]:
    """Nordlicht, whose bookings are shown two days late, as Amazon's may be."""
    with start("--processing", "0-0", "--finances-delay", str(2 * 86_400)) as simulator:
        settings.SPAPI_ENDPOINT = settings.LWA_ENDPOINT = simulator.url
        settings.UNDO_SECONDS = 0
        yield Shop(simulator).connect()


def test_a_feed_that_was_adopted_in_doubt_may_still_hold_a_waiting_refund(
    slow_accounts: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = slow_accounts
    refused = Story(shop, "refund")
    mugs = shop.order("204-8830127-4471956")
    waiting = shop.refund(mugs, Line(mugs.items.get().item_id, {Component.PRINCIPAL: 100}))
    Refund.objects.filter(pk=waiting.pk).update(send_after=timezone.now() + timedelta(hours=1))
    shop.fault(operation="createFeed", times=1, action="status", status=400)
    _take_at("send.marked", monkeypatch)
    refused.go_on_until(lambda: state_of(refused.wish) is State.REJECTED)
    Refund.objects.filter(pk=waiting.pk).update(send_after=timezone.now())
    refused.go_on_until(lambda: state_of(waiting) is State.ACCEPTED)
    guards.keep(timezone.now())
    sent = len(shop.calls("createFeed"))

    snapshots.restore()
    Refund.objects.filter(pk=waiting.pk).update(send_after=timezone.now())
    assert guards.is_closed(timezone.now())
    refused.press_on()  # the search finds exactly one feed, which is the other refund's
    assert Feed.objects.get().feed_id
    later = timezone.now() + FENCE
    reconciling.reconcile(now=later)
    open_sending(agent=refused.owner, now=later)
    refused.press_on()
    assert state_of(waiting) is State.REVIEW
    assert len(shop.calls("createFeed")) == sent
