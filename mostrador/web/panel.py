"""Panel: what the order panel shows of an order: its state, its items, its money, and what may be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mostrador.amazon.components import Component
from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.domain import cancellations, refunds
from mostrador.domain.delivery import Source, State
from mostrador.domain.orders import PRIME, FulfillmentStatus, ItemFacts, OrderFacts
from mostrador.domain.refusals import RefusalCode
from mostrador.models import Cancellation, Order, OrderItem, Refund, RefundLine
from mostrador.money import Money
from mostrador.web.notation import ago_text, amount_text, moment_text, money_text, span_text
from mostrador.web.rows import Tag
from mostrador.web.words import COMPONENT_WORDS, refusals_words

_STATUS_TONES = {
    FulfillmentStatus.SHIPPED: ("good", "truck"),
    FulfillmentStatus.UNSHIPPED: ("warn", "package"),
    FulfillmentStatus.PARTIALLY_SHIPPED: ("warn", "truck"),
    FulfillmentStatus.CANCELLED: ("bad", "ban"),
    FulfillmentStatus.UNFULFILLABLE: ("bad", "circle-alert"),
}
# Amazon charges the buyer when the shipment is confirmed (docs/reference/what-amazon-allows.md).
_NOT_CHARGED = frozenset(
    {
        FulfillmentStatus.PENDING_AVAILABILITY,
        FulfillmentStatus.PENDING,
        FulfillmentStatus.UNSHIPPED,
        FulfillmentStatus.CANCELLED,
    }
)
_URGENT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a list of facts."""

    label: str
    value: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class ItemShown:
    """One order item with what is left of each of its parts."""

    row: OrderItem
    facts: ItemFacts
    quantities: str
    paid: str
    parts: Sequence[tuple[str, str, str, str]]  # component, paid, refunded or on its way, left


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything the order panel shows."""

    order: Order
    facts: OrderFacts
    url: str
    tags: Sequence[Tag]
    age_seconds: int
    age: str
    dates: Sequence[Fact]
    items: Sequence[ItemShown]
    money: Sequence[Fact]
    money_note: str
    is_charged: bool
    buyer_request: str | None
    refund_refusals: Sequence[str]
    cancel_refusals: Sequence[str]
    frozen_by: Cancellation | None
    elsewhere: Sequence[Refund]

    @property
    def refunded_before(self) -> bool:
        """Whether something went back already, or is on its way."""
        return any(b.posted or b.pending for item in self.facts.items for b in item.balances.values())

    @property
    def not_possible(self) -> list[str]:
        """Why a button does not work, each reason once."""
        return list(dict.fromkeys([*self.refund_refusals, *self.cancel_refusals]))


def panel_of(order: Order, actions: Sequence[Refund | Cancellation], now: datetime) -> Panel:
    """Return what the panel shows of `order` (two queries, more where there are `actions`)."""
    items = _items(order, actions)
    facts = order.facts(items, cancellations=any(isinstance(a, Cancellation) for a in actions))
    rows = {item.item_id: item for item in items}
    age = now - order.read_at if order.read_at else timedelta()
    return Panel(
        order=order,
        facts=facts,
        url=order.seller_central_url(),
        tags=_tags(order, facts),
        age_seconds=int(age.total_seconds()),
        age=_("read %(ago)s") % {"ago": ago_text(age)} if order.read_at else _("not read yet"),
        dates=_dates(order, now),
        items=[_item(rows[item.item_id], item, facts) for item in facts.items],
        money=_money(facts),
        money_note=_money_note(facts),
        is_charged=_is_charged(facts),
        buyer_request=_buyer_request(rows),
        refund_refusals=refusals_words(refunds.order_refusals(facts)),
        cancel_refusals=refusals_words(
            refusal
            for refusal in cancellations.order_refusals(facts)
            if refusal.code != RefusalCode.ORDER_HAS_OPEN_ACTION
            or facts.status == FulfillmentStatus.UNSHIPPED
        ),
        frozen_by=next((a for a in actions if isinstance(a, Cancellation) and _freezes(a, facts)), None),
        elsewhere=[a for a in actions if isinstance(a, Refund) and a.source == Source.ELSEWHERE],
    )


def _items(order: Order, actions: Sequence[Refund | Cancellation]) -> list[OrderItem]:
    """Return the items with their money; where nobody has asked for a refund, there are no lines of one."""
    rows = order.items.order_by("place").prefetch_related("balances")
    if any(isinstance(action, Refund) for action in actions):
        return list(rows.prefetch_related("refund_lines__refund"))
    return list(rows.prefetch_related(Prefetch("refund_lines", RefundLine.objects.none())))


def _freezes(cancellation: Cancellation, facts: OrderFacts) -> bool:
    return facts.open_cancellation == cancellation.reference


def _tags(order: Order, facts: OrderFacts) -> list[Tag]:
    if order.read_at is None:
        return [Tag(_("not read yet"), "warn", "hourglass")]
    tone, icon = _STATUS_TONES.get(FulfillmentStatus(facts.status), ("", "")) if _known(facts) else ("", "")
    tags = [Tag(facts.status or _("no status"), tone, icon)]
    tags.append(Tag("FBA" if facts.by_amazon else "FBM"))
    if PRIME in facts.programs:
        tags.append(Tag("Prime", "calm", "zap"))
    marketplace = MARKETPLACES.get(order.marketplace_id)
    tags.append(Tag(marketplace.domain if marketplace else order.marketplace_id or _("unknown marketplace")))
    if facts.replacement_of:
        tags.append(Tag(_("replacement"), "else", "refresh-cw"))
    return tags


def _known(facts: OrderFacts) -> bool:
    return facts.status in set(FulfillmentStatus)


def _dates(order: Order, now: datetime) -> list[Fact]:
    facts = []
    if order.purchased_at:
        facts.append(Fact(_("Bought"), moment_text(order.purchased_at, now)))
    to_ship = order.status in (FulfillmentStatus.UNSHIPPED, FulfillmentStatus.PARTIALLY_SHIPPED)
    if order.ship_by and to_ship:
        facts.append(Fact(_("Ship by"), *_due(order.ship_by, now)))
    if order.deliver_by and order.status != FulfillmentStatus.CANCELLED:
        facts.append(Fact(_("Deliver by"), moment_text(order.deliver_by, now)))
    return facts


def _due(at: datetime, now: datetime) -> tuple[str, str]:
    when = moment_text(at, now)
    if at < now:
        return _("%(when)s · %(span)s late") % {"when": when, "span": span_text(now - at)}, "late"
    if at - now > _URGENT:
        return when, ""
    return _("%(when)s · in %(span)s") % {"when": when, "span": span_text(at - now)}, "soon"


def _buyer_request(rows: Mapping[str, OrderItem]) -> str | None:
    """Return the buyer's own reason for an official cancellation request, or nothing where there is none."""
    asked = [row for row in rows.values() if row.buyer_asked_to_cancel]
    return next((row.buyer_cancel_reason for row in asked if row.buyer_cancel_reason), "") if asked else None


