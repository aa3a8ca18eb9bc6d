"""Notifications: both of Amazon's spellings, hostile messages, and a queue on a real SQS server."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostrador.amazon.errors import AmazonError
from mostrador.amazon.message_queue import MessageQueue, QueueAddress
from mostrador.amazon.notifications import (
    FeedFinished,
    Notification,
    OrderChanged,
    UnreadableNotification,
    read,
)
from tests import sqs as aws
from tests.notices import feed_finished, order_change, schema
from tests.sqs import Sqs

FEED, ORDER = (
    feed_finished(seller_id="A2TEST", feed_id="503"),
    order_change(seller_id="A2TEST", order_id="303-5512894-7749126", marketplace_id="A1PA6795UKMFR9"),
)


def test_amazons_own_example_of_a_finished_feed_is_read() -> None:
    said = read(json.dumps(schema("FeedProcessingFinishedNotification")["examples"][0]))
    assert said == Notification(
        "d0e9e693-c3ad-4373-979f-ed4ec98dd746",
        "FEED_PROCESSING_FINISHED",
        datetime(2020, 7, 13, 19, 42, 4, 284000, tzinfo=UTC),
        FeedFinished("A3TH9S8BH6GOGM", "53347018456", "POST_PRODUCT_DATA", "DONE"),
    )


def test_a_finished_feed_without_a_seller_is_known_by_its_account() -> None:
    said = read(json.dumps(schema("FeedProcessingFinishedNotification")["examples"][1]))
    assert isinstance(said.about, FeedFinished)
    assert said.about.seller_id == "6213651"


def test_amazons_own_example_of_a_changed_order_is_read() -> None:
    said = read(json.dumps(schema("OrderChangeNotification")["examples"][0]))
    assert said == Notification(
        "d0e9e693-c3ad-4373-979f-ed4ec98dd746",
        "ORDER_CHANGE",
        datetime(2020, 7, 13, 19, 42, 4, 284000, tzinfo=UTC),
        OrderChanged("A3TH9S8BH6GOGM", "903-8868176-2219830", "ATVPDKIKX0DER", "BuyerRequestedChange"),
    )


def respelled(value: Any) -> Any:
    """Return the same with every name's first letter in the other case."""
    if isinstance(value, dict):
        return {key[:1].swapcase() + key[1:]: respelled(inner) for key, inner in value.items()}
    return [respelled(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("notice", [FEED, ORDER], ids=["feed", "order"])
def test_either_spelling_says_the_same(notice: dict[str, Any]) -> None:
    assert read(json.dumps(respelled(notice))) == read(json.dumps(notice))


def test_a_type_we_did_not_ask_for_is_about_nothing() -> None:
    said = read(json.dumps({**FEED, "notificationType": "ANY_OFFER_CHANGED", "payload": {}}))
    assert (said.type, said.about) == ("ANY_OFFER_CHANGED", None)


def without(notice: dict[str, Any], *way: str) -> str:
    """Return a notification that lacks the field at the end of a way."""
    copy: dict[str, Any] = json.loads(json.dumps(notice))
    inner = copy
    for name in way[:-1]:
        inner = inner[name]
    del inner[way[-1]]
    return json.dumps(copy)


FEED_PART, ORDER_PART = (
    ("payload", "feedProcessingFinishedNotification"),
    ("Payload", "OrderChangeNotification"),
)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("9" * 5000, "not JSON"),
        ("[]", "the message is not an object"),
        (without(FEED, "notificationMetadata"), "notificationMetadata is not an object"),
        (without(FEED, "notificationMetadata", "notificationId"), "notificationId is missing or not an id"),
        (without(FEED, *FEED_PART), "feedProcessingFinishedNotification is not an object"),
        (without(FEED, *FEED_PART, "feedId"), "feedId is missing or not an id"),
        (without(ORDER, *ORDER_PART, "AmazonOrderId"), "amazonOrderId is missing or not an id"),
        (without(ORDER, *ORDER_PART, "Summary"), "summary is not an object"),
        (
            json.dumps(feed_finished(seller_id="A2\x00", feed_id="1", accountId="a")),
            "sellerId is missing or not an id",
        ),
        (json.dumps(feed_finished(seller_id="A2", feed_id="1" * 101)), "feedId is missing or not an id"),
        (json.dumps({**FEED, "NotificationType": "ORDER_CHANGE"}), "the message has a name in two spellings"),
        ('{"a": "' + "x" * 1024 * 1024 + '"}', "too long"),
    ],
)
def test_a_message_that_is_none_of_amazons_is_refused_and_its_text_not_repeated(
    text: str, fault: str
) -> None:
    with pytest.raises(UnreadableNotification) as refused:
        read(text)
    assert str(refused.value) == fault


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([FEED, ORDER]), st.data())
def test_whatever_stands_in_a_field_it_is_read_or_refused(
    notice: dict[str, Any], draw: st.DataObject
) -> None:
    copy: dict[str, Any] = json.loads(json.dumps(notice))
    inner = copy
    for _ in range(draw.draw(st.integers(0, 3))):
        below = [each for each in inner.values() if isinstance(each, dict) and each]
        if not below:
            break
        inner = draw.draw(st.sampled_from(below))
    inner[draw.draw(st.sampled_from(sorted(inner)))] = draw.draw(JSON)
    try:
        said = read(json.dumps(copy))
    except UnreadableNotification:
        return
    assert said.notification_id.isprintable()
    assert 0 < len(said.notification_id) <= 100


