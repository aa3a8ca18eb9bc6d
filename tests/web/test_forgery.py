"""Forgery: no other site makes a page act, frames it or signs anybody in; every address is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from mostrador.models import Agent, Ticket
from tests import makers

METHODS = ("post", "put", "patch", "delete")
# Everything a stranger may ask for, and why it must be so. A new view is guarded until it is named here.
OPEN_TO_ALL = {
    "sign-in": "how else would anybody get in",
    "healthz": "the watchdog has no account",
    "readyz": "the watchdog has no account",
    "metrics": "guarded by a secret of its own",
    "mail-image": "the sealed frame sends no cookies; a signed, short-lived seal is asked instead",
}
_EXAMPLES = {"int": "1", "slug": "a-word", "str": "word", "path": "a/b", "uuid": "0" * 32}


def _addresses(
    patterns: list[URLPattern | URLResolver], before: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Give every address of the desk's pages, with examples in its places, and its pattern."""
    for each in patterns:
        if isinstance(each, URLPattern):
            written = re.sub(r"<(\w+):\w+>", lambda place: _EXAMPLES[place[1]], str(each.pattern))
            yield f"/{before}{written}", each
        elif str(each.pattern) != "api/":
            yield from _addresses(each.url_patterns, before + str(each.pattern))


PAGES = list(_addresses(get_resolver().url_patterns))
GUARDED = [(path, pattern) for path, pattern in PAGES if pattern.name not in OPEN_TO_ALL]
guarded_pages = pytest.mark.parametrize(
    "path", [path for path, _ in GUARDED], ids=[str(pattern.name) for _, pattern in GUARDED]
)


def _is_csrf_exempt(view: Callable[..., object]) -> bool:
    return bool(getattr(view, "csrf_exempt", False))


@pytest.fixture
def strict(agent: Agent) -> Client:
    """Marta's browser, in which the check of forms is not switched off as in other tests."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(agent)
    return client


# ── who gets in ───────────────────────────────────────────────────────────────────────────────────────────


@guarded_pages
@pytest.mark.django_db
def test_every_address_sends_a_stranger_to_the_sign_in_page(client: Client, path: str) -> None:
    for method in ("get", *METHODS):
        answer = getattr(client, method)(path)
        assert answer.status_code == HTTPStatus.FOUND, method
        assert answer.headers["Location"].startswith("/sign-in?next="), method


def test_only_the_named_addresses_are_open_to_strangers() -> None:
    is_open = {
        str(pattern.name) for _, pattern in PAGES if not getattr(pattern.callback, "login_required", True)
    }
    assert is_open == set(OPEN_TO_ALL)


# ── forged forms ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", [path for path, _ in PAGES], ids=[str(pattern.name) for _, pattern in PAGES])
def test_no_address_takes_a_form_without_its_token(strict: Client, path: str) -> None:
    for method in METHODS:
        answer = getattr(strict, method)(path)
        assert answer.status_code == HTTPStatus.FORBIDDEN, method
        assert "Not allowed" in answer.content.decode(), method


def test_no_page_is_excused_from_the_check_of_forms() -> None:
    assert [path for path, pattern in PAGES if _is_csrf_exempt(pattern.callback)] == []


@pytest.mark.django_db
def test_a_form_with_a_token_of_somebody_else_is_refused(strict: Client) -> None:
    ticket = makers.make_ticket()
    strict.get(f"/tickets/{ticket.pk}/")
    answer = strict.post(f"/tickets/{ticket.pk}/close", {"csrfmiddlewaretoken": "x" * 64})
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert Ticket.objects.get(pk=ticket.pk).state == "open"


def test_a_form_with_its_token_is_taken(strict: Client) -> None:
    ticket = makers.make_ticket()
    answer = strict.post(f"/tickets/{ticket.pk}/close", {"csrfmiddlewaretoken": _token(strict, "/profile")})
    assert answer.status_code != HTTPStatus.FORBIDDEN
    assert Ticket.objects.get(pk=ticket.pk).state == "closed"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
def test_a_form_from_another_site_is_refused_even_with_its_token(strict: Client, origin: str) -> None:
    ticket = makers.make_ticket()
    form = {"csrfmiddlewaretoken": _token(strict, "/profile")}
    answer = strict.post(f"/tickets/{ticket.pk}/close", form, headers={"Origin": origin})
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert Ticket.objects.get(pk=ticket.pk).state == "open"


@guarded_pages
def test_looking_at_a_page_changes_no_ticket_and_signs_nobody_out(desk: Client, path: str) -> None:
    """A picture on another site can only ask with GET, to which the session's cookie may go along."""
    ticket = makers.make_ticket()
    before = Ticket.objects.values().get()
    desk.get(_of(ticket, path))
    assert Ticket.objects.values().get() == before
    assert "_auth_user_id" in desk.session


