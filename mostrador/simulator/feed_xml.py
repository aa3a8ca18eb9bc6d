"""Reading the XML of order feeds as strictly as Amazon's schema does: order of elements, words and digits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

REASONS = frozenset(
    [
        "NoInventory",
        "CustomerReturn",
        "GeneralAdjustment",
        "CouldNotShip",
        "DifferentItem",
        "Abandoned",
        "CustomerCancel",
        "PriceError",
        "ProductOutofStock",
        "CustomerAddressIncorrect",
        "Exchange",
        "Other",
        "CarrierCreditDecision",
        "RiskAssessmentInformationNotValid",
        "CarrierCoverageFailure",
        "TransactionRecord",
        "Undeliverable",
        "RefusedDelivery",
    ]
)
CANCEL_REASONS = frozenset(
    [
        "NoInventory",
        "ShippingAddressUndeliverable",
        "CustomerExchange",
        "BuyerCanceled",
        "GeneralAdjustment",
        "CarrierCreditDecision",
        "RiskAssessmentInformationNotValid",
        "CarrierCoverageFailure",
        "CustomerReturn",
        "MerchandiseNotReceived",
        "CannotVerifyInformation",
        "PricingError",
        "RejectOrder",
        "WeatherDelay",
    ]
)
COMPONENT_TYPES = frozenset(
    [
        "Principal",
        "Shipping",
        "Tax",
        "ShippingTax",
        "RestockingFee",
        "RestockingFeeTax",
        "GiftWrap",
        "GiftWrapTax",
        "Surcharge",
        "ReturnShipping",
        "Goodwill",
        "ExportCharge",
        "COD",
        "CODTax",
        "Other",
        "FreeReplacementReturnShipping",
    ]
)
CURRENCIES = frozenset(
    [
        "USD",
        "GBP",
        "EUR",
        "JPY",
        "CAD",
        "CNY",
        "INR",
        "MXN",
        "BRL",
        "AUD",
        "TRY",
        "SGD",
        "SEK",
        "PLN",
        "AED",
        "SAR",
        "EGP",
    ]
)
MAX_BYTES = 10 * 1024 * 1024

_ORDER_ID = r"\w{3}-\w{7}-\w{7}"
_ITEM_CODE = r"\d{14}"
_COUNT = r"0*[1-9]\d{0,8}"


class SchemaError(ValueError):
    """A document or message that is not what the schema asks for."""


@dataclass(frozen=True)
class Element:
    """One place in a sequence: which names may stand here, how often, and what they hold."""

    names: str
    least: int = 1
    most: int | None = 1
    pattern: str | None = None
    words: frozenset[str] | None = None
    children: tuple[Element, ...] = ()
    currency: bool = False


@dataclass(frozen=True)
class FeedMessage:
    """One message: its id and its body, or what is wrong with it."""

    message_id: str
    body: etree._Element | None
    problem: str = ""


@dataclass(frozen=True)
class FeedContent:
    """A feed document that is an envelope of the right type."""

    merchant: str
    messages: list[FeedMessage] = field(default_factory=list)


def _component(types: frozenset[str] | None) -> Element:
    kind = Element("Type", words=types) if types else Element("Type", pattern=r".{1,50}")
    amount = Element("Amount", pattern=r"-?\d{1,20}(\.\d{1,2})?", currency=True)
    return Element("Component", most=None, children=(kind, amount))


ORDER_ADJUSTMENT = Element(
    "OrderAdjustment",
    children=(
        Element("AmazonOrderID|MerchantOrderID", pattern=_ORDER_ID),
        Element("ActionType", least=0, words=frozenset({"Refund", "Cancel"})),
        Element("CODCollectionMethod", least=0, words=frozenset({"DirectPayment"})),
        Element(
            "AdjustedItem",
            most=None,
            children=(
                Element("AmazonOrderItemCode|MerchantOrderItemID", pattern=_ITEM_CODE),
                Element("MerchantAdjustmentItemID", least=0, pattern=r".{1,50}"),
                Element("AdjustmentReason", words=REASONS),
                Element("ItemPriceAdjustments", least=0, children=(_component(COMPONENT_TYPES),)),
                Element(
                    "PromotionAdjustments",
                    least=0,
                    most=None,
                    children=(
                        Element("PromotionClaimCode", least=0, pattern=r".{6,12}"),
                        Element("MerchantPromotionID", least=0, pattern=r".{1,80}"),
                        _component(frozenset({"Principal", "Shipping"})),
                    ),
                ),
                Element("DirectPaymentAdjustments", least=0, children=(_component(None),)),
                Element("QuantityCancelled", least=0, pattern=_COUNT),
                Element("Quantity", least=0, pattern=_COUNT),
            ),
        ),
    ),
)
ORDER_ACKNOWLEDGEMENT = Element(
    "OrderAcknowledgement",
    children=(
        Element("AmazonOrderID", pattern=_ORDER_ID),
        Element("MerchantOrderID", least=0, pattern=r".{1,50}"),
        Element("StatusCode", words=frozenset({"Success", "Failure"})),
        Element(
            "Item",
            least=0,
            most=None,
            children=(
                Element("AmazonOrderItemCode", pattern=_ITEM_CODE),
                Element("MerchantOrderItemID", least=0, pattern=r".{1,50}"),
                Element("CancelReason", least=0, words=CANCEL_REASONS),
                Element("Quantity", least=0, pattern=_COUNT),
            ),
        ),
    ),
)
_HEADER = Element(
    "Header",
    children=(
        Element("DocumentVersion", pattern=r"\d{1,2}.\d{1,2}"),
        Element("MerchantIdentifier", pattern=r".{1,50}"),
        Element("OverrideReleaseId", least=0, pattern=r".{1,50}"),
    ),
)


def read_feed(content: bytes, message_type: str, schema: Element) -> FeedContent:
    """Return the messages of a feed document, each checked against its schema.

    Raises: SchemaError when the document as a whole is unusable.
    """
    root = _root(content)
    children = list(root)
    if root.tag != "AmazonEnvelope" or len(children) < 3:
        raise SchemaError("The document is not an AmazonEnvelope with Header, MessageType and Message.")
    _check(children[0], _HEADER)
    if children[1].tag != "MessageType" or _content(children[1]) != message_type:
        raise SchemaError(f"The MessageType must be {message_type}.")
    messages = [child for child in children[2:] if child.tag == "Message"]
    extra = {child.tag for child in children[2:]} - {
        "Message",
        "MarketplaceName",
        "PurgeAndReplace",
        "EffectiveDate",
    }
    if not messages or extra:
        raise SchemaError("The envelope must hold messages and nothing unknown.")
    read = [_message(message, schema) for message in messages]
    if len({message.message_id for message in read}) != len(read):
        raise SchemaError("A MessageID occurs more than once.")
    return FeedContent(_content(children[0][1]), read)


def _root(content: bytes) -> etree._Element:
    if len(content) > MAX_BYTES:
        raise SchemaError("The document is larger than 10 MiB.")
    # An entity could read files or explode; no order feed needs a DTD.
    if re.search(rb"<!\s*(DOCTYPE|ENTITY)", content, re.IGNORECASE):
        raise SchemaError("A document type declaration is not allowed.")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as problem:
        raise SchemaError(f"The document is not well-formed XML: {problem.msg}") from None
    # The look at the bytes above misses one that is written in another encoding.
    if root.getroottree().docinfo.internalDTD is not None:
        raise SchemaError("A document type declaration is not allowed.")
    return root


def _message(message: etree._Element, schema: Element) -> FeedMessage:
    children = list(message)
    if not children or children[0].tag != "MessageID" or not re.fullmatch(r"\d{1,20}", _content(children[0])):
        raise SchemaError("A Message must begin with a MessageID of 1 to 20 digits.")
    message_id = _content(children.pop(0))
    operation = _content(children.pop(0)) if children and children[0].tag == "OperationType" else "Update"
    if operation not in {"Update", "Delete", "PartialUpdate"}:
        return FeedMessage(message_id, None, "The OperationType is unknown.")
    if len(children) != 1 or children[0].tag != schema.names:
        return FeedMessage(message_id, None, f"The message must hold one {schema.names}.")
    try:
        _check(children[0], schema)
    except SchemaError as problem:
        return FeedMessage(message_id, None, str(problem))
    return FeedMessage(message_id, children[0])


def _check(element: etree._Element, schema: Element) -> None:
    if not schema.children:
        return _check_content(element, schema)
    children = list(element)
    for expected in schema.children:
        found = 0
        while children and children[0].tag in expected.names.split("|") and found != expected.most:
            _check(children.pop(0), expected)
            found += 1
        if found < expected.least:
            raise SchemaError(f"In {element.tag}, {expected.names} is missing or out of order.")
    if children:
        raise SchemaError(f"In {element.tag}, {children[0].tag} is not allowed here.")


def _check_content(element: etree._Element, schema: Element) -> None:
    content = _content(element)
    if len(element):
        raise SchemaError(f"{element.tag} must not have children.")
    if schema.words is not None and content not in schema.words:
        raise SchemaError(f"{content!r} is not a value of {element.tag}.")
    # A merchant's own ids are free text; only Amazon's have digits.
    pattern = r".{1,50}" if str(element.tag).startswith("Merchant") else schema.pattern
    if pattern is not None and not re.fullmatch(pattern, content):
        raise SchemaError(f"{content!r} does not fit {element.tag}.")
    currency = element.get("currency")
    if currency is not None and (not schema.currency or currency not in CURRENCIES):
        raise SchemaError(f"{currency!r} is not a currency here.")


def _content(element: etree._Element) -> str:
    return (element.text or "").strip()
