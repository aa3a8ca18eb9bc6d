"""Refunds: what a person asks for happens once, or is refused and leaves no trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from django.db import transaction

from mostrador.actions.refunds import (
    RefundWish,
    request_refund,
    send_refund_again,
    send_refund_now,
    withdraw_refund,
)
from mostrador.amazon.components import Component
from mostrador.amazon.feeds import FeedType
from mostrador.domain.delivery import Source, State
from mostrador.domain.refunds import Line
from mostrador.domain.refusals import RefusalCode, Refused, RequestKeyReused
from mostrador.models import Agent, Event, Feed, Order, Refund, RefundLine, SellingPartner, Ticket
from mostrador.tasks import sealing
from tests.actions.races import Racers
from tests.actions.tables import rows
from tests.makers import (
    NOW,
    make_agent,
    make_cancellation,
    make_item,
    make_order,
    make_refund,
    make_selling_partner,
    make_ticket,
)
from tests.worker import empty_queue, queued

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db

PRINCIPAL, SHIPPING = Component.PRINCIPAL, Component.SHIPPING
C = RefusalCode
UNDO = timedelta(seconds=60)


@pytest.fixture(autouse=True)
def _undo(settings: SettingsWrapper) -> None:
    settings.UNDO_SECONDS = 60


@pytest.fixture
def agent() -> Agent:
    return make_agent()


def item_id(order: Order) -> str:
    return order.items.order_by("place")[0].item_id


def wish(order: Order, minor: int = 1000, *, key: str = "key-1", **more: object) -> RefundWish:
    whole = RefundWish([Line(item_id(order), {PRINCIPAL: minor})], "CustomerReturn", key)
    return replace(whole, **more)


def ask(order: Order, agent: Agent, asked: RefundWish, *, ticket: Ticket | None = None) -> Refund:
    return request_refund(order=order, ticket=ticket, agent=agent, wish=asked, now=NOW)


def money(order: Order) -> list[tuple[int, int, int]]:
    balances = [b for item in order.items.order_by("place") for b in item.balances.order_by("component")]
    return [(balance.paid, balance.posted, balance.pending) for balance in balances]


def refused_codes(act: Callable[[], object]) -> list[str]:
    before = rows()
    with pytest.raises(Refused) as refused:
        act()
    assert rows() == before, "a refusal wrote something"
    return [refusal.code for refusal in refused.value.refusals]


# ── asking ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wish_is_stored_with_its_lines_its_money_its_event_and_its_job(agent: Agent) -> None:
    empty_queue()
    order = make_order(items=[make_item(paid={PRINCIPAL: 2500, SHIPPING: 499})])
    ticket = make_ticket(order=order)
    lines = [Line(item_id(order), {PRINCIPAL: 1000, SHIPPING: 499})]
    asked = RefundWish(lines, "DifferentItem", "key-1", note="broken", seen_available=2999)
    refund = ask(order, agent, asked, ticket=ticket)

    assert (refund.state, refund.source, refund.total, refund.currency) == ("requested", "agent", 1499, "EUR")
    assert (refund.reason, refund.note, refund.seen_available) == ("DifferentItem", "broken", 2999)
    assert (refund.requested_by, refund.ticket, refund.requested_at) == (agent, ticket, NOW)
    assert refund.send_after == NOW + UNDO
    assert refund.wished_lines() == [Line(item_id(order), {PRINCIPAL: 1000, SHIPPING: 499})]
    assert money(order) == [(2500, 0, 1000), (499, 0, 499)]
    event = refund.events.get()
    assert (event.kind, event.agent, event.ticket, event.order) == ("requested", agent, ticket, order)
    assert event.facts["seen_available"] == 2999
    assert event.facts["total"] == 1499
    feed_type = FeedType.POST_PAYMENT_ADJUSTMENT_DATA.value
    assert queued("feeds.dispatch") == [{"partner_id": order.selling_partner_id, "feed_type": feed_type}]


def test_a_wish_of_a_program_says_so(agent: Agent) -> None:
    order = make_order()
    assert ask(order, agent, wish(order, source=Source.API)).source == "api"


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ({"status": "UNSHIPPED"}, C.ORDER_UNSHIPPED),
        ({"status": "PENDING"}, C.ORDER_PENDING),
        ({"status": "CANCELLED"}, C.ORDER_CANCELLED),
        ({"status": "UNFULFILLABLE"}, C.ORDER_UNFULFILLABLE),
        ({"status": "WHATEVER"}, C.ORDER_STATUS_UNKNOWN),
        ({"fulfilled_by": "AMAZON"}, C.FULFILLED_BY_AMAZON),
        ({"replacement_of": "302-1-1"}, C.REPLACEMENT_ORDER),
    ],
)
def test_an_order_that_cannot_be_refunded_refuses_and_nothing_is_written(
    agent: Agent, about: dict[str, str], code: str
) -> None:
    order = make_order(**about)  # type: ignore[arg-type]  # keyword arguments of one type
    assert refused_codes(lambda: ask(order, agent, wish(order))) == [code]
    assert money(order) == [(2500, 0, 0)]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (lambda order: wish(order, 2501), C.AMOUNT_ABOVE_LEFT),
        (lambda order: wish(order, -1), C.AMOUNT_NEGATIVE),
        (lambda order: wish(order, 0), C.NO_LINES),
        (lambda order: wish(order, lines=[]), C.NO_LINES),
        (lambda order: wish(order, reason="BuyerCanceled"), C.UNKNOWN_REASON),
        (lambda order: wish(order, seen_available=2499), C.CHANGED_SINCE_SEEN),
        (lambda order: wish(order, lines=[Line("99999999999999", {PRINCIPAL: 1})]), C.UNKNOWN_ITEM),
        (lambda order: wish(order, lines=[Line(item_id(order), {PRINCIPAL: 1})] * 2), C.LINE_TWICE),
        (
            lambda order: wish(order, lines=[Line(item_id(order), {Component.TAX: 1})]),
            C.TAX_IS_IN_THE_PRICE,
        ),
    ],
)
def test_a_wish_that_is_wrong_is_refused_and_nothing_is_written(
    agent: Agent, asked: Callable[[Order], RefundWish], code: str
) -> None:
    order = make_order()
    assert code in refused_codes(lambda: ask(order, agent, asked(order)))
    assert money(order) == [(2500, 0, 0)]


def test_a_paused_seller_refunds_nothing(agent: Agent) -> None:
    order = make_order()
    order.selling_partner.pause(because="restored from a backup", now=NOW)
    assert refused_codes(lambda: ask(order, agent, wish(order))) == [C.SELLING_PARTNER_PAUSED]


def test_an_order_that_was_never_read_refunds_nothing(agent: Agent) -> None:
    order = Order.objects.expect(partner=make_selling_partner(), amazon_order_id="302-0-0")
    asked = RefundWish([Line("1", {PRINCIPAL: 1})], "CustomerReturn", "key-1")
    assert refused_codes(lambda: ask(order, agent, asked)) == [C.ORDER_NOT_READ_YET]


@pytest.mark.parametrize(
    "state", [State.REQUESTED, State.SENDING, State.SENT, State.UNKNOWN, State.REVIEW, State.ACCEPTED]
)
def test_a_cancellation_under_way_freezes_the_refunds_of_its_order(agent: Agent, state: State) -> None:
    order = make_order()
    make_cancellation(order=order, state=state)
    assert refused_codes(lambda: ask(order, agent, wish(order))) == [C.ORDER_FROZEN]


@pytest.mark.parametrize("state", [State.REJECTED, State.NOT_SENT, State.WITHDRAWN])
def test_a_cancellation_without_effect_freezes_nothing(agent: Agent, state: State) -> None:
    order = make_order()
    make_cancellation(order=order, state=state)
    assert ask(order, agent, wish(order)).state == State.REQUESTED


# ── the same wish twice ───────────────────────────────────────────────────────────────────────────────────


def test_a_double_click_is_one_refund(agent: Agent) -> None:
    order = make_order()
    first = ask(order, agent, wish(order))
    before = rows()
    again = ask(order, make_agent(), wish(order))
    before["Agent"] += 1
    assert again == first
    assert rows() == before
    assert money(order) == [(2500, 0, 1000)]


def test_a_key_still_stands_for_its_wish_when_that_has_ended(agent: Agent) -> None:
    order = make_order()
    first = ask(order, agent, wish(order))
    first.move(State.WITHDRAWN, now=NOW)
    assert ask(order, agent, wish(order)) == first
    assert money(order) == [(2500, 0, 0)]


@pytest.mark.parametrize(
    "other",
    [
        lambda order: wish(order, 1001),
        lambda order: wish(order, reason="DifferentItem"),
        lambda order: wish(order, note="something else"),
        lambda order: wish(order, lines=[Line(item_id(order), {SHIPPING: 1000})]),
    ],
)
def test_a_key_never_stands_for_another_wish(agent: Agent, other: Callable[[Order], RefundWish]) -> None:
    order = make_order()
    ask(order, agent, wish(order))
    before = rows()
    with pytest.raises(RequestKeyReused):
        ask(order, agent, other(order))
    assert rows() == before


def test_a_key_never_stands_for_the_same_wish_on_another_order(agent: Agent) -> None:
    order = make_order()
    ask(order, agent, wish(order))
    twin = make_order(partner=order.selling_partner)
    with pytest.raises(RequestKeyReused):
        ask(twin, agent, wish(twin))
    assert money(twin) == [(2500, 0, 0)]


# ── taking back, sending now ──────────────────────────────────────────────────────────────────────────────


def test_a_refund_taken_back_in_time_frees_its_money(agent: Agent) -> None:
    order = make_order()
    refund = ask(order, agent, wish(order))
    withdraw_refund(refund=refund, agent=agent, now=NOW)
    assert refund.state == State.WITHDRAWN
    assert money(order) == [(2500, 0, 0)]
    assert refund.events.get(kind="withdrawn").agent == agent
    assert ask(order, agent, wish(order, 2500, key="key-2")).total == 2500


@pytest.mark.parametrize("state", sorted(set(State) - {State.REQUESTED}))
def test_what_has_left_or_ended_cannot_be_taken_back(agent: Agent, state: State) -> None:
    refund = make_refund(state=state)
    books = money(refund.order)
    codes = refused_codes(lambda: withdraw_refund(refund=refund, agent=agent, now=NOW))
    assert codes == [C.TOO_LATE_TO_WITHDRAW]
    assert money(refund.order) == books
    assert Refund.objects.get().state == state


def test_send_now_ends_the_undo_window(agent: Agent) -> None:
    order = make_order()
    refund = ask(order, agent, wish(order))
    assert Refund.objects.due(NOW).count() == 0
    send_refund_now(refund=refund, agent=agent, now=NOW)
    assert Refund.objects.due(NOW).get() == refund
    assert refund.events.get(kind="send_now").agent == agent
    assert refused_codes(lambda: send_refund_now(refund=refund, agent=agent, now=NOW)) == [C.NOT_WAITING]


@pytest.mark.parametrize("state", sorted(set(State) - {State.REQUESTED}))
def test_what_no_longer_waits_cannot_be_sent_now(agent: Agent, state: State) -> None:
    refund = make_refund(state=state)
    Refund.objects.update(send_after=NOW + UNDO)
    assert refused_codes(lambda: send_refund_now(refund=refund, agent=agent, now=NOW)) == [C.NOT_WAITING]


# ── sending again ─────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_proven_never_sent_may_be_sent_again_by_a_person(agent: Agent) -> None:
    refund = make_refund(state=State.NOT_SENT)
    assert money(refund.order) == [(2500, 0, 0)]
    send_refund_again(refund=refund, agent=agent, now=NOW)
    assert refund.state == State.REQUESTED
    assert refund.send_after == NOW + UNDO
    assert money(refund.order) == [(2500, 0, 1000)]
    assert refund.events.get(kind="asked_again").agent == agent


@pytest.mark.parametrize("state", sorted(set(State) - {State.NOT_SENT}))
def test_nothing_else_is_ever_sent_again(agent: Agent, state: State) -> None:
    refund = make_refund(state=state)
    books = money(refund.order)
    codes = refused_codes(lambda: send_refund_again(refund=refund, agent=agent, now=NOW))
    assert codes == [C.NOT_PROVEN_UNSENT]
    assert money(refund.order) == books


def test_money_that_went_another_way_meanwhile_is_not_sent_again(agent: Agent) -> None:
    refund = make_refund(state=State.NOT_SENT, amounts={PRINCIPAL: 2000})
    other = make_refund(order=refund.order, amounts={PRINCIPAL: 1000}, state=State.ACCEPTED)
    codes = refused_codes(lambda: send_refund_again(refund=refund, agent=agent, now=NOW))
    assert codes == [C.AMOUNT_ABOVE_LEFT]
    assert money(other.order) == [(2500, 1000, 0)]


def test_an_item_with_a_newer_open_refund_is_not_sent_again(agent: Agent) -> None:
    refund = make_refund(state=State.NOT_SENT)
    make_refund(order=refund.order)
    codes = refused_codes(lambda: send_refund_again(refund=refund, agent=agent, now=NOW))
    assert codes == [C.ITEM_HAS_OPEN_REFUND]


# ── races, with real threads on the real database ─────────────────────────────────────────────────────────

ROUNDS = 50


@pytest.mark.django_db(transaction=True)
def test_of_four_agents_at_once_one_refunds_the_item() -> None:
    partner, agents = make_selling_partner(), [make_agent() for _ in range(4)]
    outcomes: Counter[str] = Counter()
    with Racers(4) as racers:
        for number in range(ROUNDS):
            order = make_order(partner=partner)
            asked = [wish(order, 1500, key=f"{number}-{place}") for place in range(4)]
            results = racers.run(*[partial(ask, order, *each) for each in zip(agents, asked, strict=True)])
            winners = [result for result in results if isinstance(result, Refund)]
            losers = [result for result in results if isinstance(result, Refused)]
            assert (len(winners), len(losers)) == (1, 3), results
            outcomes.update(loser.refusals[0].code for loser in losers)
            assert money(order) == [(2500, 0, 1500)]
            assert order.refunds.get() == winners[0]
            assert RefundLine.objects.filter(item__order=order, open=True).count() == 1
    assert set(outcomes) == {C.ITEM_HAS_OPEN_REFUND}
    assert sum(outcomes.values()) == 3 * ROUNDS
    assert Event.objects.filter(kind="requested").count() == ROUNDS


@pytest.mark.django_db(transaction=True)
def test_four_posts_of_one_form_at_once_are_one_refund() -> None:
    partner, agent = make_selling_partner(), make_agent()
    with Racers(4) as racers:
        for number in range(15):
            order = make_order(partner=partner)
            asked = wish(order, 500, key=f"form-{number}")
            results = racers.run(*[partial(ask, order, agent, asked)] * 4)
            assert {result.pk for result in results if isinstance(result, Refund)} == {order.refunds.get().pk}
            assert len([result for result in results if isinstance(result, Refund)]) == 4, results
            assert money(order) == [(2500, 0, 500)]


@pytest.mark.django_db(transaction=True)
def test_a_refund_is_either_taken_back_and_never_sent_or_sent_and_not_taken_back() -> None:
    partner, agent = make_selling_partner(), make_agent()
    kept: Counter[str] = Counter()
    with Racers(2) as racers:
        for number in range(ROUNDS):
            order = make_order(partner=partner)
            refund = ask(order, agent, wish(order, key=f"{number}"))
            moment = NOW + UNDO
            taken, sealed = racers.run(
                partial(withdraw_refund, refund=Refund.objects.get(pk=refund.pk), agent=agent, now=moment),
                partial(seal, partner, moment),
            )
            refund.refresh_from_db()
            kept[refund.state] += 1
            if refund.state == State.WITHDRAWN:
                assert (taken, sealed) == (None, None)
                assert money(order) == [(2500, 0, 0)]
                assert not refund.feed_messages.exists()
            else:
                assert refund.state == State.SENDING
                assert isinstance(taken, Refused), taken
                assert [r.code for r in taken.refusals] == [C.TOO_LATE_TO_WITHDRAW]
                assert isinstance(sealed, Feed), sealed
                assert refund.feed_messages.get().feed == sealed
                assert money(order) == [(2500, 0, 1000)]
                end(sealed)
    assert sum(kept.values()) == ROUNDS


@pytest.mark.django_db(transaction=True)
def test_an_agent_who_takes_back_while_the_worker_seals_does_not_end_in_a_deadlock() -> None:
    partner, agent = make_selling_partner(), make_agent()
    order = make_order(partner=partner)
    refund = ask(order, agent, wish(order))
    with Racers(1) as racers, transaction.atomic():
        # The agent holds the order; the worker has the refund's row and writes its event about the order.
        Order.objects.locked(refund.order_id)
        (sealed,) = racers.run(partial(seal, partner, NOW + UNDO))
        assert isinstance(sealed, Feed), sealed
        with pytest.raises(Refused):
            withdraw_refund(refund=refund, agent=agent, now=NOW)


def seal(partner: SellingPartner, now: datetime) -> Feed | None:
    keys = list(Refund.objects.due(now).values_list("pk", flat=True))
    kind = FeedType.POST_PAYMENT_ADJUSTMENT_DATA
    return sealing.seal(partner=partner, feed_type=kind, keys=keys, now=now)


def end(feed: Feed) -> None:
    """Take the feed out of the way of the next round."""
    Feed.objects.filter(pk=feed.pk).update(state="absent")
