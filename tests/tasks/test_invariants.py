"""Invariants: a planted broken row stops the sending of that selling partner alone, and leaves evidence."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from mostrador.amazon.components import Component
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState, NotNow
from mostrador.domain.refunds import Line
from mostrador.management.doctor import Severity, examine
from mostrador.models import BrokenRule, Feed, ItemBalance, Refund, SellingPartner
from mostrador.models.selling_partners import PauseCode
from mostrador.tasks import feeds, housekeeping, invariants
from tests.shop import Shop, state_of
from tests.worker import run_worker

pytestmark = pytest.mark.django_db(transaction=True)

LAMP, LAMP_ITEM = "303-5512894-7749126", "30155128947741"  # DE
GIFT = "112-4456093-9917824"  # US


def lamp(minor: int) -> Line:
    return Line(LAMP_ITEM, {Component.PRINCIPAL: minor})


def sent(shop: Shop) -> Refund:
    """Return a refund that Amazon has and whose report has not been read."""
    shop.fault(operation="getFeed", times=50, action="status", status=500)
    refund = shop.refund(shop.order(LAMP), lamp(1500))
    shop.work_until(lambda: state_of(refund) is State.SENT)
    shop.control("DELETE", "faults")
    return refund


def look_at(feed: Feed) -> None:
    Feed.objects.filter(pk=feed.pk).update(next_action_at=timezone.now() - timedelta(seconds=1))
    feeds.follow(feed_pk=feed.pk)


def paused() -> SellingPartner:
    return SellingPartner.objects.exclude(paused_at=None).get()


def test_a_missing_balance_stops_that_selling_partner_and_leaves_the_evidence(shop: Shop) -> None:
    refund = sent(shop)
    ItemBalance.objects.filter(item__order=refund.order).delete()
    feed = Feed.objects.get()

    with pytest.raises(AssertionError):
        look_at(feed)

    partner = paused()
    assert (partner.pk, partner.paused_code) == (refund.selling_partner_id, PauseCode.BROKEN_RULE)
    broken = BrokenRule.objects.get()
    assert broken.rule == f"item {LAMP_ITEM} has no balance for principal" == partner.paused_because
    assert (broken.feed, broken.task, broken.times) == (feed, "follow", 1)
    assert broken.place.startswith("models/orders.py:")
    evidence = broken.about["feeds"][0]
    assert (evidence["feed"], evidence["state"]) == (feed.pk, FeedState.SENT)
    assert [each["action"] for each in evidence["actions"]] == [refund.reference]
    assert refund.order.buyer_name not in json.dumps(broken.about)
    assert state_of(refund) is State.SENT, "nothing was settled on a broken row"
    feed.refresh_from_db()
    assert feed.next_action_at is not None
    assert feed.next_action_at > timezone.now() + timedelta(minutes=14)


def test_what_the_database_refuses_is_a_broken_rule_named_by_its_constraint(shop: Shop) -> None:
    refund = sent(shop)
    ItemBalance.objects.filter(item__order=refund.order).update(pending=0)
    feed = Feed.objects.get()
    for _ in range(2):
        with pytest.raises(Exception, match="no_negative_money"):
            look_at(feed)
    broken = BrokenRule.objects.get()
    assert (broken.rule, broken.times) == ("the database refused: no_negative_money", 2)
    assert paused().pk == refund.selling_partner_id


def test_changed_bytes_are_never_sent(shop: Shop) -> None:
    shop.fault(operation="createFeedDocument", times=1, action="status", status=500)
    refund = shop.refund(shop.order(LAMP), lamp(1500))
    shop.work_until(lambda: state_of(refund) is State.SENDING)
    feed = Feed.objects.get()
    Feed.objects.update(body=bytes(feed.body).replace(b"15.00", b"51.00"))
    with pytest.raises(AssertionError):
        look_at(feed)
    assert shop.calls("createFeed") == []
    assert BrokenRule.objects.get().rule == "the sealed bytes have changed"
    assert paused().pk == refund.selling_partner_id


def test_an_action_that_is_no_longer_wanted_is_never_sent(shop: Shop) -> None:
    shop.fault(operation="createFeedDocument", times=1, action="status", status=500)
    refund = shop.refund(shop.order(LAMP), lamp(1500))
    shop.work_until(lambda: state_of(refund) is State.SENDING)
    Refund.objects.update(state=State.WITHDRAWN)
    with pytest.raises(AssertionError):
        look_at(Feed.objects.get())
    assert shop.calls("createFeed") == []
    assert BrokenRule.objects.get().rule == f"{refund.reference} is withdrawn, and was about to be sent"


def test_a_worker_that_comes_late_to_a_feed_breaks_no_rule(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_read: list[Feed] = []

    def reach(name: str) -> None:
        if name == "send.begins" and not as_read:
            as_read.append(Feed.objects.select_related("selling_partner").get())

    monkeypatch.setattr(feeds, "reach", reach)
    refund = shop.refund(shop.order(LAMP), lamp(1500))
    shop.settle(refund)
    [late] = as_read
    assert late.state == FeedState.STAGED

    feeds._carry(late, timezone.now())

    assert len(shop.calls("createFeed")) == 1
    assert state_of(refund) in (State.ACCEPTED, State.CONFIRMED)
    assert not BrokenRule.objects.exists()
    assert not SellingPartner.objects.exclude(paused_at=None).exists()


def test_the_worker_goes_on_for_the_others(shop: Shop) -> None:
    broken = sent(shop)
    ItemBalance.objects.filter(item__order=broken.order).delete()
    Feed.objects.update(next_action_at=timezone.now() - timedelta(minutes=1))
    order = shop.order(GIFT)
    line = next(item for item in order.facts().items if item.left)
    other = shop.refund(order, Line(line.item_id, {Component.PRINCIPAL: 100}))

    until = time.monotonic() + 20
    while not (state_of(other) in (State.ACCEPTED, State.CONFIRMED) and _is_paused()):
        assert time.monotonic() < until, shop.situation()
        run_worker()
        housekeeping.sweep(timezone.now())

    assert paused().pk == broken.selling_partner_id
    left = len(shop.calls("createFeed"))
    _ask_a_moment_before_the_pause(shop, broken.selling_partner)
    assert len(shop.calls("createFeed")) == left, "nothing more leaves for the one whose rule broke"
    found = [each for each in examine(timezone.now()) if each.check == "invariants"]
    assert [each.severity for each in found] == [Severity.TROUBLE]
    assert broken.reference in found[0].words


def _is_paused() -> bool:
    return SellingPartner.objects.exclude(paused_at=None).exists()


def _ask_a_moment_before_the_pause(shop: Shop, partner: SellingPartner) -> None:
    order = shop.order("406-7740218-3356179")
    assert order.selling_partner_id == partner.pk
    since = paused().paused_at
    SellingPartner.objects.filter(pk=partner.pk).update(paused_at=None)
    shop.cancel(order)
    SellingPartner.objects.filter(pk=partner.pk).update(paused_at=since)
    run_worker()
    housekeeping.sweep(timezone.now())
    run_worker()


def test_a_lost_race_is_no_broken_rule(shop: Shop) -> None:
    @invariants.guarded
    def late(*, partner_id: int) -> None:
        raise NotNow(f"somebody was faster for {partner_id}")

    with pytest.raises(NotNow):
        late(partner_id=shop.partners["eu"].pk)
    assert not BrokenRule.objects.exists()
    assert not _is_paused()


def test_a_pause_of_a_person_becomes_one_of_a_broken_rule_and_resuming_ends_both(shop: Shop) -> None:
    partner = shop.partners["eu"]
    partner.pause(because="holiday", now=timezone.now())

    @invariants.guarded
    def broken(*, partner_id: int) -> None:
        raise AssertionError(f"of {partner_id}")

    with pytest.raises(AssertionError):
        broken(partner_id=partner.pk)
    partner.refresh_from_db()
    assert (partner.broke_a_rule, partner.paused_because) == (True, f"of {partner.pk}")
    partner.resume()
    partner.refresh_from_db()
    assert (partner.paused_at, partner.paused_because, partner.paused_code) == (None, "", "")
