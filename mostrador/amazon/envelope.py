"""The XML around every order feed, its rules, and our schema that each feed must obey before it leaves."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Sequence
from importlib.resources import files

from lxml import etree

DOCUMENT_VERSION = "1.01"
MAX_FEED = 10 * 1024 * 1024  # bytes; Amazon asks for less than 10 MiB
MAX_MESSAGES = 1000

_ORDER_ID = re.compile(r"[A-Z0-9]{3}-[0-9]{7}-[0-9]{7}", re.ASCII)
_ITEM_ID = re.compile(r"[0-9]{14}", re.ASCII)
_SELLER_ID = re.compile(r"[A-Za-z0-9_-]{1,50}", re.ASCII)


class FeedContentError(ValueError):
    """A feed that would be refused, or worse, accepted with another meaning; says which rule it breaks."""


def require(holds: bool, rule: str) -> None:
    """Insist on a rule of feeds.

    Raises: FeedContentError with the rule when it does not hold.
    """
    if not holds:
        raise FeedContentError(rule)


def require_ids(order_id: str, item_ids: Sequence[str]) -> None:
    """Insist on well-formed ids and on at least one item, each named once.

    Raises: FeedContentError.
    """
    require(bool(_ORDER_ID.fullmatch(order_id)), "an order id is like 123-1234567-1234567")
    require(len(item_ids) > 0, "an order without items would do nothing, or everything")
    for item_id in item_ids:
        require(bool(_ITEM_ID.fullmatch(item_id)), "an item id is exactly 14 digits, as text")
    require(len(set(item_ids)) == len(item_ids), "an item is named twice in one message")


def require_message_ids(message_ids: Collection[int]) -> None:
    """Insist on messages, not too many, each with its own positive number of at most 20 digits.

    Raises: FeedContentError.
    """
    require(0 < len(message_ids) <= MAX_MESSAGES, f"a feed has 1 to {MAX_MESSAGES} messages")
    require(len(set(message_ids)) == len(message_ids), "a message id is used twice in one feed")
    for message_id in message_ids:
        plain = isinstance(message_id, int) and not isinstance(message_id, bool)
        require(plain and 0 < message_id < 10**20, "a message id is a whole number of 1 to 20 digits")


def begin(seller_id: str, message_type: str) -> etree._Element:
    """Return an envelope that waits for its messages.

    Raises: FeedContentError when the seller id is not one.
    """
    require(bool(_SELLER_ID.fullmatch(seller_id)), "a seller id is letters and digits")
    envelope = etree.Element("AmazonEnvelope")
    header = child(envelope, "Header")
    child(header, "DocumentVersion", DOCUMENT_VERSION)
    child(header, "MerchantIdentifier", seller_id)
    child(envelope, "MessageType", message_type)
    return envelope


def message(envelope: etree._Element, message_id: int, body: str) -> etree._Element:
    """Add a message and return its empty body."""
    element = child(envelope, "Message")
    child(element, "MessageID", str(message_id))
    return child(element, body)


def child(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """Add an element, in the order of the calls: Amazon refuses any other order."""
    element = etree.SubElement(parent, name)
    element.text = text
    return element


def finish(envelope: etree._Element) -> bytes:
    """Return the feed's bytes after our schema has allowed it.

    Raises: FeedContentError.
    """
    schema = _schema()
    if not schema.validate(envelope):
        raise FeedContentError(f"the feed breaks our schema: {schema.error_log.last_error}")
    content: bytes = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
    require(len(content) < MAX_FEED, f"a feed is smaller than {MAX_FEED} bytes")
    return content


def _schema() -> etree.RelaxNG:
    """A schema of this call's own: lxml keeps the last errors inside it, and threads must not share those."""
    return etree.RelaxNG(etree.fromstring(_schema_text()))


@functools.cache
def _schema_text() -> bytes:
    return files("mostrador.amazon").joinpath("schemas/order_feeds.rng").read_bytes()
