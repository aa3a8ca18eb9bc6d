"""Refunds: every reason to say no, and sums that never exceed what is left."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostrador.amazon.adjustments import AdjustmentReason
from mostrador.amazon.components import Component
from mostrador.domain.orders import Balance, OrderFacts
from mostrador.domain.refunds import (
    Line,
    by_percentage,
    by_quantity,
    fixed_sum,
    full,
    order_refusals,
    refusals,
)
from mostrador.domain.refusals import RefusalCode
from mostrador.money import MoneyError
from tests.domain.facts import CUP, LAMP, item, order, order_of

PRINCIPAL, TAX, SHIPPING = Component.PRINCIPAL, Component.TAX, Component.SHIPPING
C = RefusalCode
REASON = AdjustmentReason.CUSTOMER_RETURN


def codes(facts: OrderFacts, *lines: Line, reason: str = REASON, seen: int | None = None) -> list[str]:
    found = refusals(facts, lines=lines, reason=reason, seen_available=seen)
    return [refusal.code for refusal in found]


def lamp(minor: int, component: Component = PRINCIPAL) -> Line:
    return Line(LAMP, {component: minor})


# ── what is refused ───────────────────────────────────────────────────────────────────────────────────────


def test_a_shipped_order_of_the_merchant_may_be_refunded() -> None:
    assert order_refusals(order()) == []
    assert codes(order(), lamp(2500), seen=2500) == []
    assert codes(order(status="PARTIALLY_SHIPPED"), lamp(1)) == []


@pytest.mark.parametrize("reason", list(AdjustmentReason))
def test_every_reason_of_amazon_is_a_reason(reason: str) -> None:
    assert codes(order(), lamp(100), reason=reason) == []


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (order(read_at=None, status="", fulfilled_by="AMAZON"), [C.ORDER_NOT_READ_YET]),
        (order(partner_paused=True), [C.SELLING_PARTNER_PAUSED]),
        (order(held_since=datetime(2026, 11, 24, 10, 32, tzinfo=UTC)), [C.ORDER_HELD]),
        (order(fulfilled_by="AMAZON"), [C.FULFILLED_BY_AMAZON]),
        (order(replacement_of="302-9-9"), [C.REPLACEMENT_ORDER]),
        (order(open_cancellation="C-1001"), [C.ORDER_FROZEN]),
        (order(status="PENDING_AVAILABILITY"), [C.ORDER_PENDING]),
        (order(status="PENDING"), [C.ORDER_PENDING]),
        (order(status="UNSHIPPED"), [C.ORDER_UNSHIPPED]),
        (order(status="CANCELLED"), [C.ORDER_CANCELLED]),
        (order(status="UNFULFILLABLE"), [C.ORDER_UNFULFILLABLE]),
        (order(status="INVOICE_UNCONFIRMED"), [C.ORDER_STATUS_UNKNOWN]),
        (order(status=""), [C.ORDER_STATUS_UNKNOWN]),
        (order(item(balances={PRINCIPAL: Balance(2500, 2000, 500)})), [C.NOTHING_LEFT]),
        (order(item(balances={PRINCIPAL: Balance(0)})), [C.NOTHING_LEFT]),
        (order(item(open_refund="R-1001")), [C.ITEM_HAS_OPEN_REFUND]),
        (
            order(partner_paused=True, fulfilled_by="AMAZON", status="UNSHIPPED"),
            [C.SELLING_PARTNER_PAUSED, C.FULFILLED_BY_AMAZON],
        ),
    ],
)
def test_an_order_says_why_nothing_may_be_refunded(facts: OrderFacts, expected: list[str]) -> None:
    assert [refusal.code for refusal in order_refusals(facts)] == expected
    assert codes(facts, lamp(100)) == expected


def test_an_open_refund_on_one_item_leaves_the_others_free() -> None:
    facts = order(item(open_refund="R-1001"), item(CUP))
    assert order_refusals(facts) == []
    assert codes(facts, Line(CUP, {PRINCIPAL: 100})) == []
    assert codes(facts, lamp(100)) == [C.ITEM_HAS_OPEN_REFUND]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], [C.NO_LINES]),
        ([Line(LAMP, {})], [C.NO_LINES]),
        ([lamp(0)], [C.NO_LINES]),
        ([lamp(100), lamp(200)], [C.LINE_TWICE]),
        ([Line("99999999999999", {PRINCIPAL: 1})], [C.UNKNOWN_ITEM]),
        ([lamp(-1)], [C.AMOUNT_NEGATIVE]),
        ([Line(LAMP, {PRINCIPAL: 100, SHIPPING: -100})], [C.NO_LINES, C.AMOUNT_NEGATIVE]),
        ([lamp(2501)], [C.AMOUNT_ABOVE_LEFT]),
        ([lamp(1, SHIPPING)], [C.AMOUNT_ABOVE_LEFT]),  # the buyer paid no shipping
        ([lamp(1, TAX)], [C.TAX_IS_IN_THE_PRICE]),
        ([lamp(2500, Component.SHIPPING_TAX)], [C.TAX_IS_IN_THE_PRICE]),
        ([lamp(1, Component.GIFT_WRAP_TAX)], [C.TAX_IS_IN_THE_PRICE]),
        ([Line(LAMP, {PRINCIPAL: 2501, SHIPPING: 1})], [C.AMOUNT_ABOVE_LEFT, C.AMOUNT_ABOVE_LEFT]),
    ],
)
def test_a_line_that_is_wrong_is_refused(lines: list[Line], expected: list[str]) -> None:
    assert codes(order(), *lines) == expected


def test_a_reason_of_another_list_is_refused() -> None:
    assert codes(order(), lamp(1), reason="BuyerCanceled") == [C.UNKNOWN_REASON]
    assert codes(order(), lamp(1), reason="") == [C.UNKNOWN_REASON]


def test_a_page_that_showed_another_sum_must_be_looked_at_again() -> None:
    (refusal,) = refusals(order(), lines=[lamp(1)], reason=REASON, seen_available=2499)
    assert refusal.code == C.CHANGED_SINCE_SEEN
    assert refusal.facts == {"seen": 2499, "left": 2500, "currency": "EUR"}
    assert codes(order(), lamp(1), seen=2501) == [C.CHANGED_SINCE_SEEN]
    assert codes(order(), lamp(1), seen=None) == []


def test_a_refusal_carries_what_its_sentence_needs() -> None:
    facts = order(item(balances={PRINCIPAL: Balance(2000, 1500)}))
    (refusal,) = refusals(facts, lines=[lamp(800)], reason=REASON, seen_available=None)
    assert refusal.code == C.AMOUNT_ABOVE_LEFT
    assert refusal.facts == {
        "item": LAMP,
        "title": "Desk lamp",
        "component": "principal",
        "amount": 800,
        "left": 500,
        "currency": "EUR",
    }


def test_where_tax_stands_beside_the_price_it_is_refunded_on_its_own() -> None:
    facts = order(item(balances={PRINCIPAL: Balance(2000), TAX: Balance(165)}), tax_included=False)
    assert codes(facts, Line(LAMP, {PRINCIPAL: 2000, TAX: 165})) == []
    assert codes(facts, Line(LAMP, {TAX: 166})) == [C.AMOUNT_ABOVE_LEFT]


# ── how much ──────────────────────────────────────────────────────────────────────────────────────────────

DESK = order(
    item(balances={PRINCIPAL: Balance(5995, 1000, 95), SHIPPING: Balance(499)}, quantity_ordered=3),
    item(CUP, balances={PRINCIPAL: Balance(333)}, quantity_ordered=2),
)
YEN = order(item(balances={PRINCIPAL: Balance(1099)}, quantity_ordered=2), currency="JPY")
US = order(
    item(balances={PRINCIPAL: Balance(1001), TAX: Balance(83)}, quantity_ordered=2), tax_included=False
)


def sums(lines: list[Line]) -> dict[str, dict[Component, int]]:
    return {line.item_id: dict(line.amounts) for line in lines}


def test_a_full_refund_is_everything_that_is_left() -> None:
    assert sums(full(DESK)) == {LAMP: {PRINCIPAL: 4900, SHIPPING: 499}, CUP: {PRINCIPAL: 333}}
    assert sums(full(YEN)) == {LAMP: {PRINCIPAL: 1099}}
    assert full(order(item(balances={PRINCIPAL: Balance(10, 10)}))) == []


def test_an_item_with_an_open_refund_is_left_alone_by_every_way() -> None:
    facts = order(item(open_refund="R-1001"), item(CUP, balances={PRINCIPAL: Balance(333)}))
    assert sums(full(facts)) == {CUP: {PRINCIPAL: 333}}
    assert sums(by_percentage(facts, percent=Decimal(100))) == {CUP: {PRINCIPAL: 333}}
    assert sums(by_quantity(facts, quantities={LAMP: 1, CUP: 1})) == {CUP: {PRINCIPAL: 333}}
    assert sums(fixed_sum(facts, minor=333)) == {CUP: {PRINCIPAL: 333}}


@pytest.mark.parametrize(
    ("percent", "lamp_parts", "cup_parts"),
    [
        ("10", {PRINCIPAL: 600, SHIPPING: 50}, {PRINCIPAL: 33}),  # 599.5 and 49.9: half a unit up
        ("50", {PRINCIPAL: 2998, SHIPPING: 250}, {PRINCIPAL: 167}),  # 2997.5, 249.5, 166.5
        ("90", {PRINCIPAL: 4900, SHIPPING: 449}, {PRINCIPAL: 300}),  # 5395.5 capped at what is left
        ("100", {PRINCIPAL: 4900, SHIPPING: 499}, {PRINCIPAL: 333}),
        ("0.01", {PRINCIPAL: 1}, {}),
    ],
)
def test_a_percentage_is_of_what_was_paid_and_capped_by_what_is_left(
    percent: str, lamp_parts: dict[Component, int], cup_parts: dict[Component, int]
) -> None:
    assert sums(by_percentage(DESK, percent=Decimal(percent))) == {LAMP: lamp_parts, CUP: cup_parts}


def test_half_a_yen_is_rounded_up_to_a_whole_one() -> None:
    assert sums(by_percentage(YEN, percent=Decimal(50))) == {LAMP: {PRINCIPAL: 550}}


@pytest.mark.parametrize(
    ("facts", "quantities", "expected"),
    [
        (DESK, {LAMP: 1}, {LAMP: {PRINCIPAL: 1998}}),  # a third of 59.95; shipping stays
        (DESK, {LAMP: 2}, {LAMP: {PRINCIPAL: 3997}}),
        (DESK, {LAMP: 3}, {LAMP: {PRINCIPAL: 4900}}),  # never above what is left
        (DESK, {LAMP: 99}, {LAMP: {PRINCIPAL: 4900}}),
        (DESK, {CUP: 1}, {CUP: {PRINCIPAL: 167}}),
        (DESK, {LAMP: 0, CUP: -1}, {}),
        (DESK, {"99999999999999": 1}, {}),
        (YEN, {LAMP: 1}, {LAMP: {PRINCIPAL: 550}}),
        (US, {LAMP: 1}, {LAMP: {PRINCIPAL: 501, TAX: 42}}),
    ],
)
def test_units_are_refunded_by_price_and_tax(
    facts: OrderFacts, quantities: dict[str, int], expected: dict[str, dict[Component, int]]
) -> None:
    assert sums(by_quantity(facts, quantities=quantities)) == expected


@pytest.mark.parametrize(
    ("facts", "minor", "expected"),
    [
        (DESK, 1000, {LAMP: {PRINCIPAL: 855, SHIPPING: 87}, CUP: {PRINCIPAL: 58}}),
        (DESK, 5732, {LAMP: {PRINCIPAL: 4900, SHIPPING: 499}, CUP: {PRINCIPAL: 333}}),
        (DESK, 1, {LAMP: {PRINCIPAL: 1}}),
        (DESK, 0, {}),
        (YEN, 7, {LAMP: {PRINCIPAL: 7}}),
        (US, 100, {LAMP: {PRINCIPAL: 92, TAX: 8}}),
    ],
)
def test_a_fixed_sum_is_spread_in_proportion_to_what_is_left(
    facts: OrderFacts, minor: int, expected: dict[str, dict[Component, int]]
) -> None:
    assert sums(fixed_sum(facts, minor=minor)) == expected


@pytest.mark.parametrize("minor", [-1, 5733, 10**9])
def test_a_sum_that_cannot_be_spread_is_an_error(minor: int) -> None:
    with pytest.raises(MoneyError):
        fixed_sum(DESK, minor=minor)


def test_nothing_is_spread_where_nothing_is_left() -> None:
    with pytest.raises(MoneyError):
        fixed_sum(order(item(balances={PRINCIPAL: Balance(100, 100)})), minor=1)


# ── properties ────────────────────────────────────────────────────────────────────────────────────────────


def never_above_what_is_left(facts: OrderFacts, lines: list[Line]) -> None:
    assert len({line.item_id for line in lines}) == len(lines)
    for line in lines:
        balances = facts.item(line.item_id)
        assert balances is not None
        assert balances.open_refund is None
        for component, minor in line.amounts.items():
            assert 0 < minor <= balances.balances[component].left
    if any(line.total for line in lines):
        assert codes(facts, *lines, seen=facts.left) == []


@given(order_of())
def test_a_full_refund_is_allowed_and_leaves_nothing_on_free_items(facts: OrderFacts) -> None:
    lines = full(facts)
    never_above_what_is_left(facts, lines)
    assert sum(line.total for line in lines) == sum(one.left for one in facts.items if not one.open_refund)


@given(order_of(), st.decimals(0, 100, places=2))
def test_no_percentage_exceeds_what_is_left(facts: OrderFacts, percent: Decimal) -> None:
    lines = by_percentage(facts, percent=percent)
    never_above_what_is_left(facts, lines)


@given(order_of(), st.data())
def test_no_quantity_exceeds_what_is_left(facts: OrderFacts, data: st.DataObject) -> None:
    quantities = {one.item_id: data.draw(st.integers(-2, 12)) for one in facts.items}
    lines = by_quantity(facts, quantities=quantities)
    never_above_what_is_left(facts, lines)


@given(order_of(), st.integers(0, 300_000))
def test_a_fixed_sum_is_exact_or_refused(facts: OrderFacts, minor: int) -> None:
    free = sum(one.left for one in facts.items if not one.open_refund)
    if minor > free:
        with pytest.raises(MoneyError):
            fixed_sum(facts, minor=minor)
        return
    lines = fixed_sum(facts, minor=minor)
    never_above_what_is_left(facts, lines)
    assert sum(line.total for line in lines) == minor
