"""Misfortunes on order: what the caller sees, and what the ledger says really happened."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable

import httpx
import pytest
from lxml import etree

from mostrador.simulator.server import Simulator
from tests.simulator.caller import ADJUSTMENTS, Caller, adjusted, adjustment, adjustment_body, envelope

ORDER, ITEM = "112-4456093-9917824", "11244560939918"
ONE_CENT = adjustment(ORDER, adjusted(ITEM, "USD", Principal="0.01"))


def feeds(us: Caller) -> list[str]:
    found = us.http.get("/feeds/2021-06-30/feeds", params={"feedTypes": ADJUSTMENTS, "pageSize": 100}).json()
    return [feed["feedId"] for feed in found["feeds"]]


def test_a_connection_dropped_before_leaves_no_feed(us: Caller) -> None:
    document, before = us.upload(ONE_CENT), feeds(us)
    us.fault("drop_before", "createFeed")
    with pytest.raises(httpx.TransportError):
        us.create(ADJUSTMENTS, document)
    assert feeds(us) == before
    assert us.create(ADJUSTMENTS, document).status_code == 202


def test_a_connection_dropped_after_leaves_a_feed(us: Caller) -> None:
    document, before = us.upload(ONE_CENT), feeds(us)
    us.fault("drop_after", "createFeed")
    with pytest.raises(httpx.TransportError):
        us.create(ADJUSTMENTS, document)
    (lost,) = set(feeds(us)) - set(before)
    assert us.ended(lost)["processingStatus"] == "DONE"
    paid = [each["amounts"] for each in us.book(ORDER)["adjustments"] if each["feed_id"] == lost]
    assert paid == [{"Principal": "0.01"}]
    entry = us.control("GET", "requests", operation="createFeed")["requests"][-1]
    assert (entry["status"], entry["feed_id"], entry["fault"]) == (0, lost, "drop_after")


def test_a_truncated_answer_breaks_off_after_the_feed_was_made(us: Caller) -> None:
    document, before = us.upload(ONE_CENT), feeds(us)
    us.fault("truncate", "createFeed")
    with pytest.raises(httpx.TransportError):
        us.create(ADJUSTMENTS, document)
    assert len(feeds(us)) == len(before) + 1


def test_garbage_comes_with_a_good_status(us: Caller) -> None:
    us.fault("garbage", "createFeed")
    answer = us.create(ADJUSTMENTS, us.upload(ONE_CENT))
    assert answer.status_code == 202
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()


def test_a_status_is_sent_as_often_as_ordered_and_nothing_is_done(us: Caller) -> None:
    document, before = us.upload(ONE_CENT), feeds(us)
    us.fault("status", "createFeed", status=503, times=2)
    assert [us.create(ADJUSTMENTS, document).status_code for _ in range(3)] == [503, 503, 202]
    assert len(feeds(us)) == len(before) + 1
    us.fault("status", "createFeed", status=429)
    assert us.create(ADJUSTMENTS, document).json()["errors"][0]["code"] == "QuotaExceeded"
    us.fault("status", "getFeed", status=502, body="<h1>Bad gateway</h1>")
    assert us.http.get("/feeds/2021-06-30/feeds/1").text == "<h1>Bad gateway</h1>"


def test_a_delay_delays(us: Caller) -> None:
    us.fault("delay", "getOrder", seconds=0.2)
    begun = time.monotonic()
    us.order(ORDER)
    assert time.monotonic() - begun >= 0.2


def test_a_fault_meets_only_its_seller_and_operation(us: Caller, eu: Caller) -> None:
    us.http.headers["x-amz-access-token"] = us.new_token()
    us.fault("status", "getOrder", status=500, seller_id=us.seller["seller_id"])
    assert eu.order("303-5512894-7749126")["orderId"] == "303-5512894-7749126"
    assert us.http.get(f"/orders/2026-01-01/orders/{ORDER}").status_code == 500
    us.fault("status", "get*", status=500, times=None)
    us.control("DELETE", "faults")
    assert us.control("GET", "faults") == {"faults": []}
    assert us.order(ORDER)["orderId"] == ORDER


def test_a_fault_that_makes_no_sense_is_refused(us: Caller) -> None:
    url = f"{us.simulator.url}/control/faults"
    for body in ({}, {"action": "explode"}, {"action": "report"}, {"action": "delay", "colour": "red"}):
        assert us.plain.post(url, json=body).status_code == 400


def test_a_new_feed_can_stay_out_of_the_list_for_a_while(us: Caller) -> None:
    us.fault("listing_lag", seconds=600)
    feed_id = us.create(ADJUSTMENTS, us.upload(ONE_CENT)).json()["feedId"]
    assert feed_id not in feeds(us)
    us.control("POST", "clock", {"advance": 601})
    assert feed_id in feeds(us)


@pytest.mark.parametrize(("action", "applied"), [("fatal_applied", 2), ("fatal_some", 1), ("fatal_none", 0)])
def test_a_fatal_feed_has_no_report_and_may_have_paid(us: Caller, action: str, applied: int) -> None:
    line = adjustment_body(ORDER, adjusted(ITEM, "USD", Principal="0.01"))
    us.fault(action)
    before = len(us.book(ORDER)["adjustments"])
    feed = us.ended(us.send(ADJUSTMENTS, envelope("OrderAdjustment", line, line)))
    assert feed["processingStatus"] == "FATAL"
    assert "resultFeedDocumentId" not in feed
    assert len(us.book(ORDER)["adjustments"]) - before == applied


@pytest.mark.parametrize(
    ("variant", "mark"),
    [
        ("html", b"<!DOCTYPE html>"),
        ("xxe", b"SYSTEM"),
        ("billion_laughs", b"&l8;&l8;"),
        ("wrong_counts", b"<MessagesProcessed>71<"),
        ("unreadable", bytes(range(256))),
    ],
)
def test_a_report_can_be_strange_though_the_money_moved(us: Caller, variant: str, mark: bytes) -> None:
    us.fault("report", variant=variant)
    before = len(us.book(ORDER)["adjustments"])
    assert mark in us.raw_report(us.send(ADJUSTMENTS, ONE_CENT))
    assert len(us.book(ORDER)["adjustments"]) == before + 1


def test_a_report_can_break_off(us: Caller) -> None:
    us.fault("report", variant="truncated")
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(us.raw_report(us.send(ADJUSTMENTS, ONE_CENT)))


def test_an_unknown_code_means_that_nothing_moved(us: Caller) -> None:
    us.fault("report", variant="unknown_code")
    before = len(us.book(ORDER)["adjustments"])
    assert us.codes(ADJUSTMENTS, ONE_CENT) == ["99999"]
    assert len(us.book(ORDER)["adjustments"]) == before


def test_a_report_can_be_a_bomb(us: Caller) -> None:
    us.fault("report", variant="gz_bomb")
    result = us.ended(us.send(ADJUSTMENTS, ONE_CENT))["resultFeedDocumentId"]
    document = us.http.get(f"/feeds/2021-06-30/documents/{result}").json()
    packed = us.plain.get(document["url"]).content
    assert document["compressionAlgorithm"] == "GZIP"
    assert len(packed) < 100_000
    assert len(gzip.decompress(packed)) == 64 * 1024 * 1024


def test_a_feed_can_stay_in_progress_for_ever(fresh: Callable[..., Simulator]) -> None:
    with Caller(fresh(), "na") as us:
        us.fault("in_progress_forever")
        stuck, behind = us.send(ADJUSTMENTS, ONE_CENT), us.send(ADJUSTMENTS, ONE_CENT)
        us.control("POST", "clock", {"advance": 3000})
        time.sleep(0.2)
        assert us.feed(stuck)["processingStatus"] == "IN_PROGRESS"
        assert us.feed(behind)["processingStatus"] == "IN_QUEUE"


def test_a_probability_hits_some(us: Caller) -> None:
    us.fault("status", "unknown", status=500, probability=0.5, times=None)
    seen = {us.plain.get(f"{us.simulator.url}/nowhere").status_code for _ in range(60)}
    assert seen == {404, 500}
