"""Words: everything that can be refused, and every state and event, has its sentence in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation

from mostrador.amazon.acknowledgements import CancelReason
from mostrador.amazon.adjustments import AdjustmentReason
from mostrador.domain.delivery import State
from mostrador.domain.macros import Macro
from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.web.queue import ICONS, TITLES, Lists
from mostrador.web.reasons import CANCEL_WORDS, REFUND_WORDS, cancel_reasons, refund_reasons
from mostrador.web.reply_form import MACRO_WORDS
from mostrador.web.states import LOOKS, REPLY_LOOKS
from mostrador.web.words import refusal_words

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
@pytest.mark.parametrize("language", ["en", "es"])
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
    assert set(MACRO_WORDS) == set(Macro)


def test_the_spanish_is_complete() -> None:
    path = Path(settings.BASE_DIR) / "locale" / "es" / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        catalog = read_po(file, locale="es")
    assert len(catalog) > 300
    for message in catalog:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(texts), message.id
        assert not message.fuzzy or not message.id
