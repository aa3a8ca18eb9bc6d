"""Clicks: several agents and several tabs at once; one wish is one refund, and exactly one wins."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.utils import timezone

from mostrador.actions.refunds import RefundWish, request_refund
from mostrador.amazon.components import Component
from mostrador.domain.refunds import Line
from mostrador.domain.refusals import Refused, RequestKeyReused
from mostrador.models import Agent, ItemBalance, Order, Refund
from tests.actions.races import Racers
from tests.faults.figures import figure, row, share_of
from tests.makers import make_agent, make_order

pytestmark = pytest.mark.django_db(transaction=True)

CLICKS = 4
SUM = 1000


def click(order: Order, agent: Agent, key: str, minor: int) -> Refund:
    line = Line(order.items.get().item_id, {Component.PRINCIPAL: minor})
    wish = RefundWish(lines=(line,), reason="GeneralAdjustment", request_key=key)
    return request_refund(order=order, ticket=None, agent=agent, wish=wish, now=timezone.now())


def test_of_four_clicks_at_once_exactly_one_wins() -> None:
    rounds = share_of(range(figure(sample=50, full=2_000)))
    agent = make_agent()
    with row("F10 four clicks at once") as (entry, rng), Racers(CLICKS) as racers:
        for number in rounds:
            order = make_order()
            kind = rng.choice(("one key", "four keys", "one key, other sums"))
            clicks: list[Callable[[], Refund]] = [
                partial(
                    click,
                    order,
                    agent,
                    f"r{number}" if kind.startswith("one") else f"r{number}-{n}",
                    SUM + n if kind.endswith("sums") else SUM,
                )
                for n in range(CLICKS)
            ]
            outcomes = racers.run(*clicks)
            won = {each.pk for each in outcomes if isinstance(each, Refund)}
            odd = [e for e in outcomes if not isinstance(e, (Refund, Refused, RequestKeyReused))]
            stored = order.refunds.count()
            pending = ItemBalance.objects.get(item__order=order, component=Component.PRINCIPAL).pending
            total = order.refunds.get().total if stored == 1 else -1
            entry.doubled += stored > 1
            entry.lost += stored == 0
            if len(won) != 1 or odd or pending != total:
                entry.wrong.append(f"round {number}, {kind}: {outcomes}, {stored} stored, {pending} pending")
            if kind == "one key" and sum(isinstance(each, Refund) for each in outcomes) != CLICKS:
                entry.wrong.append(f"round {number}: a double click was refused: {outcomes}")
            entry.count()
