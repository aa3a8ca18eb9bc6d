"""Macros in a ticket: true words, or a draft that must be armed, or a reason why not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from babel.dates import format_date

from mostrador.actions.macros import macro_text, macros_of, offered
from mostrador.amazon.components import Component
from mostrador.domain.delivery import State
from mostrador.domain.macros import Macro, unfilled_places
from mostrador.domain.refusals import RefusalCode
from mostrador.domain.starter_set import starter_set
from mostrador.models import Order
from tests.makers import make_agent, make_cancellation, make_order, make_refund, make_ticket

pytestmark = pytest.mark.django_db
REFUND_ISSUED = starter_set()["refund_issued"]
REFUND_UNDER_WAY = starter_set()["refund_under_way"]
ORDER_CANCELLED = starter_set()["order_cancelled"]
ALREADY_SHIPPED = starter_set()["already_shipped"]


def test_an_accepted_refund_is_told_in_full() -> None:
    ticket = make_ticket(order=make_order())
    refund = make_refund(ticket=ticket, state=State.ACCEPTED)

    said = macro_text(ticket=ticket, macro=REFUND_ISSUED)

    assert (said.language, said.refusals, said.must_be_armed) == ("de", (), False)
    assert "10,00\xa0€ erstattet" in said.text
    assert refund.reference in said.text


@pytest.mark.parametrize("state", [State.REQUESTED, State.SENT, State.UNKNOWN, State.REVIEW])
def test_a_refund_whose_outcome_is_open_gives_a_draft_that_must_be_armed(state: State) -> None:
    ticket = make_ticket(order=make_order())
    refund = make_refund(ticket=ticket, state=state)

    said = macro_text(ticket=ticket, macro=REFUND_ISSUED)

    assert (said.must_be_armed, said.armed_on) == (True, refund)
    assert [refusal.code for refusal in said.refusals] == [RefusalCode.NOT_TRUE_YET]
    assert unfilled_places(said.text) == ("amount", "reason", "reference")


@pytest.mark.parametrize("state", [State.REJECTED, State.WITHDRAWN, State.NOT_SENT])
def test_a_refund_that_did_not_happen_can_be_neither_told_nor_waited_for(state: State) -> None:
    ticket = make_ticket(order=make_order())
    make_refund(ticket=ticket, state=state)

    said = macro_text(ticket=ticket, macro=REFUND_ISSUED)

    assert (said.must_be_armed, said.armed_on) == (False, None)
    assert said.refusals[0].code == RefusalCode.NOT_TRUE_YET
    assert unfilled_places(said.text) != ()


def test_the_newest_refund_is_told_unless_another_is_named() -> None:
    order = make_order()
    ticket = make_ticket(order=order)
    first = make_refund(ticket=ticket, state=State.ACCEPTED)
    second = make_refund(ticket=ticket, state=State.ACCEPTED)

    assert second.reference in macro_text(ticket=ticket, macro=REFUND_ISSUED).text
    assert first.reference in macro_text(ticket=ticket, macro=REFUND_ISSUED, action=first).text


def test_an_accepted_cancellation_is_told_in_the_chosen_language() -> None:
    ticket = make_ticket(order=make_order(status="UNSHIPPED"))
    make_cancellation(ticket=ticket, state=State.ACCEPTED)

    said = macro_text(ticket=ticket, macro=ORDER_CANCELLED, language="fr")

    assert said.refusals == ()
    assert "a été annulée" in said.text
    assert "Motif : l'article n'est pas disponible" in said.text


def test_a_refund_does_not_tell_of_a_cancellation() -> None:
    ticket = make_ticket(order=make_order())
    refund = make_refund(ticket=ticket, state=State.ACCEPTED)

    said = macro_text(ticket=ticket, macro=ORDER_CANCELLED, action=refund)

    assert said.refusals[0].code == RefusalCode.NOT_TRUE_YET


def test_too_late_to_cancel_has_no_words_for_an_order_that_has_not_left() -> None:
    ticket = make_ticket(order=make_order(status="UNSHIPPED"))

    assert macro_text(ticket=ticket, macro=ALREADY_SHIPPED).text == ""


def test_a_ticket_without_an_order_is_offered_no_macro() -> None:
    ticket = make_ticket()

    assert offered(ticket=ticket) == []
    assert [one.macro for one in macros_of(ticket=ticket)] == list(starter_set().values())


def test_what_can_be_used_now_is_offered() -> None:
    ticket = make_ticket(order=make_order())
    make_refund(ticket=ticket, state=State.SENT)

    assert [one.macro.slug for one in offered(ticket=ticket)] == [
        "refund_issued",
        "refund_under_way",
        "already_shipped",
        "parcel_not_found",
        "address_after_shipping",
        "how_to_return",
        "damaged_or_wrong",
    ]


def test_what_amazon_says_of_the_order_fills_the_places() -> None:
    ticket = make_ticket(order=make_order(status="UNSHIPPED"))
    due = datetime.now(UTC).replace(hour=23, minute=30) + timedelta(days=3)
    Order.objects.filter(pk=ticket.order_id).update(
        ship_by=due,
        deliver_by=due,
        packages=[{"carrier": "DHL", "tracking_number": "00340434", "status": "", "shipped_at": None}],
    )
    ticket.refresh_from_db()
    text = "{item} · {ship_by} · {deliver_by} · {carrier} · {tracking} · {agent} · {partner}"
    macro = Macro("mine", {"en": "Mine"}, {"de": text})

    said = macro_text(ticket=ticket, macro=macro, language="de", agent=make_agent(name="Marta Gil"))

    # Berlin is ahead of UTC: there the day has changed already.
    day = format_date((due + timedelta(days=1)).date(), format="long", locale="de")
    assert said.text == f"Desk lamp · {day} · {day} · DHL · 00340434 · Marta Gil · Nordlicht"
    assert said.refusals == ()


def test_a_day_that_is_past_is_not_promised() -> None:
    ticket = make_ticket(order=make_order(status="UNSHIPPED"))
    past = datetime.now(UTC) - timedelta(minutes=1)
    Order.objects.filter(pk=ticket.order_id).update(ship_by=past, deliver_by=past)
    ticket.refresh_from_db()

    said = macro_text(ticket=ticket, macro=starter_set()["not_shipped_yet"], language="en")

    assert unfilled_places(said.text) == ("ship_by", "deliver_by")
    assert not said.is_usable


def test_what_the_rules_refuse_is_not_offered() -> None:
    ticket = make_ticket(order=make_order())
    make_refund(ticket=ticket, amounts={Component.PRINCIPAL: 2500}, state=State.ACCEPTED)

    said = macro_text(ticket=ticket, macro=starter_set()["refund_in_full"])

    assert [refusal.code for refusal in said.blocked] == [RefusalCode.NOTHING_LEFT]
    assert not said.is_usable


def test_a_language_without_words_is_stood_in_for() -> None:
    ticket = make_ticket(order=make_order())
    french = Macro("mine", {"en": "Mine"}, {"fr": "Bonjour {buyer}."})

    said = macro_text(ticket=ticket, macro=french, language="ja")

    assert (said.language, said.text) == ("fr", "Bonjour Jürgen Groß.")
