"""Epoch: the record outside the database of how far it had come; replaced as a whole, never torn."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from mostrador.domain.guards import Point, Record

FILE_BYTES = 64 * 1024


class UnreadableRecord(ValueError):
    """The file is there and is not a record: only a person can tell what became of it."""


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


def write(record: Record) -> None:
    """Replace the record; when this returns, it survives a power cut.

    Raises: OSError when it cannot be written; the old record is whole then.
    """
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.new")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(as_json(record), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def lock() -> Iterator[None]:
    """Hold the record: of several workers, one after the other compares and rewrites it."""
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f"{target.name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


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
