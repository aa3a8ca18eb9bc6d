"""Cancellations: the form, and what can be done with a cancellation that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mostrador.actions import cancellations as actions
from mostrador.amazon.acknowledgements import CancelReason
from mostrador.domain import cancellations as rules
from mostrador.domain.orders import OrderFacts
from mostrador.domain.refusals import Refused, RequestKeyReused
from mostrador.models import Ticket
from mostrador.web.access import access_cancellation, access_order, access_ticket, agent_of
from mostrador.web.act import act_again
from mostrador.web.changes import read_seen, seen_text
from mostrador.web.reasons import cancel_reasons
from mostrador.web.request_keys import kept_as, new_key, read_key
from mostrador.web.tickets import ticket_page
from mostrador.web.words import key_reused_words, refusals_words

LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class CancelDraft:
    """A cancel form as it stands."""

    reason: str
    note: str
    request_key: str


def _blank(facts: OrderFacts, wanted: str) -> CancelDraft:
    """Return the form as it opens; `wanted` is the reason that whoever opens it has in mind."""
    usual = CancelReason.BUYER_CANCELED if facts.buyer_asked_to_cancel else ""
    reason = wanted if wanted in set(CancelReason) else usual
    return CancelDraft(reason=reason, note="", request_key=new_key())


def _read(posted: Mapping[str, str]) -> CancelDraft:
    return CancelDraft(
        reason=posted.get("reason", "")[:60],
        note=posted.get("note", "").strip()[:LONGEST_NOTE],
        request_key=read_key(posted),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Show the cancel form, or ask for the cancellation it describes."""
    now = timezone.now()
    ticket = access_ticket(request, ticket_id)
    if request.method != "POST":
        reason = request.GET.get("reason", "")
        return _form(request, ticket, _blank(access_order(ticket).facts(), reason), now)
    draft = _read(request.POST.dict())
    problems = _ask(request, ticket, draft, now)
    if problems:
        return _form(request, ticket, draft, now, problems, status=422)
    return act_again(request, ticket_id)


def _ask(request: HttpRequest, ticket: Ticket, draft: CancelDraft, now: datetime) -> list[str]:
    """Ask for the cancellation; return why it was refused, in words."""
    wish = actions.CancellationWish(
        reason=draft.reason,
        note=draft.note,
        request_key=kept_as(draft.request_key),
        seen=read_seen(request.POST.dict()),
    )
    try:
        actions.request_cancellation(
            order=access_order(ticket), ticket=ticket, agent=agent_of(request), wish=wish, now=now
        )
    except Refused as refused:
        return refusals_words(refused.refusals)
    except RequestKeyReused:
        return [key_reused_words()]
    return []


def _form(
    request: HttpRequest,
    ticket: Ticket,
    draft: CancelDraft,
    now: datetime,
    problems: Sequence[str] = (),
    *,
    status: int = 200,
) -> HttpResponse:
    facts = access_order(ticket).facts()
    context = {
        "ticket": ticket,
        "facts": facts,
        "draft": draft,
        "reasons": cancel_reasons(),
        "problems": list(problems) or refusals_words(rules.order_refusals(facts)),
        "counts": rules.counts_in_cancellation_rate(facts),
        "undo_seconds": settings.UNDO_SECONDS,
        "seen": seen_text(ticket),
    }
    if request.headers.get("HX-Request"):
        return render(request, "cancellations/form.html", context, status=status)
    response = ticket_page(request, ticket, now, act_template="cancellations/form.html", **context)
    response.status_code = status
    return response


@require_POST
def withdraw(request: HttpRequest, ticket_id: int, cancellation_id: int) -> HttpResponse:
    """Take a cancellation back before it has left."""
    row = access_cancellation(access_ticket(request, ticket_id), cancellation_id)
    return act_again(
        request,
        ticket_id,
        lambda: actions.withdraw_cancellation(cancellation=row, agent=agent_of(request), now=timezone.now()),
    )


@require_POST
def send_now(request: HttpRequest, ticket_id: int, cancellation_id: int) -> HttpResponse:
    """End a cancellation's undo window."""
    row = access_cancellation(access_ticket(request, ticket_id), cancellation_id)
    return act_again(
        request,
        ticket_id,
        lambda: actions.send_cancellation_now(cancellation=row, agent=agent_of(request), now=timezone.now()),
    )
