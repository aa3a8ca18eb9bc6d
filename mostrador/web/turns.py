"""Turns: no answer needed, claims, and what is put aside; each a press that can be taken back or outlived."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from mostrador.actions import suggestions
from mostrador.actions import turns as actions
from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.models import Message, Ticket
from mostrador.web.access import access_ticket
from mostrador.web.act import act_again
from mostrador.web.teamwork import change_ticket

# Amazon's own link at the foot of a buyer's mail.
_LINK = re.compile(
    r"https://sellercentral(?:-[a-z]+)?\.amazon(?:\.[a-z]{2,3}){1,2}/[^\s<>\"']{0,300}no-response-needed[^\s<>\"']{0,300}"
)


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether the buyer waits for an answer, and where Amazon has to be told that none is needed."""

    waits: bool
    spared_since: datetime | None
    amazon_url: str


def turn_of(ticket: Ticket) -> Turn:
    """Return whose turn it is by Amazon's clock (two queries where no answer is needed)."""
    waits = ticket.first_unanswered_at is not None
    spared = None if waits else ticket.no_answer_needed_at
    return Turn(waits, spared, amazon_url(ticket) if spared else "")


def amazon_url(ticket: Ticket) -> str:
    """Return the page on which Amazon wants "no response needed" marked; nothing where it is unknown.

    The mail's own link where it has one, else the messages of the order in Seller Central.
    """
    message = Message.objects.latest_of_buyer(ticket)
    found = (
        _LINK.search(message.whole_text or message.text)
        if message and message.authentic is not False
        else None
    )
    if found:
        return found[0]
    order = ticket.order
    marketplace = MARKETPLACES.get((order.marketplace_id if order else "") or ticket.marketplace_id)
    return marketplace.messages_url(order.amazon_order_id if order else None) if marketplace else ""


@require_POST
def spare(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Note that no answer is needed."""
    return change_ticket(
        request,
        ticket_id,
        lambda row, me, now: actions.mark_no_answer_needed(ticket=row, agent=me, now=now),
        menu="turn",
    )


@require_POST
def need(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Note that an answer is needed after all."""
    return change_ticket(
        request,
        ticket_id,
        lambda row, me, now: actions.mark_answer_needed(ticket=row, agent=me, now=now),
        menu="turn",
    )


@require_POST
def put_aside(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Put the suggestion that was read aside, for everybody."""
    ticket, key = access_ticket(request, ticket_id), request.POST.get("suggestion", "").replace("\0", "")
    return act_again(request, ticket_id, lambda: suggestions.put_aside(ticket=ticket, key=key))


@require_POST
def claim(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Note that the buyer opened a claim."""
    return change_ticket(
        request,
        ticket_id,
        lambda row, me, now: actions.note_claim(ticket=row, agent=me, now=now),
        menu="turn",
    )


@require_POST
def unclaim(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Take the mark of a claim away."""
    return change_ticket(
        request,
        ticket_id,
        lambda row, me, now: actions.drop_claim(ticket=row, agent=me, now=now),
        menu="turn",
    )
