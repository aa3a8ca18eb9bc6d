"""Searching: what a person types and what was stored are cut in the same way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostrador.domain.searching import LONGEST_WORD, MOST_TERMS, Term, fold, grams_of, terms_of, words_of


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Rückgabe", "ruckgabe"),
        ("RÜCKGABE", "rückgabe"),
        ("straße", "STRASSE"),
        ("José Ñandú", "jose nandu"),
        ("ＡＢＣ１２３", "abc123"),
        ("ﾃﾞｨﾏｰ", "ディマー"),
        ("déjà vu", "deja vu"),
    ],
)
def test_accents_capitals_and_widths_do_not_matter(written: str, typed: str) -> None:
    assert fold(written) == fold(typed)


def test_a_japanese_voiced_mark_stays_because_it_changes_the_word() -> None:
    assert fold("ハ") != fold("バ")


def test_words_are_cut_at_everything_that_is_no_letter_or_digit() -> None:
    assert words_of("302-1234567-1234567, nl_lamp-97!") == ["302", "1234567", "nl", "lamp", "97"]


def test_writing_without_spaces_is_cut_into_pairs() -> None:
    assert words_of("調光器3台") == ["調光", "光器", "台", "3"]


def test_a_word_is_kept_once_and_never_longer_than_the_limit() -> None:
    assert words_of("lamp lamp " + "x" * 99) == ["lamp", "x" * LONGEST_WORD]


def test_words_in_quotes_stay_together() -> None:
    assert terms_of('"not working" Lamp') == (
        Term("not working", ("not", "working")),
        Term("lamp", ("lamp",)),
    )


def test_marks_alone_ask_for_nothing() -> None:
    assert terms_of(' "?!" -- … ') == ()


def test_a_long_question_is_cut_to_its_first_terms() -> None:
    assert len(terms_of(" ".join(f"word{n}" for n in range(50)))) == MOST_TERMS


def test_grams_are_every_three_characters_once() -> None:
    assert grams_of("ababab") == ["aba", "bab"]
    assert grams_of("ab") == []


@given(st.text(max_size=200))
def test_any_text_is_folded_once_and_for_all(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=200))
def test_what_was_written_is_found_by_typing_it_again(text: str) -> None:
    stored = set(words_of(fold(text)))
    assert all(set(term.words) <= stored for term in terms_of(text.replace('"', " ")))
