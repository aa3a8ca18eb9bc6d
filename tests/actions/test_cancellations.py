"""Cancellations: the whole order, once, and frozen from the press on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from mostrador.actions.cancellations import (
    CancellationWish,
    request_cancellation,
    send_cancellation_now,
    withdraw_cancellation,
)
from mostrador.amazon.feeds import FeedType
from mostrador.domain.delivery import State
from mostrador.domain.refusals import RefusalCode, Refused, RequestKeyReused
from mostrador.models import Agent, Cancellation, Feed, Order
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

C = RefusalCode
UNDO = timedelta(seconds=60)
WISH = CancellationWish("NoInventory", "key-1")


@pytest.fixture(autouse=True)
def _undo(settings: SettingsWrapper) -> None:
    settings.UNDO_SECONDS = 60


@pytest.fixture
def agent() -> Agent:
    return make_agent()


@pytest.fixture
def order() -> Order:
    return make_order(status="UNSHIPPED")


def ask(order: Order, agent: Agent, wish: CancellationWish = WISH) -> Cancellation:
    return request_cancellation(order=order, ticket=None, agent=agent, wish=wish, now=NOW)


def refused_codes(act: Callable[[], object]) -> list[str]:
    before = rows()
    with pytest.raises(Refused) as refused:
        act()
    assert rows() == before, "a refusal wrote something"
    return [refusal.code for refusal in refused.value.refusals]


def test_a_wish_is_stored_with_its_event_and_its_job_and_freezes_the_order(agent: Agent) -> None:
    empty_queue()
    order = make_order(status="UNSHIPPED", items=[make_item(shipped=0, cancel_requested=True)])
    ticket = make_ticket(order=order)
    wish = CancellationWish("BuyerCanceled", "key-1", note="asked by phone")
    made = request_cancellation(order=order, ticket=ticket, agent=agent, wish=wish, now=NOW)

    assert (made.state, made.reason, made.note) == ("requested", "BuyerCanceled", "asked by phone")
    assert (made.requested_by, made.ticket, made.send_after) == (agent, ticket, NOW + UNDO)
    assert made.counts_in_rate is False
    assert order.facts().open_cancellation == made.reference
    assert made.events.get().kind == "requested"
    feed_type = FeedType.POST_ORDER_ACKNOWLEDGEMENT_DATA.value
    assert queued("feeds.dispatch") == [{"partner_id": order.selling_partner_id, "feed_type": feed_type}]


def test_a_cancellation_nobody_asked_for_counts_in_the_rate(agent: Agent, order: Order) -> None:
    assert ask(order, agent).counts_in_rate is True
    assert order.cancellations.get().events.get().facts["counts_in_rate"] is True


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ({"status": "SHIPPED"}, C.ORDER_SHIPPED),
        ({"status": "PARTIALLY_SHIPPED"}, C.ORDER_PARTLY_SHIPPED),
        ({"status": "PENDING"}, C.ORDER_PENDING),
        ({"status": "CANCELLED"}, C.ORDER_CANCELLED),
        ({"status": "UNFULFILLABLE"}, C.ORDER_UNFULFILLABLE),
        ({"status": "UNSHIPPED", "fulfilled_by": "AMAZON"}, C.FULFILLED_BY_AMAZON),
    ],
)
def test_an_order_that_cannot_be_cancelled_refuses_and_nothing_is_written(
    agent: Agent, about: dict[str, str], code: str
) -> None:
    order = make_order(**about)  # type: ignore[arg-type]  # keyword arguments of one type
    assert refused_codes(lambda: ask(order, agent)) == [code]


def test_a_reason_of_a_refund_is_no_reason_to_cancel(agent: Agent, order: Order) -> None:
    wish = CancellationWish("CouldNotShip", "key-1")
    assert refused_codes(lambda: ask(order, agent, wish)) == [C.UNKNOWN_REASON]


@pytest.mark.parametrize(
    "state", [State.REQUESTED, State.SENDING, State.SENT, State.UNKNOWN, State.REVIEW, State.ACCEPTED]
)
def test_an_order_that_is_frozen_is_not_cancelled_twice(agent: Agent, order: Order, state: State) -> None:
    make_cancellation(order=order, state=state)
    assert refused_codes(lambda: ask(order, agent)) == [C.ORDER_FROZEN]


@pytest.mark.parametrize("state", [State.REQUESTED, State.SENDING, State.SENT, State.UNKNOWN, State.REVIEW])
def test_an_order_with_a_refund_under_way_is_not_cancelled(agent: Agent, order: Order, state: State) -> None:
    make_refund(order=order, state=state)
    assert refused_codes(lambda: ask(order, agent)) == [C.ORDER_HAS_OPEN_ACTION]


def test_a_double_click_is_one_cancellation(agent: Agent, order: Order) -> None:
    first = ask(order, agent)
    before = rows()
    assert ask(order, agent) == first
    assert rows() == before


def test_a_key_never_stands_for_another_wish(agent: Agent, order: Order) -> None:
    ask(order, agent)
    twin = make_order(partner=order.selling_partner, status="UNSHIPPED")
    before = rows()
    for other_order, wish in (
        (order, CancellationWish("PricingError", "key-1")),
        (order, CancellationWish("NoInventory", "key-1", note="another")),
        (twin, WISH),
    ):
        with pytest.raises(RequestKeyReused):
            ask(other_order, agent, wish)
    assert rows() == before


def test_a_cancellation_taken_back_in_time_sets_the_order_free(agent: Agent, order: Order) -> None:
    wish = ask(order, agent)
    withdraw_cancellation(cancellation=wish, agent=agent, now=NOW)
    assert wish.state == State.WITHDRAWN
    assert order.facts().open_cancellation is None
    assert wish.events.get(kind="withdrawn").agent == agent
    assert ask(order, agent, CancellationWish("NoInventory", "key-2")).state == State.REQUESTED


@pytest.mark.parametrize("state", sorted(set(State) - {State.REQUESTED}))
def test_what_has_left_or_ended_is_neither_taken_back_nor_hurried(agent: Agent, state: State) -> None:
    wish = make_cancellation(state=state)
    Cancellation.objects.update(send_after=NOW + UNDO)
    codes = refused_codes(lambda: withdraw_cancellation(cancellation=wish, agent=agent, now=NOW))
    assert codes == [C.TOO_LATE_TO_WITHDRAW]
    codes = refused_codes(lambda: send_cancellation_now(cancellation=wish, agent=agent, now=NOW))
    assert codes == [C.NOT_WAITING]
    assert Cancellation.objects.get().state == state


def test_send_now_ends_the_undo_window_once(agent: Agent, order: Order) -> None:
    wish = ask(order, agent)
    assert Cancellation.objects.due(NOW).count() == 0
    send_cancellation_now(cancellation=wish, agent=agent, now=NOW)
    assert Cancellation.objects.due(NOW).get() == wish
    codes = refused_codes(lambda: send_cancellation_now(cancellation=wish, agent=agent, now=NOW))
    assert codes == [C.NOT_WAITING]


@pytest.mark.django_db(transaction=True)
def test_of_four_agents_at_once_one_cancels_the_order() -> None:
    partner, agents = make_selling_partner(), [make_agent() for _ in range(4)]
    with Racers(4) as racers:
        for number in range(15):
            order = make_order(partner=partner, status="UNSHIPPED")
            results = racers.run(
                *[
                    partial(ask, order, each, CancellationWish("NoInventory", f"{number}-{place}"))
                    for place, each in enumerate(agents)
                ]
            )
            winners = [result for result in results if isinstance(result, Cancellation)]
            losers = [result for result in results if isinstance(result, Refused)]
            assert (len(winners), len(losers)) == (1, 3), results
            assert {loser.refusals[0].code for loser in losers} == {C.ORDER_FROZEN}
            assert order.cancellations.get() == winners[0]


@pytest.mark.django_db(transaction=True)
def test_a_cancellation_is_either_taken_back_or_sent() -> None:
    partner, agent = make_selling_partner(), make_agent()
    kind = FeedType.POST_ORDER_ACKNOWLEDGEMENT_DATA
    with Racers(2) as racers:
        for number in range(20):
            order = make_order(partner=partner, status="UNSHIPPED", read_at=NOW + UNDO)
            wish = ask(order, agent, CancellationWish("NoInventory", f"{number}"))
            taken, sealed = racers.run(
                partial(withdraw_cancellation, cancellation=wish, agent=agent, now=NOW + UNDO),
                partial(sealing.seal, partner=partner, feed_type=kind, keys=[wish.pk], now=NOW + UNDO),
            )
            stored = Cancellation.objects.get(pk=wish.pk)
            if stored.state == State.WITHDRAWN:
                assert (taken, sealed) == (None, None)
            else:
                assert stored.state == State.SENDING
                assert isinstance(taken, Refused), taken
                assert isinstance(sealed, Feed), sealed
                Feed.objects.filter(pk=sealed.pk).update(state="absent")
