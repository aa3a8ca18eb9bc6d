"""Words that say something has happened are found in all six languages, and promises are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mostrador.domain.claims import Claim, unmarked_claims
from mostrador.domain.macros import Macro, Says
from mostrador.domain.starter_set import starter_set

REFUNDED = {
    "en": ["We have refunded you.", "Your refund has been issued today.", "A refund was made to your card."],
    "es": ["Le hemos reembolsado el importe.", "El reembolso ya está realizado."],
    "de": ["Wir haben Ihnen den Betrag erstattet.", "Die Erstattung wurde heute veranlasst."],
    "fr": ["Nous vous avons remboursé.", "Le remboursement a été effectué hier."],
    "it": ["Le abbiamo rimborsato l'importo.", "Il rimborso è stato effettuato."],
    "ja": ["返金いたしました。", "返金手続きが完了しました。"],
}
CANCELLED = {
    "en": ["We have cancelled your order.", "Your order was canceled."],
    "es": ["Hemos cancelado su pedido.", "Su pedido ha sido anulado."],
    "de": ["Wir haben Ihre Bestellung storniert.", "Ihre Bestellung wurde storniert."],
    "fr": ["Nous avons annulé votre commande.", "Votre commande a été annulée."],
    "it": ["Abbiamo annullato il Suo ordine.", "Il Suo ordine è stato annullato."],
    "ja": ["ご注文をキャンセルいたしました。", "キャンセルが完了しました。"],
}
PROMISES = {
    "en": [
        "We will refund you once it is back.",
        "It can no longer be cancelled.",
        "You have not been refunded.",
    ],
    "es": ["Le reembolsaremos cuando llegue.", "No podemos cancelarlo."],
    "de": ["Wir erstatten Ihnen den Betrag, sobald es da ist.", "Wir können nicht mehr stornieren."],
    "fr": ["Nous vous rembourserons dès réception.", "Nous ne pouvons plus l'annuler."],
    "it": ["Le rimborseremo l'importo appena arriva.", "Non possiamo più annullarlo."],
    "ja": ["到着後に返金いたします。", "キャンセルを承ることができません。"],
}


def macro(language: str, text: str, **more: Says) -> Macro:
    """Return a macro of one text."""
    return Macro("mine", {"en": "Mine"}, {language: text}, **more)


def pairs(said: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Return every text with its language."""
    return [(language, text) for language, texts in said.items() for text in texts]


@pytest.mark.parametrize(("language", "text"), pairs(REFUNDED))
def test_a_text_that_says_refunded_is_found(language: str, text: str) -> None:
    assert unmarked_claims(macro(language, text)) == [Claim(language, Says.REFUNDED)]
    assert unmarked_claims(macro(language, text, marked=Says.REFUNDED)) == []


@pytest.mark.parametrize(("language", "text"), pairs(CANCELLED))
def test_a_text_that_says_cancelled_is_found(language: str, text: str) -> None:
    assert unmarked_claims(macro(language, text)) == [Claim(language, Says.CANCELLED)]
    assert unmarked_claims(macro(language, text, marked=Says.CANCELLED)) == []


@pytest.mark.parametrize(("language", "text"), pairs(PROMISES))
def test_a_promise_is_no_claim(language: str, text: str) -> None:
    assert unmarked_claims(macro(language, text)) == []


@pytest.mark.parametrize("slug", list(starter_set()))
def test_no_macro_of_the_starter_set_claims_what_it_is_not_bound_to(slug: str) -> None:
    assert unmarked_claims(starter_set()[slug]) == []


@pytest.mark.parametrize("slug", ["refund_issued", "cancel_as_asked", "return_arrived"])
def test_without_its_mark_and_places_the_starter_set_would_be_found(slug: str) -> None:
    bare = starter_set()[slug]
    texts = {language: text.replace("{", "<").replace("}", ">") for language, text in bare.texts.items()}

    found = unmarked_claims(replace(bare, marked=Says.NOTHING, steps=(), texts=texts))

    assert sorted({each.language for each in found}) == ["de", "en", "es", "fr", "it", "ja"]
