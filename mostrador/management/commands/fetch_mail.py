"""`mostrador fetch-mail`: look into the mailboxes."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from mostrador.management.desk_command import DeskCommand, add_json_option
from mostrador.management.repeating import repeat
from mostrador.models import Mailbox, RawMail
from mostrador.tasks import messages


class Command(DeskCommand):
    """Does in the foreground what the worker does every few seconds: fetch, then read into tickets."""

    help = "Look into every mailbox and turn new mail into tickets."
    says = (
        "Without --once it looks again and again, like the worker. Exit code 1: a mailbox could not be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--once", action="store_true", help="look once and end")
        add_json_option(parser)

    def handle(self, *_: Any, once: bool, as_json: bool, **__: Any) -> None:
        """Fetch and read."""

        def step() -> bool:
            return self._fetch(as_json=as_json)

        if not repeat(step, once=once, every=settings.MAIL_EVERY_SECONDS):
            sys.exit(1)

    def _fetch(self, *, as_json: bool) -> bool:
        before = RawMail.objects.count()
        for pk in Mailbox.objects.order_by("pk").values_list("pk", flat=True):
            messages.fetch(mailbox_id=pk)
        for pk in RawMail.objects.unread().values_list("pk", flat=True):
            messages.read(raw_mail_id=pk)
        new = RawMail.objects.count() - before
        sick = {box.from_address: box.trouble for box in Mailbox.objects.exclude(trouble="")}
        facts = {"mailboxes": Mailbox.objects.count(), "new_mails": new, "trouble": sick}
        lines = [f"{facts['mailboxes']} mailboxes, {new} new mails."]
        lines += [f"{address} could not be read: {trouble}" for address, trouble in sick.items()]
        self.tell(facts, words="\n".join(lines), as_json=as_json)
        return not sick
