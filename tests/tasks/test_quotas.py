"""Quotas: one bucket for all workers, in the database; Amazon never has to say 429."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from mostrador.amazon.components import Component
from mostrador.amazon.quotas import USAGE_PLANS
from mostrador.domain.refunds import Line
from mostrador.models import Order, Quota, SellingPartner
from mostrador.tasks import orders, rates
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
    assert timedelta(seconds=46) < ready - NOW < timedelta(seconds=47)
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


# ── the rates Amazon names ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(autouse=True)
def _nothing_noted() -> None:
    rates._noted.clear()


def rate_of(operation: str) -> float:
    return float(Quota.objects.get(operation=operation).rate)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rate", [4.0, 0.1])
def test_the_rate_an_answer_names_is_kept_to_by_all_workers(shop: Shop, rate: float) -> None:
    shop.control("POST", "rates", getOrder=rate)
    shop.order(LAMP)
    quota = Quota.objects.get(operation="getOrder")
    assert (quota.rate, quota.burst) == (rate, 30)
    assert quota.said_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_rate_that_is_raised_and_taken_back_is_followed_both_times(shop: Shop) -> None:
    order = shop.order(LAMP)
    assert rate_of("getOrder") == 0.5
    for rate in (5.0, 0.5):
        shop.control("POST", "rates", getOrder=rate)
        orders.refresh(order_id=order.pk)
        assert rate_of("getOrder") == rate


@pytest.mark.django_db(transaction=True)
def test_answers_that_name_no_rate_leave_the_documented_one(shop: Shop) -> None:
    shop.control("POST", "assumptions", **{"rate-header": "no"})
    shop.order(LAMP)
    quota = Quota.objects.get(operation="getOrder")
    assert (quota.rate, quota.said_at) == (0.5, None)


@pytest.mark.django_db(transaction=True)
def test_the_rate_of_create_feed_is_heard_too(shop: Shop) -> None:
    shop.control("POST", "rates", createFeed=0.5)
    refund = shop.refund(shop.order(LAMP), Line("30155128947741", {Component.PRINCIPAL: 1500}))
    shop.settle(refund)
    assert rate_of("createFeed") == 0.5


def test_a_rate_beyond_reason_is_bounded() -> None:
    partner = make_selling_partner()
    Quota.objects.heed(partner=partner, operation="createFeed", said=1e6, now=NOW)
    assert rate_of("createFeed") == pytest.approx(0.83)


def test_a_rate_that_is_noted_costs_no_further_question(django_assert_num_queries: Any) -> None:
    partner = make_selling_partner()
    for _ in range(2):
        rates.hear("getFeed", {"x-amzn-ratelimit-limit": "3.0"})
        rates.heed(partner, "getFeed", NOW)
    with django_assert_num_queries(0):
        rates.hear("getFeed", {"x-amzn-ratelimit-limit": "3.0"})
        rates.heed(partner, "getFeed", NOW)
        rates.heed(partner, "getFeed", NOW)
    assert rate_of("getFeed") == 3.0


# ── whose bucket ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_changed_application_begins_with_a_bucket_of_its_own() -> None:
    partner = make_selling_partner()
    Quota.objects.empty(partner=partner, operation="createFeed", now=NOW)
    assert Quota.objects.ready_at(partner=partner, operation="createFeed", now=NOW) > NOW
    SellingPartner.objects.filter(pk=partner.pk).update(client_id="another-application")
    partner.refresh_from_db()
    assert Quota.objects.bucket_of(partner=partner, operation="createFeed", now=NOW).level(NOW) == 15
    assert Quota.objects.take(partner=partner, operation="createFeed", now=NOW) is None
    kept = Quota.objects.order_by("pk").values_list("client_id", "region", "tokens")
    assert [tokens for *_, tokens in kept] == [0.0, 14.0]
    assert len({(client, region) for client, region, _ in kept}) == 2
