"""Forgotten: after a restore, hold the orders of which the journal knows a mark and the database does not.

Nothing else is refunded on such an order until Amazon's accounts, Amazon's list or an owner has decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from mostrador.amazon.feeds import FeedType
from mostrador.domain import guards as rules
from mostrador.domain.delivery import State
from mostrador.domain.guards import ForgottenFeed, MarkFate
from mostrador.models import (
    Agent,
    Cancellation,
    Event,
    EventKind,
    FeedMark,
    ForgottenMark,
    LostRace,
    Order,
    Refund,
    SellingPartner,
    SendingStop,
)
from mostrador.tasks import journal, messages
from mostrador.tasks.journal import Entry, MarkedMessage

HELD = "order_held"  # the answer code of what was asked for again on such an order
HELD_WORDS = (
    "something was about to leave for this order when the database was restored: it may be this very refund"
)
AT_ONCE = 1000
# An order that is held is read so often, for its accounts may show the refund any moment.
LOOKS_EVERY = timedelta(hours=1)

_taken_in: set[int] = set()  # the stops for which this process has read its host's journal


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What the journal of this host said."""

    held: int = 0
    unreadable: int = 0
    is_missing: bool = False


def take_in(stop: SendingStop, *, now: datetime) -> TakenIn:
    """Hold the orders of every mark in this host's journal that the database does not know; repeatable.

    Raises: OSError when the journal cannot be read.
    """
    contents = journal.read(since=now - journal.KEPT_FOR)
    partners = {(each.seller_id, each.region): each for each in SellingPartner.objects.all()}
    held = 0
    for entry in _unknown(contents.entries):
        partner = partners.get((entry.seller_id, entry.region))
        if partner is None or entry.did_not_leave:
            continue
        held += sum(_hold(stop, partner, entry, message, now) for message in entry.messages)
    return TakenIn(held, contents.unreadable, not contents.entries and not contents.unreadable)


def take_in_once(*, now: datetime) -> None:
    """Let every worker take in the journal of its own host, as soon as it sees that sending is closed.

    Raises: OSError when the journal cannot be read.
    """
    stop = SendingStop.objects.current()
    if stop is None or stop.pk in _taken_in:
        return
    take_in(stop, now=now)
    _taken_in.add(stop.pk)


def held_marks(partner: SellingPartner, kind: FeedType) -> list[ForgottenMark]:
    """Return what still holds orders of a selling partner."""
    marks = ForgottenMark.objects.held().filter(selling_partner=partner, feed_type=kind)
    return list(marks.select_related("order"))


def _unknown(entries: Sequence[Entry]) -> Iterable[Entry]:
    """Return the marks that the database does not have."""
    for start in range(0, len(entries), AT_ONCE):
        some = entries[start : start + AT_ONCE]
        marks = FeedMark.objects.filter(feed__in=[each.feed for each in some])
        known = set(marks.values_list("feed_id", "marked_at"))
        yield from (each for each in some if (each.feed, each.marked_at) not in known)


def _hold(
    stop: SendingStop, partner: SellingPartner, entry: Entry, message: MarkedMessage, now: datetime
) -> bool:
    """Hold one order, unless the database knows the action itself and reconciling decides about it."""
    if _is_known(partner, entry, message):
        return False
    with transaction.atomic():
        order = Order.objects.locked(
            Order.objects.expect(partner=partner, amazon_order_id=message.amazon_order_id).pk
        )
        mark = ForgottenMark.objects.hold(
            stop=stop,
            order=order,
            feed_type=entry.feed_type,
            message_id=message.message_id,
            reference=message.reference,
            items=[dict(item) for item in message.items],
            total=message.total,
            currency=message.currency,
            marked_at=entry.marked_at,
            words=f"feed {entry.feed_id}" if entry.feed_id else "",
            now=now,
        )
        if mark is None:
            return False
        note(EventKind.ORDER_HELD, mark, now, fate=MarkFate.HELD)
        for wish in order.refunds.filter(state=State.REQUESTED, requested_at__gte=entry.marked_at):
            _review(wish, now)
        order.plan_read(at=now)
        match_accounts(order=order, now=now)
    return True


