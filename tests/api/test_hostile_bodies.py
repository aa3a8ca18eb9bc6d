"""Whatever a program sends, the answer is a declared one and never a crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mostrador.models import Cancellation, Refund, Reply
from tests.api.programs import Program, euros, new_key, wish
from tests.makers import make_item, make_order, make_ticket

pytestmark = pytest.mark.django_db

# A database fixture is shared by the examples of one test: they only ever add to it.
patiently = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# Text with NUL, lone surrogates and everything else Python can hold.
texts = st.text(st.characters(), max_size=30) | st.sampled_from(["\x00", "\ud800", "R-1001", "€" * 20, ""])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)

# Bodies that are nearly right, so that the deeper layers are reached too.
money = st.fixed_dictionaries({"amount": scalars | st.just("1.00"), "currency": texts | st.just("EUR")})
amounts = st.dictionaries(
    st.sampled_from(["principal", "tax", "shipping"]) | texts, money | anything, max_size=3
)
lines = st.lists(
    st.fixed_dictionaries({"item_id": texts | st.just("11111111111111"), "amounts": amounts | anything}),
    max_size=3,
)
refund_bodies = anything | st.fixed_dictionaries(
    {"lines": lines | anything, "reason": texts | st.just("CustomerReturn") | anything},
    optional={"note": texts | anything, "ticket_id": texts | anything},
)
cancellation_bodies = anything | st.fixed_dictionaries(
    {"reason": texts | anything}, optional={"note": texts | anything, "ticket_id": texts | anything}
)
reply_bodies = anything | st.fixed_dictionaries(
    {"text": texts | anything}, optional={"close": scalars, "armed_on": texts | anything}
)


def sent(program: Program, path: str, body: Any) -> int:
    """Send a body and return the status; `Program` itself holds the answer against the document."""
    content = json.dumps(body).encode()
    return program.post_bytes(path, content, **{"Idempotency-Key": new_key()}).status


@patiently
@given(body=refund_bodies)
def test_no_refund_body_breaks_the_api(program: Program, body: Any) -> None:
    order = make_order(items=[make_item(item_id="11111111111111")])
    before = Refund.objects.count()

    status = sent(program, f"orders/{order.amazon_order_id}/refunds", body)

    assert status in (201, 400, 422)
    assert Refund.objects.count() == before + (status == 201)


@patiently
@given(body=cancellation_bodies)
def test_no_cancellation_body_breaks_the_api(program: Program, body: Any) -> None:
    order = make_order(status="UNSHIPPED")
    before = Cancellation.objects.count()

    status = sent(program, f"orders/{order.amazon_order_id}/cancellations", body)

    assert status in (201, 400, 422)
    assert Cancellation.objects.count() == before + (status == 201)


@patiently
@given(body=reply_bodies)
def test_no_reply_body_breaks_the_api(program: Program, body: Any) -> None:
    ticket = make_ticket(order=make_order())
    before = Reply.objects.count()

    status = sent(program, f"tickets/{ticket.reference}/replies", body)

    assert status in (201, 400, 422)
    assert Reply.objects.count() == before + (status == 201)


@patiently
@given(content=st.binary(max_size=200))
def test_no_bytes_break_the_api(program: Program, content: bytes) -> None:
    answer = program.post_bytes("orders/302-1-1/refunds", content, **{"Idempotency-Key": new_key()})

    assert answer.status in (400, 404, 422)


@pytest.mark.parametrize("place", ["reason", "note", "ticket_id", "item_id"])
@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_text_that_no_database_can_hold_is_refused(program: Program, place: str, text: str) -> None:
    order = make_order(items=[make_item(item_id="11111111111111")])
    body = wish("11111111111111", principal=euros("1.00"))
    (body["lines"][0] if place == "item_id" else body)[place] = text

    assert sent(program, f"orders/{order.amazon_order_id}/refunds", body) == 422
    assert not Refund.objects.exists()


def test_a_message_with_nul_is_refused(program: Program) -> None:
    ticket = make_ticket()

    assert sent(program, f"tickets/{ticket.reference}/replies", {"text": "a\x00b"}) == 422
    assert not Reply.objects.exists()


def test_more_lines_than_an_order_can_have_are_refused(program: Program) -> None:
    order = make_order()
    line = wish("11111111111111", principal=euros("1.00"))["lines"]

    body = {"reason": "CustomerReturn", "lines": line * 201}

    assert sent(program, f"orders/{order.amazon_order_id}/refunds", body) == 422
