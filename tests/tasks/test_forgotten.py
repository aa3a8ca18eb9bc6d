"""Forgotten: what the journal knows and a restored database does not holds its order until it is decided."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from mostrador.actions.guards import CannotOpen, Obstacle, open_sending, release_order
from mostrador.actions.refunds import send_refund_again, withdraw_refund
from mostrador.amazon.components import Component
from mostrador.domain.delivery import State
from mostrador.domain.guards import MarkFate
from mostrador.domain.refunds import Line
from mostrador.domain.refusals import RefusalCode, Refused
from mostrador.models import Event, EventKind, Feed, FeedMark, ForgottenMark, Order, Refund, SendingStop
from mostrador.tasks import feeds, forgotten, guards, housekeeping, journal, orders, reconciling
from tests.makers import make_agent
from tests.shop import Shop, state_of

pytestmark = pytest.mark.django_db(transaction=True)

LAMP, LAMP_ITEM = "303-5512894-7749126", "30155128947741"
UNSHIPPED = "406-7740218-3356179"
FENCE = timedelta(minutes=70)


def now() -> datetime:
    return timezone.now()


def lamp(minor: int) -> Line:
    return Line(LAMP_ITEM, {Component.PRINCIPAL: minor})


def entries() -> list[journal.Entry]:
    return journal.read(since=now() - timedelta(days=1)).entries


def settled_refund(shop: Shop, minor: int = 1500) -> Refund:
    refund = shop.refund(shop.order(LAMP), lamp(minor))
    shop.settle(refund)
    return refund


def forget(refund: Refund) -> SendingStop:
    """Make the database one from before the refund was asked for, and let the guard notice."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table in ("event", "feedmark", "feedmessage", "refundline"):
            cursor.execute(f"DELETE FROM mostrador_{table}")  # noqa: S608  # names of our own
        cursor.execute("DELETE FROM mostrador_refund WHERE id = %s", [refund.pk])
        cursor.execute("DELETE FROM mostrador_feed")
        cursor.execute("DELETE FROM mostrador_seenfeed")
        cursor.execute("UPDATE mostrador_itembalance SET posted = 0, pending = 0")
        cursor.execute("SET session_replication_role = DEFAULT")
    assert guards.is_closed(now())
    stop = SendingStop.objects.current()
    assert stop is not None
    return stop


# ── the journal ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_mark_is_in_the_journal_before_amazon_is_asked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[journal.Entry]] = []

    def reach(name: str) -> None:
        if name == "send.recorded":
            assert shop.calls("createFeed") == []
            seen.append(entries())

    monkeypatch.setattr(feeds, "reach", reach)
    refund = settled_refund(shop)

    ((entry,),) = seen
    feed = refund.feed_messages.get().feed
    assert (entry.feed, entry.marked_at) == (feed.pk, FeedMark.objects.get().marked_at)
    assert (entry.seller_id, entry.region) == (refund.selling_partner.seller_id, "eu")
    assert entry.feed_type == "POST_PAYMENT_ADJUSTMENT_DATA"
    (message,) = entry.messages
    assert (message.message_id, message.reference) == (refund.feed_messages.get().pk, refund.reference)
    assert (message.amazon_order_id, message.total, message.currency) == (LAMP, 1500, "EUR")
    assert list(message.items) == [{"item_id": LAMP_ITEM, "amounts": {"principal": 1500}}]
    assert (entry.feed_id, entry.did_not_leave) == ("", False)
    assert entries()[0].feed_id == feed.feed_id, "which feed it became is noted afterwards"


def test_no_word_of_the_buyer_is_in_the_journal(shop: Shop) -> None:
    refund = settled_refund(shop)
    text = journal.path().read_text("utf-8")
    order = refund.order
    assert order.buyer_name
    for word in (order.buyer_name, order.buyer_email or "@marketplace", refund.note or "GeneralAdjustment"):
        assert word not in text
    assert journal.path().stat().st_mode & 0o777 == 0o600


def test_a_mark_that_certainly_did_not_leave_says_so(shop: Shop) -> None:
    shop.fault(operation="createFeed", times=1, action="status", status=429)
    shop.refund(shop.order(LAMP), lamp(1500))
    shop.work_until(lambda: bool(shop.calls("createFeed")) and bool(entries()) and entries()[0].did_not_leave)
    assert [each.feed_id for each in entries()] == [""]


def test_a_journal_that_cannot_be_written_sends_nothing(shop: Shop) -> None:
    order = shop.order(LAMP)
    journal.path().mkdir(parents=True)
    refund = shop.refund(order, lamp(1500))
    shop.work_until(lambda: Feed.objects.filter(trouble__contains="cannot be written").exists())
    assert shop.calls("createFeed") == []
    assert state_of(refund) is State.SENDING
    journal.path().rmdir()
    Feed.objects.update(next_action_at=now() - timedelta(seconds=10))
    shop.settle(refund)
    assert len(shop.calls("createFeed")) == 1


