"""Reviews: a person's finding decides what nobody else could; above a sum two must agree."""

from __future__ import annotations

import pytest

from mostrador.actions.reviews import look_now, record_finding
from mostrador.amazon.components import Component
from mostrador.domain.delivery import State
from mostrador.domain.refusals import RefusalCode, Refused
from mostrador.domain.reviews import Outcome
from mostrador.models import Finding, Refund
from tests.makers import NOW, make_agent, make_item, make_order, make_refund

pytestmark = pytest.mark.django_db

PROOF = "Order page: refund of 10.00 on 24 Nov"


def in_review(minor: int = 1000) -> Refund:
    order = make_order(items=[make_item(paid={Component.PRINCIPAL: 90_000})])
    return make_refund(order=order, amounts={Component.PRINCIPAL: minor}, state=State.REVIEW)


def pending(refund: Refund) -> tuple[int, int]:
    balance = refund.order.items.get().balances.get(component=Component.PRINCIPAL)
    return balance.posted, balance.pending


def test_what_was_done_is_accepted_and_posted() -> None:
    refund = in_review()
    after = record_finding(action=refund, agent=make_agent(), outcome=Outcome.DONE, proof=PROOF, now=NOW)
    assert after is State.ACCEPTED
    assert pending(refund) == (1000, 0)
    assert list(refund.events.order_by("pk").values_list("kind", flat=True)) == ["finding", "accepted"]


def test_what_was_not_done_gives_the_money_free() -> None:
    refund = in_review()
    after = record_finding(action=refund, agent=make_agent(), outcome=Outcome.NOT_DONE, proof=PROOF, now=NOW)
    assert after is State.REJECTED
    assert pending(refund) == (0, 0)


def test_above_the_limit_a_second_person_must_have_seen_the_same() -> None:
    refund, first = in_review(10_001), make_agent()
    said = {"action": refund, "outcome": Outcome.DONE, "proof": PROOF, "now": NOW}
    assert record_finding(agent=first, **said) is State.REVIEW
    with pytest.raises(Refused) as refused:
        record_finding(agent=first, **said)
    assert refused.value.refusals[0].code == RefusalCode.SECOND_PERSON_NEEDED
    assert record_finding(agent=make_agent(), **said) is State.ACCEPTED
    assert Finding.objects.count() == 2


def test_two_people_who_disagree_decide_nothing_until_a_third_has_looked() -> None:
    refund = in_review(10_001)
    said = {"action": refund, "proof": PROOF, "now": NOW}
    assert record_finding(agent=make_agent(), outcome=Outcome.DONE, **said) is State.REVIEW
    assert record_finding(agent=make_agent(), outcome=Outcome.NOT_DONE, **said) is State.REVIEW
    assert record_finding(agent=make_agent(), outcome=Outcome.NOT_DONE, **said) is State.REJECTED


@pytest.mark.parametrize("state", [State.UNKNOWN, State.SENT, State.ACCEPTED, State.REQUESTED])
def test_only_what_is_in_review_takes_a_finding(state: State) -> None:
    refund = make_refund(state=state)
    with pytest.raises(Refused) as refused:
        record_finding(action=refund, agent=make_agent(), outcome=Outcome.DONE, proof=PROOF, now=NOW)
    assert refused.value.refusals[0].code == RefusalCode.NOT_IN_REVIEW
    assert not Finding.objects.exists()


def test_a_finding_without_a_proof_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        record_finding(action=in_review(), agent=make_agent(), outcome=Outcome.DONE, proof=" ok ", now=NOW)
    assert refused.value.refusals[0].code == RefusalCode.PROOF_MISSING


def test_only_a_lost_answer_can_be_looked_for_at_once() -> None:
    with pytest.raises(Refused) as refused:
        look_now(action=make_refund(state=State.SENT), now=NOW)
    assert refused.value.refusals[0].code == RefusalCode.NOT_UNKNOWN
