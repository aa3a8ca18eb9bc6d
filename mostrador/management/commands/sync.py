"""`mostrador sync`: read a selling partner's changed orders."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from mostrador.management.desk_command import DeskCommand, add_json_option
from mostrador.management.finding import add_seller_options, find_selling_partner
from mostrador.management.repeating import repeat
from mostrador.models import Order, SellingPartner
from mostrador.tasks import orders


class Command(DeskCommand):
    """Does in the foreground what the worker does every few minutes; it obeys the same quota."""

    help = "Read a selling partner's changed orders from Amazon."
    says = "Without --once it reads again and again, like the worker. Exit code 1: Amazon could not be read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add_seller_options(parser)
        parser.add_argument("--once", action="store_true", help="read once and end")
        add_json_option(parser)

    def handle(self, *_: Any, seller: str, region: str | None, once: bool, as_json: bool, **__: Any) -> None:
        """Read the orders."""
        partner = find_selling_partner(seller, region)

        def step() -> bool:
            return self._read(partner, as_json=as_json)

        if not repeat(step, once=once, every=settings.SYNC_EVERY_SECONDS):
            sys.exit(1)

    def _read(self, partner: SellingPartner, *, as_json: bool) -> bool:
        orders.sync(partner_id=partner.pk)
        partner.refresh_from_db()
        known = Order.objects.filter(selling_partner=partner).count()
        facts = {
            "seller_id": partner.seller_id,
            "region": partner.region,
            "orders": known,
            "read_until": partner.orders_read_until,
            "trouble": partner.sync_trouble,
        }
        self.tell(facts, words=_words(partner, known), as_json=as_json)
        return not partner.sync_trouble


def _words(partner: SellingPartner, known: int) -> str:
    if partner.sync_trouble:
        return f"The orders of {partner} could not be read: {partner.sync_trouble}"
    if partner.orders_read_until is None:
        return (
            f"{partner}: {known} orders; Amazon's quota allows more at {partner.next_sync_at:%H:%M:%S} UTC."
        )
    return f"{partner}: {known} orders, read until {partner.orders_read_until:%Y-%m-%d %H:%M:%S} UTC."
