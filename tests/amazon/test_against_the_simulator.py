"""The whole way of money over HTTP, against the simulator, which other hands wrote from the same facts."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mostrador.amazon import acknowledgements, adjustments, feeds, finances, orders, processing_reports
from mostrador.amazon.acknowledgements import CancelMessage, CancelReason
from mostrador.amazon.adjustments import Adjustment, AdjustmentLine, AdjustmentReason
from mostrador.amazon.client import Client
from mostrador.amazon.components import Component
from mostrador.amazon.errors import Happened, OutcomeUnknown, ReportTooLarge, Throttled, Unauthorized
from mostrador.amazon.feeds import Feed, FeedCreated, FeedType
from mostrador.amazon.lwa import AccessToken, TokenSource
from mostrador.amazon.marketplaces import marketplace
from mostrador.amazon.orders import Order
from mostrador.amazon.processing_reports import Outcome, Report
from mostrador.amazon.wire import boot_clock
from mostrador.money import Money
from mostrador.simulator.server import Simulator, start

REFUNDS, CANCELS = FeedType.POST_PAYMENT_ADJUSTMENT_DATA, FeedType.POST_ORDER_ACKNOWLEDGEMENT_DATA
WORDS = {
    "Principal": Component.PRINCIPAL,
    "Tax": Component.TAX,
    "Shipping": Component.SHIPPING,
    "ShippingTax": Component.SHIPPING_TAX,
    "GiftWrap": Component.GIFT_WRAP,
    "GiftWrapTax": Component.GIFT_WRAP_TAX,
}
REGIONS = ("na", "eu", "fe")
message_ids = itertools.count(1)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with start("--processing", "0-0") as running:
        yield running


def now() -> datetime:
    return datetime.now(UTC)


class Desk:
    """One seller, seen through our client, and the simulator's own book beside it."""

    def __init__(self, simulator: Simulator, region: str) -> None:
        seller = simulator.seller(region)
        tokens = TokenSource(
            client_id=seller["client_id"],
            client_secret=seller["client_secret"],
            refresh_token=seller["refresh_token"],
            endpoint=simulator.url,
        )
        self.seller_id: str = seller["seller_id"]
        self.marketplaces: list[str] = seller["marketplaces"]
        self.client = Client(simulator.url, tokens)
        self._url = simulator.url

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = httpx.request(method, f"{self._url}/control/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def orders(self) -> list[Order]:
        found: list[Order] = []
        token: str | None = None
        while True:
            page = orders.search_orders(
                self.client,
                marketplace_ids=self.marketplaces,
                last_updated_after=now() - timedelta(days=300),
                pagination_token=token,
                now=now(),
            )
            found.extend(page.orders)
            token = page.next_token
            if token is None:
                return found

    def order(self, status: str, *, fulfilled_by: str = "MERCHANT") -> Order:
        """An order of this status of which nothing was given back yet and that is no replacement."""
        for order in self.orders():
            untouched = not self.book(order)["adjustments"] and order.replacement_of is None
            if (order.status, order.fulfilled_by) == (status, fulfilled_by) and untouched:
                return order
        raise AssertionError(f"the sample shop has no {status} order")

    def book(self, order: Order) -> Any:
        return self.control("GET", f"ledger?order_id={order.order_id}")["orders"][order.order_id]

    def refunded(self, order: Order) -> dict[str, dict[Component, Money]]:
        return {
            item_id: {
                WORDS[word]: Money.parse(sums["refunded"], self.book(order)["currency"])
                for word, sums in line["components"].items()
                if Money.parse(sums["refunded"], self.book(order)["currency"])
            }
            for item_id, line in self.book(order)["items"].items()
        }

    def send(self, kind: FeedType, xml: bytes, *, token: AccessToken | None = None) -> FeedCreated:
        document = feeds.create_feed_document(self.client, now=now())
        feeds.upload(self.client, url=document.url, body=xml)
        return feeds.create_feed(
            self.client,
            feed_type=kind,
            marketplace_ids=self.marketplaces,
            document_id=document.document_id,
            token=token or self.client.tokens.token(now()),
            deadline=boot_clock() + 60,
            now=now(),
        )

    def feed_ids(self) -> set[str]:
        since = now() - timedelta(hours=1)
        listed = feeds.list_feeds(
            self.client,
            feed_type=REFUNDS,
            marketplace_ids=self.marketplaces,
            created_since=since,
            now=now(),
        )
        return {feed.feed_id for feed in listed}

    def finished(self, feed_id: str) -> Feed:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            feed = feeds.get_feed(self.client, feed_id=feed_id, now=now())
            if feed.status not in ("IN_QUEUE", "IN_PROGRESS"):
                return feed
            time.sleep(0.05)
        raise AssertionError("the feed did not finish")

    def report(self, feed_id: str, expected: Sequence[int]) -> Report:
        feed = self.finished(feed_id)
        assert (feed.status, feed.feed_id) == ("DONE", feed_id)
        assert feed.result_document_id is not None
        document = feeds.get_feed_document(self.client, document_id=feed.result_document_id, now=now())
        body = feeds.download_report(self.client, document=document)
        return processing_reports.read(body, expected=expected)


def refund(order: Order, amounts: dict[str, dict[Component, Money]]) -> Adjustment:
    lines = [
        AdjustmentLine(item_id, AdjustmentReason.CUSTOMER_RETURN, each) for item_id, each in amounts.items()
    ]
    assert order.marketplace_id is not None
    included = marketplace(order.marketplace_id).tax_included
    return Adjustment(next(message_ids), order.order_id, tuple(lines), included)


def everything(order: Order) -> dict[str, dict[Component, Money]]:
    return {item.item_id: dict(item.paid) for item in order.items}


@pytest.mark.parametrize("region", REGIONS)
def test_what_we_read_as_paid_is_what_the_book_says(simulator: Simulator, region: str) -> None:
    desk = Desk(simulator, region)
    found = desk.orders()
    assert len(found) >= 2
    for order in found:
        book = desk.book(order)
        assert order.status == book["status"]
        for item in order.items:
            line = book["items"][item.item_id]
            prices = {
                WORDS[word]: Money.parse(sums["price"], book["currency"])
                for word, sums in line["components"].items()
            }
            charged = order.status not in ("PENDING", "PENDING_AVAILABILITY", "CANCELLED")
            assert dict(item.paid) == (prices if charged else {})
        again = orders.get_order(desk.client, order_id=order.order_id, now=now())
        assert again == order


@pytest.mark.parametrize("region", REGIONS)
def test_a_full_refund_goes_the_whole_way_to_the_last_unit(simulator: Simulator, region: str) -> None:
    desk = Desk(simulator, region)
    order = desk.order("SHIPPED")
    wanted = refund(order, everything(order))
    created = desk.send(REFUNDS, adjustments.render([wanted], seller_id=desk.seller_id))
    report = desk.report(created.feed_id, [wanted.message_id])
    assert report.by_message[wanted.message_id].outcome is Outcome.ACCEPTED
    assert desk.refunded(order) == everything(order)

    booked = finances.list_transactions(desk.client, order_id=order.order_id, now=now())
    skus = {item.sku: item.item_id for item in order.items if item.sku}
    (seen,) = finances.refunds(booked, item_ids_by_sku=skus)
    told = {
        (item_id, part): money for item_id, each in everything(order).items() for part, money in each.items()
    }
    assert {(item_id, part): money for item_id, part, money in seen.lines} == told
    assert seen.total.minor == sum(money.minor for money in told.values())


def test_each_message_of_a_feed_has_its_own_verdict(simulator: Simulator) -> None:
    desk = Desk(simulator, "na")
    order = desk.order("SHIPPED")
    item = order.items[0]
    cents = {item.item_id: {Component.PRINCIPAL: Money(150, "USD")}}
    above = {item.item_id: {Component.PRINCIPAL: item.paid[Component.PRINCIPAL]}}
    first, second = refund(order, cents), refund(order, above)
    for wanted, outcome in ((first, Outcome.ACCEPTED), (second, Outcome.REJECTED)):
        created = desk.send(REFUNDS, adjustments.render([wanted], seller_id=desk.seller_id))
        verdict = desk.report(created.feed_id, [wanted.message_id]).by_message[wanted.message_id]
        assert verdict.outcome is outcome
    assert verdict.code == "25161"
    assert verdict.words
    assert desk.refunded(order)[item.item_id] == {Component.PRINCIPAL: Money(150, "USD")}


def test_a_cancellation_goes_the_whole_way(simulator: Simulator) -> None:
    desk = Desk(simulator, "na")
    order = desk.order("UNSHIPPED")
    items = tuple(item.item_id for item in order.items)
    wanted = CancelMessage(next(message_ids), order.order_id, items, CancelReason.NO_INVENTORY)
    created = desk.send(CANCELS, acknowledgements.render([wanted], seller_id=desk.seller_id))
    report = desk.report(created.feed_id, [wanted.message_id])
    assert report.by_message[wanted.message_id].outcome is Outcome.ACCEPTED
    after = orders.get_order(desk.client, order_id=order.order_id, now=now())
    assert after.is_cancelled
    assert {item.cancelled_by for item in after.items} == {"MERCHANT"}
    assert [item.quantity_cancelled for item in after.items] == [
        item.quantity_ordered for item in after.items
    ]


def test_a_lost_answer_is_unknown_and_the_feed_is_found_in_the_list(simulator: Simulator) -> None:
    desk = Desk(simulator, "eu")
    order = desk.order("SHIPPED")
    wanted = refund(order, everything(order))
    known = desk.feed_ids()
    desk.control("POST", "faults", {"operation": "createFeed", "action": "drop_after"})
    with pytest.raises(OutcomeUnknown) as caught:
        desk.send(REFUNDS, adjustments.render([wanted], seller_id=desk.seller_id))
    assert caught.value.happened is Happened.UNKNOWN
    (feed_id,) = desk.feed_ids() - known
    verdict = desk.report(feed_id, [wanted.message_id]).by_message[wanted.message_id]
    assert verdict.outcome is Outcome.ACCEPTED


def test_a_token_that_ended_creates_nothing(simulator: Simulator) -> None:
    desk = Desk(simulator, "eu")
    order = desk.order("SHIPPED")
    wanted = refund(order, everything(order))
    known = desk.feed_ids()
    dead = AccessToken("Atza|dead", now() + timedelta(minutes=30))
    with pytest.raises(Unauthorized) as caught:
        desk.send(REFUNDS, adjustments.render([wanted], seller_id=desk.seller_id), token=dead)
    assert caught.value.happened is Happened.NO
    assert desk.feed_ids() == known


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_status_of_amazons_is_classified_as_the_facts_say(simulator: Simulator, status: int) -> None:
    desk = Desk(simulator, "eu")
    order = desk.order("SHIPPED")
    wanted = refund(order, everything(order))
    desk.control("POST", "faults", {"operation": "createFeed", "action": "status", "status": status})
    kind = Throttled if status == 429 else OutcomeUnknown
    with pytest.raises(kind) as caught:
        desk.send(REFUNDS, adjustments.render([wanted], seller_id=desk.seller_id))
    assert caught.value.request_id


def test_strange_reports_go_to_a_person(simulator: Simulator) -> None:
    desk = Desk(simulator, "eu")
    order = desk.order("SHIPPED")
    item_id = order.items[0].item_id
    for variant in (
        "unreadable",
        "truncated",
        "html",
        "xxe",
        "billion_laughs",
        "wrong_counts",
        "unknown_code",
    ):
        desk.control("POST", "faults", {"operation": "*", "action": "report", "variant": variant})
        wanted = refund(order, {item_id: {Component.PRINCIPAL: Money(1, order.currency or "")}})
        created = desk.send(REFUNDS, adjustments.render([wanted], seller_id=desk.seller_id))
        verdict = desk.report(created.feed_id, [wanted.message_id]).by_message[wanted.message_id]
        assert verdict.outcome is Outcome.REVIEW, variant
    desk.control("POST", "faults", {"operation": "*", "action": "report", "variant": "gz_bomb"})
    wanted = refund(order, {item_id: {Component.PRINCIPAL: Money(1, order.currency or "")}})
    created = desk.send(REFUNDS, adjustments.render([wanted], seller_id=desk.seller_id))
    with pytest.raises(ReportTooLarge):
        desk.report(created.feed_id, [wanted.message_id])
