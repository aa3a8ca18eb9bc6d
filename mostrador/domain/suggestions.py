"""Suggestions: what is probably to be done in a ticket, from Amazon's signals and the buyer's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mostrador.amazon.acknowledgements import CancelReason
from mostrador.amazon.adjustments import AdjustmentReason
from mostrador.domain import cancellations, refunds
from mostrador.domain.orders import FulfillmentStatus, OrderFacts
from mostrador.domain.wishes import Wish

# A parcel that is later than this is treated as lost.
LOST_AFTER = timedelta(days=3)


class Move(StrEnum):
    """What is proposed."""

    CANCEL = "cancel"
    REFUND = "refund"
    MACRO = "macro"
    WAIT = "wait"
    CLAIM = "claim"


class Sign(StrEnum):
    """One reason for a proposal; the first are the wishes, by their names."""

    CANCEL = "cancel"
    REFUND = "refund"
    PART = "part"
    RETURN = "return"
    NOT_RECEIVED = "not_received"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    ADDRESS = "address"
    ASKED_ON_AMAZON = "asked_on_amazon"
    BY_AMAZON = "by_amazon"
    PENDING = "pending"
    UNSHIPPED = "unshipped"
    SHIPPED = "shipped"
    SHIPS_IN = "ships_in"
    SHIPS_LATE = "ships_late"
    ARRIVES_LATER = "arrives_later"
    ARRIVES_LATE = "arrives_late"
    REFUND_OPEN = "refund_open"
    CANCELLATION_OPEN = "cancellation_open"
    REFUNDED = "refunded"
    CLAIM_OPEN = "claim_open"


@dataclass(frozen=True, slots=True)
class Because:
    """A reason with what belongs to it: a span of time, or the reference of what is under way."""

    sign: Sign
    span: timedelta | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A proposal with its reasons; `reason` is Amazon's, for the form; `macro` names the reply.

    `is_partial` tells that the buyer wants a part of the money, so that the form opens without all of it.
    """

    move: Move
    because: tuple[Because, ...]
    reason: str = ""
    macro: str = ""
    is_partial: bool = False

    @property
    def key(self) -> str:
        """What makes it the same proposal for somebody who has dismissed it; spans of time do not count."""
        signs = [f"{each.sign}{each.reference}" for each in self.because if each.span is None]
        return "|".join([self.move, self.reason, self.macro, *signs])


@dataclass(frozen=True, slots=True)
class Signals:
    """All that is known: Amazon's facts, the buyer's wishes, and the macros that may be used now."""

    order: OrderFacts
    wishes: frozenset[Wish]
    now: datetime
    ship_by: datetime | None = None
    deliver_by: datetime | None = None
    has_claim: bool = False
    has_tracking: bool = False
    usable_macros: frozenset[str] = frozenset()


_NOT_RELEASED = frozenset({FulfillmentStatus.PENDING, FulfillmentStatus.PENDING_AVAILABILITY})
_MONEY = frozenset({Wish.REFUND, Wish.PART})
_ABOUT_MONEY = frozenset(
    {Wish.REFUND, Wish.PART, Wish.RETURN, Wish.DAMAGED, Wish.WRONG_ITEM, Wish.NOT_RECEIVED}
)


def suggest(signals: Signals) -> Suggestion | None:
    """Return what is probably to be done, or nothing where nothing is clear.

    It never proposes what the rules refuse: then it proposes the next step that works, if there is one.
    """
    order = signals.order
    if order.read_at is None or order.partner_paused:
        return None
    if signals.has_claim:
        return Suggestion(Move.CLAIM, (Because(Sign.CLAIM_OPEN), *_wished(signals)))
    if order.by_amazon:
        return _handed_over(signals)
    if order.open_cancellation:
        return _frozen(signals)
    if order.buyer_asked_to_cancel or Wish.CANCEL in signals.wishes:
        return _cancel(signals)
    if order.status == FulfillmentStatus.UNSHIPPED:
        return _before_shipping(signals)
    if order.status == FulfillmentStatus.SHIPPED:
        return _after_shipping(signals)
    return None


def _wished(signals: Signals, *only: Wish) -> tuple[Because, ...]:
    """Return the buyer's wishes as reasons, in a fixed order."""
    wanted = [wish for wish in Wish if wish in signals.wishes and (not only or wish in only)]
    return tuple(Because(Sign(wish.value)) for wish in wanted)


def _macro(signals: Signals, slug: str, because: Sequence[Because]) -> Suggestion | None:
    """Propose a reply, if the team has it and it is true now."""
    return Suggestion(Move.MACRO, tuple(because), macro=slug) if slug in signals.usable_macros else None


def _handed_over(signals: Signals) -> Suggestion | None:
    asked = signals.order.buyer_asked_to_cancel
    if not signals.wishes and not asked:
        return None
    because = [*([Because(Sign.ASKED_ON_AMAZON)] if asked else []), *_wished(signals)]
    return _macro(signals, "amazon_handles_it", [*because, Because(Sign.BY_AMAZON)])


def _frozen(signals: Signals) -> Suggestion | None:
    """Propose to wait: while a cancellation is under way, nothing else can be done."""
    if not signals.wishes and not signals.order.buyer_asked_to_cancel:
        return None
    under_way = Because(Sign.CANCELLATION_OPEN, reference=signals.order.open_cancellation or "")
    return Suggestion(Move.WAIT, (*_wished(signals), under_way))


# ── cancelling ────────────────────────────────────────────────────────────────────────────────────────────


