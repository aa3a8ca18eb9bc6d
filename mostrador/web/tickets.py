"""Tickets: the inbox and the ticket page, and taking, closing and opening a ticket."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mostrador.actions import tickets as actions
from mostrador.domain.refusals import Refused
from mostrador.models import Agent, Mention, Ticket
from mostrador.tasks import orders
from mostrador.web.access import access_ticket, agent_of, visible_tickets
from mostrador.web.going_on import go_on, notice_of, ticket_below
from mostrador.web.places import place_of
from mostrador.web.presence import come_in, people_now
from mostrador.web.queue import queue_frame, queue_page, read_list
from mostrador.web.screen import ticket_screen
from mostrador.web.sending import bar

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')
CHANGED = "desk:changed"  # tells live.js to look at once


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Show a list of tickets with none of them open."""
    context = {
        "queue": _queue(request),
        "bar": bar(),
        "place": place_of(request),
        "notice": notice_of(request),
    }
    return render(request, "tickets/inbox.html", context)


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Return the queue for the page that shows it, or its next rows; nothing new costs a 304."""
    template = "queue/rows.html" if request.GET.get("after") else "queue/queue.html"
    context = {"queue": _queue(request), "bar": bar(), "open_ticket": request.GET.get("open", "")}
    html = render_to_string(template, context, request)
    if not request.GET.get("after"):
        html += render_to_string("parts/bar.html", context, request)
        html += render_to_string("parts/lists.html", context, request)
        html += render_to_string("teamwork/around.html", {"people": people_now(request, None)}, request)
    return unless_known(request, html)


def _queue(request: HttpRequest) -> object:
    return queue_page(
        visible_tickets(agent_of(request)),
        agent=agent_of(request),
        current=read_list(request.GET.get("list", "")),
        after=request.GET.get("after", "")[:200],
        search=request.GET.get("q", ""),
        now=timezone.now(),
    )


@require_safe
def ticket(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Show a ticket, and have its order read anew where that is older than a minute."""
    now = timezone.now()
    row = access_ticket(request, ticket_id)
    if row.merged_into_id is not None:
        return HttpResponseRedirect(reverse("ticket", args=[row.merged_into_id]) + place_of(request).query)
    Mention.objects.see(ticket=row, agent=agent_of(request), now=now)
    come_in(request, row.pk, now)
    refresh_order(row, now)
    return ticket_page(request, row, now)


def refresh_order(row: Ticket, now: datetime) -> None:
    """Have the ticket's order read again if its last reading is old."""
    if row.order and not row.order.is_fresh(now):
        orders.plan_refresh(order_id=row.order.pk, now=now)


def ticket_page(request: HttpRequest, row: Ticket, now: datetime, **extra: Any) -> HttpResponse:
    """Return the whole page of a ticket, or its part beside the queue for a page that has the queue."""
    context: dict[str, Any] = {**ticket_screen(row, agent_of(request), now), **extra}
    context |= {"place": place_of(request), "notice": notice_of(request)}
    if request.headers.get("HX-Target") == "ticket":
        return render(request, "tickets/ticket.html", context)
    place = place_of(request)
    context |= {"queue": queue_frame(current=place.current, search=place.search), "open_ticket": str(row.pk)}
    return render(request, "tickets/page.html", context)


def unless_known(request: HttpRequest, html: str) -> HttpResponse:
    """Return a fragment, or 304 when the page shows the same already."""
    told = _TOKEN.sub("", html)  # a form's token is new in every answer, and says nothing
    tag = '"' + hashlib.sha256(told.encode()).hexdigest()[:32] + '"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    return HttpResponse(html, headers={"ETag": tag, "Cache-Control": "no-store"})


# ── verbs ─────────────────────────────────────────────────────────────────────────────────────────────────


@require_POST
def close(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Close the ticket and go on to the next one of the list."""
    now = timezone.now()
    row = access_ticket(request, ticket_id)
    below = ticket_below(request, row, now)
    actions.close_ticket(ticket=row, agent=agent_of(request), now=now)
    return changed(go_on(request, row, below))


@require_POST
def reopen(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Open the ticket again."""
    return _change(
        request, ticket_id, lambda row, me, now: actions.reopen_ticket(ticket=row, agent=me, now=now)
    )


@require_POST
def take(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Give the ticket to the agent who asks."""
    return _change(
        request, ticket_id, lambda row, me, now: actions.assign_ticket(ticket=row, agent=me, to=me, now=now)
    )


@require_POST
def release(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Give the ticket back to everyone."""
    return _change(
        request, ticket_id, lambda row, me, now: actions.assign_ticket(ticket=row, agent=me, to=None, now=now)
    )


def _change(
    request: HttpRequest, ticket_id: int, verb: Callable[[Ticket, Agent, datetime], None]
) -> HttpResponse:
    now, here = timezone.now(), reverse("ticket", args=[ticket_id])
    try:
        verb(access_ticket(request, ticket_id), agent_of(request), now)
    except Refused:  # it was merged meanwhile: its page leads to where it shows
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": here})
    if not request.headers.get("HX-Request"):
        return HttpResponseRedirect(here)
    context = ticket_screen(access_ticket(request, ticket_id), agent_of(request), now)
    context["place"] = place_of(request)
    return changed(render(request, "tickets/head.html", context))


def changed(response: HttpResponse, **headers: str) -> HttpResponse:
    """Tell the page that something has changed, so that it looks at once."""
    response.headers["HX-Trigger"] = CHANGED
    for name, value in headers.items():
        response.headers[name] = value
    return response
