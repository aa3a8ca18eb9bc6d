"""Macros with steps: shown first, then done with one press, all of it or nothing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from mostrador.actions.macro_runs import MacroWish, plan_macro, run_macro
from mostrador.amazon.components import Component
from mostrador.domain.delivery import State
from mostrador.domain.macro_conditions import Conditions
from mostrador.domain.macro_steps import HowMuch, Step, StepKind
from mostrador.domain.macros import Macro, Says
from mostrador.domain.refusals import RefusalCode, Refused, RequestKeyReused
from mostrador.domain.tickets import Priority, TicketState
from mostrador.models import Agent, Cancellation, Event, Refund, Reply, SavedMacro, Ticket
from mostrador.money import Money
from tests.makers import NOW, make_agent, make_item, make_order, make_refund, make_ticket

pytestmark = pytest.mark.django_db

PART = Step(StepKind.REFUND, how=HowMuch.PERCENT, percent=Decimal("15"), reason="GeneralAdjustment")
CANCEL = Step(StepKind.CANCEL, reason="BuyerCanceled")
CLOSE = Step(StepKind.CLOSE)


def make_macro(*steps: Step, text: str = "Refunded: {amount}, {reference}.", **more: object) -> Macro:
    """Store a macro in English and return it."""
    macro = Macro("part", {"en": "Part"}, {"en": text} if text else {}, steps=steps)
    macro = replace(macro, **more)  # type: ignore[arg-type]  # fields of a macro by name
    SavedMacro.objects.keep(macro=macro, agent=None, now=NOW)
    return macro


def wish_for(ticket: Ticket, macro: Macro, agent: Agent, **more: object) -> MacroWish:
    """Return the press on what the preview shows."""
    plan = plan_macro(ticket=ticket, macro=macro, agent=agent)
    wish = MacroWish(
        slug=macro.slug,
        text=plan.text,
        language=plan.said.language,
        request_key="key-of-the-form",
        stamp=plan.stamp,
        seen_available=plan.seen_available,
    )
    return replace(wish, **more)  # type: ignore[arg-type]  # fields of a wish by name


def lamp() -> Ticket:
    """Return a ticket about a lamp of 25.00 and its shipping of 4.99."""
    paid = {Component.PRINCIPAL: 2500, Component.SHIPPING: 499}
    return make_ticket(order=make_order(items=[make_item(paid=paid)]))


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[RefusalCode]:
    """Return the codes of a refusal."""
    return [refusal.code for refusal in refused.value.refusals]


@pytest.mark.parametrize(
    ("how", "percent", "minor"),
    [
        (HowMuch.FULL, None, 2999),
        (HowMuch.GOODS, None, 2500),
        (HowMuch.SHIPPING, None, 499),
        (HowMuch.PERCENT, Decimal("15"), 450),
        (HowMuch.PERCENT, Decimal("33.33"), 999),
    ],
)
def test_a_preview_tells_the_exact_amount_and_writes_nothing(
    how: HowMuch, percent: Decimal | None, minor: int
) -> None:
    ticket = lamp()
    macro = make_macro(Step(StepKind.REFUND, how=how, percent=percent, reason="GeneralAdjustment"), CLOSE)

    plan = plan_macro(ticket=ticket, macro=macro, agent=make_agent())

    assert plan.steps[0].money == Money(minor, "EUR")
    assert (plan.is_possible, plan.waits, plan.seen_available) == (True, True, 2999)
    assert plan.text == "Refunded: {amount}, {reference}."
    assert plan.shown == f"Refunded: €{minor // 100}.{minor % 100:02d}, {{reference}}."
    assert not Refund.objects.exists()
    assert not Event.objects.exists()


def test_one_press_asks_for_all_and_the_words_wait_for_amazon() -> None:
    ticket, agent = lamp(), make_agent()
    steps = (
        PART,
        Step(StepKind.TAG, tag="goodwill"),
        Step(StepKind.ASSIGN, to="me"),
        Step(StepKind.PRIORITY, priority="high"),
        CLOSE,
    )
    macro = make_macro(*steps)

    run = run_macro(ticket=ticket, agent=agent, wish=wish_for(ticket, macro, agent), now=NOW)

    refund, reply = Refund.objects.get(), Reply.objects.get()
    assert (run.action, run.reply) == (refund, reply)
    assert (refund.total, refund.reason, refund.ticket) == (450, "GeneralAdjustment", ticket)
    assert (reply.armed_refund, reply.closes_ticket, reply.macro) == (refund, True, "part")
    assert reply.text == "Refunded: {amount}, {reference}."
    ticket.refresh_from_db()
    assert (ticket.tags, ticket.assigned_to, ticket.priority) == (["goodwill"], agent, Priority.HIGH)
    assert ticket.state == TicketState.OPEN


def test_a_double_click_is_one_wish() -> None:
    ticket, agent = lamp(), make_agent()
    macro = make_macro(PART, Step(StepKind.TAG, tag="goodwill"))
    wish = wish_for(ticket, macro, agent)

    first = run_macro(ticket=ticket, agent=agent, wish=wish, now=NOW)
    events = Event.objects.count()
    second = run_macro(ticket=ticket, agent=agent, wish=wish, now=NOW)

    assert first == second
    assert (Refund.objects.count(), Reply.objects.count(), Event.objects.count()) == (1, 1, events)


def test_the_same_key_with_other_words_is_another_wish_and_refused() -> None:
    ticket, agent = lamp(), make_agent()
    macro = make_macro(PART)
    wish = wish_for(ticket, macro, agent)
    run_macro(ticket=ticket, agent=agent, wish=wish, now=NOW)

    with pytest.raises(RequestKeyReused):
        run_macro(ticket=ticket, agent=agent, wish=replace(wish, text="Other {amount}"), now=NOW)

    assert (Refund.objects.count(), Reply.objects.count()) == (1, 1)


def test_what_would_be_refused_by_hand_is_refused_and_leaves_nothing() -> None:
    ticket, agent = lamp(), make_agent()
    make_refund(ticket=ticket, state=State.SENT)
    macro = make_macro(PART, Step(StepKind.TAG, tag="goodwill"))

    with pytest.raises(Refused) as refused:
        run_macro(ticket=ticket, agent=agent, wish=wish_for(ticket, macro, agent), now=NOW)

    assert codes(refused)[0] == RefusalCode.ITEM_HAS_OPEN_REFUND
    ticket.refresh_from_db()
    assert (Refund.objects.count(), Reply.objects.count(), ticket.tags) == (1, 0, [])


def test_a_reply_that_cannot_leave_takes_the_refund_with_it() -> None:
    ticket, agent = lamp(), make_agent()
    macro = make_macro(PART)
    Ticket.objects.filter(pk=ticket.pk).update(buyer_address="")

    with pytest.raises(Refused) as refused:
        run_macro(ticket=ticket, agent=agent, wish=wish_for(ticket, macro, agent), now=NOW)

    assert codes(refused) == [RefusalCode.NO_ADDRESS]
    assert not Refund.objects.exists()


def test_money_that_has_changed_since_the_preview_is_not_moved() -> None:
    ticket, agent = lamp(), make_agent()
    macro = make_macro(PART)
    wish = wish_for(ticket, macro, agent, seen_available=3000)

    with pytest.raises(Refused) as refused:
        run_macro(ticket=ticket, agent=agent, wish=wish, now=NOW)

    assert codes(refused) == [RefusalCode.CHANGED_SINCE_SEEN]


def test_a_macro_changed_since_the_preview_is_not_run() -> None:
    ticket, agent = lamp(), make_agent()
    macro = make_macro(PART)
    wish = wish_for(ticket, macro, agent)
    SavedMacro.objects.keep(macro=macro, agent=agent, now=NOW.replace(minute=1))

    with pytest.raises(Refused) as refused:
        run_macro(ticket=ticket, agent=agent, wish=wish, now=NOW)

    assert codes(refused) == [RefusalCode.MACRO_CHANGED]
    assert not Refund.objects.exists()


def test_a_macro_is_not_run_where_it_is_not_offered() -> None:
    ticket, agent = lamp(), make_agent()
    macro = make_macro(PART, conditions=Conditions(marketplaces=("FR",)))

    with pytest.raises(Refused) as refused:
        run_macro(ticket=ticket, agent=agent, wish=wish_for(ticket, macro, agent), now=NOW)

    assert codes(refused) == [RefusalCode.MACRO_NOT_OFFERED]


def test_a_cancellation_is_asked_for_with_its_reason_and_told_when_it_is_true() -> None:
    ticket, agent = make_ticket(order=make_order(status="UNSHIPPED")), make_agent()
    macro = make_macro(CANCEL, CLOSE, text="Cancelled: {reason}.", marked=Says.CANCELLED)

    plan = plan_macro(ticket=ticket, macro=macro, agent=agent)
    run = run_macro(ticket=ticket, agent=agent, wish=wish_for(ticket, macro, agent), now=NOW)

    assert (plan.shown, plan.steps[0].counts_in_rate) == ("Cancelled: cancelled at your request.", True)
    cancellation = Cancellation.objects.get()
    assert (run.action, cancellation.reason) == (cancellation, "BuyerCanceled")
    assert Reply.objects.get().armed_cancellation == cancellation


def test_without_an_order_no_money_can_move() -> None:
    ticket, agent = make_ticket(), make_agent()
    macro = make_macro(PART)

    plan = plan_macro(ticket=ticket, macro=macro, agent=agent)

    assert not plan.is_possible
    assert [refusal.code for refusal in plan.steps[0].refusals] == [RefusalCode.ORDER_NOT_READ_YET]


def test_a_macro_without_words_only_arranges() -> None:
    ticket, agent = make_ticket(), make_agent()
    macro = make_macro(Step(StepKind.TAG, tag="spam"), CLOSE, text="")

    run_macro(ticket=ticket, agent=agent, wish=wish_for(ticket, macro, agent), now=NOW)

    ticket.refresh_from_db()
    assert (ticket.tags, ticket.state) == (["spam"], TicketState.CLOSED)
    assert not Reply.objects.exists()


def test_somebody_who_has_left_gets_no_ticket() -> None:
    ticket, agent = make_ticket(), make_agent()
    macro = make_macro(Step(StepKind.ASSIGN, to="gone@desk.test"), text="")

    with pytest.raises(Refused) as refused:
        run_macro(ticket=ticket, agent=agent, wish=wish_for(ticket, macro, agent), now=NOW)

    assert codes(refused) == [RefusalCode.NO_SUCH_AGENT]


def test_words_with_an_open_place_never_wait_for_amazon() -> None:
    ticket, agent = lamp(), make_agent()
    macro = make_macro(PART, text="{amount} {tracking}")

    plan = plan_macro(ticket=ticket, macro=macro, agent=agent)
    with pytest.raises(Refused) as refused:
        run_macro(ticket=ticket, agent=agent, wish=wish_for(ticket, macro, agent), now=NOW)

    assert not plan.is_possible
    assert codes(refused) == [RefusalCode.NOT_TRUE_YET]
    assert not Refund.objects.exists()
