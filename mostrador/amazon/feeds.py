"""Feeds 2021-06-30: files handed to Amazon, their life, and the reports that come back."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import quote

from mostrador.amazon.client import Client, unreadable
from mostrador.amazon.errors import Happened, ReportTooLarge, TooLarge
from mostrador.amazon.lwa import AccessToken
from mostrador.amazon.reading import Part, root

BASE = "/feeds/2021-06-30"
CONTENT_TYPE = "text/xml; charset=UTF-8"
MAX_REPORT = 20 * 1024 * 1024  # bytes, unpacked
MAX_PAGES = 10
PAGE_SIZE = 100
SEND_CONNECT_SECONDS = 5.0
SEND_READ_SECONDS = 60.0


class FeedType(StrEnum):
    """The feeds we send: refunds and cancellations."""

    POST_PAYMENT_ADJUSTMENT_DATA = "POST_PAYMENT_ADJUSTMENT_DATA"
    POST_ORDER_ACKNOWLEDGEMENT_DATA = "POST_ORDER_ACKNOWLEDGEMENT_DATA"


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A place for a file. The address is signed and lives five minutes, the id two days."""

    document_id: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FeedCreated:
    """Amazon has the feed."""

    feed_id: str
    request_id: str | None
    date: datetime | None


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed at Amazon. `status` is Amazon's word: IN_QUEUE, IN_PROGRESS, DONE, FATAL, CANCELLED or new."""

    feed_id: str
    feed_type: str
    status: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    marketplace_ids: tuple[str, ...]
    result_document_id: str | None


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """Where a processing report lies, for five minutes."""

    document_id: str
    url: str = field(repr=False)
    compression: str | None


def create_feed_document(client: Client, *, now: datetime) -> FeedDocument:
    """Ask Amazon for a place to put a feed's XML; harmless to repeat."""
    answer = client.call(
        "createFeedDocument", "POST", f"{BASE}/documents", body={"contentType": CONTENT_TYPE}, now=now
    )
    part = root(answer)
    return FeedDocument(part.required_text("feedDocumentId"), part.required_text("url"))


def upload(client: Client, *, url: str, body: bytes) -> None:
    """Put a feed's XML at its signed address; harmless to repeat while the address lives."""
    client.put_document(url, body, content_type=CONTENT_TYPE)


def create_feed(
    client: Client,
    *,
    feed_type: FeedType,
    marketplace_ids: Sequence[str],
    document_id: str,
    token: AccessToken,
    deadline: float,
    now: datetime,
) -> FeedCreated:
    """Hand the document over: here money moves. One connection of its own, one try, the pinned token.

    `deadline` is a time of `wire.boot_clock()`: past it, not one byte is written and the error says NO.
    Raises: AmazonError; with `happened` UNKNOWN the feed may exist, and only evidence may say otherwise.
    """
    answer = client.call(
        "createFeed",
        "POST",
        f"{BASE}/feeds",
        body={
            "feedType": feed_type.value,
            "marketplaceIds": list(marketplace_ids),
            "inputFeedDocumentId": document_id,
        },
        token=token,
        fresh_connection=True,
        connect_timeout=SEND_CONNECT_SECONDS,
        read_timeout=SEND_READ_SECONDS,
        deadline=deadline,
        now=now,
    )
    if answer.status not in (200, 202):
        raise unreadable("createFeed", f"an answer {answer.status} is not a yes", reply=answer)
    return FeedCreated(root(answer).required_text("feedId"), answer.request_id, answer.date)


def get_feed(client: Client, *, feed_id: str, now: datetime) -> Feed:
    """Return where a feed stands."""
    return _feed(root(client.call("getFeed", "GET", f"{BASE}/feeds/{quote(feed_id, safe='')}", now=now)))


def list_feeds(
    client: Client,
    *,
    feed_type: FeedType,
    marketplace_ids: Sequence[str] = (),
    created_since: datetime,
    now: datetime,
) -> tuple[Feed, ...]:
    """Return every feed of a type created since a moment, over all pages. Each page costs one getFeeds.

    Raises: AmazonError; Unreadable above MAX_PAGES pages, since part of a list proves nothing.
    """
    query: dict[str, str | int | Sequence[str] | None] = {
        "feedTypes": [feed_type.value],
        "marketplaceIds": list(marketplace_ids) or None,
        "createdSince": _iso(created_since),
        "pageSize": PAGE_SIZE,
    }
    feeds: list[Feed] = []
    for _ in range(MAX_PAGES):
        part = root(client.call("getFeeds", "GET", f"{BASE}/feeds", query=query, now=now))
        feeds.extend(_feed(each) for each in part.parts("feeds"))
        next_token = part.text("nextToken")
        if next_token is None:
            return tuple(feeds)
        query = {"nextToken": next_token}
    raise unreadable("getFeeds", f"more than {MAX_PAGES} pages of feeds")


def cancel_feed(client: Client, *, feed_id: str, now: datetime) -> None:
    """Ask Amazon to drop a feed that is still IN_QUEUE; only getFeed proves that it did."""
    client.call("cancelFeed", "DELETE", f"{BASE}/feeds/{quote(feed_id, safe='')}", now=now)


def get_feed_document(client: Client, *, document_id: str, now: datetime) -> ReportDocument:
    """Return where a report can be fetched."""
    path = f"{BASE}/documents/{quote(document_id, safe='')}"
    part = root(client.call("getFeedDocument", "GET", path, now=now))
    return ReportDocument(
        part.required_text("feedDocumentId"), part.required_text("url"), part.text("compressionAlgorithm")
    )


def download_report(client: Client, *, document: ReportDocument) -> bytes:
    """Return a report, unpacked when it is a gzip file. A broken gzip file is returned as it lies there.

    Raises: ReportTooLarge above MAX_REPORT bytes, packed or unpacked; AmazonError.
    """
    try:
        stored = client.get_document(document.url, max_bytes=MAX_REPORT)
    except TooLarge:
        raise _too_large() from None
    # The first bytes decide, not the header nor the word GZIP: either may already have been acted on.
    return _gunzip(stored) if stored.startswith(b"\x1f\x8b") else stored


def _gunzip(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(packed, MAX_REPORT + 1)
    except zlib.error:
        return packed
    if len(content) > MAX_REPORT:
        raise _too_large()
    # A file that ends too early, or goes on behind its end, is evidence for a person as it is.
    return content if unpacker.eof and not unpacker.unused_data else packed


def _too_large() -> ReportTooLarge:
    return ReportTooLarge(
        f"the report is larger than {MAX_REPORT} bytes",
        operation="downloadFeedDocument",
        happened=Happened.UNKNOWN,
    )


def _feed(part: Part) -> Feed:
    return Feed(
        feed_id=part.required_text("feedId"),
        feed_type=part.required_text("feedType"),
        status=part.required_text("processingStatus"),
        created_at=part.required_time("createdTime"),
        started_at=part.time("processingStartTime"),
        ended_at=part.time("processingEndTime"),
        marketplace_ids=part.texts("marketplaceIds"),
        result_document_id=part.text("resultFeedDocumentId"),
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