def _is_known(partner: SellingPartner, entry: Entry, message: MarkedMessage) -> bool:
    """Return whether the very action is in the database and still counts as possibly done.

    One that was taken back meanwhile, in the belief that it had not left, is as good as forgotten.
    """
    are_refunds = entry.feed_type == FeedType.POST_PAYMENT_ADJUSTMENT_DATA
    rows = Refund.objects if are_refunds else Cancellation.objects
    same = rows.filter(pk=message.action_pk, selling_partner=partner, requested_at=message.asked_at)
    return same.exclude(state__in=[State.WITHDRAWN, State.REJECTED]).exists()


def _review(wish: Refund, now: datetime) -> None:
    """Have a person look at what was asked for again while the desk had forgotten the first time."""
    try:
        with transaction.atomic():
            wish.move(State.REVIEW, now=now, answer_code=HELD, answer_words=HELD_WORDS)
            Event.objects.step(EventKind.REVIEW, wish, at=now, code=HELD, words=HELD_WORDS)
            messages.release_armed(action=wish, now=now)
    except LostRace:
        return  # taken back meanwhile


# ── what becomes of them ──────────────────────────────────────────────────────────────────────────────────


def match_accounts(*, order: Order, now: datetime) -> None:
    """Free a held order as far as Amazon's accounts show what was marked; the order is locked."""
    if order.held_since is None:
        return
    for mark in order.forgotten_marks.held().filter(total__gt=0):
        used = ForgottenMark.objects.filter(refund__isnull=False).values("refund")
        booked = order.refunds.filter(
            total=mark.total,
            currency=mark.currency,
            requested_at__gte=mark.marked_at - rules.CLOCK_SLACK,
        ).exclude(finances_refund_id="")
        refund = booked.exclude(pk__in=used).order_by("requested_at", "pk").first()
        if refund is not None:
            _settle(mark, order, MarkFate.IN_ACCOUNTS, now, refund=refund)


def match_order(*, order: Order, now: datetime) -> None:
    """Free an order held by a cancellation, once it was read when no frozen worker could send any more."""
    if order.held_since is None:
        return
    for mark in order.forgotten_marks.held().filter(total=0, stop__certain_from__lte=now):
        _settle(mark, order, MarkFate.IN_ORDER, now)


def match_list(
    *,
    stop: SendingStop,
    partner: SellingPartner,
    kind: FeedType,
    feeds: Sequence[ForgottenFeed],
    now: datetime,
) -> None:
    """Free the orders of marks that no feed in Amazon's list could carry, once the list is certain."""
    if now < stop.certain_from:
        return
    for mark in held_marks(partner, kind):
        if not rules.may_hold(feeds, asked_at=mark.marked_at):
            with transaction.atomic():
                _settle(mark, Order.objects.locked(mark.order_id), MarkFate.NEVER_SENT, now)


def _settle(
    mark: ForgottenMark, order: Order, fate: MarkFate, now: datetime, refund: Refund | None = None
) -> None:
    mark.order = order
    mark.settle(fate, now=now, refund=refund)
    note(EventKind.ORDER_RELEASED, mark, now, fate=fate)


def note(
    kind: EventKind, mark: ForgottenMark, now: datetime, *, fate: MarkFate, agent: Agent | None = None
) -> None:
    """Tell in the order's timeline that it is held or free again, and because of what."""
    Event.objects.note(
        kind,
        at=now,
        order=mark.order,
        agent=agent,
        reference=mark.reference,
        total=mark.total,
        currency=mark.currency,
        marked_at=mark.marked_at.isoformat(),
        fate=fate,
        because=mark.words if agent else "",
    )
