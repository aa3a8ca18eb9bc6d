"""`mostrador macros`: list the replies of the team, bring them in from a file, or give them out."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from mostrador.actions.macro_library import Imported, export_macros, import_macros
from mostrador.domain.macro_files import LONGEST_FILE, FileUnreadable
from mostrador.domain.macros import Macro
from mostrador.management.desk_command import DeskCommand, add_json_option
from mostrador.management.macro_faults import fault_line
from mostrador.models import SavedMacro

STANDARD = "-"


class Command(DeskCommand):
    """Reads and writes files of macros; an import is checked as a whole before anything is stored."""

    help = "List the macros, bring them in from a file, or give them out."
    says = (
        "The starter set needs no loading: it comes with the program, in six languages, until the team\n"
        "changes a macro; an import changes only the macros it names. FILE is TOML; - means the standard\n"
        "input or output."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        listing = verbs.add_parser("list", help="show the macros in the team's order")
        add_json_option(listing)
        giving = verbs.add_parser("export", help="write every macro to FILE")
        giving.add_argument("file", metavar="FILE")
        bringing = verbs.add_parser("import", help="store the macros of FILE, all of them or none")
        bringing.add_argument("file", metavar="FILE")
        bringing.add_argument("--dry-run", action="store_true", help="only check, and say what would change")
        add_json_option(bringing)

    def handle(self, *_: Any, verb: str, as_json: bool = False, **chosen: Any) -> None:
        """Carry out the verb."""
        if verb == "list":
            self._list(as_json=as_json)
        elif verb == "export":
            self._export(chosen["file"])
        else:
            self._import(chosen["file"], dry_run=chosen["dry_run"], as_json=as_json)

    def _list(self, *, as_json: bool) -> None:
        macros = SavedMacro.objects.known()
        rows = [
            {
                "slug": macro.slug,
                "title": macro.title_in("en"),
                "languages": sorted(macro.texts),
                "says": macro.says.value,
                "steps": [step.kind.value for step in macro.steps],
                "active": macro.is_active,
            }
            for macro in macros
        ]
        lines = [_line(macro) for macro in macros]
        self.tell({"macros": rows}, words="\n".join(lines), as_json=as_json)

    def _export(self, name: str) -> None:
        text = export_macros()
        if name == STANDARD:
            self.stdout.write(text, ending="")
            return
        try:
            Path(name).write_text(text, "utf-8")
        except OSError as problem:
            raise CommandError(f"{name} cannot be written: {problem.strerror}.") from problem
        self.stdout.write(f"{len(SavedMacro.objects.known())} macros are in {name}.")

    def _import(self, name: str, *, dry_run: bool, as_json: bool) -> None:
        try:
            done = import_macros(text=_read(name), agent=None, now=timezone.now(), dry_run=dry_run)
        except FileUnreadable as unreadable:
            lines = "\n".join(f"{name}: {fault_line(fault)}" for fault in unreadable.faults)
            raise CommandError(f"nothing was stored.\n{lines}") from None
        facts = {"dry_run": dry_run, "added": done.added, "changed": done.changed, "same": done.same}
        self.tell(facts, words=_words(done, dry_run=dry_run), as_json=as_json)
        for slug, claims in done.claims.items():
            for claim in claims:
                self.stderr.write(
                    f"{slug} ({claim.language}): says “{claim.claims}” but is not marked so; "
                    f'add says = "{claim.claims}" or change the words.'
                )


def _line(macro: Macro) -> str:
    steps = ", ".join(step.kind.value for step in macro.steps)
    mark = "  " if macro.is_active else "× "
    return f"{mark}{macro.slug:<28}{macro.title_in('en')}" + (f"  [{steps}]" if steps else "")


def _words(done: Imported, *, dry_run: bool) -> str:
    verb = "would be" if dry_run else "were"
    counts = f"{len(done.added)} {verb} added, {len(done.changed)} changed, {len(done.same)} are the same."
    names = [*(f"  + {slug}" for slug in done.added), *(f"  ~ {slug}" for slug in done.changed)]
    return "\n".join([counts, *names])


def _read(name: str) -> str:
    """Return the text of a file. Raises: CommandError when it cannot be read."""
    try:
        if name == STANDARD:
            return sys.stdin.read(LONGEST_FILE + 1)
        with Path(name).open(encoding="utf-8") as file:
            return file.read(LONGEST_FILE + 1)
    except OSError as problem:
        raise CommandError(f"{name} cannot be read: {problem.strerror}.") from problem
    except UnicodeDecodeError as problem:
        raise CommandError(f"{name} is not text in UTF-8.") from problem
