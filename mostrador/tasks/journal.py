"""Journal: every mark once more, outside the database, so that a restored one can be told what it forgot.

Lines are only ever added, beside the epoch record: which orders, items and amounts were about to leave, and
nothing of the buyer. A line survives a power cut before Amazon is asked.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mostrador.tasks import epoch

logger = logging.getLogger(__name__)

ROTATE_BYTES = 8 * 1024 * 1024
KEPT_FOR = timedelta(days=90)  # as far back as Amazon lists feeds
MAX_LINE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class MarkedMessage:
    """One refund or cancellation that was about to leave; amounts are minor units."""

    message_id: int
    reference: str
    action_pk: int
    asked_at: datetime
    amazon_order_id: str
    currency: str = ""
    items: Sequence[Mapping[str, Any]] = ()  # {item_id, amounts: {component: minor}}

    @property
    def total(self) -> int:
        """What would go back, over all items and components."""
        return sum(sum(item["amounts"].values()) for item in self.items)


@dataclass(frozen=True, slots=True)
class Entry:
    """One mark: the feed's row, whose it is, and what is in it; what came of it, where that was noted."""

    feed: int
    marked_at: datetime
    seller_id: str
    region: str
    feed_type: str
    messages: tuple[MarkedMessage, ...] = ()
    feed_id: str = ""
    did_not_leave: bool = False


@dataclass
class Contents:
    """All that the journal holds, and how many of its lines cannot be read."""

    entries: list[Entry] = field(default_factory=list)
    unreadable: int = 0


def path() -> Path:
    """Return where the journal lies: beside the epoch record."""
    return epoch.path().with_name(f"{epoch.path().stem}-marks.jsonl")


def append(entry: Entry) -> None:
    """Add a mark; when this returns, it survives a power cut.

    Raises: OSError when it cannot be written: nothing may be sent then.
    """
    _add(_as_json(entry), durable=True)


def note_feed(entry: Entry, feed_id: str) -> None:
    """Add which feed Amazon made of a mark; evidence only, so a disk in trouble is no reason to fail."""
    _note({"of": entry.feed, "marked_at": entry.marked_at.isoformat(), "feed_id": feed_id})


def note_not_done(entry: Entry) -> None:
    """Add that a mark certainly did not leave."""
    _note({"of": entry.feed, "marked_at": entry.marked_at.isoformat(), "did_not_leave": True})


def read(*, since: datetime) -> Contents:
    """Return every mark made since then, the oldest first, with what was noted of it.

    Raises: OSError when the disk does not answer.
    """
    contents, outcomes = Contents(), {}
    for line in _lines():
        try:
            said = json.loads(line)
            moment = datetime.fromisoformat(said["marked_at"])
            if "of" in said:
                outcomes[int(said["of"]), moment] = said
            elif moment >= since:
                contents.entries.append(_entry(said, moment))
        except (ValueError, KeyError, TypeError, AttributeError):
            contents.unreadable += 1
    contents.entries = [_with_outcome(each, outcomes) for each in contents.entries]
    contents.entries.sort(key=lambda each: each.marked_at)
    return contents


def _with_outcome(entry: Entry, outcomes: Mapping[tuple[int, datetime], Mapping[str, Any]]) -> Entry:
    said = outcomes.get((entry.feed, entry.marked_at), {})
    return Entry(
        entry.feed,
        entry.marked_at,
        entry.seller_id,
        entry.region,
        entry.feed_type,
        entry.messages,
        feed_id=str(said.get("feed_id", "")),
        did_not_leave=bool(said.get("did_not_leave", False)),
    )


# ── the file ──────────────────────────────────────────────────────────────────────────────────────────────


def _add(said: Mapping[str, Any], *, durable: bool) -> None:
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    is_new = _rotated(target)
    # What another writer left torn ends at the first line break; a blank line is none.
    line = b"\n" + json.dumps(said, separators=(",", ":")).encode() + b"\n"
    file = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if os.write(file, line) != len(line):
            raise OSError(28, "the journal of marks could not be written whole")
        if durable:
            os.fdatasync(file)
    finally:
        os.close(file)
    if durable and is_new:
        _keep_folder(target.parent)


def _note(said: Mapping[str, Any]) -> None:
    try:
        _add(said, durable=False)
    except OSError:
        logger.warning("what came of a mark could not be noted beside the epoch record")


def _rotated(target: Path) -> bool:
    """Put a full journal aside and forget what is too old; return whether a new one begins."""
    try:
        state = target.stat()
    except FileNotFoundError:
        return True
    if state.st_size < ROTATE_BYTES:
        return False
    try:
        target.rename(target.with_name(f"{target.stem}.{state.st_mtime_ns}{target.suffix}"))
    except FileNotFoundError:
        return True  # another worker was faster
    for old in _put_aside(target):
        if state.st_mtime - old.stat().st_mtime > KEPT_FOR.total_seconds():
            old.unlink(missing_ok=True)
    return True


def _put_aside(target: Path) -> list[Path]:
    return sorted(target.parent.glob(f"{target.stem}.*{target.suffix}"))


def _keep_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _lines() -> Iterator[bytes]:
    target = path()
    for each in (*_put_aside(target), target):
        try:
            with each.open("rb") as file:
                while line := file.readline(MAX_LINE):
                    if line.strip():
                        yield line
        except FileNotFoundError:
            continue


def _as_json(entry: Entry) -> dict[str, Any]:
    return {
        "feed": entry.feed,
        "marked_at": entry.marked_at.isoformat(),
        "seller_id": entry.seller_id,
        "region": entry.region,
        "feed_type": entry.feed_type,
        "messages": [
            {
                "message_id": each.message_id,
                "reference": each.reference,
                "action": each.action_pk,
                "asked_at": each.asked_at.isoformat(),
                "order": each.amazon_order_id,
                "currency": each.currency,
                "items": list(each.items),
            }
            for each in entry.messages
        ],
    }


def _entry(said: Mapping[str, Any], marked_at: datetime) -> Entry:
    return Entry(
        feed=int(said["feed"]),
        marked_at=marked_at,
        seller_id=str(said["seller_id"]),
        region=str(said["region"]),
        feed_type=str(said["feed_type"]),
        messages=tuple(_message(each) for each in said["messages"]),
    )


def _message(said: Mapping[str, Any]) -> MarkedMessage:
    return MarkedMessage(
        message_id=int(said["message_id"]),
        reference=str(said["reference"]),
        action_pk=int(said["action"]),
        asked_at=datetime.fromisoformat(said["asked_at"]),
        amazon_order_id=str(said["order"]),
        currency=str(said["currency"]),
        items=tuple(
            {"item_id": str(item["item_id"]), "amounts": {str(c): int(m) for c, m in item["amounts"].items()}}
            for item in said["items"]
        ),
    )
