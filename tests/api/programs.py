"""A program that speaks to the API and holds every answer against the OpenAPI document."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.test import Client
from jsonschema import Draft202012Validator

from mostrador.models import Agent, ApiToken

_keys = itertools.count(1)


@cache
def contract() -> dict[str, Any]:
    """Return the OpenAPI document, as it is served."""
    document: dict[str, Any] = json.loads(Client().get("/api/openapi.json").content)
    return document


def new_key() -> str:
    """Return a request key nobody has used yet."""
    return f"wish-{next(_keys)}"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def codes(self) -> list[str]:
        """The codes of the refusals."""
        return [refusal["code"] for refusal in self.body["refusals"]]


@dataclass(frozen=True)
class Program:
    """A client that sends `headers` with everything."""

    client: Client
    headers: dict[str, str]

    @classmethod
    def of(cls, agent: Agent) -> Program:
        """Return a program with a new token of `agent`."""
        _, token = ApiToken.objects.issue(agent=agent, name="test")
        return cls(Client(raise_request_exception=False), {"Authorization": f"Bearer {token}"})

    def get(self, path: str, **query: object) -> Answer:
        """GET a path below /api/v1/."""
        found = self.client.get(f"/api/v1/{path}", query_params=query or None, headers=self.headers)
        return _checked(found, "get", path)

    def post(self, path: str, body: object = None, *, key: str | None = "") -> Answer:
        """POST JSON to a path below /api/v1/, with a new request key if none is given; None sends none."""
        keyed = {} if key is None else {"Idempotency-Key": key or new_key()}
        content = "" if body is None else json.dumps(body)
        return self.post_bytes(path, content.encode(), **keyed)

    def patch(self, path: str, body: object) -> Answer:
        """PATCH a path below /api/v1/ with JSON."""
        found = self.client.patch(
            f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=self.headers
        )
        return _checked(found, "patch", path)

    def post_bytes(
        self, path: str, content: bytes, content_type: str = "application/json", **headers: str
    ) -> Answer:
        """POST these very bytes."""
        found = self.client.post(
            f"/api/v1/{path}", content, content_type=content_type, headers={**self.headers, **headers}
        )
        return _checked(found, "post", path)


def _checked(response: Any, method: str, path: str) -> Answer:
    """Hold an answer against the document: a declared status, media type and shape."""
    answer = Answer(response.status_code, dict(response.headers), json.loads(response.content))
    assert answer.headers["Cache-Control"] == "no-store"
    declared = operation(method, path)
    if declared is None:
        assert answer.status in (404, 405), answer
        return answer
    assert str(answer.status) in declared["responses"], answer
    media_type = answer.headers["Content-Type"].split(";")[0]
    assert media_type == ("application/json" if answer.status < 400 else "application/problem+json")
    shape = declared["responses"][str(answer.status)]["content"][media_type]["schema"]
    faults = list(validator(shape).iter_errors(answer.body))
    assert not faults, faults
    if answer.status >= 400:
        assert answer.body["status"] == answer.status
    return answer


def validator(shape: dict[str, Any]) -> Draft202012Validator:
    """Return a validator for a schema of the document."""
    return Draft202012Validator({**shape, "components": contract()["components"]})


def operation(method: str, path: str) -> dict[str, Any] | None:
    """Return the operation the document declares for a path below /api/v1/."""
    for template, operations in contract()["paths"].items():
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        if re.fullmatch(pattern, f"/api/v1/{path.split('?')[0]}") and method in operations:
            found: dict[str, Any] = operations[method]
            return found
    return None


def euros(amount: str) -> dict[str, str]:
    """Return money as JSON says it."""
    return {"amount": amount, "currency": "EUR"}


def wish(item_id: str, *, reason: str = "CustomerReturn", **amounts: object) -> dict[str, Any]:
    """Return the body that asks for a refund of one item."""
    return {"reason": reason, "lines": [{"item_id": item_id, "amounts": amounts}]}
