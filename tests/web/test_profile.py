"""Profile: an agent says which new tickets may come by themselves."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.test import Client

from mostrador.models import Agent

OWN = {"name": "Marta Gil", "language": "en", "time_zone": "Europe/Madrid"}
GERMANY = "A1PA6795UKMFR9"


def test_an_agent_says_in_which_languages_and_for_which_marketplaces(desk: Client, agent: Agent) -> None:
    page = desk.get("/profile").content.decode()
    assert "Amazon.de" in page
    assert "German" in page
    desk.post(
        "/profile", {**OWN, "takes_new_tickets": "on", "answers_in": ["de", "en"], "answers_for": [GERMANY]}
    )
    agent.refresh_from_db()
    assert agent.takes_new_tickets
    assert (agent.answers_in, agent.answers_for) == (["de", "en"], [GERMANY])


def test_nothing_ticked_takes_no_new_tickets_of_any_kind(desk: Client, agent: Agent) -> None:
    desk.post("/profile", OWN)
    agent.refresh_from_db()
    assert (agent.takes_new_tickets, agent.answers_in, agent.answers_for) == (False, [], [])


@pytest.mark.parametrize("wrong", [{"answers_in": ["xx"]}, {"answers_for": ["A0"]}])
def test_an_unknown_choice_is_refused(desk: Client, agent: Agent, wrong: dict[str, list[str]]) -> None:
    answer = desk.post("/profile", {**OWN, **wrong})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    agent.refresh_from_db()
    assert agent.takes_new_tickets
