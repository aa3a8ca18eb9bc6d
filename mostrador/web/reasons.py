"""Reasons: Amazon's reasons for refunds and cancellations in the agent's language, sensibly grouped."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostrador.amazon.acknowledgements import CancelReason
from mostrador.amazon.adjustments import SAFE_REASONS, AdjustmentReason

REFUND_WORDS: dict[str, str | Promise] = {
    AdjustmentReason.GENERAL_ADJUSTMENT: _("Goodwill or adjustment"),
    AdjustmentReason.CUSTOMER_RETURN: _("Buyer returned it"),
    AdjustmentReason.DIFFERENT_ITEM: _("Wrong or different item"),
    AdjustmentReason.NO_INVENTORY: _("Not in stock"),
    AdjustmentReason.COULD_NOT_SHIP: _("Could not be shipped"),
    AdjustmentReason.CUSTOMER_CANCEL: _("Buyer cancelled"),
    AdjustmentReason.REFUSED_DELIVERY: _("Buyer refused the delivery"),
    AdjustmentReason.UNDELIVERABLE: _("Could not be delivered"),
    AdjustmentReason.CUSTOMER_ADDRESS_INCORRECT: _("Buyer's address was wrong"),
    AdjustmentReason.ABANDONED: _("Abandoned"),
    AdjustmentReason.CARRIER_COVERAGE_FAILURE: _("Carrier does not deliver there"),
    AdjustmentReason.CARRIER_CREDIT_DECISION: _("Carrier's credit decision"),
    AdjustmentReason.PRICE_ERROR: _("Price was wrong"),
    AdjustmentReason.EXCHANGE: _("Exchange"),
    AdjustmentReason.PRODUCT_OUT_OF_STOCK: _("Product out of stock"),
    AdjustmentReason.RISK_ASSESSMENT_NOT_VALID: _("Risk check not valid"),
    AdjustmentReason.TRANSACTION_RECORD: _("Transaction record"),
    AdjustmentReason.OTHER: _("Another reason"),
}
CANCEL_WORDS: dict[str, str | Promise] = {
    CancelReason.BUYER_CANCELED: _("Buyer asked to cancel"),
    CancelReason.NO_INVENTORY: _("Not in stock"),
    CancelReason.SHIPPING_ADDRESS_UNDELIVERABLE: _("Address cannot be delivered to"),
    CancelReason.PRICING_ERROR: _("Price was wrong"),
    CancelReason.CUSTOMER_EXCHANGE: _("Buyer wants an exchange"),
    CancelReason.GENERAL_ADJUSTMENT: _("General adjustment"),
    CancelReason.CANNOT_VERIFY: _("Buyer's details cannot be verified"),
    CancelReason.RISK_ASSESSMENT_NOT_VALID: _("Risk check not valid"),
    CancelReason.CARRIER_COVERAGE_FAILURE: _("Carrier does not deliver there"),
    CancelReason.CARRIER_CREDIT_DECISION: _("Carrier's credit decision"),
    CancelReason.CUSTOMER_RETURN: _("Buyer returned it"),
    CancelReason.MERCHANDISE_NOT_RECEIVED: _("Goods never reached us"),
    CancelReason.WEATHER_DELAY: _("Delayed by the weather"),
    CancelReason.REJECT_ORDER: _("We reject the order"),
}
_COMMON_CANCEL = (
    CancelReason.BUYER_CANCELED,
    CancelReason.NO_INVENTORY,
    CancelReason.SHIPPING_ADDRESS_UNDELIVERABLE,
    CancelReason.PRICING_ERROR,
)


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """Reasons under one heading: Amazon's code and our words."""

    heading: str | Promise
    reasons: tuple[tuple[str, str | Promise], ...]


def refund_reasons() -> list[ReasonGroup]:
    """Return Amazon's reasons for a refund, those that every store takes on top."""
    usual = tuple((code, word) for code, word in REFUND_WORDS.items() if code in SAFE_REASONS)
    rare = tuple((code, word) for code, word in REFUND_WORDS.items() if code not in SAFE_REASONS)
    return [ReasonGroup(_("Taken everywhere"), usual), ReasonGroup(_("Not every store takes these"), rare)]


def cancel_reasons() -> list[ReasonGroup]:
    """Return Amazon's reasons for cancelling, the usual ones on top."""
    usual = tuple((code.value, CANCEL_WORDS[code]) for code in _COMMON_CANCEL)
    rare = tuple((code, word) for code, word in CANCEL_WORDS.items() if code not in _COMMON_CANCEL)
    return [ReasonGroup(_("Usual"), usual), ReasonGroup(_("Others"), rare)]


def reason_words(code: str) -> str:
    """Return our words for one of Amazon's reasons, or Amazon's own."""
    return str(REFUND_WORDS.get(code) or CANCEL_WORDS.get(code) or code)
