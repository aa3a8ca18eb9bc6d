"""Access tokens: fetched when needed, kept while they live, never shown."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from mostrador.amazon.errors import AmazonError, Happened, NotSent, Unauthorized
from mostrador.amazon.lwa import TokenSource

from .amazonlike import NOW, Amazonlike

LOGIN = ("POST", "/auth/o2/token")


def test_a_token_is_asked_for_as_amazon_wants_it(amazon: Amazonlike) -> None:
    token = amazon.tokens().token(NOW)
    assert (token.value, token.expires_at) == ("Atza|fresh", NOW + timedelta(hours=1))
    asked = amazon.asked[0]
    assert (asked.method, asked.path) == LOGIN
    assert asked.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["Atzr|refresh"],
        "client_id": ["amzn1.client"],
        "client_secret": ["the-secret"],
    }


@pytest.mark.parametrize("ahead", [timedelta(days=2), timedelta(minutes=-7), timedelta(0)])
def test_a_token_dies_by_amazons_clock_whatever_ours_shows(amazon: Amazonlike, ahead: timedelta) -> None:
    real = datetime.now(UTC)
    token = amazon.tokens().token(real + ahead)
    assert token.expires_at == real + ahead + timedelta(hours=1)
    assert abs(token.dead_at - real - timedelta(hours=1)) < timedelta(seconds=5)


def test_a_token_is_kept_while_it_lives_long_enough(amazon: Amazonlike) -> None:
    tokens = amazon.tokens()
    tokens.token(NOW)
    tokens.token(NOW + timedelta(minutes=55))
    assert len(amazon.asked) == 1
    tokens.token(NOW + timedelta(minutes=55, seconds=1))
    assert len(amazon.asked) == 2
    tokens.token(NOW + timedelta(minutes=56), at_least=timedelta(minutes=59, seconds=30))
    assert len(amazon.asked) == 3


def test_a_forgotten_token_is_replaced(amazon: Amazonlike) -> None:
    tokens = amazon.tokens()
    tokens.token(NOW)
    tokens.forget()
    tokens.token(NOW)
    assert len(amazon.asked) == 2


def test_threads_share_one_login(amazon: Amazonlike) -> None:
    tokens = amazon.tokens()
    threads = [threading.Thread(target=tokens.token, args=(NOW,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(amazon.asked) == 1


def test_a_token_never_counts_as_living_longer_than_an_hour(amazon: Amazonlike) -> None:
    amazon.answers[LOGIN] = (200, {"access_token": "a", "expires_in": 10**9})
    assert amazon.tokens().token(NOW).expires_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (
            400,
            {"error": "invalid_grant", "error_description": "The token is revoked."},
            Unauthorized,
            "invalid_grant",
        ),
        (401, {"error": "invalid_client", "error_description": "No."}, Unauthorized, "invalid_client"),
        (429, {}, NotSent, ""),
        (500, b"<html>", NotSent, ""),
        (302, b"", NotSent, ""),
        (200, b"not json", NotSent, ""),
        (200, {}, NotSent, ""),
        (200, {"access_token": "a b", "expires_in": 3600}, NotSent, ""),
        (200, {"access_token": "a\r\nHost: evil", "expires_in": 3600}, NotSent, ""),
        (200, {"access_token": "", "expires_in": 3600}, NotSent, ""),
        (200, {"access_token": "a"}, NotSent, ""),
        (200, {"access_token": "a", "expires_in": 0}, NotSent, ""),
        (200, {"access_token": "a", "expires_in": "3600"}, NotSent, ""),
        (200, {"access_token": "a", "expires_in": True}, NotSent, ""),
    ],
)
def test_a_login_that_fails_has_done_nothing(
    amazon: Amazonlike, status: int, body: object, kind: type[AmazonError], code: str
) -> None:
    amazon.answers[LOGIN] = (status, body)
    with pytest.raises(AmazonError) as caught:
        amazon.tokens().token(NOW)
    assert type(caught.value) is kind
    assert (caught.value.operation, caught.value.happened) == ("getAccessToken", Happened.NO)
    assert (caught.value.status, caught.value.code) == (status, code)


def test_no_answer_from_the_login_has_done_nothing() -> None:
    tokens = TokenSource(client_id="c", client_secret="s", refresh_token="r", endpoint="http://127.0.0.1:1")
    with pytest.raises(NotSent) as caught:
        tokens.token(NOW)
    assert caught.value.happened is Happened.NO


def test_secrets_are_in_no_repr_error_or_log(amazon: Amazonlike, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    tokens = amazon.tokens()
    shown = repr(tokens) + repr(tokens.token(NOW)) + str(tokens.token(NOW))
    amazon.answers[LOGIN] = (400, {"error": "invalid_grant"})
    tokens.forget()
    with pytest.raises(AmazonError) as caught:
        tokens.token(NOW)
    shown += str(caught.value) + repr(caught.value) + caplog.text
    for secret in ("the-secret", "Atzr|refresh", "Atzr%7Crefresh", "Atza|fresh"):
        assert secret not in shown


def test_the_login_may_be_given_as_a_host_or_as_a_whole_address(amazon: Amazonlike) -> None:
    amazon.answers["POST", "/other/token"] = (200, {"access_token": "other", "expires_in": 60})
    whole = TokenSource(
        client_id="c", client_secret="s", refresh_token="r", endpoint=amazon.url + "/other/token"
    )
    assert whole.token(NOW).value == "other"


def test_plain_http_to_another_machine_is_refused() -> None:
    with pytest.raises(ValueError, match="https"):
        TokenSource(client_id="c", client_secret="s", refresh_token="r", endpoint="http://api.amazon.com")


def test_a_grantless_token_is_asked_for_with_its_scope(amazon: Amazonlike) -> None:
    tokens = TokenSource(
        client_id="amzn1.client",
        client_secret="the-secret",
        scope="sellingpartnerapi::notifications",
        endpoint=amazon.url,
    )
    tokens.token(NOW)
    assert parse_qs(amazon.asked[0].body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["sellingpartnerapi::notifications"],
        "client_id": ["amzn1.client"],
        "client_secret": ["the-secret"],
    }


@pytest.mark.parametrize("grant", [{}, {"refresh_token": "r", "scope": "s"}])
def test_a_token_is_for_a_seller_or_for_the_application(grant: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="either a refresh token or a scope"):
        TokenSource(client_id="c", client_secret="s", **grant)
