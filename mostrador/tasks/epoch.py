"""Epoch: the record outside the database of how far it had come; replaced as a whole, never torn."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from mostrador.domain.guards import Point, Record

FILE_BYTES = 64 * 1024
# Whoever holds the record needs milliseconds. Who has not let go after so many looks stands still, as a
# stopped process does, and must not hold up all sending. Looks are counted, for we may stand still as well.
LOOKS = 600
SECONDS_BETWEEN_LOOKS = 0.005


class UnreadableRecord(ValueError):
    """The file is there and is not a record: only a person can tell what became of it."""


class TakenOver(OSError):
    """This worker stood still while it held the record; meanwhile another one has taken it over."""

    def __init__(self) -> None:
        super().__init__(errno.ESTALE, "another worker has taken the record over")


@dataclass(frozen=True, slots=True)
class Hold:
    """The right to rewrite the record, until somebody takes it over."""

    _file: IO[str]

    def is_ours(self) -> bool:
        """Return whether nobody has taken it over."""
        return _lies_at(self._file, _lock_path())


def path() -> Path:
    """Return where the record lies."""
    return Path(settings.EPOCH_PATH)


def read() -> Record | None:
    """Return the record, or nothing where there is none.

    Raises: UnreadableRecord; OSError when the disk does not answer.
    """
    try:
        content = path().read_bytes()[:FILE_BYTES]
    except FileNotFoundError:
        return None
    try:
        said = json.loads(content)
        return Record(
            system_identifier=str(said["system_identifier"]),
            timeline=int(said["timeline"]),
            event=_point(said["event"]),
            mark=_point(said["mark"]),
            written_at=datetime.fromisoformat(said["written_at"]),
        )
    except (ValueError, KeyError, TypeError) as problem:
        raise UnreadableRecord(f"{path()} is not an epoch record: {problem!r}") from problem


def write(record: Record, *, hold: Hold | None = None) -> None:
    """Replace the record; when this returns, it survives a power cut.

    Raises: OSError when it cannot be written, TakenOver when `hold` is lost; the old record is whole then.
    """
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.new")
    draft.unlink(missing_ok=True)  # never write on in the draft of a worker that stands still
    with draft.open("x", encoding="utf-8") as file:
        json.dump(as_json(record), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    if hold is not None and not hold.is_ours():
        raise TakenOver
    draft.replace(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def lock() -> Iterator[Hold]:
    """Hold the record: of several workers, one after the other compares and rewrites it."""
    path().parent.mkdir(parents=True, exist_ok=True)
    while True:
        with _lock_path().open("a") as file:
            if not _got(file):
                with suppress(FileNotFoundError):
                    if _lies_at(file, _lock_path()):
                        _lock_path().unlink()  # its holder stands still; its next step is to see this
            elif _lies_at(file, _lock_path()):
                yield Hold(file)
                return


def _lock_path() -> Path:
    return path().with_name(f"{path().name}.lock")


def _got(file: IO[str]) -> bool:
    """Wait for the lock; return false when its holder stands still. Each holder notes when its turn began."""
    turn, looks = os.fstat(file.fileno()).st_mtime_ns, 0
    while looks < LOOKS:
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.utime(file.fileno())
            return True
        time.sleep(SECONDS_BETWEEN_LOOKS)
        looks += 1
        if (now := os.fstat(file.fileno()).st_mtime_ns) != turn:
            turn, looks = now, 0
    return False


def _lies_at(file: IO[str], place: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), place.stat())
    except FileNotFoundError:
        return False


def as_json(record: Record) -> dict[str, Any]:
    """Return the record as the file holds it."""
    return {
        "system_identifier": record.system_identifier,
        "timeline": record.timeline,
        "event": _as_json(record.event),
        "mark": _as_json(record.mark),
        "written_at": record.written_at.isoformat(),
    }


def _as_json(point: Point | None) -> dict[str, Any] | None:
    return {"pk": point.pk, "at": point.at.isoformat()} if point else None


def _point(said: Mapping[str, Any] | None) -> Point | None:
    return Point(int(said["pk"]), datetime.fromisoformat(said["at"])) if said is not None else None
