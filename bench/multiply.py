"""Multiply: copies of a stock of tickets, made inside PostgreSQL, each a week older than the last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db import connection, models

from mostrador.domain.tickets import TicketState
from mostrador.models import (
    Event,
    ItemBalance,
    Message,
    Order,
    OrderItem,
    Refund,
    RefundLine,
    SearchText,
    Ticket,
)

# Copies take numbers this far apart; no table of the stock has as many rows.
STRIDE = 1_000_000
OLDER = timedelta(days=7)

_AGE = f"copy * interval '{OLDER.days} days'"
_NUMBER = "(5000000 + copy)::text"
_CLOSED = f"'{TicketState.CLOSED}'"
# What a copy must not share with its original; every other column is the same.
CHANGES: Mapping[type[models.Model], Mapping[str, str]] = {
    Order: {"amazon_order_id": f"left(amazon_order_id, 4) || {_NUMBER} || right(amazon_order_id, 8)"},
    OrderItem: {"item_id": "item_id || '-' || copy"},
    ItemBalance: {},
    Ticket: {
        "state": _CLOSED,
        "closed_at": f"last_message_at - {_AGE}",
        "first_unanswered_at": "NULL",
        "answer_due_at": "NULL",
    },
    Message: {"message_id": "copy || message_id"},
    Refund: {"request_key": "request_key || '-' || copy"},
    RefundLine: {},
    Event: {},
    SearchText: {
        "keys": f"regexp_replace(keys, '(5..)-.......-', '\\1-' || {_NUMBER} || '-')",
        "words": f"words || array_to_tsvector(ARRAY[{_NUMBER}])",
    },
}
# Their rows are not the copies' own: these columns keep what they hold.
SHARED = frozenset({"selling_partner", "mailbox", "author", "agent", "assigned_to", "requested_by", "feed"})


def multiply(copies: int, *, first: int = 1) -> None:
    """Add the copies `first` to `copies` of every ticket, with all that belongs to it; then analyse."""
    indexes = SearchText._meta.indexes
    with connection.schema_editor() as schema:
        for index in indexes:
            schema.remove_index(SearchText, index)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # the originals' constraints hold for copies
        for model, changes in CHANGES.items():
            cursor.execute(_copy(model, changes), [first, copies])
            key = model._meta.pk
            if isinstance(key, models.AutoField):
                name = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"  # noqa: S608
                )
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("SET maintenance_work_mem = '1GB'")
    with connection.schema_editor() as schema:
        for index in indexes:  # many times as fast as row by row
            schema.add_index(SearchText, index)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _copy(model: type[models.Model], changes: Mapping[str, str]) -> str:
    columns = {field: connection.ops.quote_name(field.column) for field in model._meta.concrete_fields}
    values = [changes.get(field.column, _value(field, column)) for field, column in columns.items()]
    table, key = connection.ops.quote_name(model._meta.db_table), columns[model._meta.pk]
    return (
        f"INSERT INTO {table} ({', '.join(columns.values())}) "  # noqa: S608  # names of our own models
        f"SELECT {', '.join(values)} FROM {table}, generate_series(%s, %s) AS copy WHERE {key} < {STRIDE}"
    )


def _value(field: models.Field[object, object], column: str) -> str:
    """Return what a copy holds in a column: keys of the copies' own rows move on, moments move back."""
    if field.primary_key or (field.is_relation and field.name not in SHARED):
        return f"{column} + copy * {STRIDE}"
    if isinstance(field, models.DateTimeField):
        return f"{column} - {_AGE}"
    return column