def test_a_torn_line_hides_no_other_and_is_counted(shop: Shop) -> None:
    refund = settled_refund(shop)
    with journal.path().open("ab") as file:
        file.write(b'{"feed": 12, "marked_at": "2026-')
    journal.append(entries()[0])
    contents = journal.read(since=refund.requested_at)
    assert (len(contents.entries), contents.unreadable) == (2, 1)


def test_a_full_journal_is_put_aside_and_still_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    settled_refund(shop)
    monkeypatch.setattr(journal, "ROTATE_BYTES", 1)
    journal.append(entries()[0])
    assert len(list(journal.path().parent.glob(f"{journal.path().stem}.*.jsonl"))) == 1
    assert len(entries()) == 2


# ── after a restore ───────────────────────────────────────────────────────────────────────────────────────


def test_a_forgotten_refund_holds_its_order_and_a_second_one_is_refused(shop: Shop) -> None:
    refund = settled_refund(shop)
    stop = forget(refund)
    found = forgotten.take_in(stop, now=now())

    assert (found.held, found.unreadable, found.is_missing) == (1, 0, False)
    mark = ForgottenMark.objects.get()
    assert (mark.order.amazon_order_id, mark.reference, mark.total) == (LAMP, refund.reference, 1500)
    order = Order.objects.get(amazon_order_id=LAMP)
    assert order.held_since == mark.marked_at
    with pytest.raises(Refused) as refused:
        shop.refund(order, lamp(1500))
    assert [each.code for each in refused.value.refusals] == [RefusalCode.ORDER_HELD]
    event = Event.objects.get(kind=EventKind.ORDER_HELD)
    assert (event.order, event.facts["reference"], event.facts["total"]) == (order, refund.reference, 1500)
    assert forgotten.take_in(stop, now=now()).held == 0, "it is safe to repeat"
    assert shop.ledger(order)["items"][LAMP_ITEM]["components"]["Principal"]["refunded"] == "15.00"


def test_what_was_asked_for_again_before_anybody_looked_waits_for_a_person(shop: Shop) -> None:
    refund = settled_refund(shop)
    stop = forget(refund)
    again = shop.refund(Order.objects.get(amazon_order_id=LAMP), lamp(1500))
    forgotten.take_in(stop, now=now())
    assert state_of(again) is State.REVIEW
    assert again.answer_code == forgotten.HELD
    assert len(shop.calls("createFeed")) == 1


def test_amazons_accounts_free_the_order_and_take_the_sum_off(shop: Shop) -> None:
    refund = settled_refund(shop)
    stop = forget(refund)
    forgotten.take_in(stop, now=now())
    order = shop.order(LAMP)  # reads the accounts, too
    mark = ForgottenMark.objects.get()
    assert (mark.fate, order.held_since) == (MarkFate.IN_ACCOUNTS, None)
    assert mark.refund is not None
    assert (mark.refund.source, mark.refund.total) == ("elsewhere", 1500)
    balance = order.items.get().balances.get(component=Component.PRINCIPAL)
    assert (balance.posted, balance.pending) == (1500, 0)
    assert Event.objects.get(kind=EventKind.ORDER_RELEASED).facts["fate"] == "in_accounts"


def test_reconciling_lists_what_is_held_and_an_owner_frees_it(shop: Shop) -> None:
    refund = settled_refund(shop)
    forget(refund)
    shop.fault(operation="listTransactions", times=None, action="status", status=500)  # accounts that lag

    found = [each for each in reconciling.reconcile(now=now() + FENCE) if each.held]
    (mark,) = found[0].held
    assert (len(found), mark.order.amazon_order_id) == (1, LAMP)
    assert found[0].complete, "a held order keeps nobody else's from being sent"
    said = StringIO()
    with pytest.raises(SystemExit):
        call_command("reconcile", stdout=said)
    feed_id = entries()[0].feed_id
    assert (
        f"order {LAMP} is held: {refund.reference}, 15.00 EUR, item {LAMP_ITEM} was about to leave at "
        f"{mark.marked_at:%Y-%m-%d %H:%M:%S} UTC (feed {feed_id})" in said.getvalue()
    )

    owner = make_agent(is_owner=True, email="owner@desk.test")
    open_sending(agent=owner, now=now())
    order = Order.objects.get(amazon_order_id=LAMP)
    assert order.held_since is not None, "opening decides nothing about it"
    with pytest.raises(CannotOpen) as refused:
        release_order(order=order, agent=make_agent(), because="it looks fine", now=now())
    assert refused.value.obstacle is Obstacle.NOT_AN_OWNER

    call_command("release_order", LAMP, agent=owner.email, because="no refund there", stdout=said)
    order.refresh_from_db()
    mark.refresh_from_db()
    assert not order.facts().held_since
    assert (str(mark.fate), mark.settled_by, mark.words) == ("released", owner, "no refund there")
    assert Event.objects.get(kind=EventKind.ORDER_RELEASED).agent == owner
    assert shop.refund(order, lamp(100)).state == State.REQUESTED
    with pytest.raises(CommandError, match="is not on hold"):
        call_command("release_order", LAMP, agent=owner.email, because="again")


