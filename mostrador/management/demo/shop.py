"""The sample shop: connects the pretend Amazon's selling partners, their mailboxes and three agents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mostrador.actions.people import add_agent
from mostrador.actions.selling_partners import add_mailbox, connect_selling_partner
from mostrador.actions.views import keep_view
from mostrador.domain.filters import read_filters
from mostrador.models import Agent, RawMail, SellingPartner

PASSWORD = "lantern-by-the-sea"  # noqa: S105  # of the demo, printed at its start


@dataclass(frozen=True, slots=True)
class SampleAgent:
    """Somebody who can sign in to the demo."""

    email: str
    name: str
    is_owner: bool
    language: str
    time_zone: str


AGENTS = (
    SampleAgent("marta@example.com", "Marta Gil", True, "en", "Europe/London"),
    SampleAgent("ben@example.com", "Ben Okafor", False, "de", "Europe/Berlin"),
    SampleAgent("lola@example.com", "Lola Prat", False, "es", "Europe/Madrid"),
)
# What the lead keeps for the team, by name.
VIEWS = (
    ("Above 50, our turn", "is:open amount:>50"),
    ("Germany: our turn", "is:open marketplace:DE"),
    ("Late parcels, with the buyer", "is:waiting tag:late-parcel"),
    ("Refunded this season", "has:refund -is:open"),
)


def read_sellers(state: Path) -> list[dict[str, Any]]:
    """Return the selling partners that the simulator wrote down, with their credentials."""
    sellers: list[dict[str, Any]] = json.loads((state / "credentials.json").read_text("utf-8"))["sellers"]
    return sellers


def strangers(sellers: Sequence[dict[str, Any]], *, is_new: bool) -> list[str]:
    """Return the names of selling partners, in a new demo also of agents, that are not the sample's.

    Where there are any, a demo must not begin: its agents' password is known to everybody.
    """
    partners = SellingPartner.objects.exclude(seller_id__in=[seller["seller_id"] for seller in sellers])
    others = Agent.objects.exclude(email__in=[sample.email for sample in AGENTS])
    agents = others if is_new else others.none()
    return [str(stranger) for stranger in (*partners.order_by("name"), *agents.order_by("name"))]


def open_shop(*, sellers: Sequence[dict[str, Any]], smtp_port: int) -> None:
    """Store the sample's selling partners, mailboxes and agents, or what changed since the last time."""
    for seller in sellers:
        partner = connect_selling_partner(
            name=seller["name"],
            seller_id=seller["seller_id"],
            region=seller["region"],
            marketplace_ids=seller["marketplaces"],
            client_id=seller["client_id"],
            client_secret=seller["client_secret"],
            refresh_token=seller["refresh_token"],
        )
        add_mailbox(
            selling_partner=partner,
            url=f"maildir:{seller['maildir']}",
            secret="",
            smtp_url=f"smtp://127.0.0.1:{smtp_port}",
            smtp_secret="",
            from_address=seller["mailbox_address"],
        )
    for sample in AGENTS:
        if not Agent.objects.get_queryset().filter(email=sample.email).exists():
            add_agent(
                email=sample.email,
                name=sample.name,
                password=PASSWORD,
                is_owner=sample.is_owner,
                language=sample.language,
                time_zone=sample.time_zone,
            )


def team() -> list[Agent]:
    """Return the sample's agents, in their order above."""
    known = {agent.email: agent for agent in Agent.objects.all()}
    return [known[sample.email] for sample in AGENTS]


def share_views(*, now: datetime) -> None:
    """Let the lead share lists with the team."""
    lead = team()[0]
    for name, filters in VIEWS:
        keep_view(agent=lead, name=name, filters=read_filters(filters), is_shared=True, now=now)


def letters_waiting(sellers: Sequence[dict[str, Any]]) -> int:
    """Return how many mails lie in the sample's mailboxes, taken or not."""
    return sum(
        len(list(Path(seller["maildir"], folder).iterdir()))
        for seller in sellers
        for folder in ("new", "cur")
    )


def is_stocked(letters: int) -> bool:
    """Return whether every letter is in a ticket and the orders of every selling partner were read."""
    if RawMail.objects.count() < letters or RawMail.objects.unread().exists():
        return False
    return not SellingPartner.objects.filter(orders_read_until=None).exists()
