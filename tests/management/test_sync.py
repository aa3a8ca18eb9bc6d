"""`mostrador sync` and `fetch-mail` against a pretend Amazon and real mail folders."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from mostrador.models import Order, SellingPartner, Ticket
from tests.makers import make_mailbox
from tests.management.conftest import Run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connected(simulator: Any, settings: Any) -> dict[str, Any]:
    """Connect the sample's European seller, and point the desk at the pretend Amazon."""
    settings.SPAPI_ENDPOINT = settings.LWA_ENDPOINT = simulator.url
    seller: dict[str, Any] = simulator.seller("eu")
    SellingPartner.objects.connect(
        name=seller["name"],
        seller_id=seller["seller_id"],
        region="eu",
        marketplace_ids=seller["marketplaces"],
        client_id=seller["client_id"],
        client_secret=seller["client_secret"],
        refresh_token=seller["refresh_token"],
    )
    return seller


def test_sync_once_reads_the_orders(connected: dict[str, Any], run: Run) -> None:
    facts = json.loads(run("sync", "--seller", connected["seller_id"], "--once", "--json"))
    assert facts["trouble"] == ""
    assert facts["orders"] == Order.objects.count() >= 10


def test_sync_ends_with_1_when_amazon_cannot_be_read(connected: dict[str, Any], settings: Any) -> None:
    settings.SPAPI_ENDPOINT = "http://127.0.0.1:1"
    printed = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("sync", "--seller", connected["name"], "--once", stdout=printed)
    assert end.value.code == 1
    assert printed.getvalue().startswith(f"The orders of {connected['name']} could not be read: ")


def test_fetch_mail_once_turns_the_samples_mails_into_tickets(connected: dict[str, Any], run: Run) -> None:
    make_mailbox(partner=SellingPartner.objects.get(), url=f"maildir:{connected['maildir']}")
    first, second = (json.loads(run("fetch-mail", "--once", "--json")) for _ in range(2))
    assert first["new_mails"] >= 15
    assert first["trouble"] == {}
    assert second["new_mails"] == 0
    assert 10 <= Ticket.objects.count() <= first["new_mails"]


def test_fetch_mail_ends_with_1_when_a_mailbox_cannot_be_read() -> None:
    make_mailbox(url="maildir:/dev/null/mail")
    printed = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("fetch_mail", "--once", stdout=printed)
    assert end.value.code == 1
    assert "could not be read" in printed.getvalue()
