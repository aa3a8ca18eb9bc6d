"""`mostrador connect`: connect a selling partner on Amazon."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from mostrador.actions.selling_partners import connect_selling_partner
from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.management.desk_command import DeskCommand, add_json_option, secret_from
from mostrador.management.finding import REGIONS


class Command(DeskCommand):
    """Stores the credentials encrypted; a second time, it replaces those of the same seller and region."""

    help = "Connect a selling partner on Amazon, or give a connected one new credentials."
    says = (
        "Secrets are read from files only: they stay out of the shell's history and the process list.\n"
        "example:\n"
        "  mostrador connect --name Nordlicht --seller-id A2NORDLICHT --region eu \\\n"
        "    --marketplaces A1PA6795UKMFR9,A1F83G8C2ARO7P --client-id amzn1.application-oa2-client.… \\\n"
        "    --client-secret-file secret.txt --refresh-token-file token.txt"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add = parser.add_argument
        add("--name", required=True, metavar="N", help="what you call it")
        add("--seller-id", required=True, metavar="S", help="Amazon's id of it (merchant token)")
        add("--region", required=True, choices=REGIONS, help="North America, Europe or Far East")
        add("--marketplaces", required=True, metavar="ID,ID", help="the marketplaces it sells on, by id")
        add("--client-id", required=True, metavar="ID", help="of your application, from Seller Central")
        add("--client-secret-file", type=Path, metavar="F", help="file with the application's secret")
        add("--refresh-token-file", type=Path, metavar="F", help="file with the seller's refresh token")
        add_json_option(parser)

    def handle(self, *_: Any, as_json: bool, **chosen: Any) -> None:
        """Connect it."""
        for option in ("name", "seller_id", "client_id"):
            if not chosen[option].strip():
                raise CommandError(f"--{option.replace('_', '-')} is empty.")
        partner = connect_selling_partner(
            name=chosen["name"],
            seller_id=chosen["seller_id"],
            region=chosen["region"],
            marketplace_ids=_marketplaces(chosen["marketplaces"], chosen["region"]),
            client_id=chosen["client_id"],
            client_secret=secret_from(
                chosen["client_secret_file"], variable="MOSTRADOR_CLIENT_SECRET", what="The client secret"
            ),
            refresh_token=secret_from(
                chosen["refresh_token_file"], variable="MOSTRADOR_REFRESH_TOKEN", what="The refresh token"
            ),
        )
        facts = {
            "id": partner.pk,
            "name": partner.name,
            "seller_id": partner.seller_id,
            "region": partner.region,
            "marketplaces": partner.marketplace_ids,
        }
        words = (
            f"{partner.name} is connected ({partner.seller_id}, {partner.region}).\n"
            f"Try it:        mostrador sync --seller {partner.seller_id} --once\n"
            f"Then its mail: mostrador add-mailbox --seller {partner.seller_id} …"
        )
        self.tell(facts, words=words, as_json=as_json)


def _marketplaces(text: str, region: str) -> list[str]:
    """Return the marketplace ids of a list with commas.

    Raises: CommandError for one that is not known, or belongs to another region.
    """
    chosen = [part.strip() for part in text.split(",") if part.strip()]
    there = {pk: market for pk, market in MARKETPLACES.items() if market.region == region}
    if not chosen or (wrong := [pk for pk in chosen if pk not in there]):
        known = ", ".join(f"{pk} ({market.country_code})" for pk, market in there.items())
        named = ", ".join(wrong) if chosen else "nothing"
        raise CommandError(f"Not a marketplace of {region}: {named}. There are: {known}.")
    return list(dict.fromkeys(chosen))
