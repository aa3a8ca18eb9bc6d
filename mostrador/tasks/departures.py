"""Departures: what of a selling partner's waiting actions leaves next, as `domain.dispatch` decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings

from mostrador.amazon.feeds import FeedType
from mostrador.domain import dispatch as rules
from mostrador.domain.delivery import Source, State
from mostrador.domain.dispatch import Departure, Kind, Past, Rules, Waiting
from mostrador.domain.quotas import Bucket
from mostrador.models import Cancellation, Feed, Order, Quota, Refund, SellingPartner

KINDS: Mapping[Kind, FeedType] = {
    Kind.REFUNDS: FeedType.POST_PAYMENT_ADJUSTMENT_DATA,
    Kind.CANCELLATIONS: FeedType.POST_ORDER_ACKNOWLEDGEMENT_DATA,
}
# So many waiting actions are planned for; those behind them leave later anyway.
LOOKS_AT = 1000


def next_departure(partner: SellingPartner, now: datetime) -> Departure | None:
    """Return what leaves next for a selling partner, and when; nothing when nothing waits or can leave."""
    seen = _look(partner, now)
    return rules.next_departure(
        refunds=seen.refunds,
        cancellations=seen.cancellations,
        bucket=seen.bucket,
        past=seen.past,
        rules=seen.rules,
        now=now,
    )


def expected(partner: SellingPartner, now: datetime) -> dict[tuple[Kind, int], datetime]:
    """Return when each waiting refund and cancellation will leave, by kind and primary key."""
    seen = _look(partner, now)
    plan = rules.departures(
        refunds=seen.refunds,
        cancellations=seen.cancellations,
        bucket=seen.bucket,
        past=seen.past,
        rules=seen.rules,
        now=now,
    )
    return {(departure.kind, key): departure.at for departure in plan for key in departure.keys}


def kept(partner: SellingPartner, feed_type: FeedType, now: datetime) -> int:
    """Return how many createFeed tokens a feed of this type must leave for others, if few are left."""
    if feed_type is FeedType.POST_ORDER_ACKNOWLEDGEMENT_DATA:
        return 0
    bucket = Quota.objects.bucket_of(partner=partner, operation="createFeed", now=now)
    if bucket.level(now) >= 1 + settings.TOKENS_KEPT_FOR_CANCELLATIONS:
        return 0
    return _in_sight(partner, now)


def _in_sight(partner: SellingPartner, now: datetime) -> int:
    in_sight = Cancellation.objects.filter(selling_partner=partner, state=State.REQUESTED).count()
    in_sight += Order.objects.asked_to_cancel(partner=partner, now=now).count()
    return rules.tokens_kept(most=settings.TOKENS_KEPT_FOR_CANCELLATIONS, cancellations_in_sight=in_sight)


@dataclass(frozen=True, slots=True)
class _Seen:
    """All the policy asks for."""

    refunds: list[Waiting]
    cancellations: list[Waiting]
    bucket: Bucket
    past: Past
    rules: Rules


def _look(partner: SellingPartner, now: datetime) -> _Seen:
    """Read what the policy needs, and not what cannot change its answer: every question delays a refund."""
    blocked = Feed.objects.kinds_before_sending(partner)  # single flight
    refunds = [] if KINDS[Kind.REFUNDS] in blocked else _refunds(partner)
    cancellations = [] if KINDS[Kind.CANCELLATIONS] in blocked else _cancellations(partner)
    bucket = Quota.objects.bucket_of(partner=partner, operation="createFeed", now=now)
    spacing = timedelta(seconds=settings.FEED_SPACING_SECONDS)
    waiting = len(refunds) + len(cancellations)
    # With a token for each and some to spare, nobody waits for anybody.
    is_plenty = bucket.level(now) >= waiting + settings.TOKENS_KEPT_FOR_CANCELLATIONS
    past = Past() if is_plenty and not spacing else _past(partner)
    if refunds and not rules.is_plenty(bucket, now):
        past = replace(past, pace=_pace(partner, now))
    return _Seen(
        refunds,
        cancellations,
        bucket,
        past,
        Rules(
            messages_per_feed=settings.MESSAGES_PER_FEED,
            keep=0 if is_plenty else _in_sight(partner, now),
            spacing=spacing,
            undo=timedelta(seconds=settings.UNDO_SECONDS),
        ),
    )


def _refunds(partner: SellingPartner) -> list[Waiting]:
    rows = Refund.objects.filter(selling_partner=partner, state=State.REQUESTED)
    return [
        Waiting(pk, due) for pk, due in rows.order_by("send_after").values_list("pk", "send_after")[:LOOKS_AT]
    ]


def _pace(partner: SellingPartner, now: datetime) -> float:
    """Return how many refunds a second were asked for here lately; what was made elsewhere costs no token."""
    ours = Refund.objects.filter(selling_partner=partner).exclude(source=Source.ELSEWHERE).order_by("-pk")
    return rules.pace(list(ours.values_list("requested_at", flat=True)[: rules.PACE_LOOKS_AT]), now)


def _cancellations(partner: SellingPartner) -> list[Waiting]:
    rows = Cancellation.objects.filter(selling_partner=partner, state=State.REQUESTED)
    facts = rows.order_by("send_after").values_list("pk", "send_after", "order__ship_by")[:LOOKS_AT]
    return [Waiting(pk, due, ship_by) for pk, due, ship_by in facts]


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
