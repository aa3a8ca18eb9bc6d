"""`mostrador add-mailbox`: say where buyers' mail arrives and answers leave."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email

from mostrador.actions.selling_partners import MAILBOX_SCHEMES, SMTP_SCHEMES, add_mailbox
from mostrador.management.desk_command import DeskCommand, add_json_option, read_secret
from mostrador.management.finding import add_seller_options, find_selling_partner


class Command(DeskCommand):
    """Stores the passwords encrypted; a second time, it replaces the settings of the same address."""

    help = "Say where a selling partner's buyer mail arrives, and where its answers leave."
    says = (
        "Passwords never stand in an address: they are read from files, named by an option or by the\n"
        "environment (MOSTRADOR_MAILBOX_PASSWORD_FILE, MOSTRADOR_SMTP_PASSWORD_FILE).\n"
        "--from must be an approved sender in Seller Central, or Amazon refuses the answers.\n"
        "example:\n"
        "  mostrador add-mailbox --seller A2NORDLICHT \\\n"
        "    --url imaps://help%40shop.example@imap.shop.example/INBOX --password-file imap.txt \\\n"
        "    --smtp-url smtp://help%40shop.example@smtp.shop.example:587 \\\n"
        "    --smtp-password-file smtp.txt --from help@shop.example"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add = parser.add_argument
        add_seller_options(parser)
        add("--url", required=True, help="imaps://user@host/FOLDER, imap://… (with STARTTLS) or maildir:PATH")
        add("--password-file", type=Path, metavar="F", help="file with the password for reading")
        add(
            "--smtp-url",
            required=True,
            help="smtps://user@host, or smtp://… (with STARTTLS but on this machine)",
        )
        add("--smtp-password-file", type=Path, metavar="F", help="file with the password for sending")
        add("--from", required=True, dest="from_address", metavar="ADDRESS", help="the approved sender")
        add("--from-name", default="", metavar="N", help="the name beside it (default: the seller's)")
        add_json_option(parser)

    def handle(self, *_: Any, as_json: bool, **chosen: Any) -> None:
        """Add it."""
        _check_address(chosen["from_address"])
        url = _checked_url(chosen["url"], MAILBOX_SCHEMES, "--url")
        mailbox = add_mailbox(
            selling_partner=find_selling_partner(chosen["seller"], chosen["region"]),
            url=url,
            secret=_password(chosen["password_file"], url=url, which="MAILBOX"),
            smtp_url=_checked_url(chosen["smtp_url"], SMTP_SCHEMES, "--smtp-url"),
            smtp_secret=_password(chosen["smtp_password_file"], url=chosen["smtp_url"], which="SMTP"),
            from_address=chosen["from_address"],
            from_name=chosen["from_name"],
        )
        facts = {
            "id": mailbox.pk,
            "selling_partner": mailbox.selling_partner.name,
            "url": mailbox.url,
            "smtp_url": mailbox.smtp_url,
            "from": mailbox.from_address,
        }
        words = (
            f"Mail of {mailbox.selling_partner} arrives from {mailbox.url}\n"
            f"and answers leave as {mailbox.from_address}.\n"
            "Try it: mostrador fetch-mail --once"
        )
        self.tell(facts, words=words, as_json=as_json)


def _checked_url(url: str, schemes: frozenset[str], option: str) -> str:
    """Return the address as it is stored: a Maildir's path in full.

    Raises: CommandError for another kind of address, or one with a password in it (which is not repeated).
    """
    scheme, _, rest = url.partition(":")
    if scheme not in schemes or not rest:
        raise CommandError(
            f"{option} begins with one of: {', '.join(f'{name}:' for name in sorted(schemes))}."
        )
    if scheme == "maildir":
        return f"maildir:{Path(rest.removeprefix('//')).expanduser().absolute()}"
    parts = urlsplit(url)
    if parts.password is not None:
        raise CommandError(f"{option}: the password does not belong into the address, but into a file.")
    if not parts.hostname:
        raise CommandError(f"{option} names no host.")
    return url


def _password(path: Path | None, *, url: str, which: str) -> str:
    """Return a password from its file; an address without a user needs none.

    Raises: CommandError when it is missing or cannot be read.
    """
    variable = f"MOSTRADOR_{which}_PASSWORD_FILE"
    if path is None and (named := os.environ.get(variable)):
        path = Path(named)
    if path is not None:
        return read_secret(path, what="The password")
    if not url.startswith("maildir:") and urlsplit(url).username:
        option = "--password-file" if which == "MAILBOX" else "--smtp-password-file"
        raise CommandError(f"The address names a user, so a password is needed: {option} or {variable}.")
    return ""


def _check_address(address: str) -> None:
    try:
        validate_email(address)
        address.encode("ascii")
    except (ValidationError, UnicodeEncodeError) as problem:
        raise CommandError(f"--from is not an e-mail address: {address}") from problem
