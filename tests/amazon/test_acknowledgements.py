"""The cancellation feed: its exact XML, and everything that is stopped before it becomes XML."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from mostrador.amazon.acknowledgements import CancelMessage, CancelReason, render
from mostrador.amazon.envelope import FeedContentError, begin, child, finish, message

ORDER, ITEMS = "123-1234567-1234567", ("00000000000017", "12345678901234")


def cancellation(
    message_id: int = 1,
    order_id: str = ORDER,
    items: tuple[str, ...] = ITEMS,
    reason: Any = CancelReason.NO_INVENTORY,
) -> CancelMessage:
    return CancelMessage(message_id, order_id, items, reason)


def test_a_cancellation_is_exactly_this_xml() -> None:
    assert render([cancellation(message_id=9)], seller_id="A3TH9S8BH6GOGM").decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        "<AmazonEnvelope><Header><DocumentVersion>1.01</DocumentVersion>"
        "<MerchantIdentifier>A3TH9S8BH6GOGM</MerchantIdentifier></Header>"
        "<MessageType>OrderAcknowledgement</MessageType>"
        "<Message><MessageID>9</MessageID><OrderAcknowledgement>"
        "<AmazonOrderID>123-1234567-1234567</AmazonOrderID><StatusCode>Failure</StatusCode>"
        "<Item><AmazonOrderItemCode>00000000000017</AmazonOrderItemCode><CancelReason>NoInventory</CancelReason></Item>"
        "<Item><AmazonOrderItemCode>12345678901234</AmazonOrderItemCode><CancelReason>NoInventory</CancelReason></Item>"
        "</OrderAcknowledgement></Message></AmazonEnvelope>"
    )


def test_every_reason_of_amazons_is_allowed() -> None:
    assert len(CancelReason) == 14
    for reason in CancelReason:
        root = etree.fromstring(render([cancellation(reason=reason)], seller_id="A"))
        assert {element.text for element in root.iter("CancelReason")} == {reason.value}


BROKEN: dict[str, list[CancelMessage]] = {
    "nothing": [],
    "no items": [cancellation(items=())],
    "an item twice": [cancellation(items=(ITEMS[0], ITEMS[0]))],
    "a short item id": [cancellation(items=("1",))],
    "a bad order id": [cancellation(order_id="1")],
    "a message id twice": [cancellation(), cancellation(order_id="123-1234567-0000000")],
    "an order twice": [cancellation(), cancellation(message_id=2)],
    "message id zero": [cancellation(message_id=0)],
    "a reason for a refund": [cancellation(reason="CustomerCancel")],
    "a reason in our own words": [cancellation(reason="")],
}


@pytest.mark.parametrize("cancellations", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_rule_stops_the_feed(cancellations: list[CancelMessage]) -> None:
    with pytest.raises(FeedContentError):
        render(cancellations, seller_id="A3TH9S8BH6GOGM")


@pytest.mark.parametrize(("status", "items"), [("Failure", 0), ("Success", 1)])
def test_our_schema_alone_stops_a_failure_without_items_and_any_success(status: str, items: int) -> None:
    envelope = begin("A", "OrderAcknowledgement")
    body = message(envelope, 1, "OrderAcknowledgement")
    child(body, "AmazonOrderID", ORDER)
    child(body, "StatusCode", status)
    for _ in range(items):
        item = child(body, "Item")
        child(item, "AmazonOrderItemCode", ITEMS[0])
        child(item, "CancelReason", "NoInventory")
    with pytest.raises(FeedContentError, match="schema"):
        finish(envelope)
