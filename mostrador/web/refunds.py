"""Refunds: the form, its preview, and what can be done with a refund that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mostrador.actions import refunds as actions
from mostrador.domain.delivery import FREES_THE_MONEY
from mostrador.domain.orders import OrderFacts
from mostrador.domain.refusals import Refused, RequestKeyReused
from mostrador.models import Refund, Ticket
from mostrador.money import Money
from mostrador.web.access import access_order, access_refund, access_ticket, agent_of
from mostrador.web.act import act_again
from mostrador.web.changes import read_seen, seen_text
from mostrador.web.notation import money_text
from mostrador.web.reasons import reason_words, refund_reasons
from mostrador.web.refund_form import (
    Mode,
    RefundDraft,
    as_before,
    blank_refund,
    fields_of,
    placeholder,
    preview_of,
    read_refund,
    refund_after,
    sign,
)
from mostrador.web.request_keys import kept_as, read_key
from mostrador.web.tickets import ticket_page
from mostrador.web.words import key_reused_words, refusals_words

_LAST_REASON = "last_refund_reason"


@require_http_methods(["GET", "HEAD", "POST"])
def refund(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Show the refund form, or ask for the refund it describes."""
    now = timezone.now()
    ticket = access_ticket(request, ticket_id)
    if request.method != "POST":
        return _form(request, ticket, _opening(request, ticket), now)
    draft = read_refund(_facts_for(ticket, read_key(request.POST.dict())), request.POST.dict())
    problems = _ask(request, ticket, draft, now)
    if problems:
        return _form(request, ticket, draft, now, problems, status=422)
    request.session[_LAST_REASON] = draft.reason
    return act_again(request, ticket_id)


def _opening(request: HttpRequest, ticket: Ticket) -> RefundDraft:
    """Return the form as it opens: everything that is left, or another amount after a refused refund."""
    facts = access_order(ticket).facts()
    number = request.GET.get("after", "")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        wanted = request.GET.get("reason", "")
        draft = blank_refund(facts, reason=wanted or request.session.get(_LAST_REASON, ""))
        if request.GET.get("mode") == Mode.PARTIAL:
            draft.mode, draft.lines = Mode.PARTIAL, []
        return draft
    refused = access_refund(ticket, int(number))
    amounts = {line.item_id: line.amounts for line in refused.wished_lines()}
    return refund_after(facts, amounts, reason=refused.reason)


def _facts_for(ticket: Ticket, request_key: str) -> OrderFacts:
    """Return the order; for a form that comes twice, as it was the first time, so that it is one wish."""
    order = access_order(ticket)
    known = Refund.objects.asked(partner=order.selling_partner, request_key=kept_as(request_key))
    if known is None or known.order_id != order.pk or known.state in FREES_THE_MONEY:
        return order.facts()
    return as_before(order.facts(), known.wished_lines())


def _ask(request: HttpRequest, ticket: Ticket, draft: RefundDraft, now: datetime) -> list[str]:
    """Ask for the refund; return why it was refused, in words."""
    if draft.unread:
        return refusals_words(draft.unread)
    shown = request.POST.get("shown_total", "")
    if shown and shown != str(draft.total):
        return [_overtaken_words(shown, access_order(ticket).currency)]
    wish = actions.RefundWish(
        lines=draft.lines,
        reason=draft.reason,
        note=draft.note,
        request_key=kept_as(draft.request_key),
        seen_available=draft.seen_available,
        seen=read_seen(request.POST.dict()),
    )
    try:
        actions.request_refund(
            order=access_order(ticket), ticket=ticket, agent=agent_of(request), wish=wish, now=now
        )
    except Refused as refused:
        return refusals_words(refused.refusals)
    except RequestKeyReused:
        return [key_reused_words()]
    return []


def _overtaken_words(shown: str, currency: str) -> str:
    """Return why a press is not taken: the form said more or less by then than its button did."""
    known = shown if shown.isascii() and shown.isdigit() and len(shown) < 12 else "0"
    words = _("The form has changed since the button said %(shown)s. Look at the sum, then press again.")
    return words % {"shown": money_text(Money(int(known), currency or "EUR"))}


def _form(
    request: HttpRequest,
    ticket: Ticket,
    draft: RefundDraft,
    now: datetime,
    problems: Sequence[str] = (),
    *,
    status: int = 200,
) -> HttpResponse:
    context = form_context(ticket, draft, problems)
    if request.headers.get("HX-Request"):
        return render(request, "refunds/form.html", context, status=status)
    response = ticket_page(request, ticket, now, act_template="refunds/form.html", **context)
    response.status_code = status
    return response


def form_context(ticket: Ticket, draft: RefundDraft, problems: Sequence[str] = ()) -> dict[str, Any]:
    """Return what the form's template needs; it is shown with the money as it is now."""
    order = access_order(ticket)
    facts = order.facts()
    if problems:
        draft.seen_available = facts.left  # said already, in words
    return {
        "ticket": ticket,
        "facts": facts,
        "draft": draft,
        "modes": list(Mode),
        "fields": fields_of(facts, draft),
        "reasons": refund_reasons(),
        "reason_words": reason_words(draft.reason),
        "preview": preview_of(facts, draft, problems),
        "placeholder": placeholder(facts.currency or "EUR"),
        "sign": sign(facts.currency or "EUR"),
        "undo_seconds": settings.UNDO_SECONDS,
        "seen": seen_text(ticket),
    }


@require_POST
def preview(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Return what the form as it stands would send."""
    ticket = access_ticket(request, ticket_id)
    draft = read_refund(access_order(ticket).facts(), request.POST.dict())
    return render(request, "refunds/preview.html", form_context(ticket, draft))


@require_POST
def withdraw(request: HttpRequest, ticket_id: int, refund_id: int) -> HttpResponse:
    """Take a refund back before it has left."""
    row = access_refund(access_ticket(request, ticket_id), refund_id)
    return act_again(
        request,
        ticket_id,
        lambda: actions.withdraw_refund(refund=row, agent=agent_of(request), now=timezone.now()),
    )


@require_POST
def send_now(request: HttpRequest, ticket_id: int, refund_id: int) -> HttpResponse:
    """End a refund's undo window."""
    row = access_refund(access_ticket(request, ticket_id), refund_id)
    return act_again(
        request,
        ticket_id,
        lambda: actions.send_refund_now(refund=row, agent=agent_of(request), now=timezone.now()),
    )


@require_POST
def send_again(request: HttpRequest, ticket_id: int, refund_id: int) -> HttpResponse:
    """Let a refund that never left leave once more."""
    row = access_refund(access_ticket(request, ticket_id), refund_id)
    return act_again(
        request,
        ticket_id,
        lambda: actions.send_refund_again(refund=row, agent=agent_of(request), now=timezone.now()),
    )
