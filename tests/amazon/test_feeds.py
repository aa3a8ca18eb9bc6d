"""Feeds: documents, the one call that moves money, listings and reports."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mostrador.amazon import feeds
from mostrador.amazon.client import Client
from mostrador.amazon.errors import (
    AmazonError,
    Happened,
    NotSent,
    OutcomeUnknown,
    Refused,
    ReportTooLarge,
    Throttled,
    Unreadable,
)
from mostrador.amazon.feeds import FeedCreated, FeedDocument, FeedType, ReportDocument
from mostrador.amazon.wire import boot_clock

from .amazonlike import NOW, TOKEN, Amazonlike, rude_server

BASE = "/feeds/2021-06-30"
REFUNDS = FeedType.POST_PAYMENT_ADJUSTMENT_DATA


def send(client: Client, *, deadline: float | None = None) -> FeedCreated:
    return feeds.create_feed(
        client,
        feed_type=REFUNDS,
        marketplace_ids=["A1PA6795UKMFR9"],
        document_id="doc-1",
        token=TOKEN,
        deadline=boot_clock() + 60 if deadline is None else deadline,
        now=NOW,
    )


def feed_json(feed_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "feedId": feed_id,
        "feedType": REFUNDS.value,
        "createdTime": "2026-11-24T11:59:00.25Z",
        "processingStatus": "IN_QUEUE",
    } | changes


def report(amazon: Amazonlike, content: bytes, **headers: str) -> bytes:
    amazon.answers["GET", "/report"] = (200, content, headers)
    return feeds.download_report(
        amazon.client(), document=ReportDocument("r", amazon.url + "/report", "GZIP")
    )


def test_a_document_is_made_and_filled(amazon: Amazonlike) -> None:
    amazon.answers["POST", f"{BASE}/documents"] = (
        201,
        {"feedDocumentId": "d", "url": amazon.url + "/put?s=1"},
    )
    amazon.answers["PUT", "/put"] = (200, b"")
    client = amazon.client()
    document = feeds.create_feed_document(client, now=NOW)
    assert document == FeedDocument("d", amazon.url + "/put?s=1")
    feeds.upload(client, url=document.url, body=b"<x/>")
    made, put = amazon.calls()
    assert json.loads(made.body) == {"contentType": "text/xml; charset=UTF-8"}
    assert (put.body, put.headers["content-type"]) == (b"<x/>", "text/xml; charset=UTF-8")
    assert "put?s=1" not in repr(document)


@pytest.mark.parametrize("status", [200, 202])
def test_a_feed_is_created_with_the_pinned_token_on_a_connection_of_its_own(
    amazon: Amazonlike, status: int
) -> None:
    amazon.answers["POST", f"{BASE}/feeds"] = (status, {"feedId": "50001"})
    client = amazon.client()
    first = send(client)
    send(client)
    assert (first.feed_id, first.request_id) == ("50001", "req-1")
    assert first.date is not None
    assert abs(first.date - datetime.now(UTC)) < timedelta(minutes=1)
    assert len({asked.connection for asked in amazon.asked}) == 2
    assert {asked.headers["x-amz-access-token"] for asked in amazon.asked} == {"Atza|pinned"}
    assert json.loads(amazon.asked[0].body) == {
        "feedType": "POST_PAYMENT_ADJUSTMENT_DATA",
        "marketplaceIds": ["A1PA6795UKMFR9"],
        "inputFeedDocumentId": "doc-1",
    }


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (202, {}),
        (202, b""),
        (202, b"<html>"),
        (202, {"feedId": ""}),
        (202, {"feedId": 5}),
        (202, []),
        (201, {"feedId": "5"}),
        (204, b""),
        (307, b""),
        (500, {"errors": [{"code": "InternalFailure", "message": "Please try again."}]}),
        (502, b"bad gateway"),
        (503, {"errors": [{"code": "ServiceUnavailable", "message": "x"}]}),
        (504, b""),
        (400, b"<html>"),
    ],
)
def test_a_doubtful_answer_to_a_feed_is_unknown_and_not_tried_again(
    amazon: Amazonlike, status: int, body: object
) -> None:
    amazon.answers["POST", f"{BASE}/feeds"] = (status, body)
    with pytest.raises(OutcomeUnknown) as caught:
        send(amazon.client())
    assert caught.value.happened is Happened.UNKNOWN
    assert len(amazon.asked) == 1


@pytest.mark.parametrize(("status", "kind"), [(400, Refused), (413, Refused), (429, Throttled)])
def test_a_feed_that_amazon_refuses_was_not_created(
    amazon: Amazonlike, status: int, kind: type[AmazonError]
) -> None:
    amazon.answers["POST", f"{BASE}/feeds"] = (
        status,
        {"errors": [{"code": "QuotaExceeded", "message": "x"}]},
    )
    with pytest.raises(kind) as caught:
        send(amazon.client())
    assert caught.value.happened is Happened.NO
    assert len(amazon.asked) == 1


def test_a_feed_past_its_deadline_is_not_sent(amazon: Amazonlike) -> None:
    amazon.answers["POST", f"{BASE}/feeds"] = (202, {"feedId": "50001"})
    with pytest.raises(NotSent) as caught:
        send(amazon.client(), deadline=boot_clock() - 1)
    assert caught.value.happened is Happened.NO
    assert amazon.asked == []


def test_a_feed_whose_answer_does_not_come_is_unknown(
    monkeypatch: pytest.MonkeyPatch, amazon: Amazonlike
) -> None:
    monkeypatch.setattr(feeds, "SEND_READ_SECONDS", 0.2)
    with rude_server(lambda _: time.sleep(0.4)) as (url, received), pytest.raises(OutcomeUnknown) as caught:
        send(Client(url, amazon.tokens()))
    assert (caught.value.operation, caught.value.happened) == ("createFeed", Happened.UNKNOWN)
    assert received[0].endswith(b'"inputFeedDocumentId": "doc-1"}')
    assert len(received) == 1


def test_a_feed_keeps_amazons_words(amazon: Amazonlike) -> None:
    amazon.answers["GET", f"{BASE}/feeds/7"] = (
        200,
        feed_json("7", processingStatus="A_NEW_WORD", resultFeedDocumentId="r", marketplaceIds=["X"]),
    )
    feed = feeds.get_feed(amazon.client(), feed_id="7", now=NOW)
    assert (feed.feed_id, feed.status, feed.result_document_id) == ("7", "A_NEW_WORD", "r")
    assert feed.created_at == datetime(2026, 11, 24, 11, 59, 0, 250000, UTC)
    assert (feed.started_at, feed.marketplace_ids) == (None, ("X",))


@pytest.mark.parametrize("missing", ["feedId", "feedType", "createdTime", "processingStatus"])
def test_a_feed_without_what_it_needs_is_an_error(amazon: Amazonlike, missing: str) -> None:
    amazon.answers["GET", f"{BASE}/feeds/7"] = (200, feed_json("7") | {missing: None})
    with pytest.raises(Unreadable, match=missing):
        feeds.get_feed(amazon.client(), feed_id="7", now=NOW)


def test_a_listing_goes_over_all_pages_with_only_the_token(amazon: Amazonlike) -> None:
    amazon.answers["GET", f"{BASE}/feeds"] = [
        (200, {"feeds": [feed_json("1")], "nextToken": "t=1"}),
        (200, {"feeds": [], "nextToken": "t2"}),
        (200, {"feeds": [feed_json("2")]}),
    ]
    listed = feeds.list_feeds(amazon.client(), feed_type=REFUNDS, created_since=NOW, now=NOW)
    assert [feed.feed_id for feed in listed] == ["1", "2"]
    assert [asked.query for asked in amazon.calls()] == [
        "feedTypes=POST_PAYMENT_ADJUSTMENT_DATA&createdSince=2026-11-24T12%3A00%3A00Z&pageSize=100",
        "nextToken=t%3D1",
        "nextToken=t2",
    ]


def test_a_listing_that_does_not_end_is_an_error_and_not_half_a_list(amazon: Amazonlike) -> None:
    amazon.answers["GET", f"{BASE}/feeds"] = (200, {"feeds": [feed_json("1")], "nextToken": "t"})
    with pytest.raises(Unreadable, match="pages"):
        feeds.list_feeds(amazon.client(), feed_type=REFUNDS, created_since=NOW, now=NOW)
    assert len(amazon.calls()) == feeds.MAX_PAGES


def test_a_feed_in_the_queue_can_be_dropped(amazon: Amazonlike) -> None:
    amazon.answers["DELETE", f"{BASE}/feeds/7"] = (200, b"")
    feeds.cancel_feed(amazon.client(), feed_id="7", now=NOW)
    assert amazon.calls()[0].method == "DELETE"


def test_a_report_is_found_and_read(amazon: Amazonlike) -> None:
    amazon.answers["GET", f"{BASE}/documents/r"] = (
        200,
        {"feedDocumentId": "r", "url": amazon.url + "/report"},
    )
    amazon.answers["GET", "/report"] = (200, b"<AmazonEnvelope/>")
    document = feeds.get_feed_document(amazon.client(), document_id="r", now=NOW)
    assert document == ReportDocument("r", amazon.url + "/report", None)
    assert feeds.download_report(amazon.client(), document=document) == b"<AmazonEnvelope/>"


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_a_packed_report_is_unpacked_once(amazon: Amazonlike, headers: dict[str, str]) -> None:
    packed = gzip.compress(b"<a/>")
    assert report(amazon, packed, **headers) == b"<a/>"
    assert report(amazon, gzip.compress(packed), **headers) == packed


def test_a_report_said_to_be_packed_but_plain_is_taken_as_it_is(amazon: Amazonlike) -> None:
    assert report(amazon, b"<a/>") == b"<a/>"


@pytest.mark.parametrize(
    "broken",
    [b"\x1f\x8b", b"\x1f\x8bnot gzip", gzip.compress(b"<a/>" * 999)[:-9], gzip.compress(b"<a/>") + b"more"],
    ids=["head", "no gzip", "cut off", "and more"],
)
def test_a_broken_packed_report_is_kept_as_it_lies_there(amazon: Amazonlike, broken: bytes) -> None:
    assert report(amazon, broken) == broken


def test_a_bomb_is_stopped_at_the_limit(amazon: Amazonlike) -> None:
    with pytest.raises(ReportTooLarge):
        report(amazon, gzip.compress(b"\0" * (feeds.MAX_REPORT + 1)))


def test_a_report_of_exactly_the_limit_is_read(amazon: Amazonlike) -> None:
    assert len(report(amazon, gzip.compress(b"\0" * feeds.MAX_REPORT))) == feeds.MAX_REPORT


def test_a_huge_plain_report_is_stopped_at_the_limit(
    amazon: Amazonlike, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MAX_REPORT", 1000)
    with pytest.raises(ReportTooLarge):
        report(amazon, b"x" * 1001)
