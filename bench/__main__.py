"""Run every measurement, one after the other, each in a process of its own: `python -m bench`."""

from __future__ import annotations

import subprocess
import sys

MEASUREMENTS = ("press", "pages", "intake")


def main() -> None:
    """Run them all; the first that fails ends the round."""
    for name in MEASUREMENTS:
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=True)  # noqa: S603  # our own modules


if __name__ == "__main__":
    main()
