"""Selling partners and mailboxes: what is stored, what is sealed, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from mostrador.actions.selling_partners import (
    UnusableSetting,
    add_mailbox,
    connect_selling_partner,
    pause_selling_partner,
    resume_selling_partner,
)
from mostrador.models import Mailbox, SellingPartner
from tests.makers import NOW, make_selling_partner

pytestmark = pytest.mark.django_db

PARTNER: dict[str, Any] = {
    "name": "Nordlicht",
    "seller_id": "A2NORDLICHT",
    "region": "eu",
    "marketplace_ids": ["A1PA6795UKMFR9"],
    "client_id": "amzn1.application-oa2-client.x",
    "client_secret": "the-client-secret",
    "refresh_token": "the-refresh-token",
}
MAILBOX: dict[str, Any] = {
    "url": "imaps://desk@mail.example/INBOX",
    "secret": "the-imap-password",
    "smtp_url": "smtps://desk@mail.example",
    "smtp_secret": "the-smtp-password",
    "from_address": "service@nordlicht.example",
}


def test_a_selling_partners_secrets_are_sealed_and_can_be_opened() -> None:
    partner = connect_selling_partner(**PARTNER)

    stored = SellingPartner.objects.values().get(pk=partner.pk)
    assert "the-client-secret" not in str(stored)
    assert "the-refresh-token" not in str(stored)
    assert (partner.client_secret(), partner.refresh_token()) == ("the-client-secret", "the-refresh-token")


def test_connecting_again_renews_the_credentials() -> None:
    first = connect_selling_partner(**PARTNER)

    again = connect_selling_partner(**{**PARTNER, "refresh_token": "a-newer-token"})

    assert again.pk == first.pk
    assert again.refresh_token() == "a-newer-token"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"region": "mars"}, "region: unknown"),
        ({"client_secret": " "}, "client_secret: empty"),
        ({"marketplace_ids": []}, "marketplace_ids: empty"),
        ({"marketplace_ids": ["NOWHERE"]}, "marketplace_ids: unknown"),
        ({"marketplace_ids": ["ATVPDKIKX0DER"]}, "marketplace_ids: other_region"),
    ],
)
def test_a_setting_that_cannot_be_used_stores_nothing(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(UnusableSetting, match=problem):
        connect_selling_partner(**{**PARTNER, **change})

    assert SellingPartner.objects.count() == 0


def test_a_mailboxs_passwords_are_sealed() -> None:
    mailbox = add_mailbox(selling_partner=make_selling_partner(), **MAILBOX)

    assert "password" not in str(Mailbox.objects.values().get())
    assert (mailbox.secret(), mailbox.smtp_secret()) == ("the-imap-password", "the-smtp-password")
    assert mailbox.from_name == "Nordlicht"


def test_a_password_inside_an_address_is_taken_out_and_sealed() -> None:
    mailbox = add_mailbox(
        selling_partner=make_selling_partner(),
        url="imaps://desk:p%40ss@mail.example:993/INBOX?move=Done",
        smtp_url="smtp+starttls://desk:other@mail.example",
        from_address="service@nordlicht.example",
    )

    assert mailbox.url == "imaps://desk@mail.example:993/INBOX?move=Done"
    assert mailbox.smtp_url == "smtp+starttls://desk@mail.example"
    assert (mailbox.secret(), mailbox.smtp_secret()) == ("p@ss", "other")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"url": "pop3://x@mail.example"}, "url: unknown_scheme"),
        ({"smtp_url": "http://mail.example"}, "smtp_url: unknown_scheme"),
        ({"from_address": "nobody"}, "from_address: not_an_address"),
        ({"from_address": "a@b.example\nBcc: c@d.example"}, "from_address: not_an_address"),
    ],
)
def test_an_address_that_cannot_be_understood_stores_nothing(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(UnusableSetting, match=problem):
        add_mailbox(selling_partner=make_selling_partner(), **{**MAILBOX, **change})

    assert Mailbox.objects.count() == 0


def test_a_paused_selling_partner_goes_on_when_it_is_resumed() -> None:
    partner = make_selling_partner()

    pause_selling_partner(selling_partner=partner, because="holiday", now=NOW)
    partner.refresh_from_db()
    assert (partner.paused_at, partner.paused_because) == (NOW, "holiday")

    resume_selling_partner(selling_partner=partner)
    partner.refresh_from_db()
    assert (partner.paused_at, partner.paused_because) == (None, "")
