"""The contract: the operations as one API, what each exception becomes, and the OpenAPI document."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.log import log_response
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import REF_TEMPLATE, OpenAPISchema
from ninja.schema import NinjaGenerateJsonSchema

from mostrador.api import cancellations, macros, orders, problems, refunds, replies, tickets
from mostrador.api.bodies import StrictParser
from mostrador.api.problems import Fault, Problem, ProblemCode, ProblemRaised
from mostrador.api.tokens import BearerToken
from mostrador.domain.refusals import Refused, RequestKeyReused

VERSION = "1.0"  # of the contract, not of the program

_MAYBE = "Whether it was carried out is not known; a POST may be sent again with its request key."

_DESCRIPTION = """The verbs of the desk for programs: read tickets and orders; refund, cancel and answer; \
read back what became of it. Every problem is RFC 9457 problem details with a stable `code`. \
Money is decimal text with its currency, both ways. See docs/reference/api.md."""


class Contract(NinjaAPI):
    """The API with the parts django-ninja does not describe: the shape of problems."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the OpenAPI document."""
        document = super().get_openapi_schema(path_prefix=path_prefix or "/api/", path_params=path_params)
        shape = Problem.model_json_schema(
            ref_template=REF_TEMPLATE, schema_generator=NinjaGenerateJsonSchema, mode="serialization"
        )
        document["components"]["schemas"].update(shape.pop("$defs"))
        document["components"]["schemas"]["Problem"] = shape
        return document


api = Contract(
    title="Mostrador",
    version=VERSION,
    description=_DESCRIPTION,
    openapi_url=None,  # served by urls.py, beside the versions
    docs_url=None,  # Swagger's page needs inline scripts, which our Content-Security-Policy forbids
    urls_namespace="api",
    auth=BearerToken(),
    parser=StrictParser(),
    servers=[{"url": "/", "description": "This desk."}],
    openapi_extra={
        "info": {"license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "tags": [
            {"name": "Tickets", "description": "Conversations with buyers: list, read, change, leave notes."},
            {"name": "Orders", "description": "What Amazon last said, what is left, what may be done."},
            {"name": "Refunds", "description": "Money back: ask, read, send now, take back."},
            {"name": "Cancellations", "description": "Whole orders: ask, read, send now, take back."},
            {"name": "Replies", "description": "Answers to buyers: ask, read, take back."},
            {"name": "Macros", "description": "The replies a team shares: list."},
        ],
    },
)
for noun in (tickets, orders, refunds, cancellations, replies, macros):
    api.add_router("/v1", noun.router)


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """Return the OpenAPI document; it is the same on every desk and tells nothing of this one."""
    return JsonResponse(_document())


@cache
def _document() -> OpenAPISchema:
    return api.get_openapi_schema()


@api.exception_handler(ProblemRaised)
def _problem(request: HttpRequest, raised: ProblemRaised) -> HttpResponse:
    return problems.answer(raised)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, refused: Refused) -> HttpResponse:
    return problems.answer(problems.refused(refused.refusals))


@api.exception_handler(RequestKeyReused)
def _reused(request: HttpRequest, reused: RequestKeyReused) -> HttpResponse:
    words = "This key already stands for a wish with other content; nothing was written."
    return problems.answer(ProblemRaised(ProblemCode.REQUEST_KEY_REUSED, words))


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    words = "Send a token of `mostrador add-token` as `Authorization: Bearer …`."
    response = problems.answer(ProblemRaised(ProblemCode.TOKEN_MISSING_OR_UNKNOWN, words))
    given = "Authorization" in request.headers
    response["WWW-Authenticate"] = 'Bearer realm="mostrador"' + (', error="invalid_token"' if given else "")
    return response


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    assert error.status_code == 400, "django-ninja raises nothing else here"
    words = "The body must be UTF-8 JSON in which no field stands twice."
    return problems.answer(ProblemRaised(ProblemCode.BODY_UNREADABLE, words))


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    words = "Two megabytes are the limit, and sixteen for a reply with its files."
    return problems.answer(ProblemRaised(ProblemCode.BODY_TOO_LARGE, words))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    if any(each["loc"][0] == "path" for each in error.errors):
        return problems.answer(problems.not_found("thing"))
    faults = [
        Fault(location=_location(each["loc"]), message=each["msg"], kind=each["type"])
        for each in error.errors
    ]
    return problems.answer(problems.invalid_in(faults))


def _location(place: tuple[str | int, ...]) -> str:
    """Return where a fault is, in the words of the one who wrote the request."""
    source, *rest = place
    if source == "body":
        rest = rest[1:]  # the name of our own parameter
    return ".".join(str(part) for part in (source, *rest))


@api.exception_handler(Exception)
def _bug(request: HttpRequest, error: Exception) -> HttpResponse:
    """Tell the program, and the log as loudly as Django would."""
    got_request_exception.send(sender=Contract, request=request)
    response = problems.answer(ProblemRaised(ProblemCode.BUG, _MAYBE))
    words = "%s: %s"
    log_response(words, "A bug", request.path, response=response, request=request, exception=error)
    return response
