"""Cancellations: ask for one, take it back in time, or send it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from mostrador.actions.collisions import Seen, changes
from mostrador.amazon.feeds import FeedType
from mostrador.domain import cancellations as rules
from mostrador.domain.delivery import Source, State
from mostrador.domain.refusals import Refusal, RefusalCode, Refused, RequestKeyReused
from mostrador.models import Agent, Cancellation, Event, EventKind, LostRace, Order, Ticket
from mostrador.models.delivery import fingerprint
from mostrador.tasks import feeds, messages


@dataclass(frozen=True, slots=True)
class CancellationWish:
    """What an agent or a program asks for: the whole order, with Amazon's reason."""

    reason: str
    request_key: str
    note: str = ""
    source: Source = Source.AGENT
    seen: Seen | None = None  # how far the ticket had come when the form was opened


def request_cancellation(
    *, order: Order, ticket: Ticket | None, agent: Agent, wish: CancellationWish, now: datetime
) -> Cancellation:
    """Store a cancellation and freeze the order; the same key again returns it.

    Raises: Refused with every reason; RequestKeyReused for a known key with other content.
    """
    digest = fingerprint({"order": order.pk, "reason": wish.reason, "note": wish.note})
    try:
        with transaction.atomic():
            locked = Order.objects.locked(order.pk)
            known = Cancellation.objects.asked(partner=locked.selling_partner, request_key=wish.request_key)
            if known and known.request_sha256 != digest:
                raise RequestKeyReused(wish.request_key)
            if known:
                return known
            reasons = [
                *changes(ticket=ticket, order=locked, agent=agent, seen=wish.seen),
                *rules.refusals(locked.facts(), reason=wish.reason),
            ]
            if reasons:
                raise Refused(reasons)
            return _store(locked, ticket, agent, wish, digest, now)
    except IntegrityError:
        raise Refused([Refusal(RefusalCode.ORDER_FROZEN)]) from None


def _store(
    order: Order, ticket: Ticket | None, agent: Agent, wish: CancellationWish, digest: str, now: datetime
) -> Cancellation:
    send_after = now + timedelta(seconds=settings.UNDO_SECONDS)
    counts = rules.counts_in_cancellation_rate(order.facts())
    cancellation = Cancellation.objects.request(
        order=order,
        ticket=ticket,
        agent=agent,
        source=wish.source,
        reason=wish.reason,
        note=wish.note,
        counts_in_rate=counts,
        request_key=wish.request_key,
        request_sha256=digest,
        send_after=send_after,
        now=now,
    )
    Event.objects.step(
        EventKind.REQUESTED,
        cancellation,
        at=now,
        agent=agent,
        reason=wish.reason,
        note=wish.note,
        counts_in_rate=counts,
        send_after=send_after.isoformat(),
    )
    feeds.plan_dispatch(
        partner_id=order.selling_partner_id,
        feed_type=FeedType.POST_ORDER_ACKNOWLEDGEMENT_DATA,
        at=send_after,
        now=now,
    )
    return cancellation


def withdraw_cancellation(*, cancellation: Cancellation, agent: Agent, now: datetime) -> None:
    """Take a cancellation back before it has left; the order is free again.

    Raises: Refused when it is too late.
    """
    try:
        with transaction.atomic():
            Order.objects.locked(cancellation.order_id)
            cancellation.refresh_from_db()
            if cancellation.state != State.REQUESTED:
                facts: dict[str, str | int] = {"state": cancellation.state}
                raise Refused([Refusal(RefusalCode.TOO_LATE_TO_WITHDRAW, facts)])
            cancellation.move(State.WITHDRAWN, now=now)
            Event.objects.step(EventKind.WITHDRAWN, cancellation, at=now, agent=agent)
            messages.release_armed(action=cancellation, now=now)
    except LostRace:
        raise Refused([Refusal(RefusalCode.TOO_LATE_TO_WITHDRAW, {"state": "sending"})]) from None


def send_cancellation_now(*, cancellation: Cancellation, agent: Agent, now: datetime) -> None:
    """End the undo window.

    Raises: Refused when it is no longer waiting.
    """
    with transaction.atomic():
        Order.objects.locked(cancellation.order_id)
        if not Cancellation.objects.hurry(cancellation, now=now):
            raise Refused([Refusal(RefusalCode.NOT_WAITING)])
        Event.objects.step(EventKind.SEND_NOW, cancellation, at=now, agent=agent)
        feeds.plan_dispatch(
            partner_id=cancellation.selling_partner_id,
            feed_type=FeedType.POST_ORDER_ACKNOWLEDGEMENT_DATA,
            at=now,
            now=now,
        )
