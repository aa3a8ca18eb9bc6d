"""The list of macros, the box it fills, and the preview of one with steps."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from http import HTTPStatus

import pytest
from django.test import Client
from django.utils import timezone

from mostrador.domain.delivery import State
from mostrador.domain.macro_conditions import Conditions
from mostrador.domain.macro_steps import HowMuch, Step, StepKind
from mostrador.domain.macros import Macro, Says
from mostrador.models import Agent, Order, Refund, Reply, SavedMacro, Ticket
from tests import makers

HTMX = {"HTTP_HX_REQUEST": "true"}
PART = Step(StepKind.REFUND, how=HowMuch.PERCENT, percent=Decimal("20"), reason="GeneralAdjustment")
MACRO = Macro(
    "part",
    {"en": "Part of the price", "de": "Ein Teil des Preises"},
    {"en": "Hello {buyer}, refunded {amount}, {reference}.", "de": "{greeting} erstattet: {amount}."},
    steps=(PART, Step(StepKind.TAG, tag="goodwill"), Step(StepKind.CLOSE)),
)


@pytest.fixture
def ticket(agent: Agent) -> Ticket:
    """A ticket about a shipped order of 25.00 from Germany."""
    return makers.make_ticket(order=makers.make_order())


def keep(macro: Macro = MACRO, **more: object) -> None:
    """Store a macro."""
    SavedMacro.objects.keep(macro=replace(macro, **more), agent=None, now=makers.NOW)  # type: ignore[arg-type]


def options(html: str) -> dict[str, str]:
    """Return the options of the list by name."""
    return {part.partition('"')[0]: part for part in html.split('<li role="option" id="macro-')[1:]}


def fields(html: str) -> dict[str, str]:
    """Return the hidden fields and the words of a preview, as its form would post them."""
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    words = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", html, re.S)
    return {**found, "text": words[1] if words else ""}


def test_the_list_greys_what_cannot_be_used_and_says_why(desk: Client, ticket: Ticket) -> None:
    keep()
    keep(replace(MACRO, slug="french"), conditions=Conditions(marketplaces=("FR",)))
    shown = options(desk.get(f"/tickets/{ticket.pk}/macros", **HTMX).content.decode())
    assert "aria-disabled" not in shown["part"]
    assert f'data-run="/tickets/{ticket.pk}/macros/part?language=de"' in shown["part"]
    assert "Refund 20 % (Goodwill or adjustment) · Add the tag “goodwill” · Close the ticket" in shown["part"]
    assert 'aria-disabled="true"' in shown["french"]
    assert "only for FR" in shown["french"]
    assert "no refund makes it true yet" in shown["refund_issued"]
    assert 'aria-disabled="true"' not in shown["already_shipped"]


@pytest.mark.parametrize(
    ("days", "parcel", "why"),
    [
        (2, True, ""),
        (-2, True, "past, or not known here: the day it should arrive"),
        (2, False, "not known here: the tracking number, the carrier"),
        (
            -2,
            False,
            "not known here: the tracking number, the carrier · "
            "past, or not known here: the day it should arrive",
        ),
    ],
)
def test_a_shipped_order_is_never_said_not_to_have_shipped(
    desk: Client, agent: Agent, days: int, parcel: bool, why: str
) -> None:
    order = makers.make_order()
    packages = [{"carrier": "DHL", "tracking_number": "DE123"}] if parcel else []
    Order.objects.filter(pk=order.pk).update(
        deliver_by=timezone.now() + timedelta(days=days), packages=packages
    )
    late = makers.make_ticket(order=order)
    said = options(desk.get(f"/tickets/{late.pk}/macros", **HTMX).content.decode())["parcel_on_its_way"]
    assert ("aria-disabled" in said) == bool(why)
    assert why in said
    assert "has not shipped" not in said


def test_an_order_that_has_not_shipped_is_said_so(desk: Client, agent: Agent) -> None:
    keep(replace(MACRO, slug="on_its_way", marked=Says.SHIPPED, steps=(), texts={"en": "{tracking}"}))
    waiting = makers.make_ticket(order=makers.make_order(status="UNSHIPPED"))
    said = options(desk.get(f"/tickets/{waiting.pk}/macros", **HTMX).content.decode())["on_its_way"]
    assert "the order has not shipped" in said


def test_a_macro_that_is_switched_off_is_not_in_the_list(desk: Client, ticket: Ticket) -> None:
    keep(is_active=False)
    assert "part" not in options(desk.get(f"/tickets/{ticket.pk}/macros", **HTMX).content.decode())
    assert desk.get(f"/tickets/{ticket.pk}/macros/part").status_code == HTTPStatus.NOT_FOUND


def test_a_preview_shows_amounts_and_words_and_does_nothing(desk: Client, ticket: Ticket) -> None:
    keep()
    html = desk.get(f"/tickets/{ticket.pk}/macros/part?language=en", **HTMX).content.decode()
    assert "Refund €5.00 (Goodwill or adjustment)" in html
    assert "Hello Jürgen Groß, refunded €5.00, <mark>reference</mark>." in html
    assert "Send this answer when Amazon accepts" in html
    assert not Refund.objects.exists()
    assert "<html" in desk.get(f"/tickets/{ticket.pk}/macros/part").content.decode()


def test_one_press_does_all_of_it_and_a_double_click_nothing_more(desk: Client, ticket: Ticket) -> None:
    keep()
    path = f"/tickets/{ticket.pk}/macros/part"
    posted = fields(desk.get(f"{path}?language=en", **HTMX).content.decode())
    assert [desk.post(path, posted, **HTMX).status_code for _ in range(2)] == [200, 200]
    refund, reply = Refund.objects.get(), Reply.objects.get()
    assert (refund.total, refund.state) == (500, State.REQUESTED)
    assert (reply.armed_refund, reply.closes_ticket) == (refund, True)
    assert reply.text == "Hello Jürgen Groß, refunded {amount}, {reference}."
    ticket.refresh_from_db()
    assert ticket.tags == ["goodwill"]


def test_a_refused_press_says_why_and_keeps_the_words(desk: Client, ticket: Ticket) -> None:
    keep()
    path = f"/tickets/{ticket.pk}/macros/part"
    posted = fields(desk.get(path, **HTMX).content.decode())
    makers.make_refund(ticket=ticket, state=State.SENT)
    answer = desk.post(path, {**posted, "text": "Mine: {amount}"}, **HTMX)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    html = answer.content.decode()
    assert "is still under way" in html
    assert "Mine: {amount}" in html
    assert re.search(r'id="macro-go"[^>]* disabled', html)
    assert Refund.objects.count() == 1
    assert not Reply.objects.exists()


def test_the_language_that_stands_in_is_named(desk: Client, ticket: Ticket) -> None:
    keep(texts={"en": "Hello {buyer}."}, steps=(Step(StepKind.TAG, tag="seen"),))
    html = desk.get(f"/tickets/{ticket.pk}/macros/part?language=ja", **HTMX).content.decode()
    assert "Written in English" in html
    assert "Hello Jürgen Groß." in html
