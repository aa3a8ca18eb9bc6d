"""The simulator's memory: JSON documents in SQLite, in a folder or only in this process."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

Json = dict[str, Any]

FILE_NAME = "amazon.sqlite3"


class Store:
    """Documents by kind and key. Writes become durable together at `commit`."""

    def __init__(self, directory: Path | None) -> None:
        target = ":memory:" if directory is None else str(directory / FILE_NAME)
        self._db = sqlite3.connect(target)
        # A killed process loses nothing with these; only a power cut could, and this is no real money.
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key))"
        )
        self._db.commit()

    def load(self, kind: str) -> dict[str, Json]:
        """Return all documents of a kind by key, in the order in which they were first written."""
        rows = self._db.execute("SELECT key, body FROM documents WHERE kind = ? ORDER BY rowid", (kind,))
        return {key: json.loads(body) for key, body in rows}

    def put(self, kind: str, key: str, body: Json) -> None:
        """Write one document; the next `commit` keeps it."""
        self._db.execute(
            "INSERT INTO documents (kind, key, body) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
            (kind, key, json.dumps(body)),
        )

    def commit(self) -> None:
        """Keep everything written since the last commit."""
        self._db.commit()

    def close(self) -> None:
        """Commit and let go of the file."""
        self._db.commit()
        self._db.close()
