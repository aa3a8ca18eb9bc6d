"""Filters: what agents type into the search box."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mostrador.domain.filter_values import Being, Comparison, FilterName, Having
from mostrador.domain.filters import Filter, Filters, Misunderstood, Unknown, read_filters

PIECES = (
    "is:open",
    "-is:mine",
    'from:"Ana Ruiz"',
    "tag:",
    'tag:"a b',
    "amount:>50",
    "amount:<=20,5eur",
    "due:<4h",
    "ref",
    "T-1042",
    "foo:bar",
    '"',
    "https://x.example",
    "Re:",
    "  ",
    "\x00",
    "order:302-1",
    "marketplace:gb",
)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("is:open", "is:open"),
        ("IS:Open", "is:open"),
        ("is:unread", "is:unanswered"),
        ('from:"Ana  Ruiz"', 'from:"Ana Ruiz"'),
        ("from:Eva", "from:Eva"),
        ("from:佐藤", "from:佐藤"),
        ("from:b@", "from:b@"),
        ("partner:Nordlicht", "partner:Nordlicht"),
        ("marketplace:gb", "marketplace:UK"),
        ("marketplace:amazon.de", "marketplace:DE"),
        ("language:FR", "language:fr"),
        ("tag:Late", "tag:late"),
        ("agent:me", "agent:me"),
        ("status:partially_shipped", "status:partially-shipped"),
        ("status:canceled", "status:cancelled"),
        ("fulfilled:merchant", "fulfilled:fbm"),
        ("has:cancel-request", "has:cancel-request"),
        ("amount:>50", "amount:>50"),
        ("amount:<=20,50eur", "amount:<=20.5EUR"),
        ("amount:100", "amount:100"),
        ("priority:>=HIGH", "priority:>=high"),
        ("due:4h", "due:<4h"),
        ("due:>2d", "due:>2d"),
        ("ref T-1042", "ref:T-1042"),
        ("ref:1042", ""),
        ("-tag:spam", "-tag:spam"),
    ],
)
def test_a_filter_is_stored_in_one_way(typed: str, written: str) -> None:
    filters = read_filters(typed)
    assert " ".join(map(str, filters.chosen)) == written
    assert filters.words == ""


@pytest.mark.parametrize(
    "typed",
    [
        "is:opne",
        "amount:much",
        "due:soon",
        "marketplace:XX",
        "language:",
        "fulfilled:them",
        "ref:5",
        "tag:",
        "from:an",
    ],
)
def test_a_value_that_is_none_is_reported_as_typed(typed: str) -> None:
    assert read_filters(f"lamp {typed}") == Filters(
        words="lamp", unknown=(Unknown(typed, Misunderstood.VALUE),)
    )


def test_a_name_that_is_none_is_reported_as_typed() -> None:
    assert read_filters("agnet:ana").unknown == (Unknown("agnet:ana", Misunderstood.NAME),)
    assert read_filters("agnet:ana").unknown[0].name == "agnet"


@pytest.mark.parametrize("typed", ["10:30", "Re: lamp", "https://example.org/x", '"is:open"', "a.b:c", "- x"])
def test_what_is_no_filter_stays_as_words(typed: str) -> None:
    assert read_filters(typed) == Filters(words=typed)


def test_keys_of_an_order_are_words() -> None:
    assert read_filters("order:302-1234567-1234567 sku:NL-7").words == '"302-1234567-1234567" "NL-7"'


def test_filters_words_and_what_is_unknown_are_kept_apart() -> None:
    filters = read_filters('broken is:open "late parcel" amount:>50 foo:bar lamp is:open')
    assert filters.chosen == (
        Filter(FilterName.IS, Being.OPEN),
        Filter(FilterName.AMOUNT, "50", Comparison.MORE),
    )
    assert filters.words == 'broken "late parcel" lamp'
    assert [each.text for each in filters.unknown] == ["foo:bar"]


def test_a_sum_and_a_time_left_are_numbers() -> None:
    assert read_filters("amount:>20.50eur").chosen[0].amount == (Decimal("20.5"), "EUR")
    assert read_filters("amount:3").chosen[0].amount == (Decimal(3), "")
    assert read_filters("due:<90m").chosen[0].span == timedelta(minutes=90)


def test_one_piece_can_be_taken_out() -> None:
    filters = read_filters("is:open has:claim foo:bar lamp")
    assert str(filters.without(filters.chosen[0])) == "has:claim lamp foo:bar"
    assert str(filters.without(filters.unknown[0])) == "is:open has:claim lamp"


def test_conditions_are_found_by_name_and_sign() -> None:
    filters = read_filters("has:claim -has:note is:open")
    assert filters.of(FilterName.HAS) == (Filter(FilterName.HAS, Having.CLAIM),)
    assert filters.of(FilterName.HAS, is_not=True) == (Filter(FilterName.HAS, Having.NOTE, is_not=True),)


def test_nothing_typed_is_no_filter() -> None:
    assert not read_filters(' \t "" ')


@given(
    st.one_of(
        st.text(max_size=120),
        st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join),
        st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=8).map("".join),
    )
)
@example('ref is:open T-1042"')
@example('x"is:open tag:"a b" y"z')
def test_any_text_gives_filters_that_are_read_again_as_they_were(typed: str) -> None:
    filters = read_filters(typed)
    assert read_filters(str(filters)) == filters


@given(st.lists(st.sampled_from(["is:open", "tag:late", "foo:bar", "is:opne", "lamp"]), unique=True))
def test_no_piece_is_ever_dropped(typed: list[str]) -> None:
    assert sorted(str(read_filters(" ".join(typed))).split()) == sorted(typed)
