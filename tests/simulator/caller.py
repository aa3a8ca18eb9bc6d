"""A plain HTTP client of the simulator: one seller, its token, and the steps of a feed."""

from __future__ import annotations

import gzip
import ssl
import time
from dataclasses import dataclass
from typing import Any, Self

import httpx
from lxml import etree

from mostrador.simulator.server import Simulator

ADJUSTMENTS = "POST_PAYMENT_ADJUSTMENT_DATA"
ACKNOWLEDGEMENTS = "POST_ORDER_ACKNOWLEDGEMENT_DATA"
XML = "text/xml; charset=UTF-8"
# Loading certificates takes longer than a whole test, and everything here is plain HTTP on loopback.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True)
class Report:
    """A processing report: the four counts, and (MessageID, code) of each result."""

    counts: tuple[int, int, int, int]
    results: list[tuple[str, str]]


class Caller:
    """One seller that calls the simulator."""

    def __init__(self, simulator: Simulator, region: str) -> None:
        self.simulator = simulator
        self.seller = simulator.seller(region)
        agent = {"User-Agent": "Tests/1 (Language=Python)"}
        self.http = httpx.Client(base_url=simulator.url, timeout=10, verify=NO_TLS, headers=agent)
        # Without a token, for all that carries none; a client is dear to make, so there is one.
        self.plain = httpx.Client(timeout=10, verify=NO_TLS)
        self.http.headers["x-amz-access-token"] = self.new_token()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.plain.close()

    def login(self, **changes: str) -> httpx.Response:
        """Ask for an access token, with some fields of the form changed."""
        form = {key: self.seller[key] for key in ("client_id", "client_secret", "refresh_token")}
        return self.plain.post(
            f"{self.simulator.url}/auth/o2/token", data={"grant_type": "refresh_token"} | form | changes
        )

    def new_token(self) -> str:
        token: str = self.login().json()["access_token"]
        return token

    def refill(self) -> None:
        """Let time pass until every bucket that matters is full, and get a new token."""
        self.control("POST", "clock", {"advance": 3000})
        self.http.headers["x-amz-access-token"] = self.new_token()

    def control(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """Call the control endpoint and return its JSON."""
        response = self.plain.request(method, f"{self.simulator.url}/control/{path}", json=body, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def fault(self, action: str, operation: str = "*", **fields: Any) -> None:
        self.control("POST", "faults", {"action": action, "operation": operation} | fields)

    def order(self, order_id: str, included: str = "PROCEEDS,FULFILLMENT,CANCELLATION,BUYER") -> Any:
        response = self.http.get(f"/orders/2026-01-01/orders/{order_id}", params={"includedData": included})
        assert response.status_code == 200, response.text
        return response.json()["order"]

    def book(self, order_id: str) -> Any:
        """Return the simulator's own ledger of an order."""
        return self.control("GET", "ledger", order_id=order_id)["orders"][order_id]

    def refunded(self, order_id: str, item: str, component: str = "Principal") -> str:
        amount: str = self.book(order_id)["items"][item]["components"][component]["refunded"]
        return amount

    def upload(self, content: bytes) -> str:
        """Create a feed document, upload to it, and return its id."""
        made = self.http.post("/feeds/2021-06-30/documents", json={"contentType": XML})
        assert made.status_code == 201, made.text
        put = self.plain.put(made.json()["url"], content=content, headers={"Content-Type": XML})
        assert put.status_code == 200, put.text
        document_id: str = made.json()["feedDocumentId"]
        return document_id

    def create(self, feed_type: str, document_id: str) -> httpx.Response:
        body = {
            "feedType": feed_type,
            "marketplaceIds": self.seller["marketplaces"],
            "inputFeedDocumentId": document_id,
        }
        return self.http.post("/feeds/2021-06-30/feeds", json=body)

    def send(self, feed_type: str, content: bytes) -> str:
        """Send a feed and return its id."""
        made = self.create(feed_type, self.upload(content))
        assert made.status_code == 202, made.text
        feed_id: str = made.json()["feedId"]
        return feed_id

    def feed(self, feed_id: str) -> Any:
        return self.http.get(f"/feeds/2021-06-30/feeds/{feed_id}").json()

    def ended(self, feed_id: str) -> Any:
        """Return the feed once it has ended."""
        for _ in range(400):
            feed = self.feed(feed_id)
            if feed.get("processingStatus") in ("DONE", "FATAL", "CANCELLED"):
                return feed
            self.control("POST", "clock", {"advance": 5})
            time.sleep(0.005)
        raise AssertionError(f"feed {feed_id} did not end: {feed}")

    def raw_report(self, feed_id: str) -> bytes:
        """Return the bytes of a feed's report, decompressed when Amazon says they are compressed."""
        document_id = self.ended(feed_id)["resultFeedDocumentId"]
        document = self.http.get(f"/feeds/2021-06-30/documents/{document_id}").json()
        content = self.plain.get(document["url"]).content
        return gzip.decompress(content) if document.get("compressionAlgorithm") == "GZIP" else content

    def report(self, feed_id: str) -> Report:
        root = etree.fromstring(self.raw_report(feed_id))
        names = ("MessagesProcessed", "MessagesSuccessful", "MessagesWithError", "MessagesWithWarning")
        counts = [int(root.findtext(f".//{name}") or "-1") for name in names]
        results = [
            (result.findtext("MessageID") or "", result.findtext("ResultMessageCode") or "")
            for result in root.iter("Result")
        ]
        return Report((counts[0], counts[1], counts[2], counts[3]), results)

    def codes(self, feed_type: str, content: bytes) -> list[str]:
        """Send a feed and return the codes of its errors."""
        return [code for _, code in self.report(self.send(feed_type, content)).results]

    def refund(self, order_id: str, item: str, *, currency: str, **amounts: str) -> list[str]:
        """Send one adjustment and return the codes of its errors."""
        return self.codes(ADJUSTMENTS, adjustment(order_id, adjusted(item, currency, **amounts)))

    def cancel(self, order_id: str, *items: str, reason: str = "BuyerCanceled") -> list[str]:
        """Send one Failure and return the codes of its errors."""
        return self.codes(ACKNOWLEDGEMENTS, acknowledgement(order_id, *items, reason=reason))


def envelope(message_type: str, *bodies: str) -> bytes:
    """Return a feed with one message per body, numbered from 1."""
    messages = "".join(
        f"<Message><MessageID>{n}</MessageID>{body}</Message>" for n, body in enumerate(bodies, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><AmazonEnvelope>'
        "<Header><DocumentVersion>1.01</DocumentVersion>"
        f"<MerchantIdentifier>TESTS</MerchantIdentifier></Header><MessageType>{message_type}</MessageType>"
        f"{messages}</AmazonEnvelope>"
    ).encode()


def adjusted(
    item: str, currency: str, reason: str = "GeneralAdjustment", more: str = "", **amounts: str
) -> str:
    """Return one AdjustedItem; `more` is put where quantities stand."""
    components = "".join(
        f'<Component><Type>{name}</Type><Amount currency="{currency}">{amount}</Amount></Component>'
        for name, amount in amounts.items()
    )
    prices = f"<ItemPriceAdjustments>{components}</ItemPriceAdjustments>" if components else ""
    return (
        f"<AdjustedItem><AmazonOrderItemCode>{item}</AmazonOrderItemCode>"
        f"<AdjustmentReason>{reason}</AdjustmentReason>{prices}{more}</AdjustedItem>"
    )


def adjustment_body(order_id: str, *items: str, action: str = "<ActionType>Refund</ActionType>") -> str:
    content = f"<AmazonOrderID>{order_id}</AmazonOrderID>{action}{''.join(items)}"
    return f"<OrderAdjustment>{content}</OrderAdjustment>"


def adjustment(order_id: str, *items: str, action: str = "<ActionType>Refund</ActionType>") -> bytes:
    """Return a feed with one adjustment."""
    return envelope("OrderAdjustment", adjustment_body(order_id, *items, action=action))


def acknowledgement(
    order_id: str, *items: str, reason: str = "BuyerCanceled", status: str = "Failure"
) -> bytes:
    """Return a feed with one acknowledgement."""
    why = f"<CancelReason>{reason}</CancelReason>" if reason else ""
    lines = "".join(f"<Item><AmazonOrderItemCode>{item}</AmazonOrderItemCode>{why}</Item>" for item in items)
    return envelope(
        "OrderAcknowledgement",
        f"<OrderAcknowledgement><AmazonOrderID>{order_id}</AmazonOrderID><StatusCode>{status}</StatusCode>"
        f"{lines}</OrderAcknowledgement>",
    )
