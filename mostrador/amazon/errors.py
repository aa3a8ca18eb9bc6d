"""What went wrong with Amazon, and whether the request may have happened all the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum

MAX_MESSAGE = 500  # characters of Amazon's words that are kept


class Happened(StrEnum):
    """Whether the failed request may have had its effect at Amazon."""

    NO = "no"
    UNKNOWN = "unknown"


class AmazonError(Exception):
    """A call to Amazon that failed. `message` is Amazon's words or ours, without secrets or names.

    `happened` answers the only question that matters: NO is proof that nothing was done, UNKNOWN is
    everything else. `retry_after` is in seconds and only there when Amazon said so.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        happened: Happened,
        status: int | None = None,
        code: str = "",
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.operation = operation
        self.happened = happened
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        facts = [self.operation, str(self.status or "no answer"), self.code, self.message]
        if self.request_id:
            facts.append(f"request {self.request_id}")
        return ": ".join(fact for fact in facts if fact)


class NotSent(AmazonError):
    """Not one byte of the request was written: no connection, no token, or a deadline that had passed."""


class Throttled(AmazonError):
    """429: the usage plan is used up. Nothing was done."""


class Unauthorized(AmazonError):
    """401 or 403: the token, a role or the seller's consent is missing. Nothing was done."""


class Refused(AmazonError):
    """Another 4xx with Amazon's words in it. Nothing was done."""


class OutcomeUnknown(AmazonError):
    """No answer, a 5xx or an answer that cannot be read: it may have happened."""


class Unreadable(OutcomeUnknown):
    """Amazon said yes, but what it said cannot be understood."""


class TooLarge(AmazonError):
    """An answer larger than we are willing to read."""


class ReportTooLarge(TooLarge):
    """A processing report larger than we are willing to read: a person must look at it."""


def classify(*, status: int | None, readable: bool, request_began: bool) -> Happened:
    """Return whether a failed request may have had its effect.

    `status` is None when no answer came; `readable` says whether the answer carries Amazon's own error
    list; `request_began` whether the first byte of the request may have been written. Source: the table
    of money safety, "which answers to createFeed are definite". 408 is left out of the definite ones: it
    is said by a server that stopped waiting.
    """
    if status is None:
        return Happened.UNKNOWN if request_began else Happened.NO
    if status == 429:
        return Happened.NO
    if 400 <= status < 500 and status != 408 and readable:
        return Happened.NO
    return Happened.UNKNOWN


def error_of_answer(operation: str, status: int, headers: Mapping[str, str], body: bytes) -> AmazonError:
    """Return the error that an answer without success stands for."""
    words = _amazons_words(body)
    happened = classify(status=status, readable=words is not None, request_began=True)
    code, message = words or ("", "the answer is not one of Amazon's error lists")
    return _kind(status, happened)(
        message,
        operation=operation,
        happened=happened,
        status=status,
        code=code,
        request_id=headers.get("x-amzn-requestid"),
        retry_after=_seconds(headers.get("retry-after")),
    )


def _kind(status: int, happened: Happened) -> type[AmazonError]:
    if happened is Happened.UNKNOWN:
        return OutcomeUnknown
    if status == 429:
        return Throttled
    return Unauthorized if status in (401, 403) else Refused


def _amazons_words(body: bytes) -> tuple[str, str] | None:
    """Return code and message of Amazon's `{"errors": [{"code", "message", "details"}]}`, else None."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    errors = content.get("errors") if isinstance(content, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict) or not isinstance(first.get("code"), str):
        return None
    said = [first.get("message"), first.get("details")]
    message = " ".join(word for word in said if isinstance(word, str) and word)
    return first["code"][:100], message[:MAX_MESSAGE]


def _seconds(text: str | None) -> float | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 6:
        return None
    return float(text)
