"""Guards: an owner opens sending again, after everything was compared with Amazon's lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from mostrador.amazon.feeds import FeedType
from mostrador.domain.feeds import FeedState
from mostrador.domain.guards import MarkFate
from mostrador.models import (
    Agent,
    EventKind,
    Feed,
    ForgottenMark,
    Order,
    Reconciliation,
    SellingPartner,
    SendingStop,
)
from mostrador.models.guards import leave_out_numbers
from mostrador.tasks import epoch, forgotten, guards


class Obstacle(StrEnum):
    """Why sending stays closed."""

    NOT_CLOSED = "not_closed"
    NOT_AN_OWNER = "not_an_owner"
    NOT_RECONCILED = "not_reconciled"
    NOT_HELD = "not_held"


@dataclass
class CannotOpen(Exception):
    """Sending cannot be opened; nothing was written. `waiting` names what has not been compared."""

    obstacle: Obstacle
    stop: SendingStop | None = None
    waiting: Sequence[tuple[SellingPartner, FeedType]] = ()


def open_sending(*, agent: Agent, now: datetime) -> SendingStop:
    """Let refunds and cancellations leave again, and write a new record outside the database.

    Raises: CannotOpen; OSError when the record cannot be written: sending stays closed then.
    """
    if not (agent.is_owner and agent.is_active):
        raise CannotOpen(Obstacle.NOT_AN_OWNER)
    guards.keep(now)  # a restore that nobody has noticed yet must be reconciled too
    with epoch.lock(), transaction.atomic():
        stop = SendingStop.objects.select_for_update().filter(opened_at=None).order_by("-pk").first()
        if stop is None:
            raise CannotOpen(Obstacle.NOT_CLOSED)
        if waiting := not_reconciled(stop):
            raise CannotOpen(Obstacle.NOT_RECONCILED, stop, waiting)
        SendingStop.objects.open_all(agent=agent, now=now)
        leave_out_numbers()
        _wake(now)
        guards.renew(now)  # last: a record that cannot be written leaves sending closed
    return stop


def not_reconciled(stop: SendingStop) -> list[tuple[SellingPartner, FeedType]]:
    """Return whose feeds have not been compared completely since `stop`."""
    return [
        (partner, kind)
        for partner in SellingPartner.objects.order_by("name", "region")
        for kind in FeedType
        if not Reconciliation.objects.completes(stop=stop, partner=partner, feed_type=kind)
    ]


def release_order(*, order: Order, agent: Agent, because: str, now: datetime) -> list[ForgottenMark]:
    """Let an order be refunded again of which something may have left before a restore; an owner decides.

    Raises: CannotOpen.
    """
    if not (agent.is_owner and agent.is_active):
        raise CannotOpen(Obstacle.NOT_AN_OWNER)
    with transaction.atomic():
        locked = Order.objects.locked(order.pk)
        held = list(locked.forgotten_marks.held())
        if not held:
            raise CannotOpen(Obstacle.NOT_HELD)
        for mark in held:
            mark.order = locked
            mark.settle(MarkFate.RELEASED, now=now, agent=agent, words=because)
            forgotten.note(EventKind.ORDER_RELEASED, mark, now, fate=MarkFate.RELEASED, agent=agent)
    return held


def _wake(now: datetime) -> None:
    """Let what was sealed before the stop go on at once."""
    Feed.objects.filter(state__in=[FeedState.SEALED, FeedState.STAGED]).update(next_action_at=now)
