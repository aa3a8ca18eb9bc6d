"""Refund form: reads what an agent typed into lines, keeps it as typed, and says what would be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from django.utils.translation import gettext as _

from mostrador.amazon.adjustments import AdjustmentReason
from mostrador.amazon.components import Component
from mostrador.domain import refunds as rules
from mostrador.domain.orders import Balance, ItemFacts, OrderFacts
from mostrador.domain.refunds import TAX_COMPONENTS, Line
from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.money import Money, MoneyError, exponent
from mostrador.web.notation import (
    Unreadable,
    amount_text,
    field_text,
    money_text,
    read_amount,
    read_percent,
    symbol,
)
from mostrador.web.request_keys import new_key, read_key
from mostrador.web.words import COMPONENT_WORDS, refusals_words, short_title

LONGEST_NOTE = 500


class Mode(StrEnum):
    """The ways to say how much."""

    FULL = "full"
    PARTIAL = "partial"
    QUANTITY = "quantity"
    PERCENT = "percent"
    SUM = "sum"


@dataclass(slots=True)
class RefundDraft:
    """A refund form as it stands: the texts as typed, the lines they mean, and what could not be read."""

    mode: Mode
    reason: str
    note: str
    request_key: str
    seen_available: int
    texts: Mapping[str, str]
    lines: list[Line] = field(default_factory=list)
    unread: list[Refusal] = field(default_factory=list)

    @property
    def total(self) -> int:
        """What goes to the buyer, in minor units."""
        return sum(line.total for line in self.lines)


def blank_refund(order: OrderFacts, *, reason: str = "") -> RefundDraft:
    """Return the form as it opens: everything that is left, ready for one press."""
    draft = RefundDraft(
        mode=Mode.FULL,
        reason=reason if reason in set(AdjustmentReason) else AdjustmentReason.GENERAL_ADJUSTMENT,
        note="",
        request_key=new_key(),
        seen_available=order.left,
        texts={},
    )
    draft.lines = rules.full(order)
    return draft


def refund_after(
    order: OrderFacts, refused: Mapping[str, Mapping[Component, int]], *, reason: str
) -> RefundDraft:
    """Return the form for another amount after a refused one: the same lines, none above what is left."""
    draft = blank_refund(order, reason=reason)
    draft.mode, draft.lines = Mode.PARTIAL, []
    currency = order.currency or "EUR"
    texts = {}
    for item in order.items:
        for component, minor in refused.get(item.item_id, {}).items():
            fits = min(minor, item.balances[component].left) if component in item.balances else 0
            if fits > 0:
                texts[part_name(item, component)] = field_text(fits, currency)
    draft.texts = texts
    _read_partial(order, draft)
    return draft


def read_refund(order: OrderFacts, posted: Mapping[str, str]) -> RefundDraft:
    """Return what was typed, as lines; what cannot be read stands in `unread`."""
    mode = posted.get("mode", "")
    seen = posted.get("seen_available", "")
    draft = RefundDraft(
        mode=Mode(mode) if mode in set(Mode) else Mode.FULL,
        reason=posted.get("reason", "")[:60],
        note=posted.get("note", "").strip()[:LONGEST_NOTE],
        request_key=read_key(posted),
        seen_available=int(seen) if seen.isascii() and seen.lstrip("-").isdigit() and len(seen) < 18 else -1,
        texts={name: text[:60] for name, text in posted.items()},
    )
    _READERS[draft.mode](order, draft)
    return draft


def as_before(order: OrderFacts, lines: Sequence[Line]) -> OrderFacts:
    """Return the order as it was before a refund of `lines`, so that the same form means the same again."""
    given = {line.item_id: line.amounts for line in lines}
    items = tuple(
        replace(item, open_refund=None, balances=_given_back(item, given[item.item_id]))
        if item.item_id in given
        else item
        for item in order.items
    )
    return replace(order, items=items)


def _given_back(item: ItemFacts, amounts: Mapping[Component, int]) -> dict[Component, Balance]:
    return {
        component: replace(balance, pending=balance.pending - amounts.get(component, 0))
        for component, balance in item.balances.items()
    }


def _read_full(order: OrderFacts, draft: RefundDraft) -> None:
    draft.lines = rules.full(order)


def _read_partial(order: OrderFacts, draft: RefundDraft) -> None:
    for item in order.items:
        amounts = {}
        for component in item.balances:
            name = part_name(item, component)
            minor = _amount(order, draft, name, f"{short_title(item.title)} · {COMPONENT_WORDS[component]}")
            if minor:
                amounts[component] = minor
        if amounts:
            draft.lines.append(Line(item.item_id, amounts))


def _read_quantity(order: OrderFacts, draft: RefundDraft) -> None:
    quantities = {}
    for item in order.items:
        text = draft.texts.get(f"q-{item.item_id}", "").strip() or "0"
        if text.isascii() and text.isdigit() and int(text) <= item.quantity_ordered:
            quantities[item.item_id] = int(text)
        else:
            _unread(draft, short_title(item.title), text, str(item.quantity_ordered))
    draft.lines = rules.by_quantity(order, quantities=quantities)


def _read_percent(order: OrderFacts, draft: RefundDraft) -> None:
    text = draft.texts.get("percent", "").strip()
    if not text:
        return
    try:
        draft.lines = [
            line for line in rules.by_percentage(order, percent=read_percent(text)) if line.amounts
        ]
    except Unreadable:
        _unread(draft, _("Percent"), text, "15")


def _read_sum(order: OrderFacts, draft: RefundDraft) -> None:
    minor = _amount(order, draft, "sum", _("Sum"))
    if not minor:
        return
    if minor > order.left:
        facts: dict[str, str | int] = {
            "component": Component.PRINCIPAL.value,
            "title": _("this order"),
            "amount": minor,
            "left": order.left,
            "currency": order.currency or "",
        }
        draft.unread.append(Refusal(RefusalCode.AMOUNT_ABOVE_LEFT, facts))
        return
    try:
        draft.lines = rules.fixed_sum(order, minor=minor)
    except MoneyError:
        _unread(draft, _("Sum"), draft.texts.get("sum", ""), field_text(1500, order.currency or "EUR"))


_READERS = {
    Mode.FULL: _read_full,
    Mode.PARTIAL: _read_partial,
    Mode.QUANTITY: _read_quantity,
    Mode.PERCENT: _read_percent,
    Mode.SUM: _read_sum,
}


def part_name(item: ItemFacts, component: Component) -> str:
    """Return the name of the field for one part of one item."""
    return f"a-{item.item_id}-{component.value}"


def _amount(order: OrderFacts, draft: RefundDraft, name: str, label: str) -> int:
    text = draft.texts.get(name, "").strip()
    try:
        return read_amount(text, order.currency or "EUR")
    except Unreadable:
        _unread(draft, label, text, field_text(1500, order.currency or "EUR"))
        return 0


def _unread(draft: RefundDraft, label: str, text: str, example: str) -> None:
    facts: dict[str, str | int] = {"field": label, "text": text, "example": example}
    draft.unread.append(Refusal(RefusalCode.AMOUNT_UNREADABLE, facts))


# ── what the form shows ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class PartField:
    """One field of a partial refund."""

    name: str
    label: str
    left: str
    text: str
    is_closed: bool


@dataclass(frozen=True, slots=True)
class ItemFields:
    """The fields of one item."""

    item: ItemFacts
    title: str
    quantity_name: str
    quantity_text: str
    parts: Sequence[PartField]


@dataclass(frozen=True, slots=True)
class SentLine:
    """One line of what Amazon will get."""

    title: str
    item_id: str
    component: str
    amount: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a press would do: the exact total, what stays, and what is sent."""

    total: str
    left_after: str
    sent: Sequence[SentLine]
    problems: Sequence[str]
    can_send: bool
    is_spread: bool


