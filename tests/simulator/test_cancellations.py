"""What a Failure in the acknowledgement feed does to an order in each status."""

from __future__ import annotations

from collections.abc import Callable

from mostrador.simulator.server import Simulator
from tests.simulator.caller import ACKNOWLEDGEMENTS, Caller, acknowledgement

SHADE, SHADE_ITEM = "114-7720418-3395061", "11477204183391"


def test_an_unshipped_order_is_cancelled_by_the_merchant(us: Caller) -> None:
    assert us.cancel(SHADE, SHADE_ITEM) == []
    order = us.order(SHADE)
    assert order["fulfillment"]["fulfillmentStatus"] == "CANCELLED"
    assert order["orderItems"][0]["cancellation"] == {
        "cancellationRequest": {"requester": "BUYER", "cancelReason": "Ordered wrong size"},
        "cancellationExecution": {"cancelledBy": "MERCHANT", "cancelReason": "BuyerCanceled"},
    }
    assert us.book(SHADE)["adjustments"] == []
    assert us.cancel(SHADE, SHADE_ITEM) == ["18028"]


def test_a_second_cancellation_succeeds_where_that_is_assumed(fresh: Callable[..., Simulator]) -> None:
    with Caller(fresh(assume={"already-cancelled": "success"}), "eu") as eu:
        assert eu.cancel("203-4471920-8816635", "20344719208811") == []
        item = eu.order("203-4471920-8816635")["orderItems"][0]
        assert item["cancellation"]["cancellationExecution"]["cancelledBy"] == "BUYER"


def test_a_failure_without_items_is_accepted_and_cancels_nothing(eu: Caller) -> None:
    assert eu.cancel("305-2290417-3316748") == []
    assert eu.order("305-2290417-3316748")["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"


def test_every_item_must_be_named_with_a_reason(eu: Caller) -> None:
    order, first, second = "403-6619205-4407318", "40366192054401", "40366192054402"
    assert eu.cancel(order, first) == ["18028"]
    assert eu.cancel(order, first, second, reason="") == ["18028", "18028"]
    assert eu.cancel(order, first, second, reason="CustomerCancel") == ["5000"]
    assert eu.order(order)["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert eu.cancel(order, first, second, reason="NoInventory") == []
    assert eu.order(order)["fulfillment"]["fulfillmentStatus"] == "CANCELLED"


def test_pending_shipped_and_amazons_orders_are_not_cancelled(us: Caller) -> None:
    assert us.cancel("114-9038862-1154709", "11490388621151") == ["18028"]
    assert us.cancel("112-4456093-9917824", "01124456093991", "11244560939918") == ["18028"]
    assert us.cancel("112-8871046-0093358", "11288710460091") == ["18028"]


def test_a_failure_after_a_part_was_shipped_refunds_everything(eu: Caller) -> None:
    order = "304-6650132-9987415"
    assert eu.cancel(order, "30466501329981", "30466501329982", reason="NoInventory") == []
    assert eu.refunded(order, "30466501329981") == "69.00"
    assert eu.refunded(order, "30466501329981", "Shipping") == "3.99"
    assert eu.book(order)["adjustments"][0]["source"] == "acknowledgement"
    assert len(eu.book(order)["adjustments"]) == 1


def test_a_success_changes_nothing(eu: Caller) -> None:
    order = "206-9912043-6673108"
    assert (
        eu.codes(ACKNOWLEDGEMENTS, acknowledgement(order, "20699120436671", reason="", status="Success"))
        == []
    )
    assert eu.order(order)["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
