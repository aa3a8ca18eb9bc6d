"""The feed that refunds: POST_PAYMENT_ADJUSTMENT_DATA, rendered and checked.

Amounts are totals for the units concerned, never unit prices. There is no Quantity and no ActionType Cancel:
the one pays wrong sums, the other is refused. Amazon adds adjustments up, so sending a feed twice pays twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from lxml import etree

from mostrador.amazon.components import Component
from mostrador.amazon.envelope import begin, child, finish, message, require, require_ids, require_message_ids
from mostrador.money import Money


class AdjustmentReason(StrEnum):
    """Amazon's reasons for a refund, in Amazon's spelling. They differ from the reasons for cancelling."""

    NO_INVENTORY = "NoInventory"
    CUSTOMER_RETURN = "CustomerReturn"
    GENERAL_ADJUSTMENT = "GeneralAdjustment"
    COULD_NOT_SHIP = "CouldNotShip"
    DIFFERENT_ITEM = "DifferentItem"
    ABANDONED = "Abandoned"
    CUSTOMER_CANCEL = "CustomerCancel"
    PRICE_ERROR = "PriceError"
    PRODUCT_OUT_OF_STOCK = "ProductOutofStock"
    CUSTOMER_ADDRESS_INCORRECT = "CustomerAddressIncorrect"
    EXCHANGE = "Exchange"
    OTHER = "Other"
    CARRIER_CREDIT_DECISION = "CarrierCreditDecision"
    RISK_ASSESSMENT_NOT_VALID = "RiskAssessmentInformationNotValid"
    CARRIER_COVERAGE_FAILURE = "CarrierCoverageFailure"
    TRANSACTION_RECORD = "TransactionRecord"
    UNDELIVERABLE = "Undeliverable"
    REFUSED_DELIVERY = "RefusedDelivery"


# The reasons that Seller Central documents; whether every store accepts the others is not known.
SAFE_REASONS = frozenset(
    {
        AdjustmentReason.NO_INVENTORY,
        AdjustmentReason.CUSTOMER_RETURN,
        AdjustmentReason.GENERAL_ADJUSTMENT,
        AdjustmentReason.COULD_NOT_SHIP,
        AdjustmentReason.DIFFERENT_ITEM,
    }
)

_WORDS = {
    Component.PRINCIPAL: "Principal",
    Component.TAX: "Tax",
    Component.SHIPPING: "Shipping",
    Component.SHIPPING_TAX: "ShippingTax",
    Component.GIFT_WRAP: "GiftWrap",
    Component.GIFT_WRAP_TAX: "GiftWrapTax",
}


@dataclass(frozen=True, slots=True)
class AdjustmentLine:
    """What goes back for one order item: a total for each component."""

    item_id: str
    reason: AdjustmentReason
    amounts: Mapping[Component, Money] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One refund: one message of the feed. `tax_included` is that of the order's marketplace."""

    message_id: int
    order_id: str
    lines: tuple[AdjustmentLine, ...]
    tax_included: bool


def render(adjustments: Sequence[Adjustment], *, seller_id: str) -> bytes:
    """Return the feed's XML, exact to the byte for the same adjustments.

    Raises: FeedContentError with the rule that is broken; nothing half-right is ever returned.
    """
    require_message_ids([adjustment.message_id for adjustment in adjustments])
    orders = [adjustment.order_id for adjustment in adjustments]
    require(len(set(orders)) == len(orders), "an order is in one feed only once")
    envelope = begin(seller_id, "OrderAdjustment")
    for adjustment in adjustments:
        _check(adjustment)
        _write(envelope, adjustment)
    return finish(envelope)


def _check(adjustment: Adjustment) -> None:
    require_ids(adjustment.order_id, [line.item_id for line in adjustment.lines])
    currencies = set()
    for line in adjustment.lines:
        require(isinstance(line.reason, AdjustmentReason), "a refund's reason is one of Amazon's words")
        require(len(line.amounts) > 0, "a refund without amounts is none")
        for component, money in line.amounts.items():
            require(isinstance(component, Component), "an amount belongs to a component we know")
            require(money.minor > 0, "an amount that goes back is above zero")
            require(
                not (adjustment.tax_included and component.is_tax),
                "where prices contain the tax, the whole sum is in its price and no tax is sent",
            )
            currencies.add(money.currency)
    require(len(currencies) == 1, "a refund has one currency")


def _write(envelope: etree._Element, adjustment: Adjustment) -> None:
    body = message(envelope, adjustment.message_id, "OrderAdjustment")
    child(body, "AmazonOrderID", adjustment.order_id)
    child(body, "ActionType", "Refund")
    for line in adjustment.lines:
        item = child(body, "AdjustedItem")
        child(item, "AmazonOrderItemCode", line.item_id)
        child(item, "AdjustmentReason", line.reason.value)
        amounts = child(item, "ItemPriceAdjustments")
        for component in Component:
            if component in line.amounts:
                _write_amount(amounts, component, line.amounts[component])


def _write_amount(amounts: etree._Element, component: Component, money: Money) -> None:
    element = child(amounts, "Component")
    child(element, "Type", _WORDS[component])
    child(element, "Amount", f"{money.decimal:f}").set("currency", money.currency)
