"""Calls: how often each operation of Amazon was called, and how the calls ended."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.db import connection, models


class CallOutcome(StrEnum):
    """How a call ended, seen from the wire."""

    OK = "ok"  # 2xx
    THROTTLED = "throttled"  # 429: somebody has used up the quota
    UNAUTHORIZED = "unauthorized"  # 401 or 403
    REFUSED = "refused"  # another 4xx
    FAILED = "failed"  # 5xx, or anything else that is no answer to the question
    NOT_SENT = "not_sent"  # not one byte left
    NO_ANSWER = "no_answer"  # something left, and nothing whole came back


class CallCountQuerySet(models.QuerySet["CallCount"]):
    """Adds up."""

    def add(self, counts: Mapping[tuple[str, CallOutcome], int]) -> None:
        """Add to the counters; one statement, in one order, so that workers do not wait in a circle."""
        if not counts:
            return
        rows = [[operation, outcome.value, number] for (operation, outcome), number in sorted(counts.items())]
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO mostrador_callcount AS known (operation, outcome, number)
                SELECT * FROM unnest(%s::varchar[], %s::varchar[], %s::bigint[])
                ON CONFLICT (operation, outcome) DO UPDATE SET number = known.number + excluded.number
                """,
                [list(column) for column in zip(*rows, strict=True)],
            )


class CallCount(models.Model):
    """One counter; it only grows."""

    operation = models.CharField(max_length=60)
    outcome = models.CharField(max_length=20, choices=[(o.value, o.value) for o in CallOutcome])
    number = models.BigIntegerField(default=0)

    objects = CallCountQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["operation", "outcome"], name="one_counter_per_outcome"),
        )

    def __str__(self) -> str:
        return f"{self.operation} {self.outcome}: {self.number}"