# ── money ─────────────────────────────────────────────────────────────────────────────────────────────────


def _is_charged(facts: OrderFacts) -> bool:
    """Return whether the buyer has paid anything, or something went back in spite of it."""
    back = any(b.posted or b.pending for item in facts.items for b in item.balances.values())
    return facts.status not in _NOT_CHARGED or back


def _money_note(facts: OrderFacts) -> str:
    """Return in words why nothing can be refunded of an order that is not charged."""
    if facts.read_at is None or _is_charged(facts):
        return ""
    if facts.status == FulfillmentStatus.CANCELLED:
        return _("Cancelled: the buyer was not charged.")
    if not facts.currency:
        return _("Amazon shows no prices while the order is pending. The buyer is charged when it ships.")
    return _("Not charged yet: Amazon charges the buyer when it ships.")


def _money(facts: OrderFacts) -> list[Fact]:
    if not facts.currency:
        return []
    balances = [balance for item in facts.items for balance in item.balances.values()]
    paid, pending = sum(b.paid for b in balances), sum(b.pending for b in balances)
    posted = sum(b.posted for b in balances)
    if not _is_charged(facts):
        return [Fact(_("Price of the order"), money_text(facts.money(paid)))] if paid else []
    lines = [Fact(_("Paid"), money_text(facts.money(paid)))]
    if pending:
        lines.append(Fact(_("Being refunded"), money_text(facts.money(pending)), "calm"))
    if posted or not pending:
        lines.append(Fact(_("Refunded"), money_text(facts.money(posted))))
    lines.append(Fact(_("Still refundable"), money_text(facts.money(facts.left))))
    return lines


def _item(row: OrderItem, item: ItemFacts, facts: OrderFacts) -> ItemShown:
    paid = sum(balance.paid for balance in item.balances.values())
    return ItemShown(
        row=row,
        facts=item,
        quantities=_quantities(item),
        paid=money_text(Money(paid, facts.currency)) if facts.currency and item.balances else "",
        parts=[_part(component, item, facts) for component in item.balances] if facts.currency else [],
    )


def _part(component: Component, item: ItemFacts, facts: OrderFacts) -> tuple[str, str, str, str]:
    balance, currency = item.balances[component], facts.currency or ""
    back = balance.posted + balance.pending
    return (
        str(COMPONENT_WORDS[component]),
        amount_text(balance.paid, currency),
        amount_text(back, currency) if back else "–",
        amount_text(balance.left, currency),
    )


def _quantities(item: ItemFacts) -> str:
    """Return what became of the units: "2 ordered · 1 shipped · 1 cancelled"."""
    parts = []
    if item.quantity_shipped != item.quantity_ordered:
        n = item.quantity_ordered
        parts.append(ngettext("%(n)d ordered", "%(n)d ordered", n) % {"n": n})
    if n := item.quantity_shipped:
        parts.append(ngettext("%(n)d shipped", "%(n)d shipped", n) % {"n": n})
    if n := item.quantity_cancelled:
        parts.append(ngettext("%(n)d cancelled", "%(n)d cancelled", n) % {"n": n})
    return " · ".join(parts)


def newest_open(actions: Sequence[Refund | Cancellation]) -> Refund | Cancellation | None:
    """Return the action an answer can be armed on: the newest one Amazon has not judged yet."""
    waiting = {State.REQUESTED, State.SENDING, State.SENT, State.UNKNOWN, State.REVIEW}
    return next((a for a in reversed(actions) if a.state in waiting and a.source != Source.ELSEWHERE), None)
