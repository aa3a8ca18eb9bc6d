"""Request keys: a POST that is sent again with its key is one wish, and its answer says so."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Header

from mostrador.models import Agent
from mostrador.models.delivery import Delivery

REPLAYED = "Idempotent-Replayed"

RequestKey = Annotated[
    str,
    Header(
        ...,
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,64}$",
        description="The wish's own key, made by the program (a UUID). The same key again is the same wish.",
        example="0b8f6a52-52a2-4c0e-9c5e-6a1f4be1f7a5",
    ),
]


def stored_key(agent: Agent, key: str) -> str:
    """Return the key as it is stored: apart from the keys of other agents, of our pages and of imports."""
    return f"api:{agent.pk}:{key}"


def mark_answer(response: HttpResponse, wish: Delivery, *, path: str, asked_at: datetime) -> int:
    """Write the headers of a POST that made a wish, or met one it had made; return the status."""
    if wish.requested_at == asked_at:
        response["Location"] = path
        return 201
    response[REPLAYED] = "true"
    return 200


def documented_answers(shape: str) -> dict[int, Any]:
    """Return the headers of 201 and 200 for the OpenAPI document."""
    replayed = {"description": f"`true`: the key was known; this is the {shape} it made.", "schema": _TRUE}
    made = {"description": f"Where the {shape} can be read.", "schema": {"type": "string"}}
    return {
        200: {"description": "Asked before with this key.", "headers": {REPLAYED: replayed}},
        201: {"description": "Stored.", "headers": {"Location": made}},
    }


_TRUE = {"type": "string", "const": "true"}
