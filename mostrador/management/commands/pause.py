"""`mostrador pause`: stop every sending for a selling partner."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from mostrador.actions.selling_partners import pause_selling_partner
from mostrador.management.desk_command import DeskCommand
from mostrador.management.finding import add_seller_options, find_selling_partner


class Command(DeskCommand):
    """The switch to reach for when something looks wrong: agents can still ask, nothing leaves."""

    help = "Stop every sending for a selling partner: refunds, cancellations and answers wait."
    says = "What is at Amazon already is still followed. mostrador resume lets it send again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add_seller_options(parser)
        parser.add_argument("--because", required=True, metavar="WHY", help="the reason agents are shown")

    def handle(self, *_: Any, seller: str, region: str | None, because: str, **__: Any) -> None:
        """Pause it."""
        partner = find_selling_partner(seller, region)
        pause_selling_partner(selling_partner=partner, because=because, now=timezone.now())
        self.stdout.write(f"Nothing is sent for {partner} ({partner.region}) any more: {because}")