def fields_of(order: OrderFacts, draft: RefundDraft) -> list[ItemFields]:
    """Return the fields of every item, filled with what was typed."""
    return [
        ItemFields(
            item=item,
            title=item.title or item.item_id,
            quantity_name=f"q-{item.item_id}",
            quantity_text=draft.texts.get(f"q-{item.item_id}", ""),
            parts=[_part(order, draft, item, component) for component in item.balances],
        )
        for item in order.items
    ]


def _part(order: OrderFacts, draft: RefundDraft, item: ItemFacts, component: Component) -> PartField:
    left = item.balances[component].left
    in_price = component in TAX_COMPONENTS and order.tax_included
    return PartField(
        name=part_name(item, component),
        label=str(COMPONENT_WORDS[component]),
        left=amount_text(left, order.currency or "EUR"),
        text=draft.texts.get(part_name(item, component), ""),
        is_closed=left <= 0 or item.open_refund is not None or in_price,
    )


def preview_of(order: OrderFacts, draft: RefundDraft, problems: Sequence[str] = ()) -> Preview:
    """Return what the form as it stands would send, and what is in its way."""
    found = [*draft.unread]
    if draft.lines or not draft.unread:
        found += rules.refusals(
            order, lines=draft.lines, reason=draft.reason, seen_available=draft.seen_available
        )
    shown = [refusal for refusal in found if refusal.code != RefusalCode.NO_LINES]
    currency = order.currency or "EUR"
    return Preview(
        total=money_text(Money(draft.total, currency)),
        left_after=money_text(Money(order.left - draft.total, currency)),
        sent=_sent(order, draft, currency),
        problems=list(dict.fromkeys([*problems, *refusals_words(shown)])),
        can_send=all(refusal.code == RefusalCode.CHANGED_SINCE_SEEN for refusal in found),
        is_spread=draft.mode is Mode.SUM and sum(len(line.amounts) for line in draft.lines) > 1,
    )


def _sent(order: OrderFacts, draft: RefundDraft, currency: str) -> list[SentLine]:
    titles = {item.item_id: short_title(item.title) for item in order.items}
    return [
        SentLine(
            title=titles.get(line.item_id, line.item_id),
            item_id=line.item_id,
            component=str(COMPONENT_WORDS[component]),
            amount=amount_text(minor, currency),
        )
        for line in draft.lines
        for component, minor in line.amounts.items()
    ]


def placeholder(currency: str) -> str:
    """Return an empty amount: "0.00"."""
    return amount_text(0, currency)


def sign(currency: str) -> str:
    """Return the currency's sign, for beside the fields."""
    return symbol(currency)


def has_decimals(currency: str) -> bool:
    """Return whether amounts of this currency have decimals."""
    return exponent(currency) > 0
