"""People: strong passwords, one agent per address, tokens shown once."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from mostrador.actions.people import AddressTaken, add_agent, add_token
from mostrador.models import Agent, ApiToken
from tests.makers import make_agent

pytestmark = pytest.mark.django_db


def test_an_agent_can_sign_in_with_the_password() -> None:
    agent = add_agent(email="Ana@Desk.Test", name="Ana Ruiz", password="a lantern at sea", is_owner=True)

    assert (agent.email, agent.name, agent.is_owner) == ("ana@desk.test", "Ana Ruiz", True)
    assert agent.check_password("a lantern at sea")


@pytest.mark.parametrize("password", ["short", "passwordpassword1"[:8], "ana.ruiz@desk.test"])
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        add_agent(email="ana.ruiz@desk.test", name="Ana Ruiz", password=password)

    assert not Agent.objects.get_queryset().exists()


def test_one_address_is_one_agent() -> None:
    make_agent(email="ana@desk.test")

    with pytest.raises(AddressTaken):
        add_agent(email="ANA@desk.test", name="Ana", password="a lantern at sea")


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(ValidationError):
        add_agent(email="ana", name="Ana", password="a lantern at sea")


def test_a_token_is_kept_only_as_a_hash_and_opens_the_door() -> None:
    agent = make_agent()

    row, token = add_token(agent=agent, name="sync")

    assert token not in str(ApiToken.objects.values().get())
    assert ApiToken.objects.of(token) == row
    assert row.agent == agent
