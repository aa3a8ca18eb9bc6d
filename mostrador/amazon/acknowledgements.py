"""The feed that cancels: POST_ORDER_ACKNOWLEDGEMENT_DATA with Failure and every item, rendered and checked.

Only for orders of which nothing has been shipped: after a shipment the same words refund the whole order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from mostrador.amazon.envelope import begin, child, finish, message, require, require_ids, require_message_ids


class CancelReason(StrEnum):
    """Amazon's reasons for cancelling, in Amazon's spelling. They differ from the reasons for a refund."""

    NO_INVENTORY = "NoInventory"
    SHIPPING_ADDRESS_UNDELIVERABLE = "ShippingAddressUndeliverable"
    CUSTOMER_EXCHANGE = "CustomerExchange"
    BUYER_CANCELED = "BuyerCanceled"
    GENERAL_ADJUSTMENT = "GeneralAdjustment"
    CARRIER_CREDIT_DECISION = "CarrierCreditDecision"
    RISK_ASSESSMENT_NOT_VALID = "RiskAssessmentInformationNotValid"
    CARRIER_COVERAGE_FAILURE = "CarrierCoverageFailure"
    CUSTOMER_RETURN = "CustomerReturn"
    MERCHANDISE_NOT_RECEIVED = "MerchandiseNotReceived"
    CANNOT_VERIFY = "CannotVerifyInformation"
    PRICING_ERROR = "PricingError"
    REJECT_ORDER = "RejectOrder"
    WEATHER_DELAY = "WeatherDelay"


@dataclass(frozen=True, slots=True)
class CancelMessage:
    """One cancellation of a whole order: `items` are the ids of all its items."""

    message_id: int
    order_id: str
    items: tuple[str, ...]
    reason: CancelReason


def render(cancellations: Sequence[CancelMessage], *, seller_id: str) -> bytes:
    """Return the feed's XML, exact to the byte for the same cancellations.

    Raises: FeedContentError with the rule that is broken; nothing half-right is ever returned.
    """
    require_message_ids([cancellation.message_id for cancellation in cancellations])
    orders = [cancellation.order_id for cancellation in cancellations]
    require(len(set(orders)) == len(orders), "an order is in one feed only once")
    envelope = begin(seller_id, "OrderAcknowledgement")
    for cancellation in cancellations:
        require_ids(cancellation.order_id, cancellation.items)
        require(
            isinstance(cancellation.reason, CancelReason), "a cancellation's reason is one of Amazon's words"
        )
        _write(envelope, cancellation)
    return finish(envelope)


def _write(envelope: etree._Element, cancellation: CancelMessage) -> None:
    body = message(envelope, cancellation.message_id, "OrderAcknowledgement")
    child(body, "AmazonOrderID", cancellation.order_id)
    child(body, "StatusCode", "Failure")
    for item_id in cancellation.items:
        item = child(body, "Item")
        child(item, "AmazonOrderItemCode", item_id)
        child(item, "CancelReason", cancellation.reason.value)
