"""Delivery: a move is allowed by the table, made once, and the books follow it."""

from __future__ import annotations

import pytest

from mostrador.amazon.components import Component
from mostrador.domain.delivery import FREES_THE_MONEY, MOVES, OPEN, ForbiddenMove, State
from mostrador.models import Cancellation, LostRace, Refund
from mostrador.models.delivery import fingerprint
from tests.makers import NOW, make_cancellation, make_order, make_refund

pytestmark = pytest.mark.django_db


def money(refund: Refund) -> tuple[int, int]:
    """Return what is given back and what is on its way, of the refund's item."""
    balance = refund.order.items.get().balances.get(component=Component.PRINCIPAL)
    return balance.posted, balance.pending


@pytest.mark.parametrize("state", list(State))
def test_the_balance_of_a_refund_follows_its_state(state: State) -> None:
    refund = make_refund(state=state)
    given_back = 1000 if state in (State.ACCEPTED, State.CONFIRMED) else 0
    on_its_way = 0 if given_back or state in FREES_THE_MONEY else 1000
    assert money(refund) == (given_back, on_its_way)
    assert refund.lines.get().open is (state in OPEN)
    refund.refresh_from_db()
    assert refund.state == state


@pytest.mark.parametrize("before", list(State))
def test_a_move_outside_the_table_writes_nothing(before: State) -> None:
    refund = make_refund(state=before)
    books = money(refund)
    for after in set(State) - MOVES[before]:
        with pytest.raises(ForbiddenMove):
            refund.move(after, now=NOW, answer_words="never")
        refund.refresh_from_db()
        assert (refund.state, refund.answer_words) == (before, "")
        assert money(refund) == books


@pytest.mark.parametrize("make", [make_refund, make_cancellation])
def test_of_two_who_read_the_same_row_one_moves_it(make: type[Refund | Cancellation]) -> None:
    first = make()
    second = type(first)._default_manager.get(pk=first.pk)
    first.move(State.SENDING, now=NOW)
    with pytest.raises(LostRace):
        second.move(State.WITHDRAWN, now=NOW)
    first.refresh_from_db()
    assert first.state == State.SENDING


def test_who_lost_the_race_moves_no_money() -> None:
    first = make_refund()
    second = Refund.objects.get(pk=first.pk)
    first.move(State.WITHDRAWN, now=NOW)
    with pytest.raises(LostRace):
        second.move(State.WITHDRAWN, now=NOW)
    assert money(first) == (0, 0)


def test_facts_are_written_with_the_move_and_kept_on_the_row() -> None:
    refund = make_refund(state=State.SENDING)
    refund.move(State.REJECTED, now=NOW, answer_code="25161", answer_words="too much")
    stored = Refund.objects.get(pk=refund.pk)
    for row in (refund, stored):
        assert (row.state, row.answer_code, row.answer_words) == ("rejected", "25161", "too much")
        assert row.moved_at == NOW


def test_money_that_was_freed_is_put_on_its_way_again_before_a_second_send() -> None:
    refund = make_refund(state=State.NOT_SENT)
    assert money(refund) == (0, 0)
    refund.move(State.REQUESTED, now=NOW)
    assert money(refund) == (0, 1000)
    assert refund.lines.get().open is True


def test_references_are_short_and_name_the_kind() -> None:
    refund, wish = make_refund(), make_cancellation()
    assert refund.reference == f"R-{1000 + refund.pk}"
    assert str(wish) == f"C-{1000 + wish.pk}"


def test_the_undo_window_ends_once() -> None:
    order = make_order()
    refund = make_refund(order=order)
    assert Refund.objects.hurry(refund, now=NOW) is False, "it was over already"
    Refund.objects.filter(pk=refund.pk).update(send_after=NOW.replace(hour=13))
    assert Refund.objects.due(NOW).count() == 0
    assert Refund.objects.hurry(refund, now=NOW) is True
    assert Refund.objects.due(NOW).get() == refund
    assert Refund.objects.hurry(refund, now=NOW) is False


def test_the_same_content_has_the_same_fingerprint_in_any_order() -> None:
    one = fingerprint({"order": 1, "lines": {"b": {"tax": 1}, "a": {"principal": 2}}})
    other = fingerprint({"lines": {"a": {"principal": 2}, "b": {"tax": 1}}, "order": 1})
    assert one == other
    assert len(one) == 64
    assert fingerprint({"order": 1, "lines": {}}) != fingerprint({"order": "1", "lines": {}})
