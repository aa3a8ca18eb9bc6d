"""The shapes of Amazon's answers: JSON bodies, error bodies, and the exception that becomes one."""

from __future__ import annotations

import json

from aiohttp import web

from mostrador.simulator.store import Json


class Refused(Exception):
    """A request Amazon does not carry out."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details


def invalid(message: str, details: str = "") -> Refused:
    """Return the refusal of a request that makes no sense."""
    return Refused(400, "InvalidInput", message, details)


def not_found(what: str) -> Refused:
    """Return the refusal of a request for something that does not exist."""
    return Refused(404, "NotFound", f"The requested {what} was not found.")


def unauthorized(details: str) -> Refused:
    """Return the refusal of a caller without a valid access token."""
    return Refused(403, "Unauthorized", "Access to the requested resource is denied.", details)


def error_response(refusal: Refused) -> web.Response:
    """Return Amazon's error body for a refusal."""
    error = {"code": refusal.code, "message": refusal.message, "details": refusal.details}
    return json_response(
        {"errors": [error]}, status=refusal.status, headers={"x-amzn-ErrorType": refusal.code}
    )


def json_response(body: Json, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return a JSON answer."""
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(text=text, status=status, content_type="application/json", headers=headers)


def listed(values: list[str]) -> list[str]:
    """Return a list parameter, whether it was sent comma-separated or repeated."""
    return [word.strip() for value in values for word in value.split(",") if word.strip()]
