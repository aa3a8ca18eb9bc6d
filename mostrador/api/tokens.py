"""Tokens: the only way in for programs is the Authorization header; no token is ever logged."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja.security.base import AuthBase

from mostrador.api.bodies import read_body
from mostrador.models import Agent, ApiToken

# Our own are 47 characters; nothing much longer is worth hashing.
LONGEST_TOKEN = 200


class ProgramRequest(HttpRequest):
    """A request that has come past `BearerToken`."""

    auth: ApiToken

    @property
    def agent(self) -> Agent:
        """The agent the program acts for."""
        return self.auth.agent


class BearerToken(AuthBase):
    """The token that `mostrador add-token` printed, sent as `Authorization: Bearer …`.

    It acts for its agent: what the program does stands under the agent's name. Cookies are never looked at.
    """

    # django-ninja's own bearer class writes the header to the log when it does not like it; ours never does.
    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "The token that `mostrador add-token` printed. Sessions and cookies do not count."

    def __init__(self, *, most_bytes: int = 0) -> None:
        """Let an operation that takes files be sent more; only to those who have come past is it read."""
        super().__init__()
        self.most_bytes = most_bytes

    def __call__(self, request: HttpRequest) -> ApiToken | None:
        """Return the live token of the request, or nothing.

        Raises: RequestDataTooBig.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
            return None
        found = ApiToken.objects.of(token)
        if found:
            found.mark_used(timezone.now())
            if self.most_bytes:
                read_body(request, self.most_bytes)
        return found


def agent_of(request: HttpRequest) -> Agent:
    """Return the agent whose token came with `request`."""
    token = getattr(request, "auth", None)
    assert isinstance(token, ApiToken), "every operation asks for a token"
    return token.agent
