"""Quotas: one bucket for all workers, in the database; Amazon never has to say 429."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from mostrador.amazon.quotas import USAGE_PLANS
from mostrador.models import Order, Quota
from mostrador.tasks import orders
from tests.actions.races import Racers
from tests.makers import NOW, make_selling_partner
from tests.shop import Shop

pytestmark = pytest.mark.django_db

LAMP = "303-5512894-7749126"


def test_a_new_bucket_is_full_and_empties_call_by_call() -> None:
    partner = make_selling_partner()
    take = partial(Quota.objects.take, partner=partner, operation="getFeeds", now=NOW)
    assert [take() for _ in range(10)] == [None] * 10
    ready = take()
    assert ready is not None
    assert timedelta(seconds=45) < ready - NOW < timedelta(seconds=46)
    assert Quota.objects.take(partner=partner, operation="getFeeds", now=ready) is None
    assert Quota.objects.take(partner=make_selling_partner(), operation="getFeeds", now=NOW) is None


def test_tokens_that_are_kept_for_others_are_not_taken() -> None:
    partner = make_selling_partner()
    taken = 0
    while Quota.objects.take(partner=partner, operation="createFeed", now=NOW, keep=3) is None:
        taken += 1
    assert taken == 12
    assert Quota.objects.ready_at(partner=partner, operation="createFeed", now=NOW, keep=3) > NOW
    assert Quota.objects.ready_at(partner=partner, operation="createFeed", now=NOW) == NOW
    assert Quota.objects.take(partner=partner, operation="createFeed", now=NOW) is None


def test_a_bucket_nobody_has_used_is_ready() -> None:
    assert Quota.objects.ready_at(partner=make_selling_partner(), operation="getOrder", now=NOW) == NOW


def test_amazons_429_empties_the_bucket() -> None:
    partner = make_selling_partner()
    Quota.objects.empty(partner=partner, operation="getOrder", now=NOW)
    ready = Quota.objects.take(partner=partner, operation="getOrder", now=NOW)
    assert ready == NOW + timedelta(seconds=2)
    assert Quota.objects.get().tokens == 0


@pytest.mark.django_db(transaction=True)
def test_workers_that_take_at_once_never_take_more_than_there_are() -> None:
    partner = make_selling_partner()
    with Racers(4) as racers:
        results = [
            result
            for _ in range(6)
            for result in racers.run(
                *[partial(Quota.objects.take, partner=partner, operation="createFeed", now=NOW)] * 4
            )
        ]
    assert not [result for result in results if isinstance(result, Exception)]
    assert results.count(None) == USAGE_PLANS["createFeed"].burst
    assert Quota.objects.get().tokens == 0


@pytest.mark.django_db(transaction=True)
def test_a_burst_of_refreshes_never_meets_a_429_and_none_is_forgotten(shop: Shop) -> None:
    order = shop.order(LAMP)
    began = timezone.now()
    for _ in range(40):
        orders.refresh(order_id=order.pk)
    allowed = 30 + (timezone.now() - began).total_seconds() * 0.5 + 1
    calls = [*shop.calls("getOrder"), *shop.calls("listTransactions")]
    assert [call["status"] for call in calls if call["status"] == 429] == []
    assert 10 <= len(shop.calls("getOrder")) <= allowed
    assert len(shop.calls("listTransactions")) <= 10 + allowed - 30
    waits = Order.objects.get(pk=order.pk).next_read_at
    assert waits is not None, "the refresh that found no token was not planned again"
    assert waits > began
