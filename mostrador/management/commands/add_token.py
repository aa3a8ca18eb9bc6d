"""`mostrador add-token`: give a program a bearer token for /api/v1/."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from mostrador.actions.people import add_token
from mostrador.management.desk_command import DeskCommand, add_json_option
from mostrador.management.finding import find_agent


class Command(DeskCommand):
    """Prints the token alone on a line, so that it can go straight into a file."""

    help = "Print a new bearer token for /api/v1/; the program that uses it acts as the agent."
    says = (
        "The token is shown this once; only its hash is stored.\n"
        "example:\n"
        "  (umask 077; mostrador add-token --agent E > token)"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--agent", required=True, metavar="E", help="the agent's e-mail address")
        parser.add_argument("--name", default="command line", metavar="N", help="what the token is for")
        add_json_option(parser)

    def handle(self, *_: Any, agent: str, name: str, as_json: bool, **__: Any) -> None:
        """Make the token and print it."""
        row, token = add_token(agent=find_agent(agent), name=name)
        facts = {"token": token, "id": row.pk, "name": row.name, "agent": agent}
        self.tell(facts, words=token, as_json=as_json)
