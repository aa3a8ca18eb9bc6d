"""Finding: the selling partners and agents that a command's options name."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import CommandError
from django.db.models import Q

from mostrador.models import Agent, SellingPartner

REGIONS = ("na", "eu", "fe")


def add_seller_options(parser: ArgumentParser) -> None:
    """Add `--seller` and `--region`."""
    parser.add_argument(
        "--seller", required=True, metavar="S", help="its seller id, or the name it was given"
    )
    parser.add_argument("--region", choices=REGIONS, help="needed when the seller sells in several regions")


def find_selling_partner(seller: str, region: str | None) -> SellingPartner:
    """Return the one selling partner that is meant.

    Raises: CommandError when there is none, or more than one.
    """
    found = SellingPartner.objects.filter(Q(seller_id=seller) | Q(name__iexact=seller))
    if region:
        found = found.filter(region=region)
    partners = list(found.order_by("region"))
    if not partners:
        known = ", ".join(
            f"{p.name} ({p.seller_id}, {p.region})" for p in SellingPartner.objects.order_by("name")
        )
        raise CommandError(
            f"No selling partner is {seller}. Connected: {known or 'none yet (mostrador connect)'}."
        )
    if len(partners) > 1:
        regions = ", ".join(partner.region for partner in partners)
        raise CommandError(f"{seller} is connected in several regions ({regions}): add --region.")
    return partners[0]


def find_agent(email: str) -> Agent:
    """Return the agent with this e-mail address.

    Raises: CommandError when there is none.
    """
    agent = Agent.objects.get_queryset().filter(email=email.strip().lower()).first()
    if agent is None:
        raise CommandError(f"No agent signs in as {email}. Add one: mostrador add-agent --email {email} …")
    return agent
