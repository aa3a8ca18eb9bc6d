"""One call to the Selling Partner API: addressed, signed in, sent once, and its answer read."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import quote, urlencode, urlsplit

from mostrador.amazon.errors import AmazonError, Happened, Refused, Unauthorized, Unreadable, error_of_answer
from mostrador.amazon.lwa import AccessToken, TokenSource
from mostrador.amazon.quotas import rate_said
from mostrador.amazon.wire import MAX_ANSWER, Outgoing, Reply, Wire, is_allowed_address, shared_wire

VERSION = "0.1.0"
MAX_USER_AGENT = 500
DOCUMENT_HOSTS = (".amazonaws.com",)  # where Amazon keeps feed documents
DOCUMENT_SECONDS = 60.0

Query = Mapping[str, str | int | Sequence[str] | None]


def default_user_agent() -> str:
    """Return who we are, as Amazon wants it: name, version, platform, and that we are a program."""
    python = ".".join(platform.python_version_tuple()[:2])
    return (
        f"Mostrador/{VERSION} (Language=Python/{python}; Platform={platform.system()}; "
        "automated software acting for the seller)"
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """Amazon's yes. `body` is the parsed JSON with exact decimals, None when there was no body."""

    operation: str
    status: int
    body: Any = field(repr=False)
    headers: Mapping[str, str]
    request_id: str | None
    date: datetime | None
    rate_limit: Decimal | None


class Client:
    """Speaks for one seller in one region. It may be shared by threads; it never tries anything twice."""

    def __init__(
        self, endpoint: str, tokens: TokenSource, *, user_agent: str | None = None, wire: Wire | None = None
    ) -> None:
        if not is_allowed_address(endpoint):
            raise ValueError("the endpoint must be https, or http on this machine")
        self._endpoint = endpoint.rstrip("/")
        self._tokens = tokens
        self._user_agent = user_agent or default_user_agent()
        if len(self._user_agent) > MAX_USER_AGENT:
            raise ValueError(f"Amazon refuses a User-Agent above {MAX_USER_AGENT} characters")
        self._wire = wire or shared_wire()

    @property
    def tokens(self) -> TokenSource:
        """Where this client's access tokens come from."""
        return self._tokens

    def call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        now: datetime,
        query: Query | None = None,
        body: Mapping[str, object] | None = None,
        token: AccessToken | None = None,
        fresh_connection: bool = False,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        deadline: float | None = None,
    ) -> Answer:
        """Call one operation once and return its answer; a list in `query` goes with commas.

        A pinned `token` is used as it is; without one the token source is asked. `deadline` is a time of
        `boot_clock()`, looked at immediately before the first byte is written.
        Raises: AmazonError for everything that is not a readable 2xx.
        """
        outgoing = Outgoing(
            operation,
            method,
            self._url(path, query),
            headers=self._headers(now, token or self._tokens.token(now), has_body=body is not None),
            content=b"" if body is None else json.dumps(body, ensure_ascii=False).encode(),
            fresh_connection=fresh_connection,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_bytes=MAX_ANSWER,
            deadline=deadline,
        )
        reply = self._wire.send(outgoing)
        if 200 <= reply.status < 300:
            return _answer(operation, reply)
        error = error_of_answer(operation, reply.status, reply.headers, reply.body)
        if isinstance(error, Unauthorized) and token is None:
            self._tokens.forget()
        raise error

    def put_document(self, url: str, content: bytes, *, content_type: str) -> None:
        """Upload `content` to a signed address of Amazon's store; harmless to repeat. No token goes there.

        Raises: AmazonError; Refused before anything is sent when the address is not one of Amazon's.
        """
        self._document("uploadFeedDocument", "PUT", url, content, {"Content-Type": content_type}, MAX_ANSWER)

    def get_document(self, url: str, *, max_bytes: int) -> bytes:
        """Return the stored bytes behind a signed address, packed as they are. No token goes there.

        Raises: AmazonError; TooLarge above `max_bytes`.
        """
        return self._document("downloadFeedDocument", "GET", url, b"", {}, max_bytes).body

    def _document(
        self,
        operation: str,
        method: str,
        url: str,
        content: bytes,
        headers: Mapping[str, str],
        max_bytes: int,
    ) -> Reply:
        if not self._is_document_address(url):
            raise Refused(
                "the document's address is not one of Amazon's", operation=operation, happened=Happened.NO
            )
        common = {"User-Agent": self._user_agent, "Accept-Encoding": "identity"}
        reply = self._wire.send(
            Outgoing(
                operation,
                method,
                url,
                headers={**common, **headers},
                content=content,
                read_timeout=DOCUMENT_SECONDS,
                max_bytes=max_bytes,
            )
        )
        if not 200 <= reply.status < 300:
            raise error_of_answer(operation, reply.status, reply.headers, reply.body)
        return reply

    def _is_document_address(self, url: str) -> bool:
        if not is_allowed_address(url):
            return False
        parsed = urlsplit(url)
        host, home = parsed.hostname or "", urlsplit(self._endpoint)
        if host == home.hostname:
            return parsed.scheme == home.scheme
        return parsed.scheme == "https" and host.endswith(DOCUMENT_HOSTS)

    def _url(self, path: str, query: Query | None) -> str:
        pairs = [(name, _joined(value)) for name, value in (query or {}).items() if value is not None]
        return self._endpoint + path + ("?" + urlencode(pairs, quote_via=quote) if pairs else "")

    def _headers(self, now: datetime, token: AccessToken, *, has_body: bool) -> dict[str, str]:
        headers = {
            "User-Agent": self._user_agent,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "x-amz-access-token": token.value,
            "x-amz-date": now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"),
        }
        return {**headers, "Content-Type": "application/json"} if has_body else headers


def _joined(value: str | int | Sequence[str]) -> str:
    if isinstance(value, str | int):
        return str(value)
    return ",".join(value)


def _answer(operation: str, reply: Reply) -> Answer:
    return Answer(
        operation,
        reply.status,
        _parsed(operation, reply) if reply.body.strip() else None,
        reply.headers,
        reply.headers.get("x-amzn-requestid"),
        _date(reply.headers.get("date")),
        rate_said(reply.headers),
    )


def _parsed(operation: str, reply: Reply) -> object:
    try:
        return json.loads(reply.body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise unreadable(operation, "the answer is not JSON", reply=reply) from None


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def unreadable(operation: str, message: str, *, reply: Reply | Answer | None = None) -> AmazonError:
    """Return the error for a yes that cannot be understood: whatever was asked may well have happened."""
    return Unreadable(
        message,
        operation=operation,
        happened=Happened.UNKNOWN,
        status=reply.status if reply else None,
        request_id=reply.headers.get("x-amzn-requestid") if reply else None,
    )


def _date(text: str | None) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
