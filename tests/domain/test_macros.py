"""Macros say what is true, in the buyer's language, and nothing Amazon forbids."""

from __future__ import annotations

import re

import pytest

from mostrador.amazon.acknowledgements import CancelReason
from mostrador.amazon.adjustments import AdjustmentReason
from mostrador.domain.delivery import TRUE_FOR_THE_BUYER, State
from mostrador.domain.macros import (
    LANGUAGES,
    Facts,
    Macro,
    Says,
    choose_language,
    draft,
    fill,
    format_money,
    render,
    unfilled_places,
)
from mostrador.domain.reason_words import is_worded, reason_words
from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.domain.starter_set import starter_set
from mostrador.money import Money

TWELVE_FIFTY = Money(1250, "EUR")
FORBIDDEN = re.compile(
    r"\b(review|feedback|stars?|bewertung|sterne|reseña|opinión|avis|étoiles|recensione|stelle)\b|レビュー|評価"
)
REFUND_ISSUED = starter_set()["refund_issued"]
ORDER_CANCELLED = starter_set()["order_cancelled"]
REFUND_UNDER_WAY = starter_set()["refund_under_way"]
ALREADY_SHIPPED = starter_set()["already_shipped"]
BUILT_IN = (REFUND_ISSUED, ORDER_CANCELLED, REFUND_UNDER_WAY, ALREADY_SHIPPED)
NOT_TRUE = sorted(set(State) - TRUE_FOR_THE_BUYER)


def facts(
    *,
    state: State | None = State.ACCEPTED,
    amount: Money | None = TWELVE_FIFTY,
    reason: str = "CustomerReturn",
    buyer: str = "Jürgen Groß",
    is_shipped: bool = True,
) -> Facts:
    """Return what is known of a refund of 12.50 €."""
    return Facts(
        buyer=buyer,
        order="302-1234567-7654321",
        partner="Nordlicht",
        state=state,
        amount=amount,
        reason=reason,
        reference="R-1042",
        is_shipped=is_shipped,
    )


def test_refund_issued_tells_amount_reason_and_reference() -> None:
    said = render(macro=REFUND_ISSUED, language="de", facts=facts())

    assert said.refusals == ()
    assert said.text.startswith(
        "Guten Tag Jürgen Groß,\n\n"
        "wir haben Ihnen für Ihre Bestellung 302-1234567-7654321 12,50\xa0€ erstattet.\n"
        "Grund: Rücksendung\n"
        "Unser Zeichen: R-1042\n"
    )
    assert said.text.endswith("Mit freundlichen Grüßen\nNordlicht")


@pytest.mark.parametrize("macro", [REFUND_ISSUED, ORDER_CANCELLED])
@pytest.mark.parametrize("state", [*NOT_TRUE, None])
def test_nothing_is_said_to_have_happened_before_amazon_accepted(macro: Macro, state: State | None) -> None:
    said = render(macro=macro, language="en", facts=facts(state=state))

    assert Refusal(RefusalCode.NOT_TRUE_YET, {"state": state or ""}) in said.refusals


@pytest.mark.parametrize("macro", [REFUND_ISSUED, ORDER_CANCELLED])
@pytest.mark.parametrize("state", sorted(TRUE_FOR_THE_BUYER))
def test_what_amazon_accepted_may_be_told(macro: Macro, state: State) -> None:
    assert render(macro=macro, language="en", facts=facts(state=state)).refusals == ()


@pytest.mark.parametrize(
    ("state", "is_true"),
    [
        (State.REQUESTED, True),
        (State.SENDING, True),
        (State.SENT, True),
        (State.ACCEPTED, True),
        (State.UNKNOWN, False),
        (State.REVIEW, False),
        (State.NOT_SENT, False),
        (State.REJECTED, False),
        (State.WITHDRAWN, False),
        (None, False),
    ],
)
def test_a_refund_is_under_way_only_while_nothing_speaks_against_it(
    state: State | None, is_true: bool
) -> None:
    said = render(macro=REFUND_UNDER_WAY, language="en", facts=facts(state=state))

    assert (said.refusals == ()) is is_true


@pytest.mark.parametrize("is_shipped", [True, False])
def test_too_late_to_cancel_is_said_only_of_a_shipped_order(is_shipped: bool) -> None:
    said = render(macro=ALREADY_SHIPPED, language="en", facts=facts(is_shipped=is_shipped, state=None))

    assert (said.refusals == ()) is is_shipped


