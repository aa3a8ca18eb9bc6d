"""Bodies: JSON read without surprises, so that nobody sees another amount than we do."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from ninja.parser import Parser

# Files of ten megabytes in base64, and the words around them.
MOST_BYTES_WITH_FILES = 16 * 1024 * 1024


def read_body(request: HttpRequest, most_bytes: int) -> None:
    """Read a body that may be larger than others.

    Raises: RequestDataTooBig before anything is read.
    """
    if int(request.META.get("CONTENT_LENGTH") or 0) > most_bytes:
        raise RequestDataTooBig
    # Where Django keeps it too; its own reading knows one limit for all pages only.
    request._body = request.read()


class StrictParser(Parser):
    """Reads JSON as RFC 8259 means it: no field twice, no NaN."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body's JSON.

        Raises: ValueError for a body that is not UTF-8, not JSON, or says a field twice.
        """
        text = request.body.decode("utf-8")
        return json.loads(text, object_pairs_hook=_without_repetition, parse_constant=_no_number)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field stands twice")
    return fields


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")
