"""Furnish: migrate the house's database, collect its static files, connect the sellers, let the agents in.

A process of its own, for the tests' process belongs to another database: `python -m tests.journeys.furnish
STATE SMTP_PORT`, and the archive's file, if the house has one.
"""

from __future__ import annotations

import sys
from pathlib import Path

import django
from django.core.management import call_command

SPANISH_AGENT = "lola@example.com"


def furnish(state: Path, *, smtp_port: int, archive: Path | None) -> None:
    """Migrate, collect, open the sample shop, and let every agent begin in the stories' English."""
    from django.utils import timezone

    from mostrador.management.demo import shop
    from mostrador.management.demo.archive import file
    from mostrador.models import Agent

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    shop.open_shop(sellers=shop.read_sellers(state), smtp_port=smtp_port)
    Agent.objects.get_queryset().update(language="en", time_zone="UTC")
    if archive is not None:
        file.bring_in(archive, team=shop.team())
        shop.share_views(now=timezone.now())


if __name__ == "__main__":
    django.setup()
    furnish(
        Path(sys.argv[1]), smtp_port=int(sys.argv[2]), archive=Path(sys.argv[3]) if sys.argv[3:] else None
    )
