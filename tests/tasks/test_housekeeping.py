"""Housekeeping: jobs are only hints; a dead worker and an emptied queue lose nothing."""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError, ProgrammingError, connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from mostrador.amazon.components import Component
from mostrador.amazon.feeds import FeedType
from mostrador.domain import feeds as rules
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.domain.refunds import Line
from mostrador.models import Feed, Order, Refund
from mostrador.tasks import feeds, housekeeping, orders
from mostrador.tasks.queue import enqueue
from mostrador.tasks.settling import settle
from tests.makers import NOW, make_cancellation, make_order, make_refund
from tests.shop import Shop, state_of
from tests.worker import empty_queue, queued, run_jobs

pytestmark = pytest.mark.django_db(transaction=True)

LAMP = "303-5512894-7749126"
LAMP_ITEM = "30155128947741"
KIND = FeedType.POST_PAYMENT_ADJUSTMENT_DATA
LONG_AGO = timedelta(minutes=10)


def refund_of(shop: Shop, order: Order) -> Refund:
    return shop.refund(order, Line(LAMP_ITEM, {Component.PRINCIPAL: 1500}))


def let_time_pass() -> None:
    """Make everything that waits overdue."""
    past = timezone.now() - LONG_AGO
    Refund.objects.filter(state=State.REQUESTED).update(send_after=past)
    Feed.objects.exclude(next_action_at=None).update(next_action_at=past)
    Order.objects.exclude(next_read_at=None).update(next_read_at=past)


def sweep_and_work() -> None:
    let_time_pass()
    housekeeping.sweep(timezone.now())
    run_jobs()


def test_an_emptied_queue_loses_nothing_at_any_step(shop: Shop) -> None:
    order = shop.order(LAMP)
    shop.fault(operation="createFeed", times=1, action="drop_after")
    refund = refund_of(shop, order)
    seen = []
    for _ in range(12):
        empty_queue()
        sweep_and_work()
        seen.append(state_of(refund))
        if seen[-1] is State.CONFIRMED:
            break
    assert seen[0] is State.UNKNOWN
    assert seen[-1] is State.CONFIRMED, seen
    assert len(shop.calls("createFeed")) == 1
    assert shop.ledger(order)["items"][LAMP_ITEM]["components"]["Principal"]["refunded"] == "15.00"


def test_a_refund_whose_job_is_gone_is_found_when_it_is_due_and_not_before() -> None:
    refund = make_refund(now=timezone.now() + timedelta(minutes=1))
    empty_queue()
    housekeeping.sweep_actions(timezone.now())
    assert queued("feeds.dispatch") == []
    let_time_pass()
    for _ in range(3):
        housekeeping.sweep_actions(timezone.now())
    expected = {"partner_id": refund.selling_partner_id, "feed_type": KIND.value}
    assert queued("feeds.dispatch") == [expected], "the same hint waits in the queue once"


def test_cancellations_are_found_as_well_and_a_paused_seller_is_left_alone() -> None:
    wish, paused = make_cancellation(), make_cancellation()
    paused.selling_partner.pause(because="restored", now=NOW)
    make_cancellation(state=State.WITHDRAWN)
    empty_queue()
    housekeeping.sweep_actions(NOW + LONG_AGO)
    assert [job["partner_id"] for job in queued("feeds.dispatch")] == [wish.selling_partner_id]


def test_an_order_that_should_have_been_read_is_found() -> None:
    order, later = make_order(), make_order()
    order.plan_read(at=NOW)
    later.plan_read(at=NOW + LONG_AGO)
    empty_queue()
    housekeeping.sweep_orders(NOW + timedelta(minutes=1))
    assert queued("orders.refresh") == [{"order_id": order.pk}]


# ── workers that are gone ─────────────────────────────────────────────────────────────────────────────────


def take_job(*, heartbeat_ago: float | None) -> int:
    """Let a worker hold the only job in the queue, last heard of so many seconds ago, or gone entirely."""
    with connection.cursor() as cursor:
        worker = None
        if heartbeat_ago is not None:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) "
                "VALUES (now() - make_interval(secs => %s)) RETURNING id",
                [heartbeat_ago],
            )
            worker = cursor.fetchone()[0]
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s RETURNING id", [worker]
        )
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("heartbeat_ago", [None, 46.0, 3600.0])
def test_a_job_of_a_worker_that_is_gone_goes_back_to_the_queue(heartbeat_ago: float | None) -> None:
    empty_queue()
    orders.refresh.defer(order_id=1)
    job = take_job(heartbeat_ago=heartbeat_ago)
    assert queued("orders.refresh") == []
    assert housekeeping.stalled_jobs() == [job]
    housekeeping.revive_stalled_jobs(timezone.now())
    assert queued("orders.refresh") == [{"order_id": 1}]
    empty_queue()


def test_a_job_of_a_worker_that_lives_is_left_to_it() -> None:
    empty_queue()
    orders.refresh.defer(order_id=1)
    take_job(heartbeat_ago=20.0)
    housekeeping.revive_stalled_jobs(timezone.now())
    assert housekeeping.stalled_jobs() == []
    assert queued("orders.refresh") == []
    empty_queue()


def test_a_refund_whose_worker_died_before_the_mark_is_sent_once_by_another(shop: Shop) -> None:
    order = shop.order(LAMP)
    refund = refund_of(shop, order)
    empty_queue()
    feeds.plan_dispatch(
        partner_id=order.selling_partner_id, feed_type=KIND, at=timezone.now(), now=timezone.now()
    )
    take_job(heartbeat_ago=None)
    shop.settle(refund)
    assert refund.state in (State.ACCEPTED, State.CONFIRMED)
    assert len(shop.calls("createFeed")) == 1


