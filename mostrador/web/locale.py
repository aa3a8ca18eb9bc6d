"""The agent's language and time zone, for as long as one request lasts."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation


def agent_locale(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return the middleware that speaks each agent's language; strangers get their browser's."""

    def speak(request: HttpRequest) -> HttpResponseBase:
        agent = request.user
        language = (
            agent.language if agent.is_authenticated else translation.get_language_from_request(request)
        )
        with translation.override(language), timezone.override(_zone(agent)):
            response = get_response(request)
            response.headers.setdefault("Content-Language", language)
        return response

    return speak


def _zone(agent: object) -> ZoneInfo:
    try:
        return ZoneInfo(getattr(agent, "time_zone", "") or settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE)
