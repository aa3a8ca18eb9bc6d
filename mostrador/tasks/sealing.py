"""Sealing: what is due becomes one feed with numbered messages and fixed bytes, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from mostrador.amazon import acknowledgements, adjustments
from mostrador.amazon.acknowledgements import CancelMessage, CancelReason
from mostrador.amazon.adjustments import Adjustment, AdjustmentLine, AdjustmentReason
from mostrador.amazon.feeds import FeedType
from mostrador.domain.delivery import State
from mostrador.models import Cancellation, Event, EventKind, Feed, FeedMessage, Refund, SellingPartner
from mostrador.money import Money
from mostrador.tasks import preflight
from mostrador.tasks.failpoints import reach

Action = Refund | Cancellation


def seal(*, partner: SellingPartner, feed_type: FeedType, keys: Sequence[int], now: datetime) -> Feed | None:
    """Put those of the actions `keys` that are still due into a feed and fix its bytes; none gives nothing.

    Only one worker seals for a selling partner at a time (its row is locked for that long).
    """
    if feed_type is FeedType.POST_ORDER_ACKNOWLEDGEMENT_DATA:
        preflight.look_again(partner=partner, now=now)
        reach("preflight.read")
    with transaction.atomic():
        SellingPartner.objects.select_for_update(no_key=True).get(pk=partner.pk)
        reach("seal.locked")
        if Feed.objects.before_sending(partner=partner, feed_type=feed_type) is not None:
            return None
        actions = _due(partner, feed_type, keys, now)
        if not actions:
            return None
        feed = Feed.objects.begin(
            partner=partner,
            feed_type=feed_type,
            marketplace_ids=[action.order.marketplace_id for action in actions],
            now=now,
        )
        reach("seal.begun")
        numbered = [feed.add(action) for action in actions]
        feed.seal(_render(numbered, seller_id=partner.seller_id))
        reach("seal.fixed")
        for action in actions:
            action.move(State.SENDING, now=now)
            Event.objects.step(EventKind.SEALED, action, at=now, feed=feed.pk, sha256=feed.body_sha256)
        reach("seal.moved")
        return feed


def is_due(partner_id: int, feed_type: str, now: datetime) -> bool:
    """Return whether actions of this kind wait to leave."""
    is_refund = feed_type == FeedType.POST_PAYMENT_ADJUSTMENT_DATA
    due = Refund.objects.due(now) if is_refund else Cancellation.objects.due(now)
    return due.filter(selling_partner=partner_id).exists()


def _due(partner: SellingPartner, feed_type: FeedType, keys: Sequence[int], now: datetime) -> list[Action]:
    """Return the due actions among `keys`, in their order, each order at most once, never too many."""
    rows: Sequence[Action]
    if feed_type is FeedType.POST_PAYMENT_ADJUSTMENT_DATA:
        refunds = Refund.objects.due(now).filter(selling_partner=partner, pk__in=keys)
        rows = list(
            refunds.select_related("order").select_for_update(of=("self",), skip_locked=True, no_key=True)
        )
    else:
        wishes = Cancellation.objects.due(now).filter(
            selling_partner=partner, pk__in=keys, order__read_at__isnull=False
        )
        rows = list(
            wishes.select_related("order").select_for_update(of=("self",), skip_locked=True, no_key=True)
        )
    first_of_order: dict[int, Action] = {}
    for action in sorted(rows, key=lambda each: keys.index(each.pk)):
        first_of_order.setdefault(action.order_id, action)
    return list(first_of_order.values())[: settings.MESSAGES_PER_FEED]


def _render(numbered: Sequence[FeedMessage], *, seller_id: str) -> bytes:
    refunds = [(message.pk, message.refund) for message in numbered if message.refund]
    if refunds:
        return adjustments.render([_adjustment(pk, each) for pk, each in refunds], seller_id=seller_id)
    wishes = [(message.pk, message.cancellation) for message in numbered if message.cancellation]
    return acknowledgements.render([_cancel(pk, each) for pk, each in wishes], seller_id=seller_id)


def _adjustment(message_id: int, refund: Refund) -> Adjustment:
    lines = tuple(
        AdjustmentLine(
            item_id=line.item.item_id,
            reason=AdjustmentReason(refund.reason),
            amounts={c: Money(minor, refund.currency) for c, minor in line.amounts().items()},
        )
        for line in refund.lines.select_related("item").order_by("item__place")
    )
    return Adjustment(
        message_id, refund.order.amazon_order_id, lines, tax_included=refund.order.tax_included()
    )


def _cancel(message_id: int, wish: Cancellation) -> CancelMessage:
    items = tuple(wish.order.items.order_by("place").values_list("item_id", flat=True))
    return CancelMessage(message_id, wish.order.amazon_order_id, items, CancelReason(wish.reason))
