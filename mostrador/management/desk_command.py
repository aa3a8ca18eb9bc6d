"""What our commands share: plain help, facts as JSON, secrets from files, and problems in one sentence."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mostrador.tasks import calls

# Django's own options still work; they only stay out of the help.
_DJANGO_OPTIONS = frozenset(
    {"--version", "-v", "--settings", "--pythonpath", "--traceback", "--no-color", "--force-color"}
)

SECRET_BYTES = 8192


class DeskCommand(BaseCommand):
    """A command of the desk. Exit codes: 0 done, 1 could not be done, 2 asked wrongly."""

    requires_system_checks = ()
    suppressed_base_arguments = set(_DJANGO_OPTIONS)
    says: ClassVar[str] = ""  # what the help tells after the options

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return the parser, with the name people type and line breaks kept."""
        parser = super().create_parser(prog_name, subcommand.replace("_", "-"), epilog=self.says, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command; on the command line, a problem becomes one sentence and an exit code."""
        try:
            return super().execute(*args, **options)
        except CommandError as problem:
            if not getattr(self, "_called_from_command_line", False):
                raise
            self.stderr.write(f"mostrador: {problem}")
            sys.exit(problem.returncode)
        finally:
            calls.store()  # nothing is written unless the command has called Amazon

    def tell(self, facts: Mapping[str, Any], *, words: str, as_json: bool) -> None:
        """Print facts: as one JSON object, or in words."""
        self.stdout.write(json.dumps(facts, ensure_ascii=False, default=str) if as_json else words)


def add_json_option(parser: ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", dest="as_json", help="print the facts as JSON")


def secret_from(path: Path | None, *, variable: str, what: str) -> str:
    """Return a secret from a file, or from the file that the environment's `variable`_FILE names.

    Raises: CommandError when there is none, it is empty, or it is far too long to be one.
    """
    if path is None and (named := os.environ.get(f"{variable}_FILE")):
        path = Path(named)
    if path is None:
        raise CommandError(f"{what} is missing: name a file that holds it, or set {variable}_FILE.")
    secret = read_secret(path, what=what)
    if not secret:
        raise CommandError(f"{what} is missing: {path} is empty.")
    return secret


def read_secret(path: Path, *, what: str) -> str:
    """Return a file's text without the line break at its end.

    Raises: CommandError when it cannot be read.
    """
    try:
        if path.stat().st_size > SECRET_BYTES:
            raise CommandError(f"{what}: {path} is longer than {SECRET_BYTES} bytes; is it the right file?")
        return path.read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as problem:
        raise CommandError(f"{what} cannot be read from {path}: {_reason(problem)}") from problem


def _reason(problem: OSError | UnicodeDecodeError) -> str:
    return (problem.strerror if isinstance(problem, OSError) else None) or "it is not text"
