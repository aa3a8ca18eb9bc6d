"""Login with Amazon, and the check of the token on every call."""

from __future__ import annotations

import http.client

import pytest

from mostrador.simulator.server import Simulator
from tests.simulator.caller import Caller

PATH = "/orders/2026-01-01/orders/114-7720418-3395061"


def test_a_refresh_token_gives_an_access_token_for_an_hour(us: Caller) -> None:
    answer = us.login().json()
    assert answer["token_type"] == "bearer"
    assert answer["expires_in"] == 3600
    assert answer["refresh_token"] == us.seller["refresh_token"]
    us.http.headers["x-amz-access-token"] = answer["access_token"]
    us.control("POST", "clock", {"advance": 3590})
    assert us.http.get(PATH).status_code == 200
    us.control("POST", "clock", {"advance": 11})
    expired = us.http.get(PATH)
    assert expired.status_code == 403
    assert expired.json()["errors"][0]["code"] == "Unauthorized"


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"refresh_token": "Atzr|wrong"}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 400, "invalid_scope"),
    ],
)
def test_a_wrong_login_is_refused(us: Caller, changes: dict[str, str], status: int, error: str) -> None:
    answer = us.login(**changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_another_applications_refresh_token_is_refused(us: Caller, eu: Caller) -> None:
    assert us.login(refresh_token=eu.seller["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_login_as_json_is_refused(us: Caller) -> None:
    answer = us.plain.post(f"{us.simulator.url}/auth/o2/token", json={"grant_type": "refresh_token"})
    assert answer.json()["error"] == "invalid_request"


def test_a_grantless_token_opens_no_sellers_door(us: Caller) -> None:
    answer = us.login(grant_type="client_credentials", scope="sellingpartnerapi::notifications")
    us.http.headers["x-amz-access-token"] = answer.json()["access_token"]
    assert us.http.get(PATH).status_code == 403


@pytest.mark.parametrize("token", ["", "Atza|forged.signature", "nonsense"])
def test_a_missing_or_forged_token_is_refused(us: Caller, token: str) -> None:
    us.http.headers["x-amz-access-token"] = token
    answer = us.http.get(PATH)
    assert answer.status_code == 403
    assert "x-amzn-RateLimit-Limit" not in answer.headers


def test_a_revoked_token_dies_at_once(us: Caller) -> None:
    us.control("POST", "tokens/revoke", {"seller_id": us.seller["seller_id"], "refresh_token": True})
    assert us.http.get(PATH).status_code == 403
    assert us.login().json()["error"] == "invalid_grant"
    us.control("POST", "tokens/revoke", {"seller_id": us.seller["seller_id"], "refresh_token": False})
    us.control("POST", "clock", {"advance": 1})
    us.http.headers["x-amz-access-token"] = us.new_token()
    assert us.http.get(PATH).status_code == 200


def test_a_call_without_user_agent_is_refused(us: Caller, amazon: Simulator) -> None:
    host, port = amazon.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    connection.request("GET", PATH, headers={"x-amz-access-token": us.new_token()})
    assert connection.getresponse().status == 400
    connection.close()
    assert us.http.get(PATH, headers={"User-Agent": "x" * 501}).status_code == 400
