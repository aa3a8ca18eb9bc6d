"""Paging: a cursor names the last row that was shown, so that no page skips or repeats a row."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from django.db.models import Model, Q, QuerySet
from ninja import Query

from mostrador.api import problems

MOST_PER_PAGE = 100
PER_PAGE = 25
_NO_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)

Limit = Annotated[int, Query(PER_PAGE, ge=1, le=MOST_PER_PAGE, description="Rows of a page.")]
Cursor = Annotated[
    str | None,
    Query(
        None,
        max_length=200,
        pattern=r"^[A-Za-z0-9_-]*$",
        description="`next` of the page before; nothing for the first page.",
    ),
]

Row = TypeVar("Row", bound=Model)


def page(
    rows: QuerySet[Row], *, cursor: str | None, limit: int, by: str | None = None
) -> tuple[Sequence[Row], str | None]:
    """Return the rows after `cursor`, newest first, and the next cursor.

    Newest is the latest moment in column `by`, or the row that was stored last.

    Raises: ProblemRaised for a cursor that is none of ours.
    """
    if cursor:
        at, pk = _read(cursor)
        older = Q(pk__lt=pk) if by is None else Q(**{f"{by}__lt": at}) | Q(**{by: at, "pk__lt": pk})
        rows = rows.filter(older)
    found = list(rows.order_by(*([f"-{by}"] if by else []), "-pk")[: limit + 1])
    shown = found[:limit]
    return shown, _write(shown[-1], by) if len(found) > limit else None


def _write(row: Model, by: str | None) -> str:
    moment = getattr(row, by) if by else _NO_MOMENT
    return base64.urlsafe_b64encode(json.dumps([moment.isoformat(), row.pk]).encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, int]:
    try:
        at, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = datetime.fromisoformat(at)
    except (binascii.Error, ValueError, TypeError):
        raise problems.invalid("query.cursor", "This is no cursor of ours.") from None
    ours = moment.tzinfo is not None and 2000 <= moment.year < 3000
    if not ours or type(pk) is not int or not 0 < pk < 2**63:
        raise problems.invalid("query.cursor", "This is no cursor of ours.")
    return moment, pk