# ── the queue ─────────────────────────────────────────────────────────────────────────────────────────────


def queue_of(sqs: Sqs, **changes: str) -> MessageQueue:
    """Return our side of a queue."""
    words = {"url": sqs.url, "endpoint": sqs.endpoint, **changes}
    return MessageQueue(
        QueueAddress(region=aws.REGION, access_key_id="desk-key", secret_access_key="desk-secret", **words)
    )


def test_a_message_comes_as_it_was_sent_and_is_gone_once_deleted(sqs: Sqs) -> None:
    queue = queue_of(sqs)
    sqs.send("first ñ", "second")
    messages = queue.receive(wait_seconds=0)
    assert sorted(message.body for message in messages) == ["first ñ", "second"]
    assert sqs.left() == 2, "received is not deleted"
    queue.delete(messages)
    assert sqs.left() == 0
    assert queue.receive(wait_seconds=0) == ()
    queue.delete(())
    queue.close()


def test_a_queue_knows_its_own_name(sqs: Sqs) -> None:
    name = sqs.url.rpartition("/")[2]
    assert queue_of(sqs).arn() == f"arn:aws:sqs:eu-west-1:123456789012:{name}"


def test_a_queue_that_does_not_exist_is_an_error_with_its_code(sqs: Sqs) -> None:
    with pytest.raises(AmazonError) as caught:
        queue_of(sqs, url=f"{sqs.url}-gone").receive(wait_seconds=0)
    assert caught.value.operation == "sqs receive_message"
    assert caught.value.status == 400
    assert "NonExistentQueue" in caught.value.code


def test_a_server_that_is_away_is_an_error_without_an_answer(sqs: Sqs) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(AmazonError) as caught:
        queue_of(sqs, endpoint=f"http://127.0.0.1:{port}").receive(wait_seconds=0)
    assert (caught.value.status, caught.value.message) == (
        None,
        "the queue does not answer (EndpointConnectionError)",
    )


def test_an_address_without_encryption_elsewhere_is_refused(sqs: Sqs) -> None:
    with pytest.raises(ValueError, match="must be https"):
        queue_of(sqs, endpoint="http://sqs.example.com")


def test_the_secret_is_not_printed(sqs: Sqs) -> None:
    address = QueueAddress(sqs.url, aws.REGION, access_key_id="k", secret_access_key="hidden")
    assert "hidden" not in repr(address)
