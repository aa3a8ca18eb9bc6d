"""Notation: amounts as people type them, and times as they read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from mostrador.money import Money
from mostrador.web.notation import (
    Unreadable,
    ago_text,
    amount_text,
    day_text,
    exact_text,
    field_text,
    moment_text,
    money_text,
    percent_text,
    read_amount,
    read_percent,
    span_text,
)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("15,00", "EUR", 1500),
        ("15.00", "EUR", 1500),
        ("15", "EUR", 1500),
        ("15,5", "EUR", 1550),
        ("€ 15", "EUR", 1500),
        ("15 €", "EUR", 1500),
        ("1.500,00", "EUR", 150000),
        ("1,500.00", "USD", 150000),
        ("1 500,00", "EUR", 150000),
        ("1’500.00", "EUR", 150000),
        ("1.234.567", "EUR", 123456700),
        (",50", "EUR", 50),
        ("-3", "EUR", -300),
        ("-0,50", "EUR", -50),
        ("", "EUR", 0),
        ("1099", "JPY", 1099),
        ("¥1,099", "JPY", 1099),
        ("1.099", "JPY", 1099),
        ("１０９９円", "JPY", 1099),
    ],
)
def test_an_amount_is_read_in_either_notation(text: str, currency: str, minor: int) -> None:
    assert read_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.500", "EUR"),
        ("1,500", "USD"),
        ("abc", "EUR"),
        ("1e3", "EUR"),
        ("1,2,3", "EUR"),
        ("12.345,6.7", "EUR"),
        ("15.999", "EUR"),
        ("10.99", "JPY"),
        ("1" * 30, "EUR"),
        ("--3", "EUR"),
        ("NaN", "EUR"),
        ("15.", "EUR"),
    ],
)
def test_what_could_mean_two_amounts_or_none_is_not_guessed(text: str, currency: str) -> None:
    with pytest.raises(Unreadable):
        read_amount(text, currency)


def test_a_percentage_is_above_zero_and_at_most_a_hundred() -> None:
    assert read_percent("12,5 %") == Decimal("12.5")
    for text in ("0", "-1", "101", "", "x", "Infinity"):
        with pytest.raises(Unreadable):
            read_percent(text)


def test_money_is_written_as_the_agent_writes_it() -> None:
    with translation.override("en"):
        assert money_text(Money(150050, "EUR")) == "€1,500.50"
        assert money_text(Money(1099, "JPY")) == "¥1,099"
    with translation.override("es"):
        assert money_text(Money(1500, "EUR")) == "15,00\xa0€"
        assert field_text(150000, "EUR") == "1500,00"


def test_a_span_needs_two_units_at_most() -> None:
    with translation.override("en"):
        assert span_text(timedelta(minutes=38)) == "38 m"
        assert span_text(timedelta(hours=2, minutes=10)) == "2 h 10 m"
        assert span_text(timedelta(hours=14, minutes=50)) == "14 h"
        assert span_text(timedelta(days=3)) == "3 d"
        assert ago_text(timedelta(seconds=20)) == "20 s ago"


def test_a_moment_is_said_in_the_agents_own_time_zone() -> None:
    now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    with translation.override("en"), timezone.override("Europe/Madrid"):
        assert moment_text(now, now) == "Today 10:00"
        assert moment_text(now - timedelta(days=1), now) == "Yesterday 10:00"
        assert moment_text(datetime(2025, 5, 3, 8, tzinfo=UTC), now) == "3 May 2025, 10:00"


@pytest.mark.parametrize(
    ("language", "money", "day", "exact", "percent"),
    [
        ("en", "€1,500.50", "3 Nov 2025", "3 Nov 2025, 09:05:09 +0100", "12.5 %"),
        ("es", "1.500,50\xa0€", "3 nov 2025", "3 nov 2025, 09:05:09 CET", "12,5 %"),
        ("de", "1.500,50\xa0€", "3. Nov. 2025", "3. Nov. 2025, 09:05:09 MEZ", "12,5 %"),
        ("fr", "1\u202f500,50\xa0€", "3 nov. 2025", "3 nov. 2025, 09:05:09 +0100", "12,5 %"),
        ("it", "1.500,50\xa0€", "3 nov 2025", "3 nov 2025, 09:05:09 CET", "12,5 %"),
    ],
)
def test_each_language_writes_amounts_and_days_its_own_way(
    language: str, money: str, day: str, exact: str, percent: str
) -> None:
    at, now = datetime(2025, 11, 3, 8, 5, 9, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC)
    with translation.override(language), timezone.override("Europe/Berlin"):
        assert money_text(Money(150050, "EUR")) == money
        assert day_text(at, now) == day
        assert exact_text(at) == exact
        assert percent_text(Decimal("12.50")) == percent


@pytest.mark.parametrize("language", ["en", "es", "de", "fr", "it"])
def test_what_a_language_writes_can_be_typed_back(language: str) -> None:
    with translation.override(language):
        for minor in (1, 99, 1500, 150050, 123456789):
            assert read_amount(money_text(Money(minor, "EUR")), "EUR") == minor
            assert read_amount(money_text(Money(minor, "USD")), "USD") == minor
            assert read_amount(field_text(minor, "EUR"), "EUR") == minor
            assert read_amount(amount_text(minor, "EUR"), "EUR") == minor
