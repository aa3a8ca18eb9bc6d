"""Login with Amazon: short-lived access tokens, for a seller's consent or for the application itself."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from mostrador.amazon.clocks import date_of, lead
from mostrador.amazon.errors import AmazonError, Happened, NotSent, Unauthorized
from mostrador.amazon.wire import Outgoing, Reply, Wire, is_allowed_address, shared_wire

OPERATION = "getAccessToken"
LOGIN_ENDPOINT = "https://api.amazon.com"
TOKEN_PATH = "/auth/o2/token"  # noqa: S105 - a path
MAX_LIFE = timedelta(hours=1)
MAX_ANSWER = 64 * 1024
CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token and the moment after which Amazon refuses it: by our clock, and by Amazon's own."""

    value: str = field(repr=False)
    expires_at: datetime
    lead: timedelta = timedelta(0)  # how far our clock was ahead of Amazon's when the token came

    @property
    def dead_at(self) -> datetime:
        """When it expires by Amazon's clock: what frozen senders are held against."""
        return self.expires_at - self.lead


class TokenSource:
    """Hands out access tokens: for a seller's consent, or grantless ones. It may be shared by threads.

    A grantless token speaks for the application; `scope` says what for, and there is no refresh token then.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        refresh_token: str = "",
        scope: str = "",
        endpoint: str = LOGIN_ENDPOINT,
        wire: Wire | None = None,
    ) -> None:
        if not is_allowed_address(endpoint):
            raise ValueError("the login endpoint must be https, or http on this machine")
        self._url = endpoint if urlsplit(endpoint).path.strip("/") else endpoint.rstrip("/") + TOKEN_PATH
        if bool(refresh_token) == bool(scope):
            raise ValueError("either a refresh token or a scope says what the access token is for")
        grant = (
            {"grant_type": "client_credentials", "scope": scope}
            if scope
            else {"grant_type": "refresh_token", "refresh_token": refresh_token}
        )
        self._form = {
            **grant,
            "client_id": client_id,
            "client_secret": client_secret,
        }
        self._wire = wire or shared_wire()
        self._lock = threading.Lock()
        self._token: AccessToken | None = None

    def __repr__(self) -> str:
        return f"TokenSource({self._url!r})"

    def token(self, now: datetime, at_least: timedelta = timedelta(minutes=5)) -> AccessToken:
        """Return a token that lives for `at_least` from `now`, the kept one if it does.

        Raises: AmazonError for the operation getAccessToken; nothing has happened then.
        """
        with self._lock:
            if self._token is None or self._token.expires_at - now < at_least:
                self._token = self._fetch(now)
            return self._token

    def forget(self) -> None:
        """Drop the kept token, so that the next one is new."""
        with self._lock:
            self._token = None

    def _fetch(self, now: datetime) -> AccessToken:
        outgoing = Outgoing(
            OPERATION,
            "POST",
            self._url,
            headers={
                "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
            content=urlencode(self._form).encode("ascii"),
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_bytes=MAX_ANSWER,
        )
        try:
            reply = self._wire.send(outgoing)
        except AmazonError as error:
            raise NotSent(
                error.message, operation=OPERATION, happened=Happened.NO, status=error.status
            ) from None
        return _token(reply, now)


def _token(reply: Reply, now: datetime) -> AccessToken:
    """Read Amazon's answer; the life is counted from before the request, so it is never too long."""
    answer = _object(reply.body)
    if reply.status != 200:
        raise _refusal(reply, answer)
    value, seconds = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(value, str) or not _is_header_text(value):
        raise _error(NotSent, reply, "", "the login answered without an access token")
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds <= 0:
        raise _error(NotSent, reply, "", "the login did not say how long the token lives")
    life = min(timedelta(seconds=min(seconds, 86400)), MAX_LIFE)
    return AccessToken(value, now + life, lead(now, date_of(reply.headers)))


def _refusal(reply: Reply, answer: dict[str, object]) -> AmazonError:
    """Return the error for Login with Amazon's own form: {"error": "...", "error_description": "..."}."""
    code = answer.get("error")
    words = answer.get("error_description")
    # A 429 of the login is no Throttled: that one speaks of the usage plan of an operation.
    kind: type[AmazonError] = Unauthorized if reply.status in (400, 401, 403) else NotSent
    return _error(
        kind,
        reply,
        code[:100] if isinstance(code, str) else "",
        words[:300] if isinstance(words, str) else "the login refused to give a token",
    )


def _error(kind: type[AmazonError], reply: Reply, code: str, message: str) -> AmazonError:
    return kind(
        message,
        operation=OPERATION,
        happened=Happened.NO,
        status=reply.status,
        code=code,
        request_id=reply.headers.get("x-amzn-requestid"),
    )


def _object(body: bytes) -> dict[str, object]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _is_header_text(value: str) -> bool:
    return 0 < len(value) <= 8192 and value.isascii() and value.isprintable() and " " not in value
