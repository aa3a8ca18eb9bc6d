"""`mostrador add-agent`: let a person sign in."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email

from mostrador.actions.people import AddressTaken, add_agent
from mostrador.management.desk_command import DeskCommand, add_json_option, secret_from


class Command(DeskCommand):
    """Makes a login with a password that the rules of the desk accept."""

    help = "Let a person sign in."
    says = (
        "The password has at least 12 characters, is not a common one and not the person's name.\n"
        "It is read from a file (or the one MOSTRADOR_AGENT_PASSWORD_FILE names); remove the file afterwards."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add = parser.add_argument
        add("--email", required=True, metavar="E", help="the person's address, which is the login")
        add("--name", default="", metavar="N", help="the name colleagues see (default: from the address)")
        add("--password-file", type=Path, metavar="F", help="file with the password")
        add("--owner", action="store_true", help="may do everything")
        add_json_option(parser)

    def handle(self, *_: Any, as_json: bool, **chosen: Any) -> None:
        """Add the agent."""
        email = chosen["email"].strip().lower()
        _check_address(email)
        password = secret_from(
            chosen["password_file"], variable="MOSTRADOR_AGENT_PASSWORD", what="The password"
        )
        try:
            agent = add_agent(
                email=email,
                name=chosen["name"] or _name_from(email),
                password=password,
                is_owner=chosen["owner"],
            )
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from problem
        except AddressTaken as problem:
            raise CommandError(f"An agent signs in as {email} already.") from problem
        facts = {"id": agent.pk, "email": agent.email, "name": agent.name, "owner": agent.is_owner}
        role = "owner" if agent.is_owner else "agent"
        self.tell(facts, words=f"{agent.name} can sign in as {agent.email} ({role}).", as_json=as_json)


def _check_address(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as problem:
        raise CommandError(f"--email is not an e-mail address: {email}") from problem


def _name_from(email: str) -> str:
    """Return a name made of an address: marta.gil@… is Marta Gil."""
    words = email.partition("@")[0].replace(".", " ").replace("_", " ").replace("-", " ").split()
    return " ".join(word.capitalize() for word in words)
