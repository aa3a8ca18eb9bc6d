"""The pages for monitors that need no login: whether the database answers, and whether work goes on."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mostrador.tasks.lateness import Condition, conditions

PLAIN = "text/plain; charset=utf-8"


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer "ok" after a round trip to the database; a broken one makes this a 500."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return HttpResponse("ok\n", content_type=PLAIN)


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the desk can do its work, in words or as JSON; 503 when something is missing."""
    found = list(conditions(timezone.now()))
    is_ready = all(condition.is_fine for condition in found)
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    kind = request.get_preferred_type(["text/plain", "application/json"])
    response: HttpResponse
    if kind == "application/json":
        response = JsonResponse(
            {"ready": is_ready, "checks": [_shown(each) for each in found]}, status=status
        )
    else:
        first = "ready" if is_ready else "not ready"
        response = HttpResponse("\n".join([first, *map(_line, found), ""]), content_type=PLAIN, status=status)
    patch_vary_headers(response, ["Accept"])
    return response


def _line(condition: Condition) -> str:
    line = f"{'✓' if condition.is_fine else '✗'} {condition.check}: {condition.words}"
    return f"{line}\n    → {condition.next_step}" if condition.next_step else line


def _shown(condition: Condition) -> dict[str, str | bool]:
    shown: dict[str, str | bool] = {
        "check": condition.check,
        "ok": condition.is_fine,
        "words": condition.words,
    }
    return shown | {"next_step": condition.next_step} if condition.next_step else shown
