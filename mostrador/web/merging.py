"""Merging: one ticket into another, out again, and messages into a ticket of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mostrador.actions import merging as actions
from mostrador.domain.refusals import Refused
from mostrador.models import Agent, Direction, Message, Ticket
from mostrador.web.access import access_ticket, agent_of
from mostrador.web.places import place_of
from mostrador.web.teamwork import change_ticket, named_ticket
from mostrador.web.words import refusals_words

LONGEST_CHOICE = 200  # messages of one ticket, the newest


@require_POST
def merge(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Let another ticket show in this one from now on."""
    number = request.POST.get("other", "")

    def verb(row: Ticket, me: Agent, now: datetime) -> None:
        actions.merge_tickets(source=named_ticket(request, number), target=row, agent=me, now=now)

    return change_ticket(request, ticket_id, verb, menu="beside")


@require_POST
def unmerge(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Take a ticket that shows in this one out again."""
    number = request.POST.get("other", "")

    def verb(row: Ticket, me: Agent, now: datetime) -> None:
        actions.unmerge_ticket(ticket=named_ticket(request, number), agent=me, now=now)

    return change_ticket(request, ticket_id, verb, menu="link")


@require_http_methods(["GET", "HEAD", "POST"])
def split(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Ask which messages shall leave, and open the ticket made of them."""
    row = access_ticket(request, ticket_id)
    chosen = _numbers(request.POST.getlist("message"))
    if request.method != "POST":
        return _page(request, row, chosen)
    try:
        new = actions.split_ticket(
            ticket=row, message_ids=chosen, agent=agent_of(request), now=timezone.now()
        )
    except Refused as refused:
        return _page(request, row, chosen, refusals_words(refused.refusals))
    return HttpResponseRedirect(reverse("ticket", args=[new.pk]) + place_of(request).query)


def _page(
    request: HttpRequest, row: Ticket, chosen: Sequence[int], problems: Sequence[str] = ()
) -> HttpResponse:
    family = Ticket.objects.family(row)
    leaving = Message.objects.filter(ticket__in=family).exclude(direction=Direction.OUT).defer("html")
    context = {
        "ticket": row,
        "place": place_of(request),
        "messages_to_choose": leaving.order_by("-at", "-pk")[:LONGEST_CHOICE],
        "chosen": chosen,
        "problems": problems,
    }
    return render(request, "teamwork/split.html", context, status=422 if problems else 200)


def _numbers(texts: Sequence[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 18]
