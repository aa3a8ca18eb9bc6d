"""`mostrador connect`, `add-mailbox`, `pause` and `resume`: a selling partner is set up by script."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.core.management.base import CommandError

from mostrador.models import Mailbox, SellingPartner
from tests.makers import make_selling_partner
from tests.management.conftest import Run

pytestmark = pytest.mark.django_db

File = Callable[[str, str], str]
DE, UK, US = "A1PA6795UKMFR9", "A1F83G8C2ARO7P", "ATVPDKIKX0DER"
SELLER = ("--name", "Nordlicht", "--seller-id", "A2TEST", "--region", "eu", "--client-id", "amzn1.client")


def secrets(file: File) -> tuple[str, ...]:
    """Return the options that name files with a secret and a token."""
    secret, token = file("secret", "the-secret\n"), file("token", "the-token\n")
    return ("--client-secret-file", secret, "--refresh-token-file", token)


def test_connect_stores_the_secrets_of_the_files_and_prints_none(run: Run, file: File) -> None:
    said = run("connect", *SELLER, "--marketplaces", f"{DE},{UK}", *secrets(file))
    partner = SellingPartner.objects.get()
    assert (partner.client_secret(), partner.refresh_token()) == ("the-secret", "the-token")
    assert partner.marketplace_ids == [DE, UK]
    assert "the-secret" not in partner.client_secret_sealed
    assert "the-secret" not in said
    assert "the-token" not in said


def test_connect_tells_the_facts_as_json(run: Run, file: File) -> None:
    facts = json.loads(run("connect", *SELLER, "--marketplaces", DE, *secrets(file), "--json"))
    assert facts == {
        "id": SellingPartner.objects.get().pk,
        "name": "Nordlicht",
        "seller_id": "A2TEST",
        "region": "eu",
        "marketplaces": [DE],
    }


def test_connecting_again_replaces_the_credentials(run: Run, file: File) -> None:
    run("connect", *SELLER, "--marketplaces", DE, *secrets(file))
    new = file("new", "new-secret")
    run("connect", *SELLER, "--marketplaces", DE, *secrets(file), "--client-secret-file", new)
    assert SellingPartner.objects.get().client_secret() == "new-secret"


def test_a_secret_may_come_from_a_file_the_environment_names(
    run: Run, file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOSTRADOR_CLIENT_SECRET_FILE", file("s", "from-environment"))
    monkeypatch.setenv("MOSTRADOR_REFRESH_TOKEN_FILE", file("t", "token"))
    run("connect", *SELLER, "--marketplaces", DE)
    assert SellingPartner.objects.get().client_secret() == "from-environment"


@pytest.mark.parametrize("marketplaces", [US, f"{DE},{US}", "nonsense", "", ","])
def test_a_marketplace_of_another_region_is_refused(run: Run, file: File, marketplaces: str) -> None:
    with pytest.raises(CommandError, match="Not a marketplace of eu"):
        run("connect", *SELLER, "--marketplaces", marketplaces, *secrets(file))
    assert not SellingPartner.objects.exists()


def test_a_missing_or_empty_secret_is_refused(run: Run, file: File) -> None:
    with pytest.raises(CommandError, match="The client secret is missing: name a file"):
        run("connect", *SELLER, "--marketplaces", DE)
    with pytest.raises(CommandError, match=r"The client secret is missing: .* is empty"):
        run("connect", *SELLER, "--marketplaces", DE, "--client-secret-file", file("empty", "\n"))
    assert not SellingPartner.objects.exists()


def test_a_file_that_is_far_too_long_is_not_taken_for_a_secret(run: Run, file: File) -> None:
    with pytest.raises(CommandError, match="longer than 8192 bytes"):
        run("connect", *SELLER, "--marketplaces", DE, "--client-secret-file", file("long", "x" * 9000))


def test_a_mailbox_is_added_with_its_passwords_from_files(run: Run, file: File) -> None:
    partner = make_selling_partner()
    run(
        "add-mailbox",
        *("--seller", partner.seller_id, "--from", "help@shop.example"),
        *(
            "--url",
            "imaps://help%40shop.example@imap.example/INBOX",
            "--password-file",
            file("in", "in-word\n"),
        ),
        *("--smtp-url", "smtp://help@smtp.example:587", "--smtp-password-file", file("out", "out-word")),
    )
    mailbox = Mailbox.objects.get()
    assert (mailbox.secret(), mailbox.smtp_secret()) == ("in-word", "out-word")
    assert (mailbox.selling_partner, mailbox.from_name) == (partner, partner.name)


def test_a_maildir_needs_no_password_and_is_stored_in_full(
    run: Run, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    make_selling_partner(name="Nordlicht")
    where = ("--url", "maildir:mail/in", "--smtp-url", "smtp://127.0.0.1:2525")
    facts = json.loads(run("add-mailbox", "--seller", "nordlicht", *where, "--from", "a@b.example", "--json"))
    assert facts["url"] == f"maildir:{tmp_path}/mail/in"
    assert Mailbox.objects.get().secret() is None


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--url", "imaps://me:pass@host/INBOX", "does not belong into the address"),
        ("--url", "pop3://me@host", "--url begins with one of: imap:, imaps:, maildir:"),
        ("--url", "imaps://me@imap.example", "a password is needed: --password-file"),
        ("--url", "imaps:nothing", "names no host"),
        ("--smtp-url", "smtps://me@host", "a password is needed: --smtp-password-file"),
        ("--smtp-url", "http://host", "--smtp-url begins with one of"),
        ("--from", "nobody", "--from is not an e-mail address"),
        ("--seller", "A9OTHER", "No selling partner is A9OTHER"),
    ],
)
def test_a_mailbox_that_cannot_work_is_refused(run: Run, option: str, value: str, reason: str) -> None:
    partner = make_selling_partner()
    good = {
        "--seller": partner.seller_id,
        "--url": "maildir:/mail",
        "--smtp-url": "smtp://127.0.0.1:25",
        "--from": "a@b.example",
    }
    words = [word for pair in (good | {option: value}).items() for word in pair]
    with pytest.raises(CommandError, match=reason) as refusal:
        run("add-mailbox", *words)
    assert "pass@" not in str(refusal.value)
    assert not Mailbox.objects.exists()


def test_a_seller_of_two_regions_needs_the_region(run: Run) -> None:
    eu = make_selling_partner(seller_id="A2TWO", region="eu")
    make_selling_partner(seller_id="A2TWO", region="na")
    with pytest.raises(CommandError, match=r"several regions \(eu, na\): add --region"):
        run("pause", "--seller", "A2TWO", "--because", "odd refunds")
    run("pause", "--seller", "A2TWO", "--region", "eu", "--because", "odd refunds")
    paused = SellingPartner.objects.exclude(paused_at=None).get()
    assert (paused, paused.paused_because) == (eu, "odd refunds")
    run("resume", "--seller", "A2TWO", "--region", "eu")
    assert not SellingPartner.objects.exclude(paused_at=None).exists()
