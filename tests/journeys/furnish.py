"""Furnish: migrate the house's database, collect its static files, connect the sellers, let the agents in.

A process of its own, for the tests' process belongs to another database: `python -m tests.journeys.furnish
STATE SMTP_PORT`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import django
from django.core.management import call_command

SPANISH_AGENT = "lola@example.com"


def furnish(state: Path, *, smtp_port: int) -> None:
    """Migrate, collect, open the sample shop, and add an agent who will speak Spanish."""
    from mostrador.actions.people import add_agent
    from mostrador.management.demo import shop

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    shop.open_shop(sellers=shop.read_sellers(state), smtp_port=smtp_port)
    add_agent(email=SPANISH_AGENT, name="Lola Prat", password=shop.PASSWORD)


if __name__ == "__main__":
    django.setup()
    furnish(Path(sys.argv[1]), smtp_port=int(sys.argv[2]))
