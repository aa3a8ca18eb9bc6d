"""`mostrador resume`: let a selling partner send again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from mostrador.actions.selling_partners import resume_selling_partner
from mostrador.management.desk_command import DeskCommand
from mostrador.management.finding import add_seller_options, find_selling_partner


class Command(DeskCommand):
    """What waited leaves as soon as the worker sees it."""

    help = "Let a selling partner's refunds, cancellations and answers leave again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add_seller_options(parser)

    def handle(self, *_: Any, seller: str, region: str | None, **__: Any) -> None:
        """Let it send."""
        partner = find_selling_partner(seller, region)
        resume_selling_partner(selling_partner=partner)
        self.stdout.write(f"{partner} ({partner.region}) sends again.")
