"""Lists: the fixed lists of the rail, what stands in each, and how many, counted only so far."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q

from mostrador.domain.hours import Stretch
from mostrador.domain.tickets import SOON, TicketState
from mostrador.models.finding import Asker, to_review, under_way
from mostrador.models.teamwork import Mention
from mostrador.models.tickets import TicketQuerySet

MOST_COUNTED = 99


class Lists(StrEnum):
    """The lists of the rail."""

    NEEDS_REPLY = "needs-reply"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    RADAR = "cancel-radar"
    TONIGHT = "tonight"
    REVIEW = "review"
    UNDER_WAY = "under-way"
    MENTIONS = "mentions"
    CLAIMS = "claims"
    WAITING = "waiting"
    SNOOZED = "snoozed"
    CLOSED = "closed"
    ALL = "all"


def listed(tickets: TicketQuerySet, current: Lists, *, asker: Asker, away: Stretch | None) -> TicketQuerySet:
    """Return the tickets of a list, in no order; `away` is when nobody works next."""
    own = tickets.filter(merged_into=None)
    match current:
        case Lists.NEEDS_REPLY:
            return _our_turn(own, asker.now)
        case Lists.MINE:
            return _our_turn(own, asker.now).filter(assigned_to=asker.agent)
        case Lists.UNASSIGNED:
            return _our_turn(own, asker.now).filter(assigned_to=None)
        case Lists.RADAR:
            return own.cancel_radar()
        case Lists.TONIGHT:
            return _due_within(own, away)
        case Lists.REVIEW:
            return own.filter(to_review(asker.now))
        case Lists.UNDER_WAY:
            return own.filter(under_way())
        case Lists.MENTIONS:
            return own.filter(pk__in=Mention.objects.filter(agent=asker.agent, seen_at=None).values("ticket"))
        case Lists.CLAIMS:
            return own.filter(claim_at__isnull=False).exclude(state=TicketState.CLOSED)
        case Lists.SNOOZED:
            return own.filter(snoozed_until__gt=asker.now)
        case Lists.WAITING:
            return own.filter(state=TicketState.WAITING)
        case Lists.CLOSED:
            return own.filter(state=TicketState.CLOSED)
        case Lists.ALL:
            return own


def _our_turn(tickets: TicketQuerySet, now: datetime) -> TicketQuerySet:
    """Return the open tickets; one that rests shows all the same once its answer is nearly due."""
    awake = Q(snoozed_until=None) | Q(snoozed_until__lte=now) | Q(answer_due_at__lte=now + SOON)
    return tickets.filter(awake, state=TicketState.OPEN)


def _due_within(tickets: TicketQuerySet, away: Stretch | None) -> TicketQuerySet:
    if away is None:
        return tickets.none()
    falls_due = Q(answer_due_at__gte=away.begins, answer_due_at__lt=away.ends)
    return tickets.filter(falls_due, state=TicketState.OPEN)


# ── counting ──────────────────────────────────────────────────────────────────────────────────────────────


def counts(questions: Mapping[str, TicketQuerySet]) -> dict[str, int]:
    """Return how many tickets each question finds, in one query; above MOST_COUNTED it counts no further.

    What costs is bounded by that, not by how many tickets there are.
    """
    found = dict.fromkeys(questions, 0)
    sums: list[tuple[str, str]] = []
    params: list[Any] = []
    for name, tickets in questions.items():
        try:
            first = tickets.order_by().values_list("pk", flat=True)[: MOST_COUNTED + 1]
            sql, its_params = first.query.sql_with_params()
        except EmptyResultSet:
            continue
        sums.append((name, f"(SELECT count(*) FROM ({sql}) AS counted)"))  # noqa: S608  # Django's own SQL
        params += its_params
    if sums:
        with connection.cursor() as cursor:
            cursor.execute("SELECT " + ", ".join(sql for _, sql in sums), params)
            row = cursor.fetchone()
        found |= dict(zip((name for name, _ in sums), row, strict=True))
    return found
