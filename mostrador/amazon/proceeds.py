"""What a buyer really paid for an item, component by component, from Amazon's breakdowns of its proceeds.

Amazon lists ITEM, SHIPPING, GIFT_WRAP, TAX and DISCOUNT (also COD_FEE and OTHER, which an adjustment cannot
give back as they are). TAX and DISCOUNT may say in detail to which of the others they belong; without detail
they belong to the item. The model says neither which sign a discount has, nor whether a price that contains
its tax is listed with or without it. The item's own total decides where it can; where it cannot, we take the
reading with the smaller sums: too little can be corrected, too much has been paid.
Source: Amazon's model orders_2026-01-01, ItemProceeds; docs/reference/what-amazon-allows.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mostrador.amazon.components import Component
from mostrador.amazon.reading import Part
from mostrador.money import Money

_PRICES = {"ITEM": Component.PRINCIPAL, "SHIPPING": Component.SHIPPING, "GIFT_WRAP": Component.GIFT_WRAP}
_TAX_OF = {
    Component.PRINCIPAL: Component.TAX,
    Component.SHIPPING: Component.SHIPPING_TAX,
    Component.GIFT_WRAP: Component.GIFT_WRAP_TAX,
}


@dataclass(slots=True)
class _Sums:
    """The breakdowns in minor units, each kind by the price it belongs to; discounts without a sign."""

    price: dict[Component, int] = field(default_factory=dict)
    tax: dict[Component, int] = field(default_factory=dict)
    discount: dict[Component, int] = field(default_factory=dict)
    tax_discount: int = 0
    other: int = 0


def paid_components(proceeds: Part, *, tax_included: bool) -> Mapping[Component, Money]:
    """Return what the buyer paid for an item, only components above zero.

    Where prices contain the tax there are no tax components: the price is the gross price.
    Raises: Unreadable when amounts are in several currencies.
    """
    currency = _currency(proceeds)
    if currency is None:
        return MappingProxyType({})
    sums = _sums(proceeds)
    total = proceeds.money("proceedsTotal")
    settled = _settled(sums, total.minor if total else None, tax_included=tax_included)
    return MappingProxyType(
        {
            component: Money(settled[component], currency)
            for component in Component
            if settled.get(component, 0) > 0
        }
    )


def _settled(sums: _Sums, total: int | None, *, tax_included: bool) -> dict[Component, int]:
    """Return minor units for each component under the reading that the item's total bears out."""
    price, taxes = sum(sums.price.values()) + sums.other, sum(sums.tax.values()) - sums.tax_discount
    discount = sum(sums.discount.values())
    # Prices already net of the discount: only when the total says so and could not mean anything else.
    already_net = discount > 0 and total is not None and total in (price + taxes, price)
    already_net = already_net and total not in (price + taxes - discount, price - discount)
    taken = 0 if already_net else discount
    tax_beside = taxes > 0 and total == price + taxes - taken
    net = {
        part: sums.price.get(part, 0) - (0 if already_net else sums.discount.get(part, 0)) for part in _TAX_OF
    }
    tax = _taxes(sums)
    if not tax_included:
        return {**net, **{_TAX_OF[part]: amount for part, amount in tax.items()}}
    return {part: amount + (tax[part] if tax_beside else 0) for part, amount in net.items()}


def _taxes(sums: _Sums) -> dict[Component, int]:
    """Return the tax of each price; a discount on tax comes off the item's first, then off the others."""
    left = sums.tax_discount
    result: dict[Component, int] = {}
    for part in _TAX_OF:
        taken = min(left, sums.tax.get(part, 0))
        result[part] = sums.tax.get(part, 0) - taken
        left -= taken
    return result


def _sums(proceeds: Part) -> _Sums:
    sums = _Sums()
    for row in proceeds.parts("breakdowns"):
        kind, amount = row.text("type"), _minor(row, "subtotal")
        if kind in _PRICES:
            _add(sums.price, _PRICES[kind], amount)
        elif kind == "TAX":
            _add_tax(sums, row, amount)
        elif kind == "DISCOUNT":
            _add_discount(sums, row, amount)
        else:
            sums.other += amount
    return sums


def _add_tax(sums: _Sums, row: Part, subtotal: int) -> None:
    rest = subtotal
    for detail in row.parts("detailedBreakdowns"):
        kind, amount = detail.text("subtype"), _minor(detail, "value")
        if kind == "DISCOUNT":
            sums.tax_discount += abs(amount)
        elif kind in _PRICES:
            _add(sums.tax, _PRICES[kind], amount)
            rest -= amount
        else:
            sums.other += amount
            rest -= amount
    # What the details do not explain belongs to the item; details above the subtotal are believed.
    _add(sums.tax, Component.PRINCIPAL, max(rest, 0))


def _add_discount(sums: _Sums, row: Part, subtotal: int) -> None:
    rest = abs(subtotal)
    for detail in row.parts("detailedBreakdowns"):
        kind, amount = detail.text("subtype"), abs(_minor(detail, "value"))
        rest -= amount
        if kind in _PRICES:
            _add(sums.discount, _PRICES[kind], amount)
        else:
            sums.other -= amount
    _add(sums.discount, Component.PRINCIPAL, max(rest, 0))


def _add(sums: dict[Component, int], component: Component, amount: int) -> None:
    sums[component] = sums.get(component, 0) + amount


def _minor(part: Part, name: str) -> int:
    money = part.money(name)
    return money.minor if money else 0


def _currency(proceeds: Part) -> str | None:
    """Return the one currency of all amounts of an item.

    Raises: Unreadable when there are several.
    """
    found = {money.currency for money in [proceeds.money("proceedsTotal")] if money}
    for row in proceeds.parts("breakdowns"):
        found |= {money.currency for money in [row.money("subtotal")] if money}
        found |= {
            money.currency for detail in row.parts("detailedBreakdowns") if (money := detail.money("value"))
        }
    if len(found) > 1:
        raise proceeds.error("breakdowns", "mixes currencies")
    return next(iter(found), None)
