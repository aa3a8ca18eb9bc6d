"""Guards: the record outside the database, and what closes and opens all sending."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from mostrador.actions.guards import CannotOpen, Obstacle, open_sending
from mostrador.amazon.components import Component
from mostrador.amazon.feeds import FeedType
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.domain.guards import Knowledge, Reason, ReasonCode, Record
from mostrador.domain.refunds import Line
from mostrador.management.doctor import Severity
from mostrador.management.doctor.guards import sending
from mostrador.models import Event, EventKind, Feed, FeedMark, Refund, SendingStop
from mostrador.tasks import epoch, feeds, guards, reconciling
from tests.makers import make_agent, make_order, make_refund
from tests.shop import Shop, state_of

pytestmark = pytest.mark.django_db(transaction=True)

LAMP = "303-5512894-7749126"
LAMP_ITEM = "30155128947741"
FENCE = timedelta(minutes=70)


def now() -> datetime:
    return timezone.now()


def lamp(minor: int) -> Line:
    return Line(LAMP_ITEM, {Component.PRINCIPAL: minor})


def sent_refund(shop: Shop) -> Refund:
    refund = shop.refund(shop.order(LAMP), lamp(1500))
    shop.settle(refund)
    return refund


def close() -> SendingStop:
    """Close sending as a restore does: the record knows of an event that the database lacks."""
    guards.keep(now())
    record = epoch.read()
    assert record is not None
    event = replace(record.event, pk=10**9) if record.event else None
    assert event is not None
    epoch.write(replace(record, event=event))
    assert guards.is_closed(now())
    stop = SendingStop.objects.current()
    assert stop is not None
    return stop


# ── the record ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_desk_writes_its_first_record_before_it_sends_anything() -> None:
    assert epoch.read() is None
    assert not guards.is_closed(now())
    record = epoch.read()
    assert record is not None
    assert (record.event, record.mark) == (None, None)
    assert record.system_identifier.isdigit()
    assert record.timeline == 1


def test_the_record_names_the_mark_before_amazon_is_asked(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Record | None] = []

    def reach(name: str) -> None:
        if name == "send.recorded":
            assert shop.calls("createFeed") == []
            seen.append(epoch.read())

    monkeypatch.setattr(feeds, "reach", reach)
    refund = sent_refund(shop)

    mark = FeedMark.objects.get()
    (record,) = seen
    assert record is not None
    assert record.mark is not None
    assert (record.mark.pk, record.mark.at) == (mark.pk, mark.marked_at)
    assert mark.feed == refund.feed_messages.get().feed


def test_the_record_is_rewritten_every_ten_seconds_and_says_when() -> None:
    begun = now()
    guards.keep_now_and_then(begun)
    guards.keep_now_and_then(begun + timedelta(seconds=9))
    first = epoch.read()
    guards.keep_now_and_then(begun + timedelta(seconds=10))
    second = epoch.read()
    assert first is not None
    assert second is not None
    assert (first.written_at, second.written_at) == (begun, begun + timedelta(seconds=10))


def test_many_writers_never_take_the_record_back() -> None:
    guards.keep(now())
    order = make_order()

    def write() -> None:
        try:
            for _ in range(10):
                Event.objects.note(EventKind.ORDER_FOUND, at=now(), order=order)
                assert guards.keep(now())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    record = epoch.read()
    assert record is not None
    assert record.event is not None
    assert record.event.pk == Event.objects.order_by("-pk")[0].pk
    assert SendingStop.objects.current() is None


def test_a_worker_that_stands_still_with_the_record_in_its_hands_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(epoch, "LOOKS", 3)
    guards.keep(now())
    with epoch.lock() as frozen:
        assert guards.keep(now()), "another worker takes the record over"
        record = epoch.read()
        assert record is not None
        with pytest.raises(epoch.TakenOver):
            epoch.write(replace(record, event=None), hold=frozen)
    assert epoch.read() == record, "who wakes up late takes nothing back"


def test_who_was_overtaken_while_standing_still_looks_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epoch, "LOOKS", 3)
    guards.keep(now())
    looked = guards._look
    order = make_order()
    overtaken: list[bool] = []

    def stand_still() -> tuple[Record | None, Knowledge, list[Reason]]:
        found = looked()
        if not overtaken:
            overtaken.append(True)
            Event.objects.note(EventKind.ORDER_FOUND, at=now(), order=order)
            assert guards.keep(now())
        return found

    monkeypatch.setattr(guards, "_look", stand_still)
    assert guards.keep(now())
    record = epoch.read()
    assert record is not None
    assert record.event is not None
    assert record.event.pk == Event.objects.order_by("-pk")[0].pk


def test_a_record_that_cannot_be_written_sends_nothing_until_it_can(shop: Shop, tmp_path: Path) -> None:
    order = shop.order(LAMP)
    guards.keep(now())
    (epoch.path().with_name(f"{epoch.path().name}.new")).mkdir()  # in the way of the draft, like a full disk
    refund = shop.refund(order, lamp(1500))
    shop.work_until(lambda: Feed.objects.filter(trouble__contains="epoch record cannot be written").exists())

    assert shop.calls("createFeed") == []
    feed = Feed.objects.get()
    assert (feed.state, feed.marked_at) == (FeedState.STAGED, None)
    assert FeedMark.objects.count() == 1

    (epoch.path().with_name(f"{epoch.path().name}.new")).rmdir()
    Feed.objects.update(next_action_at=now() - timedelta(seconds=10))
    shop.settle(refund)
    assert len(shop.calls("createFeed")) == 1
    assert SendingStop.objects.current() is None, "a mark that did not leave is no restored database"


# ── closing ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_missing_record_closes_sending_only_once_something_was_sent(shop: Shop) -> None:
    sent_refund(shop)
    epoch.path().unlink()
    assert guards.is_closed(now())
    stop = SendingStop.objects.current()
    assert stop is not None
    assert (stop.codes, stop.record) == ([ReasonCode.NO_RECORD], None)
    assert stop.certain_from == stop.closed_at + timedelta(minutes=65)
    assert epoch.read() is None, "the evidence is left as it was found"


def test_a_record_that_is_no_record_closes_sending() -> None:
    guards.keep(now())
    epoch.path().write_text('{"system_identifier": "1"', "utf-8")
    assert guards.is_closed(now())
    stop = SendingStop.objects.current()
    assert stop is not None
    assert stop.codes == [ReasonCode.UNREADABLE_RECORD]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"system_identifier": "1"}, ReasonCode.OTHER_CLUSTER),
        ({"timeline": 2}, ReasonCode.OTHER_TIMELINE),
    ],
)
def test_another_cluster_or_timeline_closes_sending(change: dict[str, object], code: ReasonCode) -> None:
    guards.keep(now())
    said = json.loads(epoch.path().read_text("utf-8"))
    epoch.path().write_text(json.dumps(said | change), "utf-8")
    guards.keep_now_and_then(now())
    stop = SendingStop.objects.current()
    assert stop is not None
    assert stop.codes == [code]


def test_one_restore_is_one_stop_however_often_it_is_looked_at() -> None:
    make_refund()
    Event.objects.note(EventKind.ORDER_FOUND, at=now(), order=make_order())
    stop = close()
    for _ in range(3):
        assert guards.is_closed(now())
        guards.keep_now_and_then(now())
    assert list(SendingStop.objects.all()) == [stop]


def test_while_closed_nothing_leaves_and_reading_goes_on(shop: Shop) -> None:
    order = shop.order(LAMP)
    Event.objects.note(EventKind.ORDER_FOUND, at=now(), order=order)
    close()
    refund = shop.refund(order, lamp(1500))
    for _ in range(2):
        feeds.dispatch(partner_id=order.selling_partner_id, feed_type=FeedType.POST_PAYMENT_ADJUSTMENT_DATA)
    assert state_of(refund) is State.REQUESTED
    assert not Feed.objects.exists()
    before = len(shop.calls("getOrder"))
    shop.order(LAMP)
    assert len(shop.calls("getOrder")) == before + 1


# ── reconciling and opening ───────────────────────────────────────────────────────────────────────────────


def test_only_an_owner_opens_and_only_after_everything_was_compared(shop: Shop) -> None:
    owner = make_agent(is_owner=True)
    with pytest.raises(CannotOpen) as refused:
        open_sending(agent=owner, now=now())
    assert refused.value.obstacle is Obstacle.NOT_CLOSED

    order = shop.order(LAMP)
    waiting = shop.refund(order, lamp(1500))
    stop = close()
    found = reconciling.reconcile(now=now())
    assert found
    assert not any(each.complete for each in found), "a frozen worker may still send"
    for agent, obstacle in ((owner, Obstacle.NOT_RECONCILED), (make_agent(), Obstacle.NOT_AN_OWNER)):
        with pytest.raises(CannotOpen) as refused:
            open_sending(agent=agent, now=now())
        assert refused.value.obstacle is obstacle
    assert SendingStop.objects.current() == stop

    found = reconciling.reconcile(now=now() + FENCE)
    assert all(each.complete for each in found)
    assert [each.safe for each in found if each.safe] == [(waiting.reference,)]
    open_sending(agent=owner, now=now())
    assert not guards.is_closed(now())
    stop.refresh_from_db()
    assert stop.opened_by == owner
    shop.settle(waiting)
    assert len(shop.calls("createFeed")) == 1


def test_another_host_with_the_record_that_was_reconciled_follows_the_owner(shop: Shop) -> None:
    Event.objects.note(EventKind.ORDER_FOUND, at=now(), order=shop.order(LAMP))
    close()
    other_hosts = epoch.path().read_bytes()
    reconciling.reconcile(now=now() + FENCE)
    open_sending(agent=make_agent(is_owner=True), now=now())
    epoch.path().write_bytes(other_hosts)

    assert not guards.is_closed(now())
    assert epoch.path().read_bytes() != other_hosts
    assert SendingStop.objects.count() == 1


def test_numbers_that_amazon_may_know_are_not_given_out_again(shop: Shop) -> None:
    first = sent_refund(shop)
    number = first.feed_messages.get().pk
    close()
    reconciling.reconcile(now=now() + FENCE)
    open_sending(agent=make_agent(is_owner=True), now=now())
    second = sent_refund(shop)

    assert second.feed_messages.get().pk > number + 1_000_000
    assert second.pk > first.pk + 1_000


def test_a_seller_whose_list_cannot_be_read_keeps_sending_closed(shop: Shop) -> None:
    Event.objects.note(EventKind.ORDER_FOUND, at=now(), order=shop.order(LAMP))
    close()
    shop.fault(operation="getFeeds", times=1, action="status", status=503)
    found = reconciling.reconcile(now=now() + FENCE)
    assert [bool(each.trouble) for each in found].count(True) == 1
    with pytest.raises(CannotOpen) as refused:
        open_sending(agent=make_agent(is_owner=True), now=now())
    assert len(refused.value.waiting) == 1


def test_feeds_of_other_software_that_are_older_than_the_newest_mark_do_no_harm(shop: Shop) -> None:
    sent_refund(shop)
    Feed.objects.update(feed_id="")  # as if somebody else had sent it, long before our newest mark
    FeedMark.objects.update(marked_at=now() + timedelta(hours=1))
    waiting = make_refund(order=make_order(partner=shop.order(LAMP).selling_partner), now=now())
    epoch.path().unlink()
    assert guards.is_closed(now())
    reconciling.reconcile(now=now() + FENCE)
    assert state_of(waiting) is State.REQUESTED


def test_a_stop_cannot_be_opened_by_nobody() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SendingStop.objects.create(closed_at=now(), certain_from=now(), opened_at=now())


# ── the commands and the doctor ───────────────────────────────────────────────────────────────────────────


def test_the_commands_tell_what_was_found_and_refuse_in_words(shop: Shop) -> None:
    said = StringIO()
    call_command("reconcile", stdout=said)
    assert said.getvalue() == "Sending is open: nothing to compare.\n"
    owner = make_agent(is_owner=True, email="rosa@desk.test")
    Event.objects.note(EventKind.ORDER_FOUND, at=now(), order=shop.order(LAMP))
    close()
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("reconcile", "--json", stdout=said)
    assert ended.value.code == 1
    facts = json.loads(said.getvalue())
    assert (facts["closed"], facts["complete"]) == (True, False)
    assert {each["feed_type"] for each in facts["found"]} == set(FeedType)
    with pytest.raises(CommandError, match="not compared completely"):
        call_command("open_sending", "--agent", owner.email)
    with pytest.raises(CommandError, match="Only an active owner"):
        call_command("open_sending", "--agent", make_agent(email="leo@desk.test").email)


def test_the_doctor_names_the_stop_and_the_next_step() -> None:
    assert [f.severity for f in sending(now())] == [Severity.NOTE]
    guards.keep(now())
    assert [f.severity for f in sending(now())] == [Severity.FINE]
    Event.objects.note(EventKind.ORDER_FOUND, at=now(), order=make_order())
    close()
    (finding,) = sending(now())
    assert finding.severity is Severity.TROUBLE
    assert "the database is older than the epoch file" in finding.words
    assert "mostrador reconcile" in finding.next_step
