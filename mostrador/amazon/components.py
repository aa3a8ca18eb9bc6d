"""The parts an order item's price is made of, as Amazon refunds them."""

from __future__ import annotations

from enum import StrEnum


class Component(StrEnum):
    """One part of what a buyer paid for an item; Amazon caps refunds for each part on its own."""

    PRINCIPAL = "principal"
    TAX = "tax"
    SHIPPING = "shipping"
    SHIPPING_TAX = "shipping_tax"
    GIFT_WRAP = "gift_wrap"
    GIFT_WRAP_TAX = "gift_wrap_tax"

    @property
    def is_tax(self) -> bool:
        """Whether this part is a tax that stands beside its price."""
        return self in _TAXES


_TAXES = frozenset({Component.TAX, Component.SHIPPING_TAX, Component.GIFT_WRAP_TAX})
