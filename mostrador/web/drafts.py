"""Drafts: the words in the box are kept as they are typed, and looked at with Amazon's rules."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from mostrador.actions import drafts, policy
from mostrador.web.access import access_ticket, agent_of
from mostrador.web.reply_form import read_reply
from mostrador.web.reply_words import broken_rules
from mostrador.web.request_keys import kept_as


@require_POST
def draft(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Keep what stands in the box, and return the rules of Amazon it would break."""
    ticket, now = access_ticket(request, ticket_id), timezone.now()
    box = read_reply(ticket, request.POST.dict())
    drafts.keep_draft(
        ticket=ticket,
        agent=agent_of(request),
        text=box.text,
        is_note=box.is_note,
        request_key=kept_as(box.request_key),
        now=now,
    )
    found = [] if box.is_note else policy.findings(ticket=ticket, text=box.text)
    context = {"reply": {"broken": broken_rules(found)}}
    response = render(request, "messages/findings.html", context)
    response.headers["X-Kept-At"] = now.isoformat()
    return response
