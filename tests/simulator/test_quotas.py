"""Usage plans: bursts, refill on the virtual clock, separate buckets, and the shape of a 429."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.simulator.caller import ADJUSTMENTS, Caller

SEARCH = "/orders/2026-01-01/orders"
LIST = "/feeds/2021-06-30/feeds"


def drain(caller: Caller, path: str, params: dict[str, str]) -> int:
    """Call until the first 429 and return how many calls were allowed."""
    for allowed in range(60):
        if caller.http.get(path, params=params).status_code == 429:
            return allowed
    raise AssertionError("never throttled")


@pytest.mark.parametrize(
    ("path", "params", "burst", "wait"),
    [
        (SEARCH, {"createdAfter": "2024-01-01T00:00:00Z"}, 20, 180),
        (LIST, {"feedTypes": ADJUSTMENTS}, 10, 46),
        (
            "/finances/2024-06-19/transactions",
            {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": "1"},
            10,
            2.1,
        ),
    ],
)
def test_a_burst_is_allowed_and_then_one_call_per_interval(
    us: Caller, path: str, params: dict[str, str], burst: int, wait: float
) -> None:
    us.control("POST", "clock", {"advance": 3 * 3600})
    us.http.headers["x-amz-access-token"] = us.new_token()
    assert drain(us, path, params) == burst
    us.control("POST", "clock", {"advance": wait})
    assert drain(us, path, params) == 1


def test_a_429_has_amazons_body_and_no_rate(us: Caller) -> None:
    assert drain(us, LIST, {"feedTypes": ADJUSTMENTS}) == 10
    answer = us.http.get(LIST, params={"feedTypes": ADJUSTMENTS})
    assert answer.json()["errors"][0]["code"] == "QuotaExceeded"
    assert answer.headers["x-amzn-RequestId"]
    assert "x-amzn-RateLimit-Limit" not in answer.headers
    assert "Retry-After" not in answer.headers


def test_create_feed_has_one_bucket_of_fifteen(us: Caller) -> None:
    us.refill()
    body = {
        "feedType": ADJUSTMENTS,
        "marketplaceIds": us.seller["marketplaces"],
        "inputFeedDocumentId": "none",
    }
    statuses = [us.http.post(LIST, json=body).status_code for _ in range(16)]
    assert statuses == [400] * 15 + [429]


def test_sellers_do_not_share_a_bucket(us: Caller, eu: Caller) -> None:
    us.http.headers["x-amz-access-token"] = us.new_token()
    assert drain(us, LIST, {"feedTypes": ADJUSTMENTS}) == 10
    assert eu.http.get(LIST, params={"feedTypes": ADJUSTMENTS}).status_code == 200


def test_the_rate_is_announced_on_success(us: Caller) -> None:
    answer = us.http.get(LIST, params={"feedTypes": ADJUSTMENTS})
    assert answer.headers["x-amzn-RateLimit-Limit"] == "0.0222"


@pytest.fixture
def plans(us: Caller) -> Iterator[Callable[..., dict[str, float]]]:
    """Change usage plans; the simulator is shared, so they are put back afterwards."""
    us.refill()
    yield lambda **changes: dict(us.control("POST", "rates", changes))
    us.control("POST", "rates", {"getFeeds": 0.0222})
    us.control("POST", "assumptions", {"rate-header": "yes"})
    us.refill()


def test_a_usage_plan_can_be_changed_and_is_announced_as_changed(
    us: Caller, plans: Callable[..., dict[str, float]]
) -> None:
    assert plans(getFeeds=0.5)["getFeeds"] == 0.5
    answer = us.http.get(LIST, params={"feedTypes": ADJUSTMENTS})
    assert answer.headers["x-amzn-RateLimit-Limit"] == "0.5"
    assert drain(us, LIST, {"feedTypes": ADJUSTMENTS}) == 9
    us.control("POST", "clock", {"advance": 4})
    assert drain(us, LIST, {"feedTypes": ADJUSTMENTS}) == 2


def test_what_came_back_before_a_plan_changed_stays(
    us: Caller, plans: Callable[..., dict[str, float]]
) -> None:
    assert drain(us, LIST, {"feedTypes": ADJUSTMENTS}) == 10
    us.control("POST", "clock", {"advance": 91})
    plans(getFeeds=0.0001)
    assert drain(us, LIST, {"feedTypes": ADJUSTMENTS}) == 2


@pytest.mark.usefixtures("plans")
def test_answers_name_no_rate_if_it_is_so_chosen(us: Caller) -> None:
    us.control("POST", "assumptions", {"rate-header": "no"})
    answer = us.http.get(LIST, params={"feedTypes": ADJUSTMENTS})
    assert answer.status_code == 200
    assert "x-amzn-RateLimit-Limit" not in answer.headers
