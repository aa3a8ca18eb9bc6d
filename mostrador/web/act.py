"""Act: the part of the order panel with its buttons, shown again after a verb."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from mostrador.domain.refusals import Refused
from mostrador.web.access import access_ticket, agent_of
from mostrador.web.screen import ticket_screen
from mostrador.web.tickets import changed, ticket_page
from mostrador.web.words import refusals_words


def act_again(request: HttpRequest, ticket_id: int, verb: Callable[[], object] | None = None) -> HttpResponse:
    """Call one verb and show the buttons as they are now, with the reasons if it was refused."""
    problems: list[str] = []
    try:
        if verb is not None:
            verb()
    except Refused as refused:
        problems = refusals_words(refused.refusals)
    now, ticket = timezone.now(), access_ticket(request, ticket_id)
    status = 422 if problems else 200
    if request.headers.get("HX-Request"):
        context = {**ticket_screen(ticket, agent_of(request), now), "problems": problems}
        return changed(render(request, "orders/act.html", context, status=status))
    if not problems:
        return HttpResponseRedirect(reverse("ticket", args=[ticket_id]))
    response = ticket_page(request, ticket, now, problems=problems)
    response.status_code = status
    return response
