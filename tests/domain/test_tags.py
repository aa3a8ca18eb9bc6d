"""Tags: one way to write each, no control characters, never too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostrador.domain.tags import LONGEST_TAG, normal_tag, with_tag, without_tag


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Late  Parcel", "late-parcel"),
        ("#late-parcel", "late-parcel"),
        ("  VIP, ", "vip"),
        ("Straße", "strasse"),
        ("ＶＩＰ", "vip"),
        ("返品", "返品"),
        ("a\u200bb\x00", "ab"),
        ("tag:vip", "tag-vip"),
        ("--", ""),
        (" ", ""),
        ("x" * 99, "x" * LONGEST_TAG),
    ],
)
def test_a_tag_is_written_one_way(typed: str, stored: str) -> None:
    assert normal_tag(typed) == stored


@given(st.text(max_size=200))
def test_what_is_stored_is_stored_the_same_again(typed: str) -> None:
    stored = normal_tag(typed)
    assert len(stored) <= LONGEST_TAG
    assert not any(character.isspace() for character in stored)
    assert normal_tag(stored) == stored


def test_tags_stand_in_the_order_of_the_alphabet_and_once() -> None:
    assert with_tag(["vip", "late"], "vip") == ["late", "vip"]
    assert with_tag(["vip"], "late") == ["late", "vip"]
    assert without_tag(["late", "vip"], "late") == ["vip"]
    assert without_tag(["late"], "vip") == ["late"]
