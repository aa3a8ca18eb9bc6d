"""The life of a feed, its documents on signed addresses, and the feed list."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from mostrador.simulator.server import Simulator
from mostrador.simulator.settings import Compression
from tests.simulator.caller import ACKNOWLEDGEMENTS, ADJUSTMENTS, XML, Caller, adjusted, adjustment

ORDER, ITEM = "111-5583920-2204417", "11155839202201"
ONE_DOLLAR = adjustment(ORDER, adjusted(ITEM, "USD", Principal="1.00"))


def test_a_feed_waits_is_worked_on_and_is_done(fresh: Callable[..., Simulator]) -> None:
    with Caller(fresh(processing=(100.0, 100.0)), "na") as us:
        feed_id = us.send(ADJUSTMENTS, ONE_DOLLAR)
        assert us.feed(feed_id)["processingStatus"] == "IN_QUEUE"
        us.control("POST", "clock", {"advance": 30})
        assert _soon(us, feed_id, "IN_PROGRESS")
        assert us.refunded(ORDER, ITEM) == "0.00"
        us.control("POST", "clock", {"advance": 80})
        assert _soon(us, feed_id, "DONE")
        assert us.refunded(ORDER, ITEM) == "1.00"


def _soon(us: Caller, feed_id: str, status: str) -> bool:
    """Say whether the feed reaches the status without the clock being moved."""
    return any(us.feed(feed_id).get("processingStatus") == status for _ in range(15))


def test_feeds_of_one_type_are_worked_on_one_after_another(fresh: Callable[..., Simulator]) -> None:
    with Caller(fresh(processing=(100.0, 100.0)), "na") as us:
        first, second = us.send(ADJUSTMENTS, ONE_DOLLAR), us.send(ADJUSTMENTS, ONE_DOLLAR)
        other = us.send(ACKNOWLEDGEMENTS, ONE_DOLLAR)
        us.control("POST", "clock", {"advance": 30})
        assert _soon(us, first, "IN_PROGRESS")
        assert _soon(us, other, "IN_PROGRESS")
        assert us.feed(second)["processingStatus"] == "IN_QUEUE"
        assert us.ended(second)["processingStartTime"] >= us.feed(first)["processingEndTime"]


def test_only_a_waiting_feed_can_be_cancelled(fresh: Callable[..., Simulator]) -> None:
    with Caller(fresh(processing=(100.0, 100.0)), "na") as us:
        first, second = us.send(ADJUSTMENTS, ONE_DOLLAR), us.send(ADJUSTMENTS, ONE_DOLLAR)
        us.control("POST", "clock", {"advance": 30})
        assert _soon(us, first, "IN_PROGRESS")
        assert us.http.delete(f"/feeds/2021-06-30/feeds/{first}").status_code == 400
        assert us.http.delete(f"/feeds/2021-06-30/feeds/{second}").status_code == 200
        assert us.feed(second)["processingStatus"] == "CANCELLED"
        assert us.ended(first)["processingStatus"] == "DONE"
        us.control("POST", "clock", {"advance": 500})
        assert us.refunded(ORDER, ITEM) == "1.00"


def test_an_upload_address_lives_five_minutes(us: Caller) -> None:
    made = us.http.post("/feeds/2021-06-30/documents", json={"contentType": XML}).json()
    us.control("POST", "clock", {"advance": 299})
    assert us.plain.put(made["url"], content=b"x", headers={"Content-Type": XML}).status_code == 200
    us.control("POST", "clock", {"advance": 2})
    assert us.plain.put(made["url"], content=b"x", headers={"Content-Type": XML}).status_code == 403


def test_an_upload_must_have_the_announced_type_and_the_signature(us: Caller) -> None:
    made = us.http.post("/feeds/2021-06-30/documents", json={"contentType": XML}).json()
    assert us.plain.put(made["url"], content=b"x", headers={"Content-Type": "text/plain"}).status_code == 403
    forged = made["url"][:-1] + ("0" if made["url"][-1] != "0" else "1")
    assert us.plain.put(forged, content=b"x", headers={"Content-Type": XML}).status_code == 403
    assert us.plain.get(made["url"]).status_code == 403


def test_a_document_id_lives_two_days(us: Caller) -> None:
    document = us.upload(ONE_DOLLAR)
    us.control("POST", "clock", {"advance": 2 * 86400 + 1})
    us.http.headers["x-amz-access-token"] = us.new_token()
    assert us.create(ADJUSTMENTS, document).status_code == 400


def test_a_feed_needs_an_upload_a_known_type_and_own_marketplaces(us: Caller) -> None:
    empty = us.http.post("/feeds/2021-06-30/documents", json={"contentType": XML}).json()["feedDocumentId"]
    assert us.create(ADJUSTMENTS, empty).status_code == 400
    full = us.upload(ONE_DOLLAR)
    assert us.create("POST_PRODUCT_DATA", full).status_code == 400
    body = {"feedType": ADJUSTMENTS, "inputFeedDocumentId": full}
    foreign = us.http.post("/feeds/2021-06-30/feeds", json=body | {"marketplaceIds": ["A1PA6795UKMFR9"]})
    assert foreign.status_code == 400
    assert us.http.post("/feeds/2021-06-30/feeds", json=body | {"marketplaceIds": []}).status_code == 400
    assert us.http.post("/feeds/2021-06-30/feeds", content=b"{}").status_code == 415


def test_another_seller_sees_neither_feed_nor_document(eu: Caller, us: Caller) -> None:
    eu.http.headers["x-amz-access-token"] = eu.new_token()
    feed_id = us.send(ADJUSTMENTS, ONE_DOLLAR)
    assert us.ended(feed_id)["processingStatus"] == "DONE"
    assert eu.http.get(f"/feeds/2021-06-30/feeds/{feed_id}").status_code == 404
    result = us.feed(feed_id)["resultFeedDocumentId"]
    assert eu.http.get(f"/feeds/2021-06-30/documents/{result}").status_code == 404


def test_the_list_is_filtered_and_paged(fresh: Callable[..., Simulator]) -> None:
    with Caller(fresh(), "na") as us:
        ids = [us.send(ADJUSTMENTS, ONE_DOLLAR) for _ in range(3)]
        for feed_id in ids:
            us.ended(feed_id)
        first = us.http.get(
            "/feeds/2021-06-30/feeds", params={"feedTypes": ADJUSTMENTS, "pageSize": 2}
        ).json()
        rest = us.http.get("/feeds/2021-06-30/feeds", params={"nextToken": first["nextToken"]}).json()
        assert [f["feedId"] for f in first["feeds"] + rest["feeds"]] == ids[::-1]
        assert "nextToken" not in rest
        both = {"nextToken": first["nextToken"], "feedTypes": ADJUSTMENTS}
        assert us.http.get("/feeds/2021-06-30/feeds", params=both).status_code == 400
        since = {"feedTypes": ADJUSTMENTS, "createdSince": us.feed(ids[1])["createdTime"]}
        newer = us.http.get("/feeds/2021-06-30/feeds", params=since).json()["feeds"]
        assert [feed["feedId"] for feed in newer] == [ids[2], ids[1]]
        waiting = {"feedTypes": ADJUSTMENTS, "processingStatuses": "IN_QUEUE,FATAL"}
        assert us.http.get("/feeds/2021-06-30/feeds", params=waiting).json()["feeds"] == []


def test_a_report_can_be_compressed_and_say_so(fresh: Callable[..., Simulator]) -> None:
    with Caller(fresh(report_gzip=Compression.ALWAYS), "na") as us:
        result = us.ended(us.send(ADJUSTMENTS, ONE_DOLLAR))["resultFeedDocumentId"]
        path = f"/feeds/2021-06-30/documents/{result}"
        plain = us.http.get(path).json()
        assert plain["compressionAlgorithm"] == "GZIP"
        assert gzip.decompress(us.plain.get(plain["url"]).content).startswith(b"<?xml")
        encoded = us.http.get(path, params={"enableContentEncodingUrlHeader": "true"}).json()
        answer = us.plain.get(encoded["url"])
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.content.startswith(b"<?xml")


def test_a_report_disappears_after_28_days(us: Caller) -> None:
    result = us.ended(us.send(ADJUSTMENTS, ONE_DOLLAR))["resultFeedDocumentId"]
    us.control("POST", "clock", {"advance": 28 * 86400 + 60})
    us.http.headers["x-amz-access-token"] = us.new_token()
    assert us.http.get(f"/feeds/2021-06-30/documents/{result}").status_code == 404
