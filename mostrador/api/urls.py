"""The addresses below /api/."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, path, re_path
from django.views.decorators.csrf import csrf_exempt

from mostrador.api import problems
from mostrador.api.contract import api, openapi
from mostrador.api.problems import ProblemCode, ProblemRaised

View = Callable[..., HttpResponseBase]


def for_programs(view: View) -> View:
    """Return `view` without the doors of the pages (it has its own) and with problems for every refusal."""

    @wraps(view)
    def answered(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = _not_json(request) or view(request, *args, **kwargs)
        if response.status_code == 405:
            allowed = response["Allow"]
            words = f"Allowed here: {allowed}."
            response = problems.answer(ProblemRaised(ProblemCode.METHOD_NOT_ALLOWED, words))
            response["Allow"] = allowed
        response["Cache-Control"] = "no-store"
        return response

    # No session and no cookie is ever looked at, so there is nothing to forge across sites.
    return csrf_exempt(login_not_required(answered))


def _not_json(request: HttpRequest) -> HttpResponseBase | None:
    has_body = request.META.get("CONTENT_LENGTH") not in (None, "", "0")
    if request.method not in ("POST", "PATCH") or not has_body or request.content_type == "application/json":
        return None
    return problems.answer(ProblemRaised(ProblemCode.NOT_JSON, "Send the body as application/json."))


def _operations() -> list[URLPattern]:
    patterns, _, _ = api.urls
    operations = [each for each in patterns if isinstance(each, URLPattern) and each.name != "api-root"]
    return [
        URLPattern(each.pattern, for_programs(each.callback), each.default_args, each.name)
        for each in operations
    ]


app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("openapi.json", for_programs(openapi), name="openapi"),
    *_operations(),
    re_path("", for_programs(problems.unknown_address), name="unknown"),
]
