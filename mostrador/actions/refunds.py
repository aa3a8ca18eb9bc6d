"""Refunds: ask for one, take it back in time, send it now, or send it again once it is proven unsent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from mostrador.actions.collisions import Seen, changes
from mostrador.amazon.feeds import FeedType
from mostrador.domain import refunds as rules
from mostrador.domain.delivery import Source, State
from mostrador.domain.refunds import Line
from mostrador.domain.refusals import Refusal, RefusalCode, Refused, RequestKeyReused
from mostrador.models import Agent, Event, EventKind, LostRace, Order, Refund, Ticket
from mostrador.models.delivery import fingerprint
from mostrador.tasks import feeds, messages


@dataclass(frozen=True, slots=True)
class RefundWish:
    """What an agent or a program asks for; amounts are minor units, totals for the units concerned.

    `seen_available` is what the page showed as left on the order; programs leave it out.
    """

    lines: Sequence[Line]
    reason: str
    request_key: str
    note: str = ""
    seen_available: int | None = None
    source: Source = Source.AGENT
    seen: Seen | None = None  # how far the ticket had come when the form was opened

    def content(self, order: Order) -> dict[str, object]:
        """Return what makes two wishes the same wish."""
        lines = {line.item_id: {c.value: m for c, m in line.amounts.items() if m} for line in self.lines}
        return {"order": order.pk, "lines": lines, "reason": self.reason, "note": self.note}


def request_refund(
    *, order: Order, ticket: Ticket | None, agent: Agent, wish: RefundWish, now: datetime
) -> Refund:
    """Store a refund that leaves for Amazon when its undo window is over; the same key again returns it.

    Raises: Refused with every reason; RequestKeyReused for a known key with other content.
    """
    digest = fingerprint(wish.content(order))
    try:
        with transaction.atomic():
            locked = Order.objects.locked(order.pk)
            known = _known(locked, wish.request_key, digest)
            if known:
                return known
            reasons = [
                *changes(ticket=ticket, order=locked, agent=agent, seen=wish.seen),
                *rules.refusals(
                    locked.facts(), lines=wish.lines, reason=wish.reason, seen_available=wish.seen_available
                ),
            ]
            if reasons:
                raise Refused(reasons)
            return _store(locked, ticket, agent, wish, digest, now)
    except IntegrityError:
        # The database's own rules caught a race that the lock should have made impossible.
        raise Refused([Refusal(RefusalCode.CHANGED_SINCE_SEEN)]) from None


def _known(order: Order, request_key: str, digest: str) -> Refund | None:
    known = Refund.objects.asked(partner=order.selling_partner, request_key=request_key)
    if known and known.request_sha256 != digest:
        raise RequestKeyReused(request_key)
    return known


def _store(
    order: Order, ticket: Ticket | None, agent: Agent, wish: RefundWish, digest: str, now: datetime
) -> Refund:
    send_after = now + timedelta(seconds=settings.UNDO_SECONDS)
    refund = Refund.objects.request(
        order=order,
        ticket=ticket,
        agent=agent,
        source=wish.source,
        lines=wish.lines,
        reason=wish.reason,
        note=wish.note,
        seen_available=wish.seen_available,
        request_key=wish.request_key,
        request_sha256=digest,
        send_after=send_after,
        now=now,
    )
    Event.objects.step(
        EventKind.REQUESTED,
        refund,
        at=now,
        agent=agent,
        reason=wish.reason,
        note=wish.note,
        total=refund.total,
        currency=refund.currency,
        seen_available=wish.seen_available,
        send_after=send_after.isoformat(),
    )
    feeds.plan_dispatch(
        partner_id=order.selling_partner_id,
        feed_type=FeedType.POST_PAYMENT_ADJUSTMENT_DATA,
        at=send_after,
        now=now,
    )
    return refund


def withdraw_refund(*, refund: Refund, agent: Agent, now: datetime) -> None:
    """Take a refund back before it has left.

    Raises: Refused when it is too late.
    """
    try:
        with transaction.atomic():
            Order.objects.locked(refund.order_id)
            refund.refresh_from_db()
            if refund.state != State.REQUESTED:
                raise Refused([Refusal(RefusalCode.TOO_LATE_TO_WITHDRAW, {"state": refund.state})])
            refund.move(State.WITHDRAWN, now=now)
            Event.objects.step(EventKind.WITHDRAWN, refund, at=now, agent=agent)
            messages.release_armed(action=refund, now=now)
    except LostRace:
        raise Refused([Refusal(RefusalCode.TOO_LATE_TO_WITHDRAW, {"state": "sending"})]) from None


def send_refund_now(*, refund: Refund, agent: Agent, now: datetime) -> None:
    """End the undo window.

    Raises: Refused when it is no longer waiting.
    """
    with transaction.atomic():
        Order.objects.locked(refund.order_id)
        if not Refund.objects.hurry(refund, now=now):
            raise Refused([Refusal(RefusalCode.NOT_WAITING)])
        Event.objects.step(EventKind.SEND_NOW, refund, at=now, agent=agent)
        feeds.plan_dispatch(
            partner_id=refund.selling_partner_id,
            feed_type=FeedType.POST_PAYMENT_ADJUSTMENT_DATA,
            at=now,
            now=now,
        )


def send_refund_again(*, refund: Refund, agent: Agent, now: datetime) -> None:
    """Let a refund that is proven never sent leave once more; a named person decides it.

    Raises: Refused when it is not proven, or when the money has gone another way meanwhile.
    """
    try:
        with transaction.atomic():
            order = Order.objects.locked(refund.order_id)
            refund.refresh_from_db()
            if refund.state != State.NOT_SENT:
                raise Refused([Refusal(RefusalCode.NOT_PROVEN_UNSENT, {"state": refund.state})])
            reasons = rules.refusals(
                order.facts(), lines=refund.wished_lines(), reason=refund.reason, seen_available=None
            )
            if reasons:
                raise Refused(reasons)
            send_after = now + timedelta(seconds=settings.UNDO_SECONDS)
            refund.move(State.REQUESTED, now=now, send_after=send_after, answer_words="", answer_code="")
            Event.objects.step(
                EventKind.ASKED_AGAIN, refund, at=now, agent=agent, send_after=send_after.isoformat()
            )
            feeds.plan_dispatch(
                partner_id=refund.selling_partner_id,
                feed_type=FeedType.POST_PAYMENT_ADJUSTMENT_DATA,
                at=send_after,
                now=now,
            )
    except (IntegrityError, LostRace):
        raise Refused([Refusal(RefusalCode.CHANGED_SINCE_SEEN)]) from None
