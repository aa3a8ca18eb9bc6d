"""Finances 2024-06-19: the money that Amazon has booked for an order, and the refunds among it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mostrador.amazon.client import Client, unreadable
from mostrador.amazon.components import Component
from mostrador.amazon.errors import AmazonError
from mostrador.amazon.reading import Part, root
from mostrador.money import Money, total

BASE = "/finances/2024-06-19/transactions"
MAX_PAGES = 50
MAX_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One named part of a sum; the name is free text of Amazon's."""

    name: str
    amount: Money | None
    parts: tuple[Breakdown, ...]


@dataclass(frozen=True, slots=True)
class TransactionItem:
    """One item of a transaction. Its adjustment id is Amazon's own; an order item's id is rarely there."""

    item_id: str | None
    adjustment_id: str | None
    sku: str | None
    total: Money | None
    breakdowns: tuple[Breakdown, ...]


@dataclass(frozen=True, slots=True)
class Transaction:
    """A booking. From the seller's side: money given back to a buyer is negative."""

    transaction_id: str | None
    kind: str | None
    status: str | None
    description: str | None
    posted_at: datetime | None
    total: Money | None
    identifiers: tuple[tuple[str, str], ...]
    items: tuple[TransactionItem, ...]
    breakdowns: tuple[Breakdown, ...]

    def identifier(self, name: str) -> str | None:
        """Return the first identifier of this name, as ORDER_ID or REFUND_ID."""
        return next((value for found, value in self.identifiers if found == name), None)


RefundLine = tuple[str | None, Component | None, Money]


@dataclass(frozen=True, slots=True)
class OutsideRefund:
    """Money that went back to a buyer, by whomever. Amounts are positive: given back.

    A line is (order item id where it is known, component or None for fees and unknown names, amount).
    `total` is the sum of the lines with a component; without any, what the booking took from the seller,
    fees mixed in.
    """

    refund_id: str
    posted_at: datetime | None
    currency: str
    lines: tuple[RefundLine, ...]
    total: Money


def list_transactions(client: Client, *, order_id: str, now: datetime) -> tuple[Transaction, ...]:
    """Return every booking for an order, over all pages, empty ones included. Each page costs one call.

    The last 48 hours may be missing: absence proves nothing.
    Raises: AmazonError; Unreadable above MAX_PAGES pages.
    """
    found: list[Transaction] = []
    next_token: str | None = None
    for _ in range(MAX_PAGES):
        query = {
            "relatedIdentifierName": "ORDER_ID",
            "relatedIdentifierValue": order_id,
            "nextToken": next_token,
        }
        payload = root(client.call("listTransactions", "GET", BASE, query=query, now=now)).part("payload")
        found.extend(_transaction(each) for each in payload.parts("transactions"))
        next_token = payload.text("nextToken")
        if next_token is None:
            return tuple(found)
    raise unreadable("listTransactions", f"more than {MAX_PAGES} pages of transactions")


def refunds(
    transactions: Iterable[Transaction], *, item_ids_by_sku: Mapping[str, str] | None = None
) -> tuple[OutsideRefund, ...]:
    """Return the refunds among bookings, each once, although a deferred one is booked again when released.

    A booking is a refund when its words or a REFUND_ID say so, or when it takes from the seller what buyers
    pay for (a guarantee claim, a chargeback). Amazon's model does not name the type of a refund.
    `item_ids_by_sku` finds the order item where Amazon names only the SKU; leave out a SKU of two items.
    """
    known = list(transactions)
    ids = {each.transaction_id for each in known if each.transaction_id}
    skus = item_ids_by_sku or {}
    found: dict[str, OutsideRefund] = {}
    for each in known:
        is_second_booking = each.identifier("DEFERRED_TRANSACTION_ID") in ids
        refund = None if is_second_booking else _refund(each, skus)
        if refund is not None:
            found[refund.refund_id] = _joined(found.get(refund.refund_id), refund)
    return tuple(found.values())


def _joined(first: OutsideRefund | None, second: OutsideRefund) -> OutsideRefund:
    """Return one refund from two bookings with its id: the same lines again are the same money again."""
    if first is None or first.currency != second.currency:
        return second
    if first.lines == second.lines:
        return first
    return replace(first, lines=first.lines + second.lines, total=first.total + second.total)


def _refund(transaction: Transaction, skus: Mapping[str, str]) -> OutsideRefund | None:
    money = transaction.total
    lines = _lines(transaction, skus)
    to_buyer = [amount for _, component, amount in lines if component is not None]
    currency = money.currency if money else next((amount.currency for _, _, amount in lines), None)
    if currency is None or any(amount.currency != currency for _, _, amount in lines):
        return None
    given_back = total(to_buyer, currency) if to_buyer else -(money or Money.zero(currency))
    if given_back.minor <= 0 or not (_says_refund(transaction) or to_buyer):
        return None
    name = transaction.identifier("REFUND_ID") or transaction.transaction_id
    return OutsideRefund(
        refund_id=name or f"{transaction.posted_at}/{given_back}",
        posted_at=transaction.posted_at,
        currency=currency,
        lines=lines,
        total=given_back,
    )


