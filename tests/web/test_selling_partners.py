"""A selling partner's settings: only owners find them, and Amazon's rules hold for the signature."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.test import Client

from mostrador.models import Agent
from tests import makers


@pytest.fixture
def owner(agent: Agent, client: Client) -> Client:
    """A browser in which an owner is signed in."""
    client.force_login(makers.make_agent(name="Olga Ortiz", is_owner=True))
    return client


def test_an_owner_keeps_a_signature_and_agents_see_it_beside_the_box(owner: Client) -> None:
    ticket = makers.make_ticket()
    partner = ticket.selling_partner
    address = f"/settings/selling-partners/{partner.pk}"
    assert address in owner.get("/profile").content.decode()
    assert (
        owner.post(address, {"signature": " Ihr Nordlicht-Team\r\nMo-Fr \n"}).status_code == HTTPStatus.FOUND
    )
    partner.refresh_from_db()
    assert partner.signature == "Ihr Nordlicht-Team\nMo-Fr"
    html = owner.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "</span>Ihr Nordlicht-Team\nMo-Fr</p>" in html


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("www.nordlicht-lampen.com", "A link out of Amazon"),
        ("Tel. +49 30 1234567", "A telephone number"),
        ("x" * 1001, "1001 characters"),
    ],
)
def test_a_signature_no_answer_may_carry_is_refused(owner: Client, signature: str, words: str) -> None:
    partner = makers.make_selling_partner()
    answer = owner.post(f"/settings/selling-partners/{partner.pk}", {"signature": signature})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in answer.content.decode()
    assert signature in answer.content.decode()
    partner.refresh_from_db()
    assert partner.signature == ""


def test_who_is_no_owner_finds_no_settings(desk: Client) -> None:
    partner = makers.make_selling_partner()
    address = f"/settings/selling-partners/{partner.pk}"
    assert desk.get(address).status_code == HTTPStatus.NOT_FOUND
    assert desk.post(address, {"signature": "Hallo"}).status_code == HTTPStatus.NOT_FOUND
    assert "/settings/selling-partners/" not in desk.get("/profile").content.decode()
    partner.refresh_from_db()
    assert partner.signature == ""
