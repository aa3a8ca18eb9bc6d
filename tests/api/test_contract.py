"""The OpenAPI document: complete, and what is really served."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator

from mostrador.amazon.acknowledgements import CancelReason
from mostrador.amazon.adjustments import AdjustmentReason
from mostrador.amazon.components import Component
from mostrador.api.schemas.refunds import Amounts
from tests.api.programs import validator

OPERATIONS = {
    ("get", "/api/v1/tickets"),
    ("get", "/api/v1/tickets/{ticket_id}"),
    ("patch", "/api/v1/tickets/{ticket_id}"),
    ("post", "/api/v1/tickets/{ticket_id}/notes"),
    ("post", "/api/v1/tickets/{ticket_id}/replies"),
    ("get", "/api/v1/orders"),
    ("get", "/api/v1/orders/{order_id}"),
    ("post", "/api/v1/orders/{order_id}/refunds"),
    ("post", "/api/v1/orders/{order_id}/cancellations"),
    ("get", "/api/v1/refunds/{refund_id}"),
    ("post", "/api/v1/refunds/{refund_id}/withdraw"),
    ("post", "/api/v1/refunds/{refund_id}/send-now"),
    ("get", "/api/v1/cancellations/{cancellation_id}"),
    ("post", "/api/v1/cancellations/{cancellation_id}/withdraw"),
    ("post", "/api/v1/cancellations/{cancellation_id}/send-now"),
    ("get", "/api/v1/replies/{reply_id}"),
    ("post", "/api/v1/replies/{reply_id}/withdraw"),
    ("get", "/api/v1/macros"),
}


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return method, path and operation."""
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def references(part: Any) -> set[str]:
    """Return every `$ref` in a part of the document."""
    if isinstance(part, dict):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*(references(value) for value in part.values()))
    return set().union(*(references(value) for value in part)) if isinstance(part, list) else set()


def test_the_document_is_open_to_everyone_and_says_what_it_is(document: dict[str, Any]) -> None:
    response = Client().get("/api/openapi.json")

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == "Mostrador"
    assert document["info"]["version"] == "1.0"
    assert document["servers"] == [{"url": "/", "description": "This desk."}]


def test_the_document_holds_every_operation(document: dict[str, Any]) -> None:
    assert {(method, path) for method, path, _ in operations(document)} == OPERATIONS


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    for method, path, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"], path
        assert set(operation["tags"]) <= {tag["name"] for tag in document["tags"]}, path
        assert operation["security"] == [{"BearerToken": []}], path
        in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path)), path
        assert all(each["description"] and each["schema"] for each in operation["parameters"]), path
        assert all(each["required"] for each in operation["parameters"] if each["in"] == "path"), path
        assert all(not isinstance(each.get("examples"), list) for each in operation["parameters"]), path
        assert all(answer["description"] for answer in operation["responses"].values()), path
        takes_a_body = method == "patch" or (method == "post" and path.endswith("s"))
        assert ("requestBody" in operation) == takes_a_body, path


def test_the_security_scheme_is_a_bearer_token(document: dict[str, Any]) -> None:
    scheme = document["components"]["securitySchemes"]["BearerToken"]

    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert scheme["description"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = references(document)

    assert found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


def test_every_schema_is_a_schema(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_example_of_a_schema_fits_it(document: dict[str, Any]) -> None:
    with_examples = {
        name: schema for name, schema in document["components"]["schemas"].items() if "examples" in schema
    }

    assert {"Ticket", "Order", "Refund", "RefundRequest", "Cancellation", "Reply"} <= set(with_examples)
    for name, schema in with_examples.items():
        for example in schema["examples"]:
            faults = list(validator({"$ref": f"#/components/schemas/{name}"}).iter_errors(example))
            assert not faults, (name, faults)


def test_every_problem_has_an_example_that_fits(document: dict[str, Any]) -> None:
    seen = 0
    for _, path, operation in operations(document):
        assert {"401", "422", "500"} <= set(operation["responses"]), path
        for status, answer in operation["responses"].items():
            if int(status) < 400:
                continue
            (content,) = [answer["content"]["application/problem+json"]]
            for example in content["examples"].values():
                assert not list(validator(content["schema"]).iter_errors(example["value"])), (path, status)
                assert example["value"]["status"] == int(status)
                seen += 1
    assert seen > 60


def test_every_asking_operation_wants_a_request_key(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        keys = [each for each in operation["parameters"] if each["name"] == "Idempotency-Key"]
        is_note = path.endswith("/notes")  # it never leaves the desk
        if method == "post" and path.endswith("s") and not is_note:
            assert [(key["in"], key["required"]) for key in keys] == [("header", True)]
            assert {"200", "201", "409"} <= set(operation["responses"])
        else:
            assert keys == []


def test_a_document_field_names_every_word_of_amazon(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    refund = schemas["RefundRequest"]["properties"]["reason"]["description"]
    cancellation = schemas["CancellationRequest"]["properties"]["reason"]["description"]
    assert all(reason.value in refund for reason in AdjustmentReason)
    assert all(reason.value in cancellation for reason in CancelReason)


def test_amounts_name_every_component() -> None:
    assert list(Amounts.model_fields) == [component.value for component in Component]


def test_there_is_no_page_that_needs_inline_scripts() -> None:
    assert Client().get("/api/docs").status_code == 404


@pytest.mark.parametrize("name", ["RefundRequest", "CancellationRequest", "ReplyRequest", "Money", "Amounts"])
def test_what_programs_send_admits_no_unknown_field(document: dict[str, Any], name: str) -> None:
    assert document["components"]["schemas"][name]["additionalProperties"] is False
