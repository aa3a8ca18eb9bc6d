"""Snapshots: a copy of the whole test database, and the database put back as it was: a restored backup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection, connections
from psycopg import sql

COPY = "mostrador_snapshot"


def take() -> None:
    """Copy the database as it is; only between transactions."""
    assert not connection.in_atomic_block, "a backup holds what is committed"
    live = sql.Identifier(_name())
    with _server() as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(COPY)))
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(COPY), live)
        )


def restore() -> None:
    """Put the copy in the place of the database: rows, numbers and jobs are those of then."""
    live = sql.Identifier(_name())
    with _server() as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(live))
        server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(COPY), live))


def _name() -> str:
    return str(connection.settings_dict["NAME"])


@contextmanager
def _server() -> Iterator[psycopg.Connection[Any]]:
    parameters = connection.get_connection_params()
    connections.close_all()
    wanted = {name: parameters[name] for name in ("host", "port", "user", "password") if parameters.get(name)}
    with psycopg.connect(**wanted, dbname="postgres", autocommit=True) as server:
        yield server