@pytest.mark.parametrize("macro", BUILT_IN)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_macro_is_whole_in_every_language(macro: Macro, language: str) -> None:
    said = render(macro=macro, language=language, facts=facts())

    assert said.refusals == ()
    assert "{" not in said.text
    assert "302-1234567-7654321" in said.text
    assert "Jürgen Groß" in said.text
    assert said.text.endswith("Nordlicht")


@pytest.mark.parametrize("macro", BUILT_IN)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_macro_holds_what_amazon_forbids(macro: Macro, language: str) -> None:
    text = render(macro=macro, language=language, facts=facts()).text.lower()

    assert not re.search(r"https?:|www\.|@|\.com|\+\d|\d{6,}", text.replace("302-1234567-7654321", ""))
    assert not FORBIDDEN.search(text)


@pytest.mark.parametrize("macro", [REFUND_ISSUED, REFUND_UNDER_WAY])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_tells_amount_reason_and_reference(macro: Macro, language: str) -> None:
    text = render(macro=macro, language=language, facts=facts()).text

    assert format_money(Money(1250, "EUR"), language) in text
    assert reason_words("CustomerReturn", language) in text
    assert "R-1042" in text


@pytest.mark.parametrize(
    ("language", "money", "words"),
    [
        ("en", Money(1250, "USD"), "$12.50"),
        ("en", Money(1250, "GBP"), "£12.50"),
        ("de", Money(123450, "EUR"), "1.234,50\xa0€"),
        ("es", Money(1250, "EUR"), "12,50\xa0€"),
        ("fr", Money(1250, "EUR"), "12,50\xa0€"),
        ("it", Money(1250, "EUR"), "12,50\xa0€"),
        ("ja", Money(1099, "JPY"), "￥1,099"),
    ],
)
def test_an_amount_is_written_as_people_of_the_language_write_it(
    language: str, money: Money, words: str
) -> None:
    assert format_money(money, language) == words


def test_a_draft_leaves_open_what_amazon_decides() -> None:
    text = draft(macro=REFUND_ISSUED, language="en", facts=facts(state=State.SENT))

    assert unfilled_places(text) == ("amount", "reason", "reference")
    assert text.startswith("Hello Jürgen Groß,")


def test_a_draft_is_filled_from_the_true_state_at_sending() -> None:
    text = draft(macro=REFUND_ISSUED, language="en", facts=facts(state=State.SENT)) + "\nPS: sorry!"

    said = fill(text=text, says=Says.REFUNDED, language="en", facts=facts())

    assert said.refusals == ()
    assert "a refund of €12.50 for" in said.text
    assert said.text.endswith("PS: sorry!")


def test_a_place_with_nothing_true_to_hold_is_refused_by_name() -> None:
    said = fill(text="{amount} {reason}", says=Says.NOTHING, language="en", facts=facts(amount=None))

    assert said.text == "{amount} return"
    assert said.refusals == (
        Refusal(RefusalCode.NOT_TRUE_YET, {"place": "amount", "state": State.ACCEPTED.value}),
    )


def test_a_reason_is_not_told_without_an_action() -> None:
    said = fill(text="{reason}", says=Says.NOTHING, language="en", facts=facts(state=None))

    assert said.text == "{reason}"


def test_only_our_own_names_are_places() -> None:
    assert unfilled_places("{amount} {name} {} {amount} {order}") == ("amount", "order")
    assert unfilled_places("{ amount } {{reason}}") == ("reason",)


def test_a_buyers_name_cannot_open_a_place() -> None:
    text = draft(macro=REFUND_ISSUED, language="en", facts=facts(buyer="{amount}\n{order}"))

    assert text.startswith("Hello (amount) (order),\n")


def test_a_buyer_without_a_name_is_greeted_without_one() -> None:
    assert render(macro=ORDER_CANCELLED, language="es", facts=facts(buyer=" ")).text.startswith("Hola:\n")


@pytest.mark.parametrize(
    ("marketplace", "override", "chosen"),
    [("de", "", "de"), ("de", "fr", "fr"), ("pl", "", "en"), ("", "", "en"), ("ja", "xx", "ja")],
)
def test_the_language_is_the_agents_choice_then_the_marketplaces_then_english(
    marketplace: str, override: str, chosen: str
) -> None:
    assert choose_language(marketplace_language=marketplace, override=override) == chosen


@pytest.mark.parametrize("reason", sorted({*AdjustmentReason, *CancelReason}))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_of_amazons_has_words_in_every_language(reason: str, language: str) -> None:
    words = reason_words(reason, language)

    assert is_worded(reason)
    assert words
    assert reason not in words


def test_a_reason_nobody_has_worded_is_put_neutrally() -> None:
    assert reason_words("BrandNewReason", "en") == "adjustment of your order"