def test_a_mark_that_no_feed_in_amazons_list_could_carry_never_left(shop: Shop) -> None:
    shop.fault(operation="createFeed", times=1, action="drop_before")
    refund = shop.refund(shop.order(LAMP), lamp(1500))
    shop.work_until(lambda: state_of(refund) is State.UNKNOWN)
    forget(refund)
    reconciling.reconcile(now=now())
    assert ForgottenMark.objects.get().fate == MarkFate.HELD, "a frozen worker could still send it"
    reconciling.reconcile(now=now() + FENCE)
    assert ForgottenMark.objects.get().fate == MarkFate.NEVER_SENT
    assert Order.objects.get(amazon_order_id=LAMP).held_since is None


def back_to_waiting(refund: Refund) -> SendingStop:
    """Make the database one from after the refund was asked for and before it left."""
    row = Refund.objects.filter(pk=refund.pk).values().get()
    stop = forget(refund)
    Refund.objects.bulk_create([Refund(**{**row, "state": State.REQUESTED, "finances_refund_id": ""})])
    return stop


def test_a_refund_the_database_knows_is_left_to_reconciling(shop: Shop) -> None:
    refund = settled_refund(shop)
    stop = back_to_waiting(refund)
    assert forgotten.take_in(stop, now=now()).held == 0
    reconciling.reconcile(now=now())
    assert state_of(refund) is State.REVIEW


def test_a_refund_taken_back_in_the_belief_that_it_had_not_left_holds_its_order(shop: Shop) -> None:
    refund = settled_refund(shop)
    stop = back_to_waiting(refund)
    withdraw_refund(refund=Refund.objects.get(), agent=make_agent(), now=now())
    assert forgotten.take_in(stop, now=now()).held == 1
    with pytest.raises(Refused):
        shop.refund(Order.objects.get(amazon_order_id=LAMP), lamp(1500))


def test_a_forgotten_cancellation_is_decided_by_the_order_itself(shop: Shop) -> None:
    wish = shop.cancel(shop.order(UNSHIPPED))
    shop.settle(wish)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table in ("event", "feedmark", "feedmessage", "feed", "cancellation"):
            cursor.execute(f"DELETE FROM mostrador_{table}")  # noqa: S608  # names of our own
        cursor.execute("SET session_replication_role = DEFAULT")
    assert guards.is_closed(now())
    stop = SendingStop.objects.get()
    forgotten.take_in(stop, now=now())
    order = Order.objects.get(amazon_order_id=UNSHIPPED)
    assert order.held_since is not None
    orders.refresh(order_id=order.pk)
    assert ForgottenMark.objects.get().fate == MarkFate.HELD, "a frozen worker could still send it"
    SendingStop.objects.update(certain_from=now() - timedelta(seconds=1))
    orders.refresh(order_id=order.pk)
    order.refresh_from_db()
    assert str(ForgottenMark.objects.get().fate) == "in_order"
    assert not order.facts().held_since
    assert order.is_cancelled()


def test_every_worker_takes_in_its_own_journal_when_it_sees_that_sending_is_closed(shop: Shop) -> None:
    refund = settled_refund(shop)
    forget(refund)
    forgotten._taken_in.clear()
    housekeeping._keep_record()
    assert ForgottenMark.objects.get().reference == refund.reference


def test_a_held_order_is_read_again_every_hour(shop: Shop) -> None:
    refund = settled_refund(shop)
    forgotten.take_in(forget(refund), now=now())
    order = Order.objects.get(amazon_order_id=LAMP)
    Refund.objects.all().delete()
    ForgottenMark.objects.update(total=1)  # what the accounts show is another sum
    orders.refresh(order_id=order.pk)
    order.refresh_from_db()
    assert order.held_since is not None
    assert order.next_read_at is not None
    assert order.next_read_at - now() <= timedelta(hours=1)


def test_a_second_attempt_is_one_line_of_its_own(shop: Shop) -> None:
    shop.fault(operation="createFeed", times=1, action="drop_before")
    refund = shop.refund(shop.order(LAMP), lamp(1500))
    shop.work_until(lambda: state_of(refund) is State.UNKNOWN)
    looks = [now() - timedelta(minutes=m) for m in (110, 20)]
    Feed.objects.update(
        marked_at=now() - timedelta(hours=2),
        token_expires_at=now() - timedelta(hours=1),
        empty_looks=looks,
        next_action_at=now() - timedelta(seconds=10),
    )
    shop.work_until(lambda: state_of(refund) is State.NOT_SENT)
    send_refund_again(refund=refund, agent=shop.agent, now=now())
    shop.settle(refund)
    first, second = entries()
    assert [len(each.messages) for each in (first, second)] == [1, 1]
    assert first.messages[0].message_id < second.messages[0].message_id
    assert second.feed_id == Feed.objects.order_by("-pk")[0].feed_id
