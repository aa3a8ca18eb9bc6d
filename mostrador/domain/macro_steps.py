"""Macro steps: what a macro does beside its words, and exactly how much money that moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from mostrador.amazon.components import Component
from mostrador.domain import cancellations, refunds
from mostrador.domain.orders import OrderFacts
from mostrador.domain.refunds import Line
from mostrador.domain.refusals import Refusal, RefusalCode

TO_ME, TO_NOBODY = "me", "nobody"


class StepKind(StrEnum):
    """What a step can do; the values are the stored words."""

    REFUND = "refund"
    CANCEL = "cancel"
    TAG = "tag"
    ASSIGN = "assign"
    PRIORITY = "priority"
    CLOSE = "close"


class HowMuch(StrEnum):
    """How much a refund gives back of what is left."""

    FULL = "full"
    PERCENT = "percent"
    SHIPPING = "shipping"
    GOODS = "goods"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `reason` is Amazon's, `to` an agent's address, "me" or "nobody"."""

    kind: StepKind
    how: HowMuch | None = None
    percent: Decimal | None = None
    reason: str = ""
    tag: str = ""
    to: str = ""
    priority: str = ""

    @property
    def moves_money(self) -> bool:
        """Whether Amazon must carry it out."""
        return self.kind in (StepKind.REFUND, StepKind.CANCEL)


_SHIPPING = frozenset({Component.SHIPPING, Component.SHIPPING_TAX})


def money_step(steps: Sequence[Step]) -> Step | None:
    """Return the step that Amazon must carry out; a macro has at most one."""
    return next((step for step in steps if step.moves_money), None)


def closes(steps: Sequence[Step]) -> bool:
    """Return whether the ticket is closed at the end."""
    return any(step.kind is StepKind.CLOSE for step in steps)


def refund_lines(step: Step, order: OrderFacts) -> list[Line]:
    """Return what a refund step gives back of this order, to the minor unit; the rules judge it later."""
    assert step.kind is StepKind.REFUND, "only a refund has lines"
    if step.how is HowMuch.PERCENT:
        assert step.percent is not None, "a percentage says how much"
        lines = refunds.by_percentage(order, percent=step.percent)
    elif step.how is HowMuch.FULL:
        lines = refunds.full(order)
    else:
        lines = [_only(line, shipping=step.how is HowMuch.SHIPPING) for line in refunds.full(order)]
    return [line for line in lines if line.total]


def money_refusals(step: Step, order: OrderFacts | None) -> list[Refusal]:
    """Return why Amazon's part of a macro is refused in this order, exactly as by hand."""
    if order is None:
        return [Refusal(RefusalCode.ORDER_NOT_READ_YET)]
    if step.kind is StepKind.CANCEL:
        return cancellations.refusals(order, reason=step.reason)
    lines = refund_lines(step, order)
    return refunds.refusals(order, lines=lines, reason=step.reason, seen_available=None)


def _only(line: Line, *, shipping: bool) -> Line:
    amounts = {c: minor for c, minor in line.amounts.items() if (c in _SHIPPING) is shipping}
    return Line(line.item_id, amounts)
