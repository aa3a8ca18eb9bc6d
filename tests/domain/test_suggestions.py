"""Suggestions: the likely step with its reasons, and never one the rules refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mostrador.amazon.components import Component
from mostrador.domain import cancellations, refunds
from mostrador.domain.orders import Balance, FulfillmentStatus, OrderFacts
from mostrador.domain.starter_set import starter_set
from mostrador.domain.suggestions import Because, Move, Sign, Signals, Suggestion, suggest
from mostrador.domain.wishes import Wish
from tests.domain.facts import NOW, item, order, order_of

ALL_MACROS = frozenset(starter_set())


def signals(*wishes: Wish, facts: OrderFacts | None = None, **more: Any) -> Signals:
    """Return what is known of a shipped FBM order whose buyer has these wishes."""
    known: dict[str, Any] = {"usable_macros": ALL_MACROS} | more
    return Signals(order=facts or order(), wishes=frozenset(wishes), now=NOW, **known)


def unshipped(**more: Any) -> OrderFacts:
    """Return an FBM order that has not been shipped."""
    return order(status="UNSHIPPED", **more)


def signs(found: Suggestion | None) -> list[Sign]:
    """Return the reasons of a suggestion."""
    assert found
    return [each.sign for each in found.because]


def test_who_asks_on_amazon_before_the_shipment_is_cancelled_for() -> None:
    found = suggest(signals(facts=unshipped(buyer_asked_to_cancel=True), ship_by=NOW + timedelta(hours=3)))

    assert found == Suggestion(
        Move.CANCEL,
        (
            Because(Sign.ASKED_ON_AMAZON),
            Because(Sign.UNSHIPPED),
            Because(Sign.SHIPS_IN, span=timedelta(hours=3)),
        ),
        reason="BuyerCanceled",
    )


def test_who_asks_in_a_mail_is_cancelled_for_too_and_lateness_is_told() -> None:
    found = suggest(signals(Wish.CANCEL, facts=unshipped(), ship_by=NOW - timedelta(hours=1)))

    assert found
    assert found.move is Move.CANCEL
    assert found.because[-1] == Because(Sign.SHIPS_LATE, span=timedelta(hours=1))
    assert signs(found) == [Sign.CANCEL, Sign.UNSHIPPED, Sign.SHIPS_LATE]


REFUNDED = order(item(balances={Component.PRINCIPAL: Balance(2500, posted=2500)}))
REFUNDING = order(item(balances={Component.PRINCIPAL: Balance(2500, pending=2500)}, open_refund="R-1001"))
LATE = {"deliver_by": NOW - timedelta(days=5)}
W = Wish


@pytest.mark.parametrize(
    ("wishes", "facts", "more", "move", "what"),
    [
        ({W.CANCEL}, order(), {}, Move.MACRO, "already_shipped"),
        ({W.CANCEL}, order(status="PENDING"), {}, Move.WAIT, ""),
        ({W.CANCEL}, order(fulfilled_by="AMAZON", status="UNSHIPPED"), {}, Move.MACRO, "amazon_handles_it"),
        ({W.REFUND}, order(fulfilled_by="AMAZON"), {}, Move.MACRO, "amazon_handles_it"),
        ({W.CANCEL}, unshipped(open_cancellation="C-1001"), {}, Move.WAIT, ""),
        ({W.CANCEL}, REFUNDED, {}, Move.MACRO, "refund_issued"),
        ({W.REFUND}, unshipped(), {}, Move.CANCEL, "BuyerCanceled"),
        ({W.ADDRESS}, unshipped(), {}, Move.MACRO, "address_before_shipping"),
        ({W.NOT_RECEIVED}, unshipped(), {}, Move.MACRO, "not_shipped_yet"),
        ({W.ADDRESS}, order(), {}, Move.MACRO, "address_after_shipping"),
        ({W.REFUND}, order(), {}, Move.REFUND, "GeneralAdjustment"),
        ({W.REFUND, W.WRONG_ITEM}, order(), {}, Move.REFUND, "DifferentItem"),
        ({W.REFUND, W.DAMAGED}, order(), {}, Move.REFUND, "GeneralAdjustment"),
        ({W.DAMAGED}, order(), {}, Move.MACRO, "damaged_or_wrong"),
        ({W.RETURN, W.WRONG_ITEM}, order(), {}, Move.MACRO, "how_to_return"),
        ({W.RETURN}, order(), {}, Move.MACRO, "how_to_return"),
        ({W.REFUND}, REFUNDING, {}, Move.MACRO, "refund_under_way"),
        ({W.DAMAGED}, REFUNDED, {}, Move.MACRO, "refund_issued"),
        ({W.NOT_RECEIVED}, order(), {}, Move.MACRO, "parcel_not_found"),
        ({W.NOT_RECEIVED}, order(), LATE, Move.MACRO, "parcel_not_found"),
        ({W.NOT_RECEIVED, W.REFUND}, order(), LATE, Move.REFUND, "GeneralAdjustment"),
        (
            {W.NOT_RECEIVED},
            order(),
            {"deliver_by": NOW + timedelta(days=1), "has_tracking": True},
            Move.MACRO,
            "parcel_on_its_way",
        ),
        ({W.CANCEL}, unshipped(), {"has_claim": True}, Move.CLAIM, ""),
    ],
)
def test_the_likely_step(
    wishes: set[Wish], facts: OrderFacts, more: dict[str, Any], move: Move, what: str
) -> None:
    found = suggest(signals(*wishes, facts=facts, **more))

    assert found
    assert (found.move, found.macro or found.reason) == (move, what)


@pytest.mark.parametrize(
    ("wishes", "facts"),
    [
        (set(), order()),
        (set(), order(fulfilled_by="AMAZON")),
        ({W.CANCEL}, order(status="CANCELLED")),
        ({W.CANCEL}, order(status="PARTIALLY_SHIPPED")),
        ({W.CANCEL}, order(read_at=None)),
        ({W.CANCEL}, unshipped(partner_paused=True)),
        ({W.REFUND}, order(replacement_of="302-9")),
    ],
)
def test_where_nothing_is_clear_nothing_is_proposed(wishes: set[Wish], facts: OrderFacts) -> None:
    assert suggest(signals(*wishes, facts=facts)) is None


def test_a_reply_the_team_does_not_have_is_not_proposed() -> None:
    assert suggest(signals(Wish.RETURN, usable_macros=frozenset())) is None
    waiting = suggest(signals(Wish.REFUND, facts=REFUNDING, usable_macros=frozenset()))
    assert waiting
    assert waiting.move is Move.WAIT


def test_a_dismissed_proposal_stays_the_same_while_time_goes_by() -> None:
    facts = unshipped(buyer_asked_to_cancel=True)
    first = suggest(signals(facts=facts, ship_by=NOW + timedelta(hours=3)))
    later = suggest(
        replace(signals(facts=facts, ship_by=NOW + timedelta(hours=3)), now=NOW + timedelta(hours=1))
    )

    assert first
    assert later
    assert first != later
    assert first.key == later.key


@given(
    facts=order_of(),
    status=st.sampled_from([*FulfillmentStatus, "NEW_WORD"]),
    fulfilled_by=st.sampled_from(["AMAZON", "MERCHANT"]),
    flags=st.fixed_dictionaries(
        {
            "buyer_asked_to_cancel": st.booleans(),
            "open_cancellation": st.sampled_from([None, None, "C-1001"]),
            "partner_paused": st.booleans(),
            "replacement_of": st.sampled_from([None, None, "302-9"]),
        }
    ),
    wishes=st.sets(st.sampled_from(Wish)),
    days=st.integers(-9, 9),
)
def test_what_the_rules_refuse_is_never_proposed(
    facts: OrderFacts, status: str, fulfilled_by: str, flags: dict[str, Any], wishes: set[Wish], days: int
) -> None:
    asked = replace(facts, status=status, fulfilled_by=fulfilled_by, **flags)
    at = NOW + timedelta(days=days)

    found = suggest(signals(*wishes, facts=asked, ship_by=at, deliver_by=at))

    if found and found.move is Move.CANCEL:
        assert cancellations.refusals(asked, reason=found.reason) == []
    if found and found.move is Move.REFUND:
        lines = refunds.full(asked)
        assert refunds.refusals(asked, lines=lines, reason=found.reason, seen_available=None) == []
