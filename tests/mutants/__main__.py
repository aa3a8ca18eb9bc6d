"""`python -m tests.mutants [WORD …]`: count the mutants of the money core and name those that survive.

It needs Cosmic Ray 8.7, which the tests themselves do not: `uv run --with cosmic-ray==8.7.0 python -m
tests.mutants`, or its folder on PYTHONPATH. A word picks the modules whose path holds it.
"""

from __future__ import annotations

import argparse
import atexit
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import hypothesis  # noqa: F401  # loaded once, before the forks
import lxml.etree  # noqa: F401

from mostrador.embedded_postgres import start as start_postgres
from tests.mutants.making import mutants
from tests.mutants.mutant import Mutant
from tests.mutants.trying import Module, results

ROOT = Path(__file__).parent.parent.parent
_STORIES = tuple(
    f"tests/tasks/test_{name}.py" for name in ("feeds", "strange_feeds", "housekeeping", "guards")
)
MODULES = (
    Module(
        "mostrador/domain/delivery.py", ("tests/domain/test_delivery.py", "tests/domain/test_feeds.py"), 600
    ),
    Module("mostrador/domain/feeds.py", ("tests/domain/test_feeds.py",), 600),
    Module("mostrador/amazon/errors.py", ("tests/amazon/test_errors.py",), 600),
    Module("mostrador/amazon/processing_reports.py", ("tests/amazon/test_processing_reports.py",), 600),
    Module(
        "mostrador/models/feeds.py",
        ("tests/models/test_feeds.py", "tests/models/test_constraints.py"),
        300,
        has_database=True,
    ),
    Module("mostrador/tasks/settling.py", ("tests/tasks/test_settling.py",), 300, has_database=True),
    Module("mostrador/tasks/sealing.py", _STORIES, 900, has_database=True),
    Module("mostrador/tasks/feeds.py", _STORIES, 900, has_database=True),
)


def main() -> int:
    """Try the modules that are wanted and print what survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--slots", type=int, default=2, help="how many are tried at once")
    parser.add_argument("--list", action="store_true", help="name the mutants and try none")
    parser.add_argument("--lines", default="", help="only these lines, as FIRST-LAST")
    parser.add_argument("--again", default="", help="only those named in this output of an earlier run")
    arguments = parser.parse_args()
    for module in MODULES:
        if arguments.words and not any(word in module.path for word in arguments.words):
            continue
        source = (ROOT / module.path).read_text("utf-8")
        every = mutants(source, sparing=module.has_database)
        if arguments.lines:
            first, _, last = arguments.lines.partition("-")
            every = [each for each in every if int(first) <= each.line <= int(last or first)]
        if arguments.again:
            named = Path(arguments.again).read_text("utf-8")
            every = [each for each in every if f": {each.what}\n" in named]
        if arguments.list:
            _show(every)
        else:
            _try(module, source, every, arguments.slots)
    return 0


def _try(module: Module, source: str, every: list[Mutant], slots: int) -> None:
    if module.has_database:
        _database()
    began = time.monotonic()
    count = Counter[str]()
    for result in results(module, source, every, slots=1 if module.has_database else slots):
        count[result.word] += 1
        if result.word != "killed":
            sys.stdout.write(f"{result.mutant.line:5} {result.word}: {result.mutant.what}\n")
            sys.stdout.flush()
    seconds = time.monotonic() - began
    sys.stdout.write(f"{module.path}: {len(every)} mutants, {dict(count)}, {seconds:.0f} s\n")


def _show(every: list[Mutant]) -> None:
    for each in every:
        sys.stdout.write(f"{each.line:5} {each.what}\n")
    sys.stdout.flush()


def _database() -> None:
    """Start one PostgreSQL for all slots, or honour the one that is given."""
    if not os.environ.get("DATABASE_URL"):
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
        os.environ["DATABASE_URL"] = start_postgres(Path(tempfile.mkdtemp()))


if __name__ == "__main__":
    # What the tests of a mutant leave behind goes with this process.
    scratch = tempfile.mkdtemp(prefix="mutants-")
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    tempfile.tempdir = os.environ["TMPDIR"] = os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = scratch
    sys.exit(main())
