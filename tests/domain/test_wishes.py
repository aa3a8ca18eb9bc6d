"""What buyers want is read from their words; a "not" is heard, and a doubt is no wish."""

from __future__ import annotations

import pytest

from mostrador.domain.wishes import LONGEST_READ, Wish, wishes_in
from tests.domain.buyer_sentences import SENTENCES

LANGUAGES = ("en", "es", "de", "fr", "it", "ja")


def test_the_rules_are_right_about_nearly_every_sentence() -> None:
    wanted = [(text, {Wish(name) for name in names.split()}) for _, text, names in SENTENCES]
    said = [(wishes_in(text), wishes) for text, wishes in wanted]
    right = sum(len(found & wishes) for found, wishes in said)

    assert len(SENTENCES) >= 210
    assert right / sum(len(found) for found, _ in said) >= 0.99
    assert right / sum(len(wishes) for _, wishes in said) >= 0.99


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cancellation_is_never_heard_where_none_was_asked_for(language: str) -> None:
    mine = [(text, names.split()) for spoken, text, names in SENTENCES if spoken == language]

    assert [text for text, names in mine if (Wish.CANCEL in wishes_in(text)) is not ("cancel" in names)] == []


@pytest.mark.parametrize(
    "text",
    [
        "Please do NOT cancel",
        "Bitte nicht stornieren!",
        "No cancelen, por favor",
        "N'annulez pas",
        "Non annullate",
        "キャンセルしないでください",
    ],
)
def test_a_not_is_heard(text: str) -> None:
    assert wishes_in(text) == frozenset()


def test_a_not_does_not_reach_into_the_next_thought() -> None:
    assert wishes_in("I don't want a replacement. Cancel it.") == {Wish.CANCEL}
    assert wishes_in("Cancel? No, I do not want to cancel, where is my parcel?") >= {Wish.NOT_RECEIVED}


def test_accents_capitals_and_wide_letters_make_no_difference() -> None:
    assert (
        wishes_in("QUIERO HACER UNA DEVOLUCIÓN") == wishes_in("quiero hacer una devolucion") == {Wish.RETURN}
    )
    assert wishes_in("ｃａｎｃｅｌ please") == {Wish.CANCEL}


@pytest.mark.parametrize("text", ["", " \n ", "?!", "ok", "👍", "a" * 100_000])
def test_nothing_is_read_into_nothing(text: str) -> None:
    assert wishes_in(text) == frozenset()


def test_only_the_beginning_of_an_endless_letter_is_read() -> None:
    assert wishes_in("x " * LONGEST_READ + "cancel") == frozenset()
