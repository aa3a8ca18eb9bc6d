"""`mostrador add-agent` and `add-token`: people sign in, programs carry tokens."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.core.management.base import CommandError

from mostrador.models import Agent, ApiToken
from tests.makers import make_agent
from tests.management.conftest import Run

pytestmark = pytest.mark.django_db

File = Callable[[str, str], str]


def test_an_agent_can_sign_in_with_the_password_of_the_file(run: Run, file: File) -> None:
    password = file("password", "a long walk by the sea\n")
    said = run("add-agent", "--email", "Marta.Gil@Example.com", "--password-file", password, "--owner")
    agent = Agent.objects.get(email="marta.gil@example.com")
    assert agent.check_password("a long walk by the sea")
    assert (agent.name, agent.is_owner) == ("Marta Gil", True)
    assert said == "Marta Gil can sign in as marta.gil@example.com (owner)."


@pytest.mark.parametrize(
    ("password", "reason"),
    [("short", "too short"), ("marta.gil.lane", "too similar to the email"), ("", "empty")],
)
def test_a_weak_password_is_refused(run: Run, file: File, password: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        run(
            "add-agent",
            "--email",
            "marta.gil.lane@example.com",
            "--password-file",
            file("password", password),
        )
    assert not Agent.objects.get_queryset().exists()


def test_the_same_address_twice_is_refused(run: Run, file: File) -> None:
    password = file("password", "a long walk by the sea")
    run("add-agent", "--email", "ben@example.com", "--password-file", password)
    with pytest.raises(CommandError, match=r"signs in as ben@example\.com already"):
        run("add-agent", "--email", "BEN@example.com", "--password-file", password, "--owner")
    assert not Agent.objects.get(email="ben@example.com").is_owner


def test_a_token_is_printed_once_and_stored_as_a_hash(run: Run) -> None:
    agent = make_agent()
    token = run("add-token", "--agent", agent.email.upper(), "--name", "warehouse")
    row = ApiToken.objects.get()
    assert ApiToken.objects.of(token) == row
    assert (row.agent, row.name) == (agent, "warehouse")
    assert token.startswith("mst_")
    assert token not in str(vars(row))


def test_a_token_comes_as_json_too(run: Run) -> None:
    agent = make_agent()
    facts = json.loads(run("add-token", "--agent", agent.email, "--json"))
    assert ApiToken.objects.of(facts["token"]) == ApiToken.objects.get(pk=facts["id"])


def test_a_token_for_nobody_is_refused(run: Run) -> None:
    with pytest.raises(CommandError, match=r"No agent signs in as nobody@example\.com"):
        run("add-token", "--agent", "nobody@example.com")
    assert not ApiToken.objects.exists()