def _says_refund(transaction: Transaction) -> bool:
    words = f"{transaction.description or ''} {transaction.kind or ''}".casefold()
    return "refund" in words or transaction.identifier("REFUND_ID") is not None


def _lines(transaction: Transaction, skus: Mapping[str, str]) -> tuple[RefundLine, ...]:
    """Return the parts by item; only a booking without parts in its items is read from its own parts."""
    by_item = [
        (item.item_id or skus.get(item.sku or ""), component, -amount)
        for item in transaction.items
        for component, amount in _leaves(item.breakdowns)
    ]
    if by_item:
        return tuple(by_item)
    return tuple((None, component, -amount) for component, amount in _leaves(transaction.breakdowns))


def _leaves(breakdowns: Sequence[Breakdown]) -> list[tuple[Component | None, Money]]:
    """Return the finest amounts that have a name we know; parents only repeat the sum of their parts."""
    found: list[tuple[Component | None, Money]] = []
    for each in breakdowns:
        inner = _leaves(each.parts)
        own = component_of(each.name)
        if inner and (own is None or any(component is not None for component, _ in inner)):
            found.extend(inner)
        elif each.amount is not None and each.amount.minor != 0:
            found.append((own, each.amount))
    return found


_NAMES = {
    Component.PRINCIPAL: (
        "principal",
        "principle",
        "itemprice",
        "ourpriceprincipal",
        "productcharges",
        "item",
    ),
    Component.TAX: ("tax", "itemtax", "ourpricetax", "producttax", "principaltax", "salestax", "vat"),
    Component.SHIPPING: (
        "shipping",
        "shippingprice",
        "shippingcharge",
        "shippingcharges",
        "shippingprincipal",
    ),
    Component.SHIPPING_TAX: ("shippingtax", "shippingpricetax", "shippingchargetax"),
    Component.GIFT_WRAP: ("giftwrap", "giftwrapprice", "giftwrapcharge", "giftwrapprincipal"),
    Component.GIFT_WRAP_TAX: ("giftwraptax", "giftwrappricetax", "giftwrapchargetax"),
}
_COMPONENTS = {name: component for component, names in _NAMES.items() for name in names}


def component_of(name: str) -> Component | None:
    """Return the component that a free-text name stands for, Amazon's misspelling included; None for fees."""
    return _COMPONENTS.get("".join(letter for letter in name.casefold() if letter.isalnum()))


def _transaction(part: Part) -> Transaction:
    identifiers = [
        (each.text("relatedIdentifierName") or "", each.text("relatedIdentifierValue") or "")
        for each in part.parts("relatedIdentifiers")
    ]
    return Transaction(
        transaction_id=part.text("transactionId"),
        kind=part.text("transactionType"),
        status=part.text("transactionStatus"),
        description=part.text("description"),
        posted_at=part.time("postedDate"),
        total=_money(part, "totalAmount"),
        identifiers=tuple(identifiers),
        items=tuple(_item(each) for each in part.parts("items")),
        breakdowns=_breakdowns(part),
    )


def _item(part: Part) -> TransactionItem:
    ids = {
        each.text("itemRelatedIdentifierName"): each.text("itemRelatedIdentifierValue")
        for each in part.parts("relatedIdentifiers")
    }
    skus = (context.text("sku") for context in part.parts("contexts"))
    return TransactionItem(
        item_id=ids.get("ORDER_ITEM_ID"),
        adjustment_id=ids.get("ORDER_ADJUSTMENT_ITEM_ID"),
        sku=next((sku for sku in skus if sku), None),
        total=_money(part, "totalAmount"),
        breakdowns=_breakdowns(part),
    )


def _breakdowns(part: Part, depth: int = 0) -> tuple[Breakdown, ...]:
    """Return the parts of a sum; the model's own example wraps the list in an object of the same name."""
    if depth > MAX_DEPTH:
        raise _too_deep(part)
    rows = part.part("breakdowns") if isinstance(part.content.get("breakdowns"), dict) else part
    return tuple(
        Breakdown(
            name=row.text("breakdownType") or "",
            amount=_money(row, "breakdownAmount"),
            parts=_breakdowns(row, depth + 1),
        )
        for row in rows.parts("breakdowns")
    )


def _too_deep(part: Part) -> AmazonError:
    return unreadable(part.answer.operation, "the breakdowns are too deep", reply=part.answer)


def _money(part: Part, name: str) -> Money | None:
    return part.money(name, amount="currencyAmount", currency="currencyCode")
