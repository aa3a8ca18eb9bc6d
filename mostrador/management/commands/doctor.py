"""`mostrador doctor`: say what is wrong, and what to do next."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from mostrador.management.desk_command import DeskCommand, add_json_option
from mostrador.management.doctor import Finding, Severity, examine

_MARKS = {Severity.FINE: "✓", Severity.NOTE: "·", Severity.TROUBLE: "✗"}


class Command(DeskCommand):
    """Looks at the database only; it sends nothing and asks nobody outside."""

    help = "Say what is wrong with this desk, and what to do next."
    says = "Exit code 0: all is well. 1: something needs a person. Fit for a cron job or a monitor."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add_json_option(parser)
        parser.add_argument("--quiet", action="store_true", help="name only what is wrong")

    def handle(self, *_: Any, as_json: bool, quiet: bool, **__: Any) -> None:
        """Run the checks and print what they find."""
        findings = list(examine(timezone.now()))
        troubles = [finding for finding in findings if finding.severity is Severity.TROUBLE]
        shown = troubles if quiet else findings
        facts = {"ok": not troubles, "findings": [asdict(finding) for finding in shown]}
        words = "\n".join([*map(_line, shown), _verdict(len(troubles))])
        self.tell(facts, words=words, as_json=as_json)
        if troubles:
            sys.exit(1)


def _line(finding: Finding) -> str:
    line = f"{_MARKS[finding.severity]} {finding.check}: {finding.words}"
    return f"{line}\n    → {finding.next_step}" if finding.next_step else line


def _verdict(troubles: int) -> str:
    if not troubles:
        return "All is well."
    return f"{troubles} {'thing needs' if troubles == 1 else 'things need'} a person."
