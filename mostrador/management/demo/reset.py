"""Reset: remove a demo's data, so that the next start begins anew."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from mostrador.cli import DEMO_SETTINGS
from mostrador.embedded_postgres import stop_orphan
from mostrador.management.demo import lock


def main() -> None:
    """Remove the data folder if it is a demo's and nobody uses it."""
    data_dir = Path(os.environ.get("MOSTRADOR_DATA_DIR") or ".data").resolve()
    if not data_dir.exists():
        sys.stdout.write(f"There is no data in {data_dir}: the next demo begins anew anyway.\n")
        return
    if not (data_dir / DEMO_SETTINGS).exists():
        sys.exit(f"{data_dir} is not a demo's: nothing was removed.")
    try:
        with lock.take(data_dir):
            _remove(data_dir)
    except lock.DemoRuns as problem:
        sys.exit(str(problem))
    sys.stdout.write(f"The demo's data in {data_dir} is gone: the next demo begins anew.\n")


def _remove(data_dir: Path) -> None:
    if users := stop_orphan(data_dir):
        pids = ", ".join(map(str, users))
        sys.exit(f"The database in {data_dir} is in use (by process {pids}). Stop that first.")
    shutil.rmtree(data_dir)


if __name__ == "__main__":
    main()
