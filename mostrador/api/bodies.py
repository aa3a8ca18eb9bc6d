"""Bodies: JSON read without surprises, so that nobody sees another amount than we do."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser


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