def marked_by_a_worker_that_died(shop: Shop) -> tuple[Refund, Feed]:
    """Return a refund whose worker wrote the mark and was never heard of again."""
    order = shop.order(LAMP)
    shop.fault(operation="createFeed", times=1, action="drop_after")
    refund = refund_of(shop, order)
    shop.work_until(lambda: state_of(refund) is State.UNKNOWN)
    feed = Feed.objects.get()
    # As it stood between the mark and the answer: the feed exists at Amazon, and nobody here knows.
    Feed.objects.filter(pk=feed.pk).update(state=FeedState.MARKED, next_action_at=timezone.now())
    Refund.objects.filter(pk=refund.pk).update(state=State.SENDING)
    empty_queue()
    feed.refresh_from_db()
    return refund, feed


def test_a_marked_feed_of_a_dead_worker_is_unknown_after_the_lease_and_never_sent_again(shop: Shop) -> None:
    refund, feed = marked_by_a_worker_that_died(shop)
    sweep_and_work()
    assert state_of(refund) is State.SENDING, "the lease still holds"

    assert feed.marked_at is not None
    Feed.objects.filter(pk=feed.pk).update(marked_at=feed.marked_at - rules.LEASE)
    sweep_and_work()
    feed.refresh_from_db()
    assert (feed.state, state_of(refund)) == (FeedState.UNKNOWN, State.UNKNOWN)
    assert feed.next_action_at is not None

    for _ in range(4):
        sweep_and_work()
    assert state_of(refund) in (State.ACCEPTED, State.CONFIRMED)
    assert len(shop.calls("createFeed")) == 1


def test_a_dead_workers_late_answer_does_not_overturn_what_was_found(shop: Shop) -> None:
    refund, feed = marked_by_a_worker_that_died(shop)
    Feed.objects.filter(pk=feed.pk).update(marked_at=timezone.now() - LONG_AGO)
    sweep_and_work()
    zombie = Feed.objects.get(pk=feed.pk)
    for _ in range(4):
        sweep_and_work()
    known = state_of(refund)
    for evidence in (rules.CertainlyNotDone("429"), rules.FeedCreated("999")):
        with pytest.raises((feeds.LostRace, rules.NotNow)):
            settle(zombie, evidence, timezone.now())
    assert state_of(refund) is known


def test_a_stalled_job_whose_hint_has_come_again_is_dropped_instead_of_doubled() -> None:
    empty_queue()
    enqueue(orders.refresh, lock="order:1", order_id=1)
    stalled = take_job(heartbeat_ago=None)
    enqueue(orders.refresh, lock="order:1", order_id=1)
    housekeeping.revive_stalled_jobs(timezone.now())
    assert housekeeping.stalled_jobs() == []
    assert queued("orders.refresh") == [{"order_id": 1}]
    assert not ProcrastinateJob.objects.filter(pk=stalled).exists()
    empty_queue()


def test_jobs_that_ended_long_ago_are_forgotten_and_no_others() -> None:
    empty_queue()
    now = timezone.now()
    old, young, waiting = (orders.refresh.defer(order_id=number) for number in (1, 2, 3))
    with connection.cursor() as cursor:
        for job in (old, young):
            cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [job])
            cursor.execute("SELECT procrastinate_finish_job_v1(%s, 'failed', false)", [job])
        cursor.execute(
            "UPDATE procrastinate_events SET at = at - interval '15 days' WHERE job_id IN (%s, %s)",
            [old, waiting],
        )
    housekeeping.forget_old_jobs(now)
    assert set(ProcrastinateJob.objects.values_list("pk", flat=True)) == {young, waiting}
    empty_queue()


# ── the sweeper among others ──────────────────────────────────────────────────────────────────────────────


def test_a_sweeper_that_falls_silent_does_not_keep_the_others_from_sweeping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(housekeeping, "SILENT_SESSION_ENDS_AFTER", "700ms")
    held, thawed = threading.Event(), threading.Event()

    def freeze() -> None:
        with contextlib.suppress(OperationalError), housekeeping._only_one() as mine:
            assert mine
            held.set()
            thawed.wait(20)
        connection.close()

    frozen = threading.Thread(target=freeze)
    frozen.start()
    try:
        assert held.wait(10)
        with housekeeping._only_one() as mine:
            assert not mine, "the other one holds the lock"
        until = time.monotonic() + 10
        while not mine:
            assert time.monotonic() < until
            time.sleep(0.1)
            with housekeeping._only_one() as mine:
                pass
    finally:
        thawed.set()
        frozen.join(20)
        connection.close()


def test_every_round_of_the_sweeper_gives_signs_of_life_and_a_bug_ends_it() -> None:
    beats: list[float] = []
    stop = threading.Event()

    def beat() -> None:
        beats.append(time.monotonic())
        if len(beats) == 12:  # one for the round, one for each of its parts
            stop.set()

    housekeeping.run_sweeper(stop, beat=beat)
    assert len(beats) == 12
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mostrador_feed RENAME TO mostrador_feed_away")
    try:
        with pytest.raises(ProgrammingError):
            housekeeping.run_sweeper(threading.Event())
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE mostrador_feed_away RENAME TO mostrador_feed")
