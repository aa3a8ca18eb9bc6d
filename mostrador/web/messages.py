"""Messages: answer, note, macro; the mail as it was written; attachments."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from csp.constants import NONE
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_POST, require_safe

from mostrador.actions import messages as actions
from mostrador.actions.macros import macro_text
from mostrador.domain.delivery import Source
from mostrador.domain.macros import Macro
from mostrador.domain.refusals import Refused, RequestKeyReused
from mostrador.models import Cancellation, Refund, Ticket
from mostrador.web.access import (
    access_attachment,
    access_message,
    access_reply,
    access_ticket,
    agent_of,
)
from mostrador.web.going_on import go_on, ticket_below
from mostrador.web.panel import newest_open
from mostrador.web.reply_form import ReplyDraft, blank_reply, language_of, read_reply
from mostrador.web.request_keys import kept_as
from mostrador.web.screen import ticket_screen
from mostrador.web.tickets import changed, ticket_page
from mostrador.web.words import key_reused_words, refusals_words

# A mail's own HTML: nothing runs, nothing loads, nothing leads out of its frame.
_NOTHING = ("default-src", "script-src", "img-src", "font-src", "connect-src", "form-action", "frame-src")
_MAIL_POLICY = {
    **{source: [NONE] for source in (*_NOTHING, "manifest-src")},
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": ["'self'"],
    "sandbox": "allow-popups",
}


@require_POST
def reply(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Answer the buyer now or when Amazon accepts, or keep a note; what was refused stays in the box."""
    now = timezone.now()
    ticket = access_ticket(request, ticket_id)
    draft = read_reply(ticket, request.POST.dict())
    problems = _send(request, ticket, draft, now)
    if not problems and not draft.is_note and request.POST.get("press") == "close":
        return changed(go_on(request, ticket, ticket_below(request, ticket, now)))
    status = 422 if problems else 200
    shown = replace(draft, problems=problems) if problems else blank_reply(ticket)
    if request.headers.get("HX-Request"):
        screen = {**ticket_screen(ticket, agent_of(request), now), "reply": shown}
        return changed(render(request, "messages/reply.html", screen, status=status))
    if not problems:
        return HttpResponseRedirect(reverse("ticket", args=[ticket_id]))
    response = ticket_page(request, ticket, now, reply=shown)
    response.status_code = status
    return response


def _send(request: HttpRequest, ticket: Ticket, draft: ReplyDraft, now: datetime) -> list[str]:
    """Send, arm or keep the words; return why not, in words."""
    agent, press = agent_of(request), request.POST.get("press", "send")
    try:
        if draft.is_note:
            actions.add_note(ticket=ticket, agent=agent, text=draft.text, now=now)
            return []
        wish = actions.ReplyWish(
            text=draft.text,
            request_key=kept_as(draft.request_key),
            close=press in ("close", "armed"),
            macro=draft.macro,
            language=draft.language,
            armed_on=_armable(ticket) if press == "armed" else None,
        )
        actions.request_reply(ticket=ticket, agent=agent, wish=wish, now=now)
    except Refused as refused:
        return refusals_words(refused.refusals)
    except RequestKeyReused:
        return [key_reused_words()]
    return []


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


@require_safe
def macro(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Return the box filled with a macro's words, true at this moment or marked as not true yet."""
    ticket = access_ticket(request, ticket_id)
    draft = read_reply(ticket, request.GET.dict())
    if draft.macro:
        draft = _fill(ticket, draft)
    return render(request, "messages/text.html", {"reply": draft, "ticket": ticket})


def _fill(ticket: Ticket, draft: ReplyDraft) -> ReplyDraft:
    wanted = Macro(draft.macro)
    said = macro_text(
        ticket=ticket,
        macro=wanted,
        language=language_of(ticket, draft.language),
        action=_told_by(ticket, wanted),
    )
    hint = ""
    if said.refusals and wanted.may_be_armed:
        hint = _("Amazon has not accepted yet: the open places are filled in when it does.")
    elif said.refusals:
        hint = _("Not true at the moment: change the words before you send them.")
    return replace(draft, text=said.text, hint=hint)


def _told_by(ticket: Ticket, wanted: Macro) -> Refund | Cancellation | None:
    """Return the refund or cancellation a macro speaks of: the newest of ours."""
    kind = Cancellation if wanted.speaks_of_cancellation else Refund
    mine = [a for a in _actions_of(ticket) if isinstance(a, kind) and a.source != Source.ELSEWHERE]
    return mine[-1] if mine else None


@require_POST
def withdraw(request: HttpRequest, ticket_id: int, reply_id: int) -> HttpResponse:
    """Take an answer back, or disarm it; its words return to the box."""
    now = timezone.now()
    ticket = access_ticket(request, ticket_id)
    row = access_reply(ticket, reply_id)
    draft = replace(blank_reply(ticket), text=row.text, macro=row.macro)
    try:
        actions.withdraw_reply(reply=row, agent=agent_of(request), now=now)
    except Refused as refused:
        draft = replace(blank_reply(ticket), problems=refusals_words(refused.refusals))
    if not request.headers.get("HX-Request"):
        return ticket_page(request, ticket, now, reply=draft)
    screen = {**ticket_screen(ticket, agent_of(request), now), "reply": draft}
    return changed(render(request, "messages/reply.html", screen))


@require_safe
@xframe_options_exempt
@csp_replace(_MAIL_POLICY)  # type: ignore[arg-type]  # its types know only views without arguments
def mail_html(request: HttpRequest, message_id: int) -> HttpResponse:
    """Return a mail's cleaned HTML for its sandboxed frame (the policy's frame-ancestors allow only us)."""
    message = access_message(request, message_id)
    page = format_html(
        '<!doctype html><html lang="{}"><meta charset="utf-8"><title>{}</title><body>{}</body></html>',
        message.ticket.language or "und",
        _("The mail as it was written"),
        mark_safe(message.html),  # noqa: S308 - cleaned with nh3 when the mail was read
    )
    return HttpResponse(page, headers={"Cache-Control": "private, max-age=3600"})


@require_safe
def attachment(request: HttpRequest, attachment_id: int) -> HttpResponse:
    """Return a file for saving, never for showing."""
    row = access_attachment(request, attachment_id)
    if row.refused:
        return render(request, "messages/refused_file.html", {"file": row}, status=410)
    response = HttpResponse(bytes(row.content), content_type="application/octet-stream")
    response.headers["Content-Disposition"] = content_disposition(row.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def content_disposition(name: str) -> str:
    """Return the header that makes a browser save a file under `name`."""
    from django.utils.http import content_disposition_header

    return content_disposition_header(as_attachment=True, filename=name or "file") or "attachment"
