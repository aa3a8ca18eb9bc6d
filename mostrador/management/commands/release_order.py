"""`mostrador release-order`: an owner lets an order be refunded again that a restore has put on hold."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from mostrador.actions.guards import CannotOpen, Obstacle, release_order
from mostrador.management.desk_command import DeskCommand
from mostrador.management.finding import find_agent
from mostrador.models import Order


class Command(DeskCommand):
    """Before it, look at the order in Seller Central: whatever was refunded there is not sent again."""

    help = "Let an order be refunded again that was put on hold after a restore."
    says = (
        "Release it when Seller Central shows no refund of that moment. If it shows one, wait: Amazon's "
        "accounts bring it here within 48 hours, take it off what is left, and release the order."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("order", metavar="ORDER_ID", help="Amazon's number of the order")
        parser.add_argument(
            "--agent", required=True, metavar="E", help="the address of the owner who decides"
        )
        parser.add_argument("--because", required=True, metavar="WHY", help="what was seen in Seller Central")

    def handle(self, *_: Any, order: str, agent: str, because: str, **__: Any) -> None:
        """Release it."""
        owner = find_agent(agent)
        found = Order.objects.filter(amazon_order_id=order).order_by("held_since").first()
        if found is None:
            raise CommandError(f"There is no order {order} here.")
        try:
            marks = release_order(order=found, agent=owner, because=because, now=timezone.now())
        except CannotOpen as refusal:
            raise CommandError(_words(refusal, order)) from refusal
        names = ", ".join(mark.reference for mark in marks)
        self.stdout.write(f"{order} may be refunded again ({names}). Decided by {owner.email}: {because}")


def _words(refusal: CannotOpen, order: str) -> str:
    if refusal.obstacle is Obstacle.NOT_AN_OWNER:
        return "Only an active owner may release an order."
    return f"{order} is not on hold."
