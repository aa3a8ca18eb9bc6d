"""One call: how it is addressed, signed in, answered and refused."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from mostrador.amazon.client import Client, default_user_agent
from mostrador.amazon.errors import (
    AmazonError,
    Happened,
    OutcomeUnknown,
    Refused,
    TooLarge,
    Unauthorized,
    Unreadable,
)

from .amazonlike import NOW, TOKEN, Amazonlike


def test_a_call_carries_what_amazon_demands(amazon: Amazonlike) -> None:
    amazon.answers["POST", "/a/b"] = (200, {})
    amazon.client().call(
        "x", "POST", "/a/b", query={"ids": ["1", "ü,&"], "n": 3, "none": None}, body={"k": "é"}, now=NOW
    )
    asked = amazon.calls()[0]
    assert asked.target == "/a/b?ids=1%2C%C3%BC%2C%26&n=3"
    assert asked.body == '{"k": "é"}'.encode()
    assert asked.headers["x-amz-access-token"] == "Atza|fresh"
    assert asked.headers["x-amz-date"] == "20261124T120000Z"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["user-agent"] == default_user_agent()
    assert "authorization" not in asked.headers


def test_the_date_is_written_in_utc_wherever_now_comes_from(amazon: Amazonlike) -> None:
    amazon.answers["GET", "/"] = (200, {})
    amazon.client().call("x", "GET", "/", now=NOW.astimezone(timezone(timedelta(hours=9))))
    assert amazon.calls()[0].headers["x-amz-date"] == "20261124T120000Z"


def test_the_user_agent_says_that_a_program_acts() -> None:
    agent = default_user_agent()
    assert agent.startswith("Mostrador/")
    assert "Language=Python/3." in agent
    assert "automated software acting for the seller" in agent
    assert len(agent) <= 500


def test_an_answer_keeps_numbers_exact_and_headers_at_hand(amazon: Amazonlike) -> None:
    headers = {"x-amzn-RateLimit-Limit": "0.0083"}
    amazon.answers["GET", "/"] = (200, b'{"sum": 12.10, "n": 3}', headers)
    answer = amazon.client().call("x", "GET", "/", now=NOW)
    assert answer.body == {"sum": Decimal("12.10"), "n": 3}
    assert str(answer.body["sum"]) == "12.10"
    assert (answer.status, answer.request_id, answer.rate_limit) == (200, "req-1", Decimal("0.0083"))
    assert answer.date is not None
    assert abs(answer.date - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("rate", ["", "fast", "NaN", "-1", "0", "Infinity"])
def test_a_strange_rate_is_left_out(amazon: Amazonlike, rate: str) -> None:
    amazon.answers["GET", "/"] = (200, {}, {"x-amzn-RateLimit-Limit": rate})
    assert amazon.client().call("x", "GET", "/", now=NOW).rate_limit is None


@pytest.mark.parametrize("body", [b"<html>", b"{", b"\xff", b'{"n": NaN}', b"[" * 50_000, b"9" * 5000])
def test_a_yes_that_cannot_be_read_may_have_happened(amazon: Amazonlike, body: bytes) -> None:
    amazon.answers["GET", "/"] = (200, body)
    with pytest.raises(Unreadable) as caught:
        amazon.client().call("x", "GET", "/", now=NOW)
    assert (caught.value.happened, caught.value.status) == (Happened.UNKNOWN, 200)
    assert caught.value.request_id == "req-1"


def test_an_empty_yes_is_a_yes(amazon: Amazonlike) -> None:
    amazon.answers["DELETE", "/"] = (200, b"")
    assert amazon.client().call("x", "DELETE", "/", now=NOW).body is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(amazon: Amazonlike, status: int) -> None:
    amazon.answers["POST", "/"] = (status, b"", {"Location": amazon.url + "/elsewhere"})
    with pytest.raises(OutcomeUnknown) as caught:
        amazon.client().call("x", "POST", "/", body={}, now=NOW)
    assert caught.value.status == status
    assert len(amazon.calls()) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
def test_nothing_is_sent_twice(amazon: Amazonlike, status: int) -> None:
    amazon.answers["POST", "/"] = (status, {"errors": [{"code": "X", "message": "no"}]})
    with pytest.raises(AmazonError):
        amazon.client().call("x", "POST", "/", body={}, now=NOW)
    assert len(amazon.calls()) == 1


def test_a_refused_token_is_forgotten_unless_it_was_pinned(amazon: Amazonlike) -> None:
    amazon.answers["GET", "/"] = (403, {"errors": [{"code": "Unauthorized", "message": "Access denied."}]})
    client = amazon.client()
    client.tokens.token(NOW)
    with pytest.raises(Unauthorized):
        client.call("x", "GET", "/", token=TOKEN, now=NOW)
    client.tokens.token(NOW)
    assert len(amazon.asked) - len(amazon.calls()) == 1
    with pytest.raises(Unauthorized):
        client.call("x", "GET", "/", now=NOW)
    client.tokens.token(NOW)
    assert len(amazon.asked) - len(amazon.calls()) == 2


def test_a_pinned_token_is_used_as_it_is(amazon: Amazonlike) -> None:
    amazon.answers["GET", "/"] = (200, {})
    amazon.client().call("x", "GET", "/", token=TOKEN, now=NOW + timedelta(days=1))
    assert [asked.headers["x-amz-access-token"] for asked in amazon.asked] == ["Atza|pinned"]


def test_tokens_signed_addresses_and_bodies_are_in_no_log(
    amazon: Amazonlike, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    amazon.answers["GET", "/order"] = (200, {"buyerName": "Jane Buyer"})
    amazon.answers["GET", "/document"] = (200, b"report")
    client = amazon.client()
    shown = repr(client.call("x", "GET", "/order", now=NOW))
    client.get_document(amazon.url + "/document?X-Amz-Signature=abcdef", max_bytes=100)
    for secret in ("Atza|fresh", "Jane", "X-Amz-Signature", "abcdef"):
        assert secret not in caplog.text + shown


@pytest.mark.parametrize(
    "url",
    [
        "http://tortuga.s3.amazonaws.com/x",
        "https://amazonaws.com.example.com/x",
        "https://notamazonaws.com/x",
        "https://127.0.0.1/x",
        "http://127.0.0.2/x",
        "http://169.254.169.254/latest/meta-data",
        "https://user@tortuga.s3.amazonaws.com/x",
        "file:///etc/passwd",
        "https://tortuga.s3.amazonaws.com@example.com/x",
        "https://example.com/.amazonaws.com",
        "",
    ],
)
def test_a_document_elsewhere_is_never_asked_for(amazon: Amazonlike, url: str) -> None:
    for act in (
        lambda: amazon.client().get_document(url, max_bytes=1),
        lambda: amazon.client().put_document(url, b"x", content_type="text/xml"),
    ):
        with pytest.raises(Refused) as caught:
            act()
        assert caught.value.happened is Happened.NO
    assert amazon.asked == []


def test_amazons_store_is_where_documents_may_lie() -> None:
    client = Client("https://sellingpartnerapi-eu.amazon.com", Amazonlike("https://api.amazon.com").tokens())
    assert client._is_document_address(
        "https://tortuga-prod-eu.s3-eu-west-1.amazonaws.com/a?X-Amz-Signature=b"
    )
    assert not client._is_document_address("http://127.0.0.1:80/a")


def test_no_token_goes_to_the_store_and_no_redirect_is_followed(amazon: Amazonlike) -> None:
    amazon.answers["PUT", "/up"] = (200, b"")
    amazon.answers["GET", "/down"] = (302, b"", {"Location": amazon.url + "/elsewhere"})
    client = amazon.client()
    client.put_document(amazon.url + "/up?sig=1", b"<xml/>", content_type="text/xml; charset=UTF-8")
    with pytest.raises(OutcomeUnknown):
        client.get_document(amazon.url + "/down", max_bytes=10)
    put, _ = amazon.asked
    assert (put.method, put.target, put.body) == ("PUT", "/up?sig=1", b"<xml/>")
    assert put.headers["content-type"] == "text/xml; charset=UTF-8"
    assert "x-amz-access-token" not in put.headers
    assert len(amazon.asked) == 2


def test_a_document_above_its_limit_is_not_read(amazon: Amazonlike) -> None:
    amazon.answers["GET", "/down"] = (200, b"x" * 11)
    with pytest.raises(TooLarge):
        amazon.client().get_document(amazon.url + "/down", max_bytes=10)


def test_an_endpoint_must_be_safe_and_a_user_agent_short(amazon: Amazonlike) -> None:
    with pytest.raises(ValueError, match="https"):
        Client("http://sellingpartnerapi-eu.amazon.com", amazon.tokens())
    with pytest.raises(ValueError, match="500"):
        Client(amazon.url, amazon.tokens(), user_agent="x" * 501)
