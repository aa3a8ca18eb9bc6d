"""Secrets: encrypted at rest, bound to their row, opened by an old key, and never shown."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from mostrador.models import ApiToken, Mailbox, SellingPartner
from mostrador.models.secrets import SecretUnreadable, seal, unseal
from tests.makers import PASSWORD, make_agent, make_mailbox, make_selling_partner

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

SECRET = "client-secret-of-the-tests"


def test_a_secret_opens_where_it_was_sealed() -> None:
    sealed = seal("pässwörd", place="here")
    assert unseal(sealed, place="here") == "pässwörd"
    assert "ssw" not in sealed
    assert seal("pässwörd", place="here") != sealed, "each sealing has a nonce of its own"


def test_a_secret_does_not_open_elsewhere() -> None:
    with pytest.raises(SecretUnreadable):
        unseal(seal("x", place="partner:1:secret"), place="partner:2:secret")


@pytest.mark.parametrize("place", [1, 13, 20, -1])
def test_a_changed_secret_does_not_open(place: int) -> None:
    raw = bytearray(base64.b64decode(seal("a secret", place="here")))
    raw[place] ^= 1
    with pytest.raises(SecretUnreadable):
        unseal(base64.b64encode(bytes(raw)).decode(), place="here")


@pytest.mark.parametrize("stored", ["", "AQ==", "not base64!", "AQIDBAUGBwgJCgsMDQ=="])
def test_what_was_never_sealed_does_not_open(stored: str) -> None:
    with pytest.raises(SecretUnreadable):
        unseal(stored, place="here")


def test_a_retired_key_still_opens_and_a_new_one_seals(settings: SettingsWrapper) -> None:
    old = seal("x", place="here")
    first = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [first]
    assert unseal(old, place="here") == "x"
    new = seal("y", place="here")
    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(new, place="here") == "y"
    with pytest.raises(SecretUnreadable) as unreadable:
        unseal(old, place="here")
    assert "MOSTRADOR_SECRET_KEY" in str(unreadable.value)
    assert first not in str(unreadable.value)


# ── in the tables ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_credentials_of_one_seller_do_not_open_in_the_row_of_another() -> None:
    one, other = make_selling_partner(), make_selling_partner()
    assert one.client_secret() == SECRET
    assert one.refresh_token() == "Atzr|refresh-token-of-the-tests"
    SellingPartner.objects.filter(pk=other.pk).update(client_secret_sealed=one.client_secret_sealed)
    SellingPartner.objects.filter(pk=one.pk).update(client_secret_sealed=one.refresh_token_sealed)
    for moved in (one, other):
        moved.refresh_from_db()
        with pytest.raises(SecretUnreadable):
            moved.client_secret()


@pytest.mark.django_db
def test_mailbox_passwords_do_not_open_for_the_other_direction_or_address() -> None:
    mailbox = make_mailbox(secret="read-me", smtp_secret="send-me")
    assert (mailbox.secret(), mailbox.smtp_secret()) == ("read-me", "send-me")
    Mailbox.objects.filter(pk=mailbox.pk).update(secret_sealed=mailbox.smtp_secret_sealed)
    mailbox.refresh_from_db()
    with pytest.raises(SecretUnreadable):
        mailbox.secret()
    mailbox.url = "imaps://elsewhere.example"
    with pytest.raises(SecretUnreadable):
        mailbox.smtp_secret()


@pytest.mark.django_db
def test_nothing_secret_is_stored_or_shown_in_clear() -> None:
    partner = make_selling_partner()
    mailbox = make_mailbox(partner=partner, secret="read-me", smtp_secret="send-me")
    agent = make_agent()
    token, clear = ApiToken.objects.issue(agent=agent, name="script")
    secrets = (SECRET, "Atzr|refresh-token-of-the-tests", "read-me", "send-me", PASSWORD, clear)
    for row in (partner, mailbox, agent, token):
        shown = f"{row!s} {row!r} {type(row)._default_manager.filter(pk=row.pk).values().get()}"
        assert not [secret for secret in secrets if secret in shown]


@pytest.mark.django_db
def test_new_credentials_take_the_place_of_the_old_ones() -> None:
    partner = make_selling_partner(seller_id="A1NEW")
    again = SellingPartner.objects.connect(
        name="Nordlicht",
        seller_id="A1NEW",
        region="eu",
        marketplace_ids=partner.marketplace_ids,
        client_id=partner.client_id,
        client_secret="newer",
        refresh_token="newest",
    )
    assert again.pk == partner.pk
    partner.refresh_from_db()
    assert (partner.client_secret(), partner.refresh_token()) == ("newer", "newest")


@pytest.mark.django_db
def test_a_bearer_token_opens_only_while_it_lives() -> None:
    agent = make_agent()
    token, clear = ApiToken.objects.issue(agent=agent, name="script")
    assert clear.startswith("mst_")
    assert ApiToken.objects.of(clear) == token
    assert ApiToken.objects.of(clear + "x") is None
    assert ApiToken.objects.of(token.token_sha256) is None, "the stored hash is no token"
    agent.is_active = False
    agent.save(update_fields=["is_active"])
    assert ApiToken.objects.of(clear) is None
