"""Orders: read page by page as far as tokens last, and every change noted once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone

from mostrador.amazon import orders as amazon
from mostrador.domain.delivery import State
from mostrador.models import Event, Order, Quota, SellingPartner, Ticket
from mostrador.tasks import orders
from tests.actions.races import Racers
from tests.makers import NOW, make_cancellation, make_item, make_selling_partner
from tests.shop import Shop
from tests.worker import empty_queue, queued

pytestmark = pytest.mark.django_db(transaction=True)

LAMP = "303-5512894-7749126"
DAY = timedelta(days=1)


def said(*, asked: bool = False, **more: object) -> amazon.Order:
    """Return an unshipped order of one lamp as Amazon tells it."""
    order = amazon.Order(
        order_id="302-0000001-0000001",
        marketplace_id="A1PA6795UKMFR9",
        status="UNSHIPPED",
        fulfilled_by="MERCHANT",
        programs=(),
        purchased_at=NOW - 3 * DAY,
        last_updated_at=NOW - DAY,
        ship_from=None,
        ship_by=NOW + DAY,
        deliver_from=None,
        deliver_by=NOW + 5 * DAY,
        buyer_name="Jürgen Groß",
        buyer_email=None,
        replacement_of=None,
        currency="EUR",
        total=None,
        items=(make_item(item_id="00000000000017", shipped=0, cancel_requested=asked),),
        packages=(),
    )
    return replace(order, **more)  # type: ignore[arg-type]  # the fields of one dataclass


def kinds() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


# ── what changed ──────────────────────────────────────────────────────────────────────────────────────────


def test_an_older_answer_that_arrives_late_is_ignored() -> None:
    partner = make_selling_partner()
    take = partial(orders.take_over, partner=partner)
    take(said=said(status="SHIPPED", last_updated_at=NOW), now=NOW)
    late = take(said=said(status="UNSHIPPED", last_updated_at=NOW - DAY, asked=True), now=NOW + DAY)

    late.refresh_from_db()
    assert (late.status, late.read_at, late.amazon_updated_at) == ("SHIPPED", NOW, NOW)
    assert late.buyer_asked_to_cancel() is False
    assert kinds() == []


def test_a_status_that_changed_is_noted_with_both_words() -> None:
    take = partial(orders.take_over, partner=make_selling_partner())
    take(said=said(), now=NOW)
    take(said=said(), now=NOW)
    take(said=said(status="SHIPPED"), now=NOW + DAY)
    event = Event.objects.get()
    assert (event.kind, event.facts) == (
        "order_status_changed",
        {"before": "UNSHIPPED", "after": "SHIPPED"},
    )


def test_the_buyers_request_to_cancel_is_noted_once() -> None:
    take = partial(orders.take_over, partner=make_selling_partner())
    take(said=said(), now=NOW)
    for hours in range(3):
        take(said=said(asked=True), now=NOW + timedelta(hours=hours))
    assert kinds().count("buyer_asked_to_cancel") == 1
    assert Ticket.objects.count() == 1


def test_two_readings_at_once_note_a_change_once() -> None:
    partner = make_selling_partner()
    with Racers(3) as racers:
        for number in range(15):
            name = f"302-0000002-{number:07d}"
            first = said(order_id=name, items=(make_item(item_id=f"{number:014d}", shipped=0),))
            asked = (make_item(item_id=f"{number:014d}", shipped=0, cancel_requested=True),)
            if number % 2:
                orders.take_over(partner=partner, said=first, now=NOW)
            again = replace(first, items=asked)
            act = partial(orders.take_over, partner=partner, said=again, now=NOW)
            results = racers.run(act, act, act)
            assert not [result for result in results if isinstance(result, Exception)], results
            events = Event.objects.filter(order__amazon_order_id=name)
            assert events.filter(kind="buyer_asked_to_cancel").count() == 1
            assert Ticket.objects.filter(order__amazon_order_id=name).count() == 1


def test_a_cancelled_order_confirms_the_cancellation_amazon_accepted() -> None:
    order = orders.take_over(partner=make_selling_partner(), said=said(), now=NOW)
    wish = make_cancellation(order=order, state=State.ACCEPTED)
    orders.take_over(partner=order.selling_partner, said=said(status="CANCELLED"), now=NOW + DAY)
    wish.refresh_from_db()
    assert (wish.state, wish.seen_in_order_at) == (State.CONFIRMED, NOW + DAY)
    assert kinds() == ["order_status_changed", "confirmed"]


# ── reading one ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_reading_that_failed_is_noted_and_tried_again(shop: Shop) -> None:
    order = shop.order(LAMP)
    shop.fault(operation="getOrder", times=1, action="status", status=503)
    began = timezone.now()
    orders.refresh(order_id=order.pk)
    failed = Order.objects.get(pk=order.pk)
    assert "503" in failed.read_trouble
    assert failed.read_at == order.read_at
    assert failed.next_read_at is not None
    assert timedelta(seconds=55) < failed.next_read_at - began < timedelta(seconds=75)

    orders.refresh(order_id=order.pk)
    well = Order.objects.get(pk=order.pk)
    assert (well.read_trouble, well.next_read_at) == ("", None)


def test_an_order_amazon_does_not_know_says_so(shop: Shop) -> None:
    partner = next(iter(shop.partners.values()))
    order = Order.objects.expect(partner=partner, amazon_order_id="302-9999999-9999999")
    orders.refresh(order_id=order.pk)
    order.refresh_from_db()
    assert "404" in order.read_trouble
    assert order.read_at is None


def test_a_reading_without_a_token_waits_for_it(shop: Shop) -> None:
    order = shop.order(LAMP)
    empty_queue()
    Quota.objects.empty(partner=order.selling_partner, operation="getOrder", now=timezone.now())
    before = len(shop.calls("getOrder"))
    orders.refresh(order_id=order.pk)
    order.refresh_from_db()
    assert len(shop.calls("getOrder")) == before
    assert order.next_read_at is not None
    assert order.read_trouble == ""
    assert queued("orders.refresh") == [{"order_id": order.pk}]


def test_an_order_to_be_read_is_found_again_without_its_job(shop: Shop) -> None:
    order = shop.order(LAMP)
    now = timezone.now()
    orders.plan_refresh(order_id=order.pk, now=now)
    assert Order.objects.get(pk=order.pk).next_read_at == now
    orders.plan_proof(order_id=order.pk, now=now)
    planned = Order.objects.get(pk=order.pk).next_read_at
    assert planned == now + orders.PROOF_AFTER


# ── reading all ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def seller(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> SellingPartner:
    """The European seller, whose orders come three a page."""
    monkeypatch.setattr(amazon, "MAX_RESULTS", 3)
    return shop.partners["eu"]


def again(seller: SellingPartner) -> SellingPartner:
    return SellingPartner.objects.get(pk=seller.pk)


def refill() -> None:
    Quota.objects.filter(operation="searchOrders").update(tokens=20, at=timezone.now())


def test_a_search_turns_every_page(shop: Shop, seller: SellingPartner) -> None:
    began = timezone.now()
    for _ in range(3):  # ten pages at once
        orders.sync(partner_id=seller.pk)
        refill()
    done = again(seller)
    calls = shop.calls("searchOrders")
    known = Order.objects.filter(selling_partner=seller).exclude(read_at=None)
    assert len(calls) >= 4
    assert {call["status"] for call in calls} == {200}
    assert known.count() > 9
    assert known.count() == known.values("amazon_order_id").distinct().count()
    assert (done.search_page, done.search_until) == ("", None)
    assert done.orders_read_until is not None
    assert began - timedelta(minutes=4) < done.orders_read_until < timezone.now() - timedelta(minutes=2)


def test_a_search_that_runs_out_of_tokens_goes_on_with_its_page(shop: Shop, seller: SellingPartner) -> None:
    Quota.objects.take(partner=seller, operation="searchOrders", now=timezone.now())
    Quota.objects.update(tokens=2, at=timezone.now())
    orders.sync(partner_id=seller.pk)
    waiting = again(seller)
    assert len(shop.calls("searchOrders")) == 2
    assert waiting.search_page
    assert waiting.search_until is not None
    assert waiting.orders_read_until is None, "what was not read to its end is not marked as read"
    assert waiting.next_sync_at > timezone.now() + timedelta(seconds=100)
    first = set(Order.objects.exclude(read_at=None).values_list("pk", flat=True))
    assert len(first) == 6

    Quota.objects.update(tokens=1, at=timezone.now())
    orders.sync(partner_id=seller.pk)
    assert len(set(Order.objects.exclude(read_at=None).values_list("pk", flat=True)) - first) == 3


def test_a_page_whose_token_ran_out_begins_the_search_anew(shop: Shop, seller: SellingPartner) -> None:
    orders.search_page(seller, timezone.now())
    seller.search_page = "a token nobody gave"
    seller.save(update_fields=["search_page"])
    orders.sync(partner_id=seller.pk)
    failed = again(seller)
    assert failed.search_page == ""
    assert "400" in failed.sync_trouble
    orders.sync(partner_id=seller.pk)
    assert again(seller).sync_trouble == ""
    assert {call["status"] for call in shop.calls("searchOrders")[2:]} == {200}


def test_a_search_that_failed_is_noted_and_loses_nothing(shop: Shop, seller: SellingPartner) -> None:
    shop.fault(operation="searchOrders", times=1, action="status", status=500)
    orders.sync(partner_id=seller.pk)
    failed = again(seller)
    assert "500" in failed.sync_trouble
    assert failed.orders_read_until is None
    assert soon(failed.next_sync_at)
    orders.sync(partner_id=seller.pk)
    assert again(seller).sync_trouble == ""


def soon(moment: datetime) -> bool:
    return timezone.now() < moment < timezone.now() + timedelta(seconds=75)
