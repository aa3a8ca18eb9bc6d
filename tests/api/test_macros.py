"""Macros through the API: listed, and named by replies that stay true."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mostrador.domain.delivery import State
from mostrador.domain.macro_conditions import Conditions
from mostrador.domain.macros import Macro
from mostrador.domain.starter_set import starter_set
from mostrador.models import Reply, SavedMacro, Ticket
from tests.api.programs import Program
from tests.makers import NOW, make_order, make_refund, make_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket() -> Ticket:
    """A German ticket about a shipped order."""
    return make_ticket(order=make_order())


def asked(program: Program, ticket: Ticket, macro: str, key: str = "", **more: Any) -> Any:
    """Ask for a reply in the words of a macro."""
    return program.post(f"tickets/{ticket.reference}/replies", {"macro": macro, **more}, key=key)


def test_every_macro_is_listed_in_the_teams_order(program: Program) -> None:
    told = program.get("macros").body["items"]

    assert [each["slug"] for each in told] == list(starter_set())
    part = next(each for each in told if each["slug"] == "refund_part")
    assert (part["says"], part["active"], sorted(part["text"])) == (
        "refunded",
        True,
        ["de", "en", "es", "fr", "it", "ja"],
    )
    assert part["when"]["fulfilled_by"] == "FBM"
    assert part["steps"][0] == {
        "do": "refund",
        "how": "percent",
        "percent": "15",
        "reason": "GeneralAdjustment",
        "tag": None,
        "to": None,
        "priority": None,
    }


def test_strangers_are_told_nothing(stranger: Program) -> None:
    assert stranger.get("macros").status == 401


def test_a_macro_that_is_true_is_said_in_the_tickets_language(program: Program, ticket: Ticket) -> None:
    refund = make_refund(ticket=ticket, state=State.ACCEPTED)

    answer = asked(program, ticket, "refund_issued")

    assert answer.status == 201
    assert "10,00\xa0€ erstattet" in answer.body["text"]
    assert refund.reference in answer.body["text"]
    stored = Reply.objects.get()
    assert (stored.macro, stored.language, stored.armed_action) == ("refund_issued", "de", None)


def test_a_macro_that_is_not_true_is_refused(program: Program, ticket: Ticket) -> None:
    make_refund(ticket=ticket, state=State.SENT)

    answer = asked(program, ticket, "refund_issued")

    assert (answer.status, set(answer.codes)) == (422, {"not_true_yet"})
    assert not Reply.objects.exists()


def test_a_macro_waits_for_what_makes_it_true(program: Program, ticket: Ticket) -> None:
    refund = make_refund(ticket=ticket, state=State.SENT)

    answer = asked(program, ticket, "refund_issued", armed_on=refund.reference, language="en", close=True)

    assert answer.status == 201
    assert "a refund of {amount}" in answer.body["text"]
    assert Reply.objects.get().armed_refund == refund


def test_the_same_key_is_the_same_words_even_when_the_truth_has_moved(
    program: Program, ticket: Ticket
) -> None:
    refund = make_refund(ticket=ticket, state=State.SENT)
    first = asked(program, ticket, "refund_issued", key="k-1", armed_on=refund.reference)
    refund.move(State.ACCEPTED, now=NOW)

    second = asked(program, ticket, "refund_issued", key="k-1", armed_on=refund.reference)

    assert (first.status, second.status) == (201, 200)
    assert second.body["text"] == first.body["text"]
    assert Reply.objects.count() == 1


@pytest.mark.parametrize(
    ("macro", "code"), [("nobody_wrote_it", "no_such_macro"), ("french", "macro_not_offered")]
)
def test_a_macro_that_is_not_there_or_not_meant_is_refused(
    program: Program, ticket: Ticket, macro: str, code: str
) -> None:
    french = Macro(
        "french", {"en": "French"}, {"fr": "Bonjour."}, conditions=Conditions(marketplaces=("FR",))
    )
    SavedMacro.objects.keep(macro=french, agent=None, now=NOW)

    answer = asked(program, ticket, macro)

    assert (answer.status, answer.codes) == (422, [code])
    assert not Reply.objects.exists()


def test_a_macro_that_is_switched_off_is_not_said(program: Program, ticket: Ticket) -> None:
    off = replace(starter_set()["already_shipped"], is_active=False)
    SavedMacro.objects.keep(macro=off, agent=None, now=NOW)

    assert asked(program, ticket, "already_shipped").codes == ["no_such_macro"]
    listed = {each["slug"]: each["active"] for each in program.get("macros").body["items"]}
    assert listed["already_shipped"] is False


def test_a_reply_of_neither_words_nor_macro_is_empty(program: Program, ticket: Ticket) -> None:
    answer = program.post(f"tickets/{ticket.reference}/replies", {})

    assert (answer.status, answer.codes) == (422, ["empty_message"])
