"""Spellings: a name is found however hurriedly it is typed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostrador.domain.spellings import spellings


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("jurgen", "Jürgen Groß"),
        ("JÜRGEN GROSS", "Jürgen Groß"),
        ("gross", "Gross"),
        ("angels puig", "Àngels Puigdomènech"),
        ("o'call", "Siobhán O'Callaghan"),
        ("勅使河原", "勅使河原 さくら"),
        ("a.b", "a.b"),
    ],
)
def test_a_name_is_found_without_its_accents(typed: str, name: str) -> None:
    assert re.search(spellings(typed), name, re.IGNORECASE)


@pytest.mark.parametrize(("typed", "name"), [("a.b", "axb"), ("jurgen", "Jorgen"), ("[x", "x")])
def test_other_names_are_not(typed: str, name: str) -> None:
    assert not re.search(spellings(typed), name, re.IGNORECASE)


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"), max_codepoint=0x24F), max_size=20))
def test_any_text_is_a_spelling_of_its_own_small_letters(text: str) -> None:
    assert re.compile(spellings(text.lower()))
