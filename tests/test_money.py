"""Money: exact amounts that cannot be mixed up, read and written without a loss."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.money import Money, MoneyError, exponent, spread, total

CURRENCIES = sorted({place.currency for place in MARKETPLACES.values()})
currencies = st.sampled_from(CURRENCIES)
minors = st.integers(min_value=-(10**14), max_value=10**14)


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [
        ("12.50", "EUR", 1250),
        ("12.5", "EUR", 1250),
        ("12", "EUR", 1200),
        ("0.01", "GBP", 1),
        ("-3.40", "USD", -340),
        ("0", "USD", 0),
        ("1.10E+2", "SEK", 11000),
        ("1099", "JPY", 1099),
        ("1099.00", "JPY", 1099),
        ("999999999999999.99", "EUR", 99999999999999999),
    ],
)
def test_a_written_amount_is_read_to_the_smallest_unit(written: str, currency: str, minor: int) -> None:
    assert Money.parse(written, currency) == Money(minor, currency)
    assert Money.parse(Decimal(written), currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("written", "currency"),
    [
        ("12.505", "EUR"),
        ("0.5", "JPY"),
        ("1.000000000000000000000000000000000000001", "EUR"),  # finer than decimal's own precision
        ("", "EUR"),
        ("12,50", "EUR"),
        ("1_000", "EUR"),
        ("twelve", "EUR"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
        ("-sNaN", "EUR"),
        ("1e15", "EUR"),
        ("1e999999999", "EUR"),
        ("1e-999999999", "EUR"),
    ],
)
def test_what_is_not_an_amount_of_the_currency_is_refused(written: str, currency: str) -> None:
    with pytest.raises(MoneyError):
        Money.parse(written, currency)


@pytest.mark.parametrize("value", [12.5, 12.0, 1, True, None, b"12.50", (0, (1,), 0)])
def test_only_text_and_decimals_are_read_as_money(value: Any) -> None:
    with pytest.raises(MoneyError):
        Money.parse(value, "EUR")


@pytest.mark.parametrize("minor", [12.0, 0.1, True, "12", Decimal(12), None])
def test_minor_units_are_whole_numbers(minor: Any) -> None:
    with pytest.raises(MoneyError):
        Money(minor, "EUR")


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "EU", "€€€", "123", "EU1"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(MoneyError):
        Money(1, currency)


@pytest.mark.parametrize("currency", CURRENCIES)
def test_every_currency_has_two_decimals_but_the_yen(currency: str) -> None:
    assert exponent(currency) == (0 if currency == "JPY" else 2)


def test_yen_are_written_without_decimals_and_cents_always_with_two() -> None:
    assert str(Money(1099, "JPY")) == "1099 JPY"
    assert str(Money(1250, "EUR")) == "12.50 EUR"
    assert str(Money(-5, "USD")) == "-0.05 USD"
    assert str(Money.zero("GBP")) == "0.00 GBP"


@given(minors, currencies)
def test_an_amount_survives_being_written_and_read(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.parse(str(money.decimal), currency) == money
    assert Money.parse(money.decimal, currency) == money
    assert str(money) == f"{money.decimal} {currency}"


@given(minors, minors, currencies)
def test_amounts_add_and_compare_as_their_units_do(one: int, other: int, currency: str) -> None:
    first, second = Money(one, currency), Money(other, currency)
    assert (first + second).minor == one + other
    assert (first - second).minor == one - other
    assert (-first).minor == -one
    assert (first < second, first <= second) == (one < other, one <= other)
    assert (first > second, first >= second) == (one > other, one >= other)
    assert bool(first) is (one != 0)
    assert total([first, second, first], currency).minor == 2 * one + other


@pytest.mark.parametrize("act", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_two_currencies_are_never_mixed(act: str) -> None:
    with pytest.raises(MoneyError):
        getattr(Money(100, "EUR"), act)(Money(100, "USD"))
    with pytest.raises(MoneyError):
        total([Money(1, "EUR"), Money(1, "USD")], "EUR")
    assert Money(100, "EUR") != Money(100, "USD")


def test_the_sum_of_nothing_is_zero_of_the_named_currency() -> None:
    assert total([], "JPY") == Money(0, "JPY")


# ── spreading ─────────────────────────────────────────────────────────────────────────────────────────────

weights = st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("minor", "over", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),  # equal fractions: the earlier line first
        (200, [1, 1, 1], [67, 67, 66]),
        (1000, [5995, 499], [923, 77]),  # .16 and .84: the larger fraction gets the unit
        (1, [3, 5], [0, 1]),
        (10, [0, 7, 0], [0, 10, 0]),
        (7, [7], [7]),
        (0, [4, 4], [0, 0]),
        (0, [], []),
        (0, [0, 0], [0, 0]),
        (5, [2, 2, 1], [2, 2, 1]),
    ],
)
def test_the_remainder_goes_to_the_largest_fractions(minor: int, over: list[int], shares: list[int]) -> None:
    assert spread(minor, over) == shares


@given(st.integers(min_value=0, max_value=10**10), weights)
def test_a_spread_sums_exactly_and_nobody_is_off_by_a_whole_unit(minor: int, over: list[int]) -> None:
    whole = sum(over)
    if whole == 0 and minor:
        with pytest.raises(MoneyError):
            spread(minor, over)
        return
    shares = spread(minor, over)
    assert sum(shares) == minor
    for share, weight in zip(shares, over, strict=True):
        assert abs(share * whole - minor * weight) < max(whole, 1)


@given(weights, st.data())
def test_no_share_is_above_its_weight_while_the_amount_fits(over: list[int], data: st.DataObject) -> None:
    minor = data.draw(st.integers(min_value=0, max_value=sum(over)))
    assert all(share <= weight for share, weight in zip(spread(minor, over), over, strict=True))


@pytest.mark.parametrize(("minor", "over"), [(-1, [1]), (1, [2, -1]), (1, []), (1, [0])])
def test_nothing_negative_and_nothing_over_nothing_is_spread(minor: int, over: list[int]) -> None:
    with pytest.raises(MoneyError):
        spread(minor, over)
