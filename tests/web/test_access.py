"""Who gets in and what pages forbid; that every address asks for a login is in test_forgery."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.test import Client

from mostrador.models import Agent
from tests import makers


@pytest.mark.django_db
def test_the_health_check_needs_no_login_and_asks_the_database(
    client: Client, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (HTTPStatus.OK, b"ok\n")


def test_signing_in_leads_to_the_inbox_whatever_the_case_of_the_address(client: Client, agent: Agent) -> None:
    answer = client.post("/sign-in", {"username": agent.email.upper(), "password": makers.PASSWORD})
    assert answer.status_code == HTTPStatus.FOUND
    assert answer.headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(client: Client, agent: Agent) -> None:
    words = "E-mail address and password do not belong together."
    for address in (agent.email, "nobody@desk.test"):
        answer = client.post("/sign-in", {"username": address, "password": "wrong"})
        assert words in answer.content.decode()


def test_an_agent_who_has_left_cannot_sign_in(client: Client, agent: Agent) -> None:
    agent.is_active = False
    agent.save()
    answer = client.post("/sign-in", {"username": agent.email, "password": makers.PASSWORD})
    assert answer.status_code == HTTPStatus.OK
    assert "_auth_user_id" not in client.session


def test_a_form_without_its_token_is_refused_and_changes_nothing(agent: Agent) -> None:
    ticket = makers.make_ticket()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(agent)
    answer = strict.post(f"/tickets/{ticket.pk}/close")
    ticket.refresh_from_db()
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "Not allowed" in answer.content.decode()
    assert ticket.state == "open"


def test_pages_forbid_foreign_code_frames_and_guessing(desk: Client) -> None:
    answer = desk.get("/")
    policy = answer.headers["Content-Security-Policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/profile", "/help"])
def test_no_page_carries_scripts_or_styles_of_its_own(desk: Client, path: str) -> None:
    html = desk.get(path).content.decode()
    assert "<style" not in html
    assert " style=" not in html
    assert "<script>" not in html
    assert " onclick" not in html


def test_a_page_that_is_not_there_says_so_in_plain_words(desk: Client) -> None:
    answer = desk.get("/tickets/999999/")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert "There is no such page" in answer.content.decode()


def test_the_profile_keeps_language_and_time_zone(desk: Client, agent: Agent) -> None:
    answer = desk.post(
        "/profile", {"name": "Marta", "language": "es", "time_zone": "Europe/Madrid"}, follow=True
    )
    agent.refresh_from_db()
    assert (agent.name, agent.language, agent.time_zone) == ("Marta", "es", "Europe/Madrid")
    assert "Tus ajustes" in answer.content.decode()


def test_a_changed_password_keeps_this_session_and_ends_the_others(desk: Client, agent: Agent) -> None:
    other = Client()
    other.force_login(agent)
    new = "staple battery horse 42"
    desk.post(
        "/profile/password",
        {"old_password": makers.PASSWORD, "new_password1": new, "new_password2": new},
    )
    assert desk.get("/profile").status_code == HTTPStatus.OK
    assert other.get("/profile").status_code == HTTPStatus.FOUND
