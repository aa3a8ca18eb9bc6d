"""Problems: every answer that is not a success, as RFC 9457 problem details with a stable code."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from pydantic import Field

from mostrador.api.refusal_titles import TITLES
from mostrador.api.schemas.shapes import Money, Partner, Shown
from mostrador.domain.refusals import Refusal, RefusalCode

CONTENT_TYPE = "application/problem+json"
MOST_FAULTS = 20
_MONEY_FACTS = ("amount", "excess", "left", "seen", "seen_available", "total")


class ProblemCode(StrEnum):
    """Every kind of problem; each has its section in docs/reference/api.md."""

    BODY_UNREADABLE = "body_unreadable"
    TOKEN_MISSING_OR_UNKNOWN = "token_missing_or_unknown"  # noqa: S105  a code, not a secret
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    REQUEST_KEY_REUSED = "request_key_reused"
    SELLING_PARTNER_NEEDED = "selling_partner_needed"
    BODY_TOO_LARGE = "body_too_large"
    NOT_JSON = "not_json"
    INVALID_REQUEST = "invalid_request"
    REFUSED = "refused"
    BUG = "bug"


_KINDS: dict[ProblemCode, tuple[int, str]] = {
    ProblemCode.BODY_UNREADABLE: (400, "The body is not readable JSON"),
    ProblemCode.TOKEN_MISSING_OR_UNKNOWN: (401, "A valid bearer token is needed"),
    ProblemCode.NOT_FOUND: (404, "There is no such thing here"),
    ProblemCode.METHOD_NOT_ALLOWED: (405, "This address does not know the method"),
    ProblemCode.REQUEST_KEY_REUSED: (409, "The request key stands for another wish"),
    ProblemCode.SELLING_PARTNER_NEEDED: (409, "Several selling partners have an order with this id"),
    ProblemCode.BODY_TOO_LARGE: (413, "The body is too large"),
    ProblemCode.NOT_JSON: (415, "The body must be application/json"),
    ProblemCode.INVALID_REQUEST: (422, "The request does not have the documented shape"),
    ProblemCode.REFUSED: (422, "The rules refuse this wish"),
    ProblemCode.BUG: (500, "Something is broken in Mostrador"),
}


class ShownRefusal(Shown):
    """One reason for which a wish is refused."""

    code: RefusalCode
    title: str = Field(description="The code in words; for people.")
    facts: dict[str, str | int | Money] = Field(description="What the reason is about; money is exact.")

    @classmethod
    def of(cls, refusal: Refusal) -> ShownRefusal:
        """Return the refusal as JSON shows it."""
        return cls(code=refusal.code, title=TITLES[refusal.code], facts=with_money(refusal.facts))


class Fault(Shown):
    """One place where a request does not have the documented shape."""

    location: str = Field(description="Where: body.lines.0.item_id, query.limit, header.Idempotency-Key.")
    message: str
    kind: str


class Problem(Shown):
    """What went wrong (RFC 9457). `code` never changes its meaning; `title` and `detail` are for people."""

    type: str
    title: str
    status: int
    detail: str
    code: ProblemCode
    refusals: list[ShownRefusal] = Field(default=[], description="With `refused`: every reason.")
    faults: list[Fault] = Field(default=[], description="With `invalid_request`: every place.")
    selling_partners: list[Partner] = Field(
        default=[], description="With `selling_partner_needed`: whom to choose from."
    )


class ProblemRaised(Exception):
    """A problem on its way to the answer."""

    def __init__(self, code: ProblemCode, detail: str, **more: Sequence[Shown]) -> None:
        self.code, self.detail, self.more = code, detail, more
        super().__init__(code)


def answer(raised: ProblemRaised) -> HttpResponse:
    """Return the answer that tells a program what went wrong."""
    status, title = _KINDS[raised.code]
    problem = Problem.model_validate(
        {
            "type": f"/docs/reference/api.md#{raised.code}",
            "title": title,
            "status": status,
            "detail": raised.detail,
            "code": raised.code,
            **raised.more,
        }
    )
    body = problem.model_dump(mode="json", exclude_defaults=True)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def refused(refusals: Sequence[Refusal]) -> ProblemRaised:
    """Return the problem of a wish the rules refuse."""
    shown = [ShownRefusal.of(refusal) for refusal in refusals]
    return ProblemRaised(ProblemCode.REFUSED, " ".join(each.title for each in shown), refusals=shown)


def invalid(location: str, message: str, kind: str = "value_error") -> ProblemRaised:
    """Return the problem of a request that is wrong in one place."""
    return invalid_in([Fault(location=location, message=message, kind=kind)])


def invalid_in(faults: Sequence[Fault]) -> ProblemRaised:
    """Return the problem of a request that is wrong in several places; the first ones are told."""
    first = faults[:MOST_FAULTS]
    words = "; ".join(f"{fault.location}: {fault.message}" for fault in first)
    return ProblemRaised(ProblemCode.INVALID_REQUEST, words, faults=first)


def not_found(what: str) -> ProblemRaised:
    """Return the problem of an address that leads nowhere."""
    return ProblemRaised(ProblemCode.NOT_FOUND, f"No {what} has this id.")


def unknown_address(request: HttpRequest) -> HttpResponse:
    """Answer every address below /api/ that no operation has."""
    return answer(ProblemRaised(ProblemCode.NOT_FOUND, "No operation has this address."))


def with_money(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts with their amounts of minor units as exact money, where a currency stands beside them."""
    currency = facts.get("currency")
    if not isinstance(currency, str) or not currency:
        return dict(facts)
    exact = {
        name: Money.of(value, currency)
        for name, value in facts.items()
        if name in _MONEY_FACTS and isinstance(value, int)
    }
    return {name: value for name, value in {**facts, **exact}.items() if name != "currency"}


