"""Bearer tokens: the only way in for programs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from mostrador.api.contract import api
from mostrador.models import Agent, ApiToken, Refund
from tests.api.programs import Program, euros, wish
from tests.makers import make_item, make_order

pytestmark = pytest.mark.django_db


def with_header(value: str) -> Program:
    """Return a program that sends this Authorization header."""
    return Program(Client(raise_request_exception=False), {"Authorization": value})


def test_every_operation_needs_a_token(stranger: Program, document: dict[str, Any]) -> None:
    asked = 0
    for path, operations in document["paths"].items():
        for method in operations:
            real = path.removeprefix("/api/v1/").replace("{", "").replace("}", "")
            match method:
                case "get":
                    answer = stranger.get(real)
                case "patch":
                    answer = stranger.patch(real, {})
                case _:
                    answer = stranger.post(real, {})
            assert (answer.status, answer.body["code"]) == (401, "token_missing_or_unknown"), path
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="mostrador"'
            asked += 1
    assert asked == 18


@pytest.mark.parametrize(
    "header",
    [
        "Bearer ",
        "Bearer nonsense",
        "Basic bXN0Xw==",
        "Bearer",
        "bearer  x y",
        "Bearer " + "x" * 5000,
        "mst_x",
    ],
)
def test_what_is_no_token_of_ours_is_refused(header: str) -> None:
    answer = with_header(header).get("tickets")

    assert (answer.status, answer.body["code"]) == (401, "token_missing_or_unknown")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="mostrador", error="invalid_token"'


def test_the_scheme_is_read_in_any_case(agent: Agent) -> None:
    _, token = ApiToken.objects.issue(agent=agent, name="test")

    assert with_header(f"bearer {token}").get("tickets").status == 200


def test_a_revoked_token_is_refused(agent: Agent) -> None:
    row, token = ApiToken.objects.issue(agent=agent, name="test")
    ApiToken.objects.filter(pk=row.pk).update(revoked_at=datetime.now(UTC))

    assert with_header(f"Bearer {token}").get("tickets").status == 401


def test_the_token_of_an_agent_who_left_is_refused(program: Program, agent: Agent) -> None:
    Agent.objects.get_queryset().filter(pk=agent.pk).update(is_active=False)

    assert program.get("tickets").status == 401


def test_a_session_does_not_open_the_api(agent: Agent) -> None:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    client.force_login(agent)

    assert Program(client, {}).get("tickets").status == 401


def test_a_token_in_the_query_does_not_count(agent: Agent) -> None:
    _, token = ApiToken.objects.issue(agent=agent, name="test")

    answer = Program(Client(), {}).get("tickets", access_token=token, token=token)

    assert answer.status == 401


def test_a_program_needs_no_csrf_token(agent: Agent) -> None:
    _, token = ApiToken.objects.issue(agent=agent, name="test")
    program = Program(Client(enforce_csrf_checks=True), {"Authorization": f"Bearer {token}"})
    order = make_order(items=[make_item(item_id="11111111111111")])

    answer = program.post(
        f"orders/{order.amazon_order_id}/refunds", wish("11111111111111", principal=euros("1.00"))
    )

    assert answer.status == 201


def test_using_a_token_is_noted(program: Program, agent: Agent) -> None:
    program.get("tickets")

    used = ApiToken.objects.get(agent=agent).last_used_at
    assert used is not None


def test_no_token_is_ever_logged(
    agent: Agent, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.DEBUG = True  # when Django and django-ninja are at their most talkative
    _, token = ApiToken.objects.issue(agent=agent, name="test")

    def broken(request: object, **_: object) -> None:
        raise RuntimeError("broken on purpose")

    path = next(found for router in api._get_bound_routers() for found in router.path_operations.values())
    monkeypatch.setattr(path.operations[0], "view_func", broken)
    with caplog.at_level(logging.DEBUG):
        answers = [
            with_header(f"Bearer {token}").get("tickets"),
            with_header(f"Token {token}").get("tickets"),
            with_header(f"Bearer {token}x").get("tickets"),
        ]

    assert [answer.status for answer in answers] == [500, 401, 401]
    told = caplog.text + "".join(str(vars(record)) for record in caplog.records if record.exc_info is None)
    assert "broken on purpose" in told
    assert token not in told
    assert token not in str([answer.body for answer in answers])
    assert not Refund.objects.exists()


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/openapi.json", "/api/v1/tickets"])
def test_no_address_below_the_api_asks_for_a_csrf_token_or_a_sign_in(db: None, path: str) -> None:
    client = Client(enforce_csrf_checks=True)

    response = client.post(path, {}, content_type="application/json")

    assert response.status_code in (404, 405)
    assert response["Content-Type"] == "application/problem+json"
