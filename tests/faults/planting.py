"""Planting: put each known bug into a scratch copy of the program and demand that the tests find it.

`python -m tests.faults.planting [NAME …]`. A patch begins with `tests:` and the smallest selection that must
turn red. It ends with 1 if a bug stays unfound, or a patch no longer fits.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BUGS = Path(__file__).parent / "planted_bugs"
TESTS_FAILED = 1  # pytest's exit code; others mean that it could not even run them
SECONDS = 300


def main(*wanted: str) -> int:
    """Plant the bugs whose names contain a word that is wanted, or all; return the exit code."""
    found = missed = 0
    began = time.monotonic()
    for path in sorted(BUGS.glob("*.patch")):
        if wanted and not any(word in path.stem for word in wanted):
            continue
        at = time.monotonic()
        words = plant(path)
        found += not words
        missed += bool(words)
        sys.stdout.write(f"{path.stem:45} {words or 'found':40} {time.monotonic() - at:6.1f} s\n")
        sys.stdout.flush()
    sys.stdout.write(f"{found} of {found + missed} bugs found in {time.monotonic() - began:.0f} s\n")
    return 1 if missed or not found else 0


def plant(path: Path) -> str:
    """Return nothing when the tests find the bug, else what went wrong."""
    selection = path.read_text("utf-8").partition("\n")[0].removeprefix("tests:").split()
    with scratch_copy() as folder:
        applied = subprocess.run(
            ["git", "apply", "-p1", "-C1", "--recount", str(path)], cwd=folder, capture_output=True, text=True
        )
        if applied.returncode:
            return f"does not fit: {applied.stderr.strip()[:200]}"
        tests = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *selection],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    if tests.returncode == TESTS_FAILED:
        return ""
    return f"NOT FOUND, pytest ended with {tests.returncode}: {tests.stdout[-300:]}{tests.stderr[-300:]}"


@contextmanager
def scratch_copy() -> Iterator[Path]:
    """Copy what git knows and what it does not ignore into a folder that is removed afterwards."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    with tempfile.TemporaryDirectory(prefix="planted-") as name:
        folder = Path(name)
        for each in filter(None, listed.stdout.split("\0")):
            source = ROOT / each
            if source.is_file():
                (folder / each).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, folder / each)
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        yield folder


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
