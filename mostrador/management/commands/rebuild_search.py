"""`mostrador rebuild-search`: write the words that tickets are found by anew."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.db import transaction

from mostrador.management.desk_command import DeskCommand
from mostrador.models import SearchText, Ticket
from mostrador.models.searching import REBUILD_AT_ONCE


class Command(DeskCommand):
    """Reads every ticket and its messages; nothing else changes, and searching goes on."""

    help = "Write the words that tickets are found by anew, a few hundred tickets at a time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--missing", action="store_true", help="only tickets that cannot be found yet")

    def handle(self, *_: Any, missing: bool, **__: Any) -> None:
        """Go through the tickets by number."""
        tickets = Ticket.objects.select_related("order").prefetch_related("order__items").order_by("pk")
        tickets = tickets.filter(search_text=None) if missing else tickets
        last, count = 0, 0
        while batch := list(tickets.filter(pk__gt=last)[:REBUILD_AT_ONCE]):
            with transaction.atomic():
                SearchText.objects.rebuild(batch)
            last, count = batch[-1].pk, count + len(batch)
        self.stdout.write(f"{count} tickets can be found again.")
