"""Going on: when a ticket is done with, the next one of the list opens, with a quiet word about the last."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mostrador.domain.tickets import TicketState
from mostrador.models import Reply, Ticket
from mostrador.web.access import access_ticket, agent_of, visible_tickets
from mostrador.web.places import place_of
from mostrador.web.queue import ticket_after

DONE = "done"  # the name in the address of the ticket that was left


@dataclass(frozen=True, slots=True)
class Notice:
    """What became of the ticket that was left, and the way back to it."""

    ticket: Ticket
    words: str
    leaving: Reply | None = None  # the answer that can still be taken back


def ticket_below(request: HttpRequest, row: Ticket, now: datetime) -> int | None:
    """Return the ticket to go on with; ask before `row` changes its place in the list."""
    place = place_of(request)
    me = agent_of(request)
    return ticket_after(
        visible_tickets(me), row, agent=me, current=place.current, search=place.search, now=now
    )


def go_on(request: HttpRequest, left: Ticket, below: int | None) -> HttpResponse:
    """Lead to the ticket `below`, or to the list where nothing is left in it."""
    page = reverse("inbox") if below is None else reverse("ticket", args=[below])
    path = f"{page}{place_of(request).query}&{DONE}={left.pk}"
    if not request.headers.get("HX-Request"):
        return HttpResponseRedirect(path)
    if below is None:
        return HttpResponse(headers={"HX-Redirect": path})
    there = {"path": path, "target": "#ticket", "swap": "outerHTML show:none"}
    return HttpResponse(headers={"HX-Location": json.dumps(there)})


def notice_of(request: HttpRequest) -> Notice | None:
    """Return the word about the ticket that was left, where the address names one."""
    number = request.GET.get(DONE, "")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        return None
    try:
        row = access_ticket(request, int(number))
    except Http404:
        return None
    name = {"name": row.buyer_name or row.reference}
    leaving = Reply.objects.leaving(ticket=row, agent=agent_of(request), now=timezone.now())
    if row.state == TicketState.CLOSED:
        return Notice(row, _("The ticket of %(name)s is closed.") % name, leaving)
    words = _("Your answer to %(name)s leaves in a few seconds; then the ticket is closed.") % name
    return Notice(row, words, leaving)
