"""The lock of a data folder: one demo at a time."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

NAME = "demo.lock"


class DemoRuns(Exception):
    """Another demo uses the same data folder."""


def take(data_dir: Path) -> IO[str]:
    """Take the folder's lock and return the open file: the lock is held as long as it is.

    Raises: DemoRuns.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    file = (data_dir / NAME).open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise DemoRuns(f"A demo is running with the data in {data_dir} already. Stop it first.") from error
    return file
