"""Departures: what of a selling partner's waiting actions leaves next, as `domain.dispatch` decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings

from mostrador.amazon.feeds import FeedType
from mostrador.domain import dispatch as rules
from mostrador.domain.delivery import State
from mostrador.domain.dispatch import Departure, Kind, Past, Rules, Waiting
from mostrador.models import Cancellation, Feed, Order, Quota, Refund, SellingPartner

KINDS: Mapping[Kind, FeedType] = {
    Kind.REFUNDS: FeedType.POST_PAYMENT_ADJUSTMENT_DATA,
    Kind.CANCELLATIONS: FeedType.POST_ORDER_ACKNOWLEDGEMENT_DATA,
}
# So many waiting actions are planned for; those behind them leave later anyway.
LOOKS_AT = 1000


def next_departure(partner: SellingPartner, now: datetime) -> Departure | None:
    """Return what leaves next for a selling partner, and when; nothing when nothing waits or can leave."""
    return rules.next_departure(
        refunds=_refunds(partner),
        cancellations=_cancellations(partner),
        bucket=Quota.objects.bucket_of(partner=partner, operation="createFeed", now=now),
        past=_past(partner),
        rules=_rules(partner, now),
        now=now,
    )


def expected(partner: SellingPartner, now: datetime) -> dict[tuple[Kind, int], datetime]:
    """Return when each waiting refund and cancellation will leave, by kind and primary key."""
    plan = rules.departures(
        refunds=_refunds(partner),
        cancellations=_cancellations(partner),
        bucket=Quota.objects.bucket_of(partner=partner, operation="createFeed", now=now),
        past=_past(partner),
        rules=_rules(partner, now),
        now=now,
    )
    return {(departure.kind, key): departure.at for departure in plan for key in departure.keys}


def kept(partner: SellingPartner, feed_type: FeedType, now: datetime) -> int:
    """Return how many createFeed tokens a feed of this type must leave for others."""
    if feed_type is FeedType.POST_ORDER_ACKNOWLEDGEMENT_DATA:
        return 0
    in_sight = Cancellation.objects.filter(selling_partner=partner, state=State.REQUESTED).count()
    in_sight += Order.objects.asked_to_cancel(partner=partner, now=now).count()
    return rules.tokens_kept(most=settings.TOKENS_KEPT_FOR_CANCELLATIONS, cancellations_in_sight=in_sight)


def _rules(partner: SellingPartner, now: datetime) -> Rules:
    return Rules(
        messages_per_feed=settings.MESSAGES_PER_FEED,
        keep=kept(partner, FeedType.POST_PAYMENT_ADJUSTMENT_DATA, now),
        spacing=timedelta(seconds=settings.FEED_SPACING_SECONDS),
    )


def _refunds(partner: SellingPartner) -> list[Waiting]:
    if _is_blocked(partner, Kind.REFUNDS):
        return []
    rows = Refund.objects.filter(selling_partner=partner, state=State.REQUESTED)
    return [
        Waiting(pk, due) for pk, due in rows.order_by("send_after").values_list("pk", "send_after")[:LOOKS_AT]
    ]


def _cancellations(partner: SellingPartner) -> list[Waiting]:
    if _is_blocked(partner, Kind.CANCELLATIONS):
        return []
    rows = Cancellation.objects.filter(selling_partner=partner, state=State.REQUESTED)
    facts = rows.order_by("send_after").values_list("pk", "send_after", "order__ship_by")[:LOOKS_AT]
    return [Waiting(pk, due, ship_by) for pk, due, ship_by in facts]


def _is_blocked(partner: SellingPartner, kind: Kind) -> bool:
    """Return whether a feed of this kind is still before Amazon: single flight."""
    return Feed.objects.before_sending(partner=partner, feed_type=KINDS[kind]) is not None


def _past(partner: SellingPartner) -> Past:
    recent = list(
        Feed.objects.filter(selling_partner=partner, marked_at__isnull=False)
        .order_by("-pk")
        .values_list("feed_type", "marked_at")[: rules.CANCELLATIONS_IN_A_ROW + 1]
    )
    cancel_type = KINDS[Kind.CANCELLATIONS]
    in_a_row = 0
    for feed_type, _ in recent:
        if feed_type != cancel_type:
            break
        in_a_row += 1
    return Past(
        refunds_at=next((at for feed_type, at in recent if feed_type != cancel_type), None),
        cancellations_at=next((at for feed_type, at in recent if feed_type == cancel_type), None),
        cancellations_in_a_row=in_a_row,
    )
