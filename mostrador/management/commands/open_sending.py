"""`mostrador open-sending`: an owner lets refunds and cancellations leave again after a restore."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from mostrador.actions.guards import CannotOpen, Obstacle, open_sending
from mostrador.management.desk_command import DeskCommand
from mostrador.management.finding import find_agent


class Command(DeskCommand):
    """Refuses until `mostrador reconcile` has compared everything since sending was closed."""

    help = "Let refunds and cancellations leave again, after a restore was reconciled."
    says = "Run it on every host that keeps an epoch file of its own and has none yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--agent", required=True, metavar="E", help="the address of the owner who confirms"
        )

    def handle(self, *_: Any, agent: str, **__: Any) -> None:
        """Open it."""
        owner = find_agent(agent)
        try:
            stop = open_sending(agent=owner, now=timezone.now())
        except CannotOpen as refusal:
            raise CommandError(_words(refusal)) from refusal
        except OSError as problem:
            raise CommandError(
                f"The epoch record cannot be written ({problem.strerror}): sending stays closed."
            ) from problem
        self.stdout.write(
            f"Sending is open again; it was closed since {stop.closed_at:%Y-%m-%d %H:%M:%S} UTC "
            f"({', '.join(stop.codes)}). Confirmed by {owner.email}."
        )


def _words(refusal: CannotOpen) -> str:
    match refusal.obstacle:
        case Obstacle.NOT_CLOSED:
            return "Sending is not closed: there is nothing to open."
        case Obstacle.NOT_HELD:
            raise AssertionError("only asked of an order")
        case Obstacle.NOT_AN_OWNER:
            return "Only an active owner may open sending."
        case Obstacle.NOT_RECONCILED:
            names = ", ".join(f"{partner} ({partner.region}) {kind}" for partner, kind in refusal.waiting)
            assert refusal.stop is not None
            return (
                f"Sending stays closed: not compared completely since it was closed and since "
                f"{refusal.stop.certain_from:%Y-%m-%d %H:%M:%S} UTC: {names}. Run: mostrador reconcile"
            )
