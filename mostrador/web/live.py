"""Live: the fragment an open ticket asks for again and again; nothing new costs almost nothing."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from mostrador.web.access import access_ticket, agent_of
from mostrador.web.places import place_of
from mostrador.web.presence import note_look, people_now
from mostrador.web.screen import live_html, ticket_screen
from mostrador.web.versions import version_of


@require_safe
def live(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Return the regions of a ticket page, or 304 when nothing has moved since the page's last look."""
    now = timezone.now()
    minute = now.replace(second=0, microsecond=0)
    version, people = version_of(request, ticket_id), people_now(request, ticket_id)
    note_look(request, ticket_id, now)
    seen = f"{version}|{people.word}|{minute.isoformat()}|{translation.get_language()}"
    tag = '"' + hashlib.sha256(seen.encode()).hexdigest()[:32] + '"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    row = access_ticket(request, ticket_id)
    context = {**ticket_screen(row, agent_of(request), now), "place": place_of(request)}
    headers = {"ETag": tag, "Cache-Control": "no-store", "X-Look-Again": str(context["every"])}
    return HttpResponse(live_html(request, context), headers=headers)
