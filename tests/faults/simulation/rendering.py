"""Rendering: wishes become the real XML of both feeds, as `tasks/sealing.py` has it made."""

from __future__ import annotations

from collections.abc import Mapping

from mostrador.amazon import acknowledgements, adjustments
from mostrador.amazon.acknowledgements import CancelMessage, CancelReason
from mostrador.amazon.adjustments import Adjustment, AdjustmentLine, AdjustmentReason
from mostrador.amazon.feeds import FeedType
from mostrador.money import Money
from tests.faults.simulation.store import Action

REFUNDS = FeedType.POST_PAYMENT_ADJUSTMENT_DATA
CANCELLATIONS = FeedType.POST_ORDER_ACKNOWLEDGEMENT_DATA


def render(kind: FeedType, messages: Mapping[int, Action]) -> bytes:
    """Mirror `sealing._render`: the real XML."""
    if kind is REFUNDS:
        return adjustments.render([_adjustment(*each) for each in messages.items()], seller_id="A1SELLER")
    wishes = [
        CancelMessage(number, action.order.number, tuple(action.lines), CancelReason.NO_INVENTORY)
        for number, action in messages.items()
    ]
    return acknowledgements.render(wishes, seller_id="A1SELLER")


def _adjustment(number: int, action: Action) -> Adjustment:
    currency = action.order.currency
    lines = tuple(
        AdjustmentLine(
            item_id,
            AdjustmentReason.GENERAL_ADJUSTMENT,
            {component: Money(minor, currency) for component, minor in amounts.items()},
        )
        for item_id, amounts in action.lines.items()
    )
    return Adjustment(number, action.order.number, lines, tax_included=action.order.tax_included)