# ── signing in ────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_is_signed_in_by_a_form_of_another_site(agent: Agent) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/sign-in", {"username": agent.email, "password": makers.PASSWORD})
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "_auth_user_id" not in strict.session


def test_signing_in_changes_the_session_and_the_token(agent: Agent) -> None:
    client = Client(enforce_csrf_checks=True)
    token = _token(client, "/sign-in")
    session = client.session
    session["planted"] = "by another"
    session.save()
    planted = str(session.session_key)
    client.cookies[django_settings.SESSION_COOKIE_NAME] = planted
    before = client.cookies[django_settings.CSRF_COOKIE_NAME].value
    form = {"username": agent.email, "password": makers.PASSWORD, "csrfmiddlewaretoken": token}
    assert client.post("/sign-in", form).status_code == HTTPStatus.FOUND
    assert client.cookies[django_settings.SESSION_COOKIE_NAME].value != planted
    assert client.cookies[django_settings.CSRF_COOKIE_NAME].value != before


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:evil"],
)
def test_signing_in_never_leads_to_another_site(client: Client, agent: Agent, target: str) -> None:
    form = {"username": agent.email, "password": makers.PASSWORD, "next": target}
    assert client.post("/sign-in", form).headers["Location"] == "/"


def test_the_cookies_are_kept_from_scripts_and_other_sites(client: Client, agent: Agent) -> None:
    client.get("/sign-in")
    client.post("/sign-in", {"username": agent.email, "password": makers.PASSWORD})
    for name in (django_settings.SESSION_COOKIE_NAME, django_settings.CSRF_COOKIE_NAME):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
            True,
            "Lax",
            "/",
            "",
        )
    assert client.cookies[django_settings.SESSION_COOKIE_NAME]["max-age"] == 12 * 60 * 60


# ── frames ────────────────────────────────────────────────────────────────────────────────────────────────


@guarded_pages
def test_no_page_can_be_framed_by_another_site(desk: Client, path: str) -> None:
    answer = desk.get(_of(makers.make_ticket(), path))
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("name", ["html", "with-images"])
def test_a_mail_can_be_framed_by_the_desk_alone_and_runs_nothing(desk: Client, name: str) -> None:
    message = makers.make_message(ticket=makers.make_ticket())
    policy = desk.get(f"/messages/{message.pk}/{name}").headers["Content-Security-Policy"]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["frame-ancestors"] == "'self'"
    assert rules["sandbox"] == "allow-popups"
    for rule in ("default-src", "script-src", "connect-src", "form-action", "frame-src"):
        assert rules[rule] == "'none'"


# ── programs ──────────────────────────────────────────────────────────────────────────────────────────────


def _api_addresses() -> list[str]:
    found = next(each for each in get_resolver().url_patterns if str(each.pattern) == "api/")
    assert isinstance(found, URLResolver)
    return [
        "/api/" + re.sub(r"<(?:\w+:)?\w+>", "T-1001", str(each.pattern))
        for each in found.url_patterns
        if isinstance(each, URLPattern) and each.name not in ("openapi", "unknown")
    ]


@pytest.mark.parametrize("path", _api_addresses())
@pytest.mark.django_db
def test_a_session_opens_no_address_of_the_api(desk: Client, path: str) -> None:
    for method in ("get", *METHODS):
        answer = getattr(desk, method)(path, content_type="application/json")
        refused = (HTTPStatus.UNAUTHORIZED, HTTPStatus.METHOD_NOT_ALLOWED)
        assert answer.status_code in refused, f"{method}: {answer.status_code}"


def _of(ticket: Ticket, path: str) -> str:
    """Return the address with this ticket in the place of the example."""
    return path.replace("/tickets/1/", f"/tickets/{ticket.pk}/")


def _token(client: Client, path: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(path).content.decode())
    assert found is not None
    return found[1]
