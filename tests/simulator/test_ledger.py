"""Whatever is asked of the ledger, no component ever gives back more than was charged."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from mostrador.simulator.acknowledgements import acknowledge
from mostrador.simulator.adjustments import adjust
from mostrador.simulator.book import Component, charged, refunded
from mostrador.simulator.feed_xml import ORDER_ADJUSTMENT, SchemaError, read_feed
from mostrador.simulator.settings import Settings
from mostrador.simulator.shop import read_shop
from mostrador.simulator.world import Feed, World, fill, open_world
from tests.simulator.caller import acknowledgement, adjusted, adjustment_body

NOW = 1_800_000_000.0
# Shipped with every component, partly refunded, discounted, partly shipped, in yen, and unshipped.
SUBJECTS = (
    "112-4456093-9917824",
    "204-8830127-4471956",
    "111-5583920-2204417",
    "304-6650132-9987415",
    "250-6617204-8839155",
    "114-7720418-3395061",
)


def new_world() -> World:
    world = open_world(Settings())
    fill(world, read_shop("nordlicht", NOW))
    return world


def feed_of(world: World, order_id: str) -> Feed:
    return Feed("1", world.orders[order_id].seller_id, "", [], "", NOW)


AMOUNTS = st.dictionaries(
    st.sampled_from([*Component, "RestockingFee", "Goodwill"]),
    st.sampled_from(["0.01", "1", "4.99", "9.50", "20.00", "64.95", "100", "2980", "-1.00"]),
    min_size=1,
    max_size=3,
)
WISHES = st.lists(
    st.tuples(st.sampled_from(SUBJECTS), st.integers(0, 1), AMOUNTS, st.booleans()), max_size=12
)


@settings(max_examples=40, deadline=None)
@given(WISHES)
def test_no_sequence_of_feeds_exceeds_what_was_charged(
    wishes: list[tuple[str, int, dict[str, str], bool]],
) -> None:
    world = new_world()
    for number, (order_id, which, amounts, cancels) in enumerate(wishes):
        order = world.orders[order_id]
        item = order.items[which % len(order.items)]
        if cancels:
            body = acknowledgement(order_id, *(each.order_item_id for each in order.items))
            message = etree.fromstring(body).find(".//OrderAcknowledgement")
            apply = acknowledge
        else:
            line = adjusted(item.order_item_id, order.marketplace.currency, **amounts)
            message = etree.fromstring(adjustment_body(order_id, line))
            apply = adjust
        assert message is not None
        before = len(world.adjustments_of(order_id))
        problems = apply(world, feed_of(world, order_id), str(number), message)
        assert not problems or len(world.adjustments_of(order_id)) == before
    for order in world.orders.values():
        for item in order.items:
            for component in Component:
                given_back = refunded(world.adjustments_of(order.order_id), item.order_item_id, component)
                assert Decimal(0) <= given_back <= charged(order, item, component, line_cap="shipped")
    world.store.close()


def test_a_document_type_is_refused_in_any_encoding() -> None:
    head = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY x "y">]>'
    content = f"{head}<AmazonEnvelope>&x;</AmazonEnvelope>".encode("utf-16")
    with pytest.raises(SchemaError, match="document type"):
        read_feed(content, "OrderAdjustment", ORDER_ADJUSTMENT)
