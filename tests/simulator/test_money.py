"""What Amazon's ledger allows: caps, refusals, and that the same feed twice pays twice."""

from __future__ import annotations

from tests.simulator.caller import (
    ADJUSTMENTS,
    Caller,
    adjusted,
    adjustment,
)

LAMP, LAMP_ITEM = "112-4456093-9917824", "01124456093991"
MUGS, MUGS_ITEM = "204-8830127-4471956", "20488301274471"
SHIPPED_DE, SHIPPED_DE_ITEM = "303-5512894-7749126", "30155128947741"


def test_a_refund_reaches_the_ledger_to_the_cent(us: Caller) -> None:
    assert us.refund(LAMP, LAMP_ITEM, currency="USD", GiftWrap="5.99", GiftWrapTax="0.57") == []
    components = us.book(LAMP)["items"][LAMP_ITEM]["components"]
    assert components["GiftWrap"] == {
        "price": "5.99",
        "paid": "5.99",
        "refunded": "5.99",
        "remaining": "0.00",
    }
    assert components["GiftWrapTax"]["refunded"] == "0.57"
    assert components["Principal"]["refunded"] == "0.00"


def test_the_same_feed_twice_refunds_twice(us: Caller) -> None:
    feed = adjustment(LAMP, adjusted("11244560939918", "USD", Principal="3.00"))
    assert us.codes(ADJUSTMENTS, feed) == []
    assert us.codes(ADJUSTMENTS, feed) == []
    assert us.refunded(LAMP, "11244560939918") == "6.00"


def test_the_same_document_twice_refunds_twice(us: Caller) -> None:
    document = us.upload(adjustment(LAMP, adjusted("11244560939918", "USD", Tax="0.10")))
    first, second = (us.create(ADJUSTMENTS, document).json()["feedId"] for _ in range(2))
    assert us.ended(first)["processingStatus"] == us.ended(second)["processingStatus"] == "DONE"
    assert us.refunded(LAMP, "11244560939918", "Tax") == "0.20"
