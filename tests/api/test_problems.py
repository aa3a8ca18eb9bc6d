"""Problems: what programs are told when something is not a success."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from mostrador.api import problems
from mostrador.api.contract import api
from mostrador.api.problems import ProblemCode
from mostrador.api.refusal_titles import TITLES
from mostrador.domain.refusals import RefusalCode
from mostrador.models import Order, Refund
from tests.api.programs import Program, euros, wish
from tests.makers import make_item, make_order, make_refund

pytestmark = pytest.mark.django_db

DOCS = Path(__file__).parents[2] / "docs" / "reference" / "api.md"


@pytest.fixture
def order() -> Order:
    """A shipped order."""
    return make_order(items=[make_item(item_id="11111111111111")])


def test_every_refusal_has_a_title() -> None:
    assert set(TITLES) == set(RefusalCode)


def test_every_problem_and_refusal_has_its_place_in_the_docs() -> None:
    headings = {line[4:].strip("`") for line in DOCS.read_text().splitlines() if line.startswith("### `")}

    assert {code.value for code in ProblemCode} <= headings
    assert all(f"`{code.value}`" in DOCS.read_text() for code in RefusalCode)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"reason": NaN}',
        b'{"reason": "a", "reason": "b"}',
        b'{"lines": [{"item_id": "1", "item_id": "2"}]}',
        b"1" * 5000,
        b'"\xed\xa0\x80"',
    ],
    ids=["cut", "empty", "utf-16", "deep", "nan", "twice", "twice below", "huge number", "surrogate"],
)
def test_a_body_that_is_no_json_is_told(program: Program, order: Order, content: bytes) -> None:
    answer = program.post_bytes(
        f"orders/{order.amazon_order_id}/refunds", content, **{"Idempotency-Key": "k-1"}
    )

    code = "invalid_request" if content == b"" else "body_unreadable"
    assert (answer.status, answer.body["code"]) == (422 if content == b"" else 400, code)
    assert not Refund.objects.exists()


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "text/json", ""])
def test_a_body_of_another_type_is_not_read(program: Program, order: Order, content_type: str) -> None:
    content = json.dumps(wish("11111111111111", principal=euros("1.00"))).encode()

    answer = program.post_bytes(
        f"orders/{order.amazon_order_id}/refunds", content, content_type, **{"Idempotency-Key": "k-1"}
    )

    assert (answer.status, answer.body["code"]) == (415, "not_json")
    assert not Refund.objects.exists()


def test_a_charset_beside_the_type_is_fine(program: Program, order: Order) -> None:
    content = json.dumps(wish("11111111111111", principal=euros("1.00"))).encode()

    answer = program.post_bytes(
        f"orders/{order.amazon_order_id}/refunds",
        content,
        "application/json; charset=utf-8",
        **{"Idempotency-Key": "k-1"},
    )

    assert answer.status == 201


def test_a_body_that_is_too_large_is_not_read(program: Program, order: Order) -> None:
    content = b'{"reason": "' + b"x" * 2_200_000 + b'"}'

    answer = program.post_bytes(
        f"orders/{order.amazon_order_id}/refunds", content, **{"Idempotency-Key": "k-1"}
    )

    assert (answer.status, answer.body["code"]) == (413, "body_too_large")


def test_an_unknown_field_is_told(program: Program, order: Order) -> None:
    body = {**wish("11111111111111", principal=euros("1.00")), "amount": "all"}

    answer = program.post(f"orders/{order.amazon_order_id}/refunds", body)

    assert answer.status == 422
    assert answer.body["faults"] == [
        {"location": "body.amount", "message": "Extra inputs are not permitted", "kind": "extra_forbidden"}
    ]


def test_no_more_faults_are_told_than_help(program: Program, order: Order) -> None:
    answer = program.post(f"orders/{order.amazon_order_id}/refunds", {"lines": [{}] * 150})

    assert (answer.status, len(answer.body["faults"])) == (422, 20)


@pytest.mark.parametrize("path", ["", "nothing", "tickets/", "orders/302-1-1/refunds/R-1", "tickets/a/b/c"])
def test_an_unknown_address_is_a_problem_too(stranger: Program, path: str) -> None:
    answer = stranger.get(path)

    assert (answer.status, answer.body["code"]) == (404, "not_found")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_an_address_outside_the_versions_is_a_problem_too(stranger: Program) -> None:
    response = stranger.client.get("/api/v2/tickets")

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_method_nobody_offers_is_told_with_those_offered(program: Program) -> None:
    answer = program.post("tickets", {})
    document = program.client.post("/api/openapi.json", {}, content_type="application/json")

    assert (answer.status, answer.body["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET"
    assert document.json()["code"] == "method_not_allowed"


def test_a_bug_is_told_to_the_program_and_shouted_into_the_log(
    program: Program, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(request: object, **_: object) -> None:
        raise RuntimeError("broken on purpose")

    path = next(found for router in api._get_bound_routers() for found in router.path_operations.values())
    monkeypatch.setattr(path.operations[0], "view_func", broken)

    answer = program.get("tickets")

    assert (answer.status, answer.body["code"]) == (500, "bug")
    assert "broken on purpose" not in json.dumps(answer.body)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.name == "django.request"
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "broken on purpose"


def test_facts_without_a_currency_stay_as_they_are() -> None:
    assert problems.with_money({"left": 5, "currency": ""}) == {"left": 5, "currency": ""}
    assert problems.with_money({"length": 7, "longest": 5}) == {"length": 7, "longest": 5}


def test_a_step_needs_no_body_but_takes_none_of_another_type(program: Program) -> None:
    refund = make_refund()

    refused = program.post_bytes(f"refunds/{refund.reference}/withdraw", b"now=1", "text/plain")
    done = program.post_bytes(f"refunds/{refund.reference}/withdraw", b"", "text/plain")

    assert (refused.status, refused.body["code"]) == (415, "not_json")
    assert (done.status, done.body["state"]) == (200, "withdrawn")
