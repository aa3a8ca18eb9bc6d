"""Words: everything that can be refused, and every state and event, has its sentence in every language."""

from __future__ import annotations

import pytest
from django.utils import translation

from mostrador.amazon.acknowledgements import CancelReason
from mostrador.amazon.adjustments import AdjustmentReason
from mostrador.domain.delivery import State
from mostrador.domain.guards import ReasonCode
from mostrador.domain.macro_conditions import Unmet, UnmetCode
from mostrador.domain.macro_steps import HowMuch
from mostrador.domain.macros import Says
from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.domain.senders import Doubt
from mostrador.tasks.reconciling import RESTORED_WORDS
from mostrador.web.doubts import WARNINGS
from mostrador.web.macro_words import HOW_WORDS, SAYS_WORDS, unmet_words
from mostrador.web.own_words import own_words
from mostrador.web.queue import ICONS, TITLES, Lists
from mostrador.web.reasons import CANCEL_WORDS, REFUND_WORDS, cancel_reasons, refund_reasons
from mostrador.web.sending import reason_words
from mostrador.web.states import LOOKS, REPLY_LOOKS
from mostrador.web.words import refusal_words
from tests.web.catalogs import TRANSLATED

FACTS: dict[str, str | int] = {
    "item": "12345678901234",
    "title": "Desk lamp",
    "component": "principal",
    "amount": 1500,
    "left": 500,
    "seen": 900,
    "currency": "EUR",
    "refund": "R-1001",
    "cancellation": "C-1001",
    "original": "302-1-1",
    "status": "ODD",
    "state": "sent",
    "longest": 10,
    "length": 11,
    "field": "Sum",
    "text": "x",
    "example": "15.00",
}


@pytest.mark.parametrize("code", RefusalCode)
@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_every_refusal_is_a_whole_sentence_with_and_without_its_facts(
    code: RefusalCode, language: str
) -> None:
    with translation.override(language):
        for facts in (FACTS, {}):
            words = refusal_words(Refusal(code, dict(facts)))
            assert len(words) > 20
            assert words[-1] in ".»”"
            assert "%(" not in words


def test_refusals_speak_both_languages() -> None:
    refusal = Refusal(RefusalCode.AMOUNT_ABOVE_LEFT, dict(FACTS))
    with translation.override("en"):
        assert refusal_words(refusal) == "Item of “Desk lamp”: €15.00 is more than the €5.00 that are left."
    with translation.override("es"):
        assert (
            refusal_words(refusal) == "Artículo de «Desk lamp»: 15,00\xa0€ es más de lo que queda, 5,00\xa0€."
        )


def test_every_state_has_a_word_a_colour_and_an_icon() -> None:
    for looks in (LOOKS, REPLY_LOOKS):
        assert set(looks) == set(State)
        assert all(str(look.word) and look.icon for look in looks.values())


def test_every_reason_of_amazon_has_words_and_stands_in_one_group() -> None:
    assert set(REFUND_WORDS) == set(AdjustmentReason)
    assert set(CANCEL_WORDS) == set(CancelReason)
    for groups, all_reasons in ((refund_reasons(), AdjustmentReason), (cancel_reasons(), CancelReason)):
        shown = [code for group in groups for code, _ in group.reasons]
        assert sorted(shown) == sorted(all_reasons)


def test_every_list_and_every_macro_has_its_name() -> None:
    assert set(TITLES) == set(ICONS) == set(Lists)
    assert set(HOW_WORDS) == set(HowMuch)
    assert set(SAYS_WORDS) == set(Says)
    for code in UnmetCode:
        assert unmet_words(Unmet(code, ("DE",)))


def test_every_doubt_and_every_reason_of_a_stop_has_its_words() -> None:
    assert set(WARNINGS) == set(Doubt)
    for code in ReasonCode:
        assert reason_words(code) != code.value


@pytest.mark.parametrize(
    "note",
    [
        "not in Amazon's list, looked 4 times",
        "Amazon lists 2 feeds that could be this one: 1, 2",
        "Amazon has shown IN_PROGRESS for more than 8 hours; ask Seller Support",
        "Amazon stopped while working on it: some, none or all of it may have been done",
        "the worker that was sending stopped before it could note the answer",
        "Amazon gave feed 5012 after it had been decided as absent",
        RESTORED_WORDS,
    ],
)
@pytest.mark.parametrize("language", TRANSLATED)
def test_our_own_notes_are_translated_and_amazons_words_stay(language: str, note: str) -> None:
    with translation.override("en"):
        assert own_words(note).startswith(note[:40])
    with translation.override(language):
        assert own_words(note) != note
        assert own_words("Exceeds the refundable amount") == "Exceeds the refundable amount"
