"""Cancellations: when an order may be cancelled, and what it costs."""

from __future__ import annotations

import pytest

from mostrador.amazon.acknowledgements import CancelReason
from mostrador.domain.cancellations import (
    counts_in_cancellation_rate,
    order_refusals,
    refusals,
    restocks,
)
from mostrador.domain.orders import OrderFacts
from mostrador.domain.refusals import RefusalCode
from tests.domain.facts import CUP, item, order

C = RefusalCode
UNSHIPPED = order(status="UNSHIPPED")


def test_an_unshipped_order_of_the_merchant_may_be_cancelled() -> None:
    assert order_refusals(UNSHIPPED) == []


@pytest.mark.parametrize("reason", list(CancelReason))
def test_every_reason_of_amazon_is_a_reason(reason: str) -> None:
    assert refusals(UNSHIPPED, reason=reason) == []


@pytest.mark.parametrize("reason", ["", "CouldNotShip", "BuyerCancelled", "noinventory"])
def test_a_reason_of_another_list_is_refused(reason: str) -> None:
    (refusal,) = refusals(UNSHIPPED, reason=reason)
    assert (refusal.code, refusal.facts) == (C.UNKNOWN_REASON, {"reason": reason})


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (order(read_at=None, status="SHIPPED"), [C.ORDER_NOT_READ_YET]),
        (order(status="UNSHIPPED", partner_paused=True), [C.SELLING_PARTNER_PAUSED]),
        (order(status="UNSHIPPED", fulfilled_by="AMAZON"), [C.FULFILLED_BY_AMAZON]),
        (order(status="UNSHIPPED", open_cancellation="C-1001"), [C.ORDER_FROZEN]),
        (order(item(), item(CUP, open_refund="R-1001"), status="UNSHIPPED"), [C.ORDER_HAS_OPEN_ACTION]),
        (order(status="PENDING_AVAILABILITY"), [C.ORDER_PENDING]),
        (order(status="PENDING"), [C.ORDER_PENDING]),
        (order(status="PARTIALLY_SHIPPED"), [C.ORDER_PARTLY_SHIPPED]),
        (order(status="SHIPPED"), [C.ORDER_SHIPPED]),
        (order(status="CANCELLED"), [C.ORDER_CANCELLED]),
        (order(status="UNFULFILLABLE"), [C.ORDER_UNFULFILLABLE]),
        (order(status="INVOICE_UNCONFIRMED"), [C.ORDER_STATUS_UNKNOWN]),
        (order(status="unshipped"), [C.ORDER_STATUS_UNKNOWN]),
        (order(status="SHIPPED", fulfilled_by="AMAZON"), [C.FULFILLED_BY_AMAZON]),
    ],
)
def test_an_order_says_why_it_may_not_be_cancelled(facts: OrderFacts, expected: list[str]) -> None:
    assert [refusal.code for refusal in order_refusals(facts)] == expected
    found = [refusal.code for refusal in refusals(facts, reason="Nonsense")]
    assert found == [*expected, C.UNKNOWN_REASON]


@pytest.mark.parametrize("asked", [True, False])
def test_only_an_official_request_of_the_buyer_is_neutral(asked: bool) -> None:
    facts = order(status="UNSHIPPED", buyer_asked_to_cancel=asked)
    assert counts_in_cancellation_rate(facts) is not asked


@pytest.mark.parametrize("reason", list(CancelReason))
def test_amazon_restocks_for_every_reason_but_no_inventory(reason: str) -> None:
    assert restocks(reason) is (reason != "NoInventory")
