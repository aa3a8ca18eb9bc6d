"""Locale: each agent's pages speak their language, in their time zone; strangers get their browser's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import timezone, translation

from mostrador.models import Agent
from mostrador.web.locale import agent_locale
from mostrador.web.notation import clock_text
from tests import makers

AT = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)

SIGN_IN = [
    ("en", "Sign in"),
    ("es", "Entrar"),
    ("de", "Anmelden"),
    ("fr", "Se connecter"),
    ("it", "Accedi"),
]


@pytest.mark.parametrize(("language", "words"), SIGN_IN)
def test_a_stranger_is_spoken_to_in_the_browsers_language(
    client: Client, db: None, language: str, words: str
) -> None:
    page = client.get("/sign-in", headers={"Accept-Language": f"{language}-XX,{language};q=0.9,pt;q=0.5"})
    assert page.headers["Content-Language"] == language
    assert f'<html lang="{language}"' in page.content.decode()
    assert f"<h1>{words}</h1>" in page.content.decode()


def test_a_language_the_desk_does_not_speak_becomes_english(client: Client, db: None) -> None:
    page = client.get("/sign-in", headers={"Accept-Language": "pl"})
    assert page.headers["Content-Language"] == "en"


@pytest.mark.parametrize("language", [language for language, _ in SIGN_IN])
def test_an_agents_own_language_goes_before_the_browsers(client: Client, db: None, language: str) -> None:
    client.force_login(makers.make_agent(language=language))
    page = client.get("/profile", headers={"Accept-Language": "pl,es;q=0.8"})
    assert page.headers["Content-Language"] == language
    assert f'<option value="{language}" selected>' in page.content.decode()


@pytest.mark.parametrize(
    ("zone", "clock"),
    [("UTC", "23:30"), ("Europe/Madrid", "00:30"), ("Asia/Tokyo", "08:30"), ("Asia/Kathmandu", "05:15")],
)
def test_times_are_said_in_the_agents_zone(db: None, zone: str, clock: str) -> None:
    assert _clock_of(_agent(zone)) == clock


@pytest.mark.parametrize("zone", ["Atlantis/Capital", "../etc/passwd", ""])
def test_a_zone_that_is_none_falls_back_to_the_desks(db: None, zone: str) -> None:
    assert _clock_of(_agent(zone)) == "23:30"


def test_language_and_zone_end_with_the_request(db: None) -> None:
    before = translation.get_language(), timezone.get_current_timezone_name()
    _clock_of(_agent("Asia/Tokyo", language="de"))
    assert (translation.get_language(), timezone.get_current_timezone_name()) == before


def _agent(zone: str, *, language: str = "en") -> Agent:
    agent = makers.make_agent(language=language)
    agent.time_zone = zone
    return agent


def _clock_of(agent: Agent) -> str:
    """Return what the clock of `AT` reads in a page of this agent."""
    request = HttpRequest()
    request.user = agent
    answer = agent_locale(lambda _: HttpResponse(clock_text(AT)))(request)
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()
