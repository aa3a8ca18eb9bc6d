"""Amazon's official SDK takes the simulator for Amazon."""

from __future__ import annotations

import gzip
import time
import warnings
from typing import Any

import httpx
from lxml import etree

from mostrador.simulator.server import Simulator
from mostrador.simulator.settings import Compression
from tests.simulator.caller import ADJUSTMENTS, XML, adjusted, adjustment

with warnings.catch_warnings():
    # The SDK's own files hold invalid escapes, which Python warns of when it first compiles them.
    warnings.simplefilter("ignore")
    import spapi  # type: ignore[import-untyped]  # Amazon ships no types

ORDER, ITEM = "112-4456093-9917824", "01124456093991"


def connect(simulator: Simulator) -> Any:
    seller = simulator.seller("na")
    config = spapi.SPAPIConfig(
        seller["client_id"], seller["client_secret"], seller["refresh_token"], region="NA"
    )
    client = spapi.SPAPIClient(
        config, oauth_endpoint=f"{simulator.url}/auth/o2/token", endpoint=simulator.url
    )
    return client.api_client


def finished_feed(feeds: Any, feed_id: str) -> Any:
    for _ in range(200):
        feed = feeds.get_feed(feed_id)
        if feed.processing_status not in ("IN_QUEUE", "IN_PROGRESS"):
            return feed
        time.sleep(0.05)
    raise AssertionError("the feed did not end")


def test_the_official_sdk_completes_a_refund(fresh: Any) -> None:
    simulator = fresh(processing=(5.0, 5.0), speed=100.0, report_gzip=Compression.ALWAYS)
    client = connect(simulator)
    found = spapi.SearchOrdersApi(client).search_orders(
        last_updated_after="2024-01-01T00:00:00Z", included_data=["PROCEEDS", "FULFILLMENT"]
    )
    assert ORDER in [order.order_id for order in found.orders]
    order = spapi.GetOrderApi(client).get_order(ORDER, included_data=["PROCEEDS"]).order
    assert order.order_items[0].proceeds.proceeds_total.amount == "85.85"

    feeds = spapi.FeedsApi(client)
    document = feeds.create_feed_document({"contentType": XML})
    content = adjustment(ORDER, adjusted(ITEM, "USD", Principal="10.00", Tax="0.95"))
    assert httpx.put(document.url, content=content, headers={"Content-Type": XML}).status_code == 200
    specification = {
        "feedType": ADJUSTMENTS,
        "marketplaceIds": ["ATVPDKIKX0DER"],
        "inputFeedDocumentId": document.feed_document_id,
    }
    feed = finished_feed(feeds, feeds.create_feed(specification).feed_id)
    assert feed.processing_status == "DONE"
    result = feeds.get_feed_document(feed.result_feed_document_id)
    assert result.compression_algorithm == "GZIP"
    report = etree.fromstring(gzip.decompress(httpx.get(result.url).content))
    assert report.findtext(".//MessagesSuccessful") == "1"
    assert report.find(".//Result") is None

    booked = spapi.FinancesV2024Api(client).list_transactions(
        related_identifier_name="ORDER_ID", related_identifier_value=ORDER
    )
    refunds = [t for t in booked.payload.transactions if t.description == "Refund Order"]
    assert [refund.total_amount.currency_amount for refund in refunds] == [-10.95]
    assert [
        (b.breakdown_type, b.breakdown_amount.currency_amount) for b in refunds[0].items[0].breakdowns
    ] == [
        ("Principal", -10.0),
        ("Tax", -0.95),
    ]
