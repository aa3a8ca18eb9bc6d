"""Orders: facts about what is left."""

from __future__ import annotations

import pytest
from hypothesis import given

from mostrador.amazon.components import Component
from mostrador.domain.orders import Balance, OrderFacts, charged
from mostrador.money import Money
from tests.domain.facts import CUP, LAMP, item, order, order_of


@pytest.mark.parametrize(
    ("balance", "left"),
    [
        (Balance(2500), 2500),
        (Balance(2500, 1000), 1500),
        (Balance(2500, 1000, 500), 1000),
        (Balance(2500, 2000, 500), 0),
        (Balance(0), 0),
    ],
)
def test_what_is_on_its_way_is_no_longer_left(balance: Balance, left: int) -> None:
    assert balance.left == left


@given(order_of())
def test_an_order_has_left_what_its_items_have(facts: OrderFacts) -> None:
    parts = [balance for one in facts.items for balance in one.balances.values()]
    assert facts.left == sum(each.paid - each.posted - each.pending for each in parts)


def test_an_item_is_found_by_amazons_number_only() -> None:
    facts = order(item(LAMP), item(CUP))
    found = facts.item(CUP)
    assert found is not None
    assert found.item_id == CUP
    assert facts.item(CUP.lstrip("0")) is None


def test_money_of_an_order_is_in_its_currency() -> None:
    assert order(currency="JPY").money(1099) == Money(1099, "JPY")


def test_an_order_without_prices_has_no_money() -> None:
    with pytest.raises(AssertionError):
        order(currency=None).money(1)


def test_fulfilment_is_amazons_word() -> None:
    assert order(fulfilled_by="AMAZON").by_amazon is True
    assert order(fulfilled_by="MERCHANT").by_amazon is False


def test_an_item_of_several_parts_has_left_their_sum() -> None:
    parts = {Component.PRINCIPAL: Balance(1000, 100, 50), Component.GIFT_WRAP: Balance(399)}
    assert item(balances=parts).left == 850 + 399


@pytest.mark.parametrize(
    ("status", "shipped", "ordered", "expected"),
    [
        ("SHIPPED", 0, 3, 1000),
        ("UNSHIPPED", 0, 3, 1000),
        ("PARTIALLY_SHIPPED", 0, 3, 0),
        ("PARTIALLY_SHIPPED", 1, 3, 333),
        ("PARTIALLY_SHIPPED", 3, 3, 1000),
        ("PARTIALLY_SHIPPED", 5, 3, 1000),
    ],
)
def test_of_a_partly_shipped_order_only_what_left_was_charged(
    status: str, shipped: int, ordered: int, expected: int
) -> None:
    assert charged(1000, status=status, shipped=shipped, ordered=ordered) == expected
