"""Messages: answer the buyer, keep a note, take an answer back, and save a file that came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mostrador.actions import drafts, policy
from mostrador.actions import messages as actions
from mostrador.domain.delivery import Source
from mostrador.domain.refusals import Refusal, RefusalCode, Refused, RequestKeyReused
from mostrador.models import Cancellation, Refund, Ticket
from mostrador.web.access import (
    access_attachment,
    access_reply,
    access_ticket,
    agent_of,
)
from mostrador.web.changes import read_seen
from mostrador.web.going_on import go_on, ticket_below
from mostrador.web.panel import newest_open
from mostrador.web.places import place_of
from mostrador.web.reply_form import ReplyDraft, files_beside, kept_reply, read_reply
from mostrador.web.reply_words import broken_rules, is_about_policy
from mostrador.web.request_keys import kept_as
from mostrador.web.screen import reply_screen
from mostrador.web.tickets import changed, ticket_page
from mostrador.web.uploads import lay_beside, saved_as
from mostrador.web.words import key_reused_words, refusals_words


@require_POST
def reply(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Answer the buyer now or when Amazon accepts, or keep a note; what was refused stays in the box."""
    now = timezone.now()
    ticket, agent = access_ticket(request, ticket_id), agent_of(request)
    draft = read_reply(ticket, request.POST.dict())
    reasons = _send(request, ticket, draft, now)
    if not reasons and not draft.is_note and request.POST.get("press") == "close":
        return changed(go_on(request, ticket, ticket_below(request, ticket, now)))
    shown = {"reply": _refused(request, ticket, draft, reasons, now)} if reasons else {}
    status = 422 if reasons else 200
    if request.headers.get("HX-Request"):
        box = {**reply_screen(ticket, agent, now), **shown, "place": place_of(request)}
        return changed(render(request, "messages/reply.html", box, status=status))
    if not reasons:
        return HttpResponseRedirect(reverse("ticket", args=[ticket_id]))
    response = ticket_page(request, ticket, now, **shown)
    response.status_code = status
    return response


def _refused(
    request: HttpRequest, ticket: Ticket, draft: ReplyDraft, reasons: Sequence[Refusal | str], now: datetime
) -> ReplyDraft:
    """Return the box with its words, which are kept, and why they did not leave."""
    agent = agent_of(request)
    drafts.keep_draft(
        ticket=ticket, agent=agent, text=draft.text, is_note=draft.is_note, request_key="", now=now
    )
    refusals = [one for one in reasons if isinstance(one, Refusal)]
    others = [one for one in refusals if not is_about_policy(one)]
    only_warns = all(one.code == RefusalCode.POLICY_WARNING for one in refusals) and len(refusals) == len(
        reasons
    )
    found = [] if draft.is_note else policy.findings(ticket=ticket, text=draft.text)
    return replace(
        draft,
        problems=[*refusals_words(others), *(one for one in reasons if isinstance(one, str))],
        files=files_beside(ticket, agent),
        broken=broken_rules(found),
        pressed=request.POST.get("press", "send") if only_warns else "",
    )


def _send(request: HttpRequest, ticket: Ticket, draft: ReplyDraft, now: datetime) -> Sequence[Refusal | str]:
    """Send, arm or keep the words; return why not."""
    agent, press = agent_of(request), request.POST.get("press", "send")
    laid, unfit = lay_beside(request, ticket, now)
    if unfit:
        return unfit
    try:
        if draft.is_note:
            actions.add_note(ticket=ticket, agent=agent, text=draft.text, now=now, from_box=True)
            return []
        wish = actions.ReplyWish(
            text=draft.text,
            request_key=kept_as(draft.request_key),
            close=press in ("close", "armed"),
            macro=draft.macro,
            language=draft.language,
            armed_on=_armable(ticket) if press == "armed" else None,
            uploads=(*_uploads(request), *laid),
            accepted=frozenset(request.POST.getlist("accept")),
            from_box=True,
            seen=read_seen(request.POST.dict()),
        )
        actions.request_reply(ticket=ticket, agent=agent, wish=wish, now=now)
    except Refused as refused:
        return refused.refusals
    except RequestKeyReused:
        return [key_reused_words()]
    return []


def _uploads(request: HttpRequest) -> tuple[int, ...]:
    """Return the files the box showed when it was sent."""
    named = request.POST.getlist("upload")
    return tuple(int(one) for one in named if one.isascii() and one.isdigit() and len(one) < 18)


def _actions_of(ticket: Ticket) -> list[Refund | Cancellation]:
    found: list[Refund | Cancellation] = [
        *Refund.objects.filter(order=ticket.order_id),
        *Cancellation.objects.filter(order=ticket.order_id),
    ]
    return sorted(found, key=lambda action: (action.requested_at, action.pk)) if ticket.order_id else []


def _armable(ticket: Ticket) -> Refund | Cancellation | None:
    """Return what an answer can wait for; where Amazon was faster, what it has just decided about."""
    found = _actions_of(ticket)
    ours = [action for action in found if action.source != Source.ELSEWHERE]
    return newest_open(found) or (ours[-1] if ours else None)


@require_POST
def withdraw(request: HttpRequest, ticket_id: int, reply_id: int) -> HttpResponse:
    """Take an answer back, or disarm it; its words and files return to the box, above what stands there."""
    now, agent = timezone.now(), agent_of(request)
    ticket = access_ticket(request, ticket_id)
    row = access_reply(ticket, reply_id)
    typed = request.POST.get("text", kept_reply(ticket, agent).text)
    problems: list[str] = []
    try:
        drafts.take_back(reply=row, agent=agent, typed=typed, now=now)
    except Refused as refused:
        problems = refusals_words(refused.refusals)
    if not request.headers.get("HX-Request") and not problems:
        return HttpResponseRedirect(reverse("ticket", args=[ticket_id]))
    box = kept_reply(ticket, agent)
    box = replace(box, text=typed, problems=problems) if problems else replace(box, macro=row.macro)
    if not request.headers.get("HX-Request"):
        return ticket_page(request, ticket, now, reply=box)
    screen = {**reply_screen(ticket, agent, now), "reply": box, "place": place_of(request)}
    return changed(render(request, "messages/reply.html", screen))


@require_safe
def attachment(request: HttpRequest, attachment_id: int) -> HttpResponse:
    """Return a file for saving, never for showing."""
    row = access_attachment(request, attachment_id)
    if row.refused:
        return render(request, "messages/refused_file.html", {"file": row}, status=410)
    return saved_as(row.name, bytes(row.content))