def documented(*codes: ProblemCode) -> dict[str, Any]:
    """Return the `responses` of an OpenAPI operation for these problems and those any operation may have."""
    always = (ProblemCode.TOKEN_MISSING_OR_UNKNOWN, ProblemCode.INVALID_REQUEST, ProblemCode.BUG)
    by_status: dict[str, list[ProblemCode]] = {}
    for code in dict.fromkeys((*always, *codes)):
        by_status.setdefault(str(_KINDS[code][0]), []).append(code)
    return {status: _response(codes) for status, codes in sorted(by_status.items())}


def _response(codes: Sequence[ProblemCode]) -> dict[str, Any]:
    examples = {code.value: {"value": _example(code)} for code in codes}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    words = "; ".join(f"`{code}`: {_KINDS[code][1]}" for code in codes)
    return {"description": words, "content": {CONTENT_TYPE: content}}


def _example(code: ProblemCode) -> dict[str, Any]:
    status, title = _KINDS[code]
    kind = {"type": f"/docs/reference/api.md#{code}", "title": title, "status": status, "code": code.value}
    return {**kind, **_EXAMPLES.get(code, {"detail": title + "."})}


_ABOVE_LEFT = {
    "code": "amount_above_left",
    "title": TITLES[RefusalCode.AMOUNT_ABOVE_LEFT],
    "facts": {
        "item": "12345678901234",
        "title": "Desk lamp",
        "component": "principal",
        "amount": {"amount": "30.00", "currency": "EUR"},
        "left": {"amount": "25.00", "currency": "EUR"},
    },
}
_NO_KEY = {"location": "header.Idempotency-Key", "message": "Field required", "kind": "missing"}
_EXAMPLES: dict[ProblemCode, dict[str, Any]] = {
    ProblemCode.REFUSED: {"detail": TITLES[RefusalCode.AMOUNT_ABOVE_LEFT], "refusals": [_ABOVE_LEFT]},
    ProblemCode.INVALID_REQUEST: {
        "detail": "header.Idempotency-Key: Field required",
        "faults": [_NO_KEY],
    },
    ProblemCode.SELLING_PARTNER_NEEDED: {
        "detail": "Name one with ?selling_partner=seller_id:region.",
        "selling_partners": [
            {"name": "Nordlicht", "seller_id": "A2EXAMPLE", "region": "eu"},
            {"name": "Nordlicht US", "seller_id": "A2EXAMPLE", "region": "na"},
        ],
    },
}