def _cancel(signals: Signals) -> Suggestion | None:
    order = signals.order
    official = (Because(Sign.ASKED_ON_AMAZON),) if order.buyer_asked_to_cancel else ()
    asked = official or _wished(signals, Wish.CANCEL)
    if order.status in _NOT_RELEASED:
        return Suggestion(Move.WAIT, (*asked, Because(Sign.PENDING)))
    if order.status == FulfillmentStatus.SHIPPED:
        return _too_late(signals, asked)
    if cancellations.order_refusals(order):
        return _under_way(signals, asked)
    return Suggestion(
        Move.CANCEL,
        (*asked, Because(Sign.UNSHIPPED), *_ships(signals)),
        reason=CancelReason.BUYER_CANCELED,
    )


def _too_late(signals: Signals, asked: Sequence[Because]) -> Suggestion | None:
    """Propose the next step for a shipped order: what is told depends on what has gone back already."""
    told = _told(signals, asked)
    if told is not None:
        return told
    return _macro(signals, "already_shipped", [*asked, Because(Sign.SHIPPED)])


def _ships(signals: Signals) -> tuple[Because, ...]:
    if signals.ship_by is None:
        return ()
    left = signals.ship_by - signals.now
    late = left < timedelta()
    return (Because(Sign.SHIPS_LATE if late else Sign.SHIPS_IN, span=abs(left)),)


def _before_shipping(signals: Signals) -> Suggestion | None:
    unshipped = (Because(Sign.UNSHIPPED), *_ships(signals))
    if Wish.ADDRESS in signals.wishes:
        because = (*_wished(signals, Wish.ADDRESS), *unshipped)
        return _macro(signals, "address_before_shipping", because)
    if Wish.NOT_RECEIVED in signals.wishes:
        return _macro(signals, "not_shipped_yet", (*_wished(signals, Wish.NOT_RECEIVED), *unshipped))
    if Wish.REFUND in signals.wishes and not cancellations.order_refusals(signals.order):
        # Nothing is charged yet: who wants the money back before the shipment wants to cancel.
        because = (*_wished(signals, Wish.REFUND), *unshipped)
        return Suggestion(Move.CANCEL, because, reason=CancelReason.BUYER_CANCELED)
    return None


# ── after the shipment ────────────────────────────────────────────────────────────────────────────────────


def _after_shipping(signals: Signals) -> Suggestion | None:
    wishes, shipped = signals.wishes, Because(Sign.SHIPPED)
    if wishes & _ABOUT_MONEY:
        told = _told(signals, _wished(signals))
        if told is not None or refunds.order_refusals(signals.order):
            return told
    if wishes & {Wish.DAMAGED, Wish.WRONG_ITEM}:
        return _not_as_ordered(signals)
    if Wish.NOT_RECEIVED in wishes:
        return _late(signals)
    if Wish.RETURN in wishes:
        return _macro(signals, "how_to_return", (*_wished(signals), shipped))
    if wishes & _MONEY:
        return _refund(signals, AdjustmentReason.GENERAL_ADJUSTMENT, (*_wished(signals), shipped))
    if Wish.ADDRESS in wishes:
        return _macro(signals, "address_after_shipping", (*_wished(signals), shipped))
    return None


def _told(signals: Signals, asked: Sequence[Because]) -> Suggestion | None:
    """Propose to tell of a refund that is under way, or of money that has all gone back."""
    order = signals.order
    if any(item.open_refund for item in order.items):
        return _under_way(signals, asked)
    gone_back = any(balance.posted for item in order.items for balance in item.balances.values())
    if order.left <= 0 and gone_back:
        return _macro(signals, "refund_issued", [*asked, Because(Sign.REFUNDED)])
    return None


def _under_way(signals: Signals, asked: Sequence[Because]) -> Suggestion | None:
    reference = next((item.open_refund for item in signals.order.items if item.open_refund), None)
    if reference is None:
        return None
    because = [*asked, Because(Sign.REFUND_OPEN, reference=reference)]
    return _macro(signals, "refund_under_way", because) or Suggestion(Move.WAIT, tuple(because))


def _not_as_ordered(signals: Signals) -> Suggestion | None:
    because = (*_wished(signals), Because(Sign.SHIPPED))
    if not signals.wishes & _MONEY or Wish.RETURN in signals.wishes:
        slug = "how_to_return" if Wish.RETURN in signals.wishes else "damaged_or_wrong"
        return _macro(signals, slug, because)
    wrong = Wish.WRONG_ITEM in signals.wishes
    reason = AdjustmentReason.DIFFERENT_ITEM if wrong else AdjustmentReason.GENERAL_ADJUSTMENT
    return _refund(signals, reason, because)


def _late(signals: Signals) -> Suggestion | None:
    late_by = signals.now - signals.deliver_by if signals.deliver_by else None
    if late_by is None:
        return _macro(signals, "parcel_not_found", (*_wished(signals), Because(Sign.SHIPPED)))
    sign = Sign.ARRIVES_LATE if late_by > timedelta() else Sign.ARRIVES_LATER
    because = (*_wished(signals), Because(Sign.SHIPPED), Because(sign, span=abs(late_by)))
    if late_by > LOST_AFTER and Wish.REFUND in signals.wishes:
        return _refund(signals, AdjustmentReason.GENERAL_ADJUSTMENT, because)
    on_time = late_by <= timedelta() and signals.has_tracking
    return _macro(signals, "parcel_on_its_way" if on_time else "parcel_not_found", because)


def _refund(signals: Signals, reason: AdjustmentReason, because: Sequence[Because]) -> Suggestion | None:
    if refunds.order_refusals(signals.order):
        return None
    return Suggestion(Move.REFUND, tuple(because), reason=reason, is_partial=Wish.PART in signals.wishes)
