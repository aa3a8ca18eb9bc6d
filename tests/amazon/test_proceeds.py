"""What a buyer really paid, read from Amazon's breakdowns."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostrador.amazon.client import Answer
from mostrador.amazon.components import Component
from mostrador.amazon.errors import Unreadable
from mostrador.amazon.proceeds import paid_components
from mostrador.amazon.reading import Part


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currencyCode": "USD"}


def row(kind: str, subtotal: str, **details: str) -> dict[str, Any]:
    detailed = [{"subtype": subtype, "value": usd(value)} for subtype, value in details.items()]
    return {"type": kind, "subtotal": usd(subtotal)} | ({"detailedBreakdowns": detailed} if detailed else {})


def paid(breakdowns: list[Any], *, total: str | None = None, tax_included: bool = False) -> dict[str, int]:
    proceeds: dict[str, Any] = {"breakdowns": breakdowns}
    if total is not None:
        proceeds["proceedsTotal"] = usd(total)
    answer = Answer("getOrder", 200, proceeds, {}, None, None, None)
    parts = paid_components(Part(answer, proceeds), tax_included=tax_included)
    assert all(money.currency == "USD" for money in parts.values())
    return {component.value: money.minor for component, money in parts.items()}


PAID: list[tuple[str, list[Any], str | None, bool, dict[str, int]]] = [
    (
        "price and tax beside it",
        [row("ITEM", "39.99"), row("TAX", "10.00")],
        "49.99",
        False,
        {"principal": 3999, "tax": 1000},
    ),
    (
        "tax in detail",
        [
            row("ITEM", "10.00"),
            row("SHIPPING", "5.00"),
            row("GIFT_WRAP", "2.00"),
            row("TAX", "1.70", ITEM="1.00", SHIPPING="0.50", GIFT_WRAP="0.20"),
        ],
        "18.70",
        False,
        {
            "principal": 1000,
            "shipping": 500,
            "gift_wrap": 200,
            "tax": 100,
            "shipping_tax": 50,
            "gift_wrap_tax": 20,
        },
    ),
    (
        "a discount below zero",
        [row("ITEM", "10.00"), row("DISCOUNT", "-2.00", ITEM="-2.00")],
        "8.00",
        False,
        {"principal": 800},
    ),
    (
        "a discount above zero",
        [row("ITEM", "10.00"), row("DISCOUNT", "2.00", ITEM="2.00")],
        "8.00",
        False,
        {"principal": 800},
    ),
    (
        "a discount without a total",
        [row("ITEM", "10.00"), row("DISCOUNT", "2.00")],
        None,
        False,
        {"principal": 800},
    ),
    (
        "a discount already in the price",
        [row("ITEM", "8.00"), row("DISCOUNT", "-2.00")],
        "8.00",
        False,
        {"principal": 800},
    ),
    (
        "free shipping by discount",
        [row("ITEM", "10.00"), row("SHIPPING", "4.00"), row("DISCOUNT", "-4.00", SHIPPING="-4.00")],
        "10.00",
        False,
        {"principal": 1000},
    ),
    (
        "a discount on tax",
        [row("ITEM", "10.00"), row("TAX", "0.80", ITEM="1.00", DISCOUNT="-0.20")],
        None,
        False,
        {"principal": 1000, "tax": 80},
    ),
    ("everything given away", [row("ITEM", "10.00"), row("DISCOUNT", "-10.00")], "0.00", False, {}),
    (
        "prices with their tax, tax told too",
        [row("ITEM", "11.90"), row("TAX", "1.90")],
        "11.90",
        True,
        {"principal": 1190},
    ),
    (
        "prices told without their tax",
        [row("ITEM", "10.00"), row("TAX", "1.90")],
        "11.90",
        True,
        {"principal": 1190},
    ),
    (
        "prices with tax and no total",
        [row("ITEM", "10.00"), row("TAX", "1.90")],
        None,
        True,
        {"principal": 1000},
    ),
    (
        "shipping told without its tax",
        [row("ITEM", "10.00"), row("SHIPPING", "5.00"), row("TAX", "2.85", ITEM="1.90", SHIPPING="0.95")],
        "17.85",
        True,
        {"principal": 1190, "shipping": 595},
    ),
    (
        "parts that cannot be given back as they are",
        [row("ITEM", "1.00"), row("COD_FEE", "3.00"), row("OTHER", "2.00")],
        "6.00",
        False,
        {"principal": 100},
    ),
    (
        "a kind we do not know",
        [row("ITEM", "1.00"), row("NEW_KIND", "3.00")],
        "4.00",
        False,
        {"principal": 100},
    ),
    ("nothing", [], None, False, {}),
]


@pytest.mark.parametrize(
    ("breakdowns", "total", "included", "expected"), [p[1:] for p in PAID], ids=[p[0] for p in PAID]
)
def test_paid_is_what_the_buyer_paid(
    breakdowns: list[Any], total: str | None, included: bool, expected: dict[str, int]
) -> None:
    assert paid(breakdowns, total=total, tax_included=included) == expected


def test_two_currencies_in_one_item_are_an_error() -> None:
    mixed = [row("ITEM", "1.00"), {"type": "TAX", "subtotal": {"amount": "1", "currencyCode": "JPY"}}]
    with pytest.raises(Unreadable, match="mixes currencies"):
        paid(mixed)


cents = st.integers(0, 100_000).map(lambda minor: f"{minor / 100:.2f}")
kinds = st.sampled_from(["ITEM", "SHIPPING", "GIFT_WRAP", "TAX", "DISCOUNT", "OTHER", "NEW"])
details = st.dictionaries(
    st.sampled_from(["ITEM", "SHIPPING", "GIFT_WRAP", "DISCOUNT", "OTHER"]), cents, max_size=3
)
rows = st.builds(lambda kind, subtotal, more: row(kind, subtotal, **more), kinds, cents, details)


@given(st.lists(rows, max_size=6), st.none() | cents, st.booleans())
def test_paid_never_holds_a_negative_sum_nor_a_tax_where_prices_contain_it(
    breakdowns: list[Any], total: str | None, included: bool
) -> None:
    parts = paid(copy.deepcopy(breakdowns), total=total, tax_included=included)
    assert all(minor > 0 for minor in parts.values())
    if included:
        assert not any(Component(name).is_tax for name in parts)


@given(st.integers(1, 10**6), st.integers(0, 10**5), st.integers(0, 10**5), st.integers(0, 10**6))
def test_paid_adds_up_to_the_items_total(price: int, shipping: int, tax: int, discount: int) -> None:
    discount = min(discount, price)
    total = price + shipping + tax - discount
    parts = paid(
        [
            row("ITEM", f"{price / 100:.2f}"),
            row("SHIPPING", f"{shipping / 100:.2f}"),
            row("TAX", f"{tax / 100:.2f}", ITEM=f"{tax / 100:.2f}"),
            row("DISCOUNT", f"-{discount / 100:.2f}", ITEM=f"-{discount / 100:.2f}"),
        ],
        total=f"{total / 100:.2f}",
    )
    assert sum(parts.values()) == total
