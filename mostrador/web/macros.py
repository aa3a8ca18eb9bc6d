"""Macros in a ticket: the list to choose from, the box filled in, and what one with steps would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from mostrador.actions import macro_runs as actions
from mostrador.actions.macros import MacroText, macro_text, macros_of
from mostrador.domain.macros import Macro
from mostrador.domain.refusals import RefusalCode, Refused, RequestKeyReused
from mostrador.models import SavedMacro, Ticket
from mostrador.web.access import access_ticket, agent_of
from mostrador.web.act import act_again
from mostrador.web.changes import read_seen, seen_text
from mostrador.web.macro_words import planned_words, step_words, title_of, why_not
from mostrador.web.reply_form import LONGEST_TYPED, ReplyDraft, language_of, read_reply
from mostrador.web.request_keys import kept_as, new_key, read_key
from mostrador.web.tickets import ticket_page
from mostrador.web.words import key_reused_words, refusals_words


@dataclass(frozen=True, slots=True)
class Choice:
    """One macro of the list: its name, its first words, what it carries, and why it is greyed, if so."""

    slug: str
    title: str
    words: str
    steps: Sequence[str]
    why_not: str


@require_safe
def picker(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Return the list of macros for a ticket: those that can be used first, the others with why not."""
    ticket = access_ticket(request, ticket_id)
    language = language_of(ticket, request.GET.get("language", ""))
    choices = [_choice(said) for said in macros_of(ticket=ticket, language=language, agent=agent_of(request))]
    choices.sort(key=lambda choice: bool(choice.why_not))
    return render(request, "macros/picker.html", {"ticket": ticket, "choices": choices, "language": language})


def _choice(said: MacroText) -> Choice:
    body = (said.text or said.macro.text_in(said.language)).partition("\n")
    words = " ".join((body[2] or body[0]).split())
    return Choice(
        slug=said.macro.slug,
        title=title_of(said.macro),
        words=words[:90],
        steps=[step_words(step) for step in said.macro.steps],
        why_not=why_not(said),
    )


@require_safe
def fill(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Return the box filled with a macro's words, true at this moment or marked as not true yet."""
    ticket = access_ticket(request, ticket_id)
    draft = read_reply(ticket, request.GET.dict())
    macro = SavedMacro.objects.named(draft.macro) if draft.macro else None
    if macro is not None:
        draft = _filled(request, ticket, macro, draft)
    return render(request, "messages/text.html", {"reply": draft, "ticket": ticket})


def _filled(request: HttpRequest, ticket: Ticket, macro: Macro, draft: ReplyDraft) -> ReplyDraft:
    language = language_of(ticket, draft.language)
    said = macro_text(ticket=ticket, macro=macro, language=language, agent=agent_of(request))
    hint = ""
    if said.refusals and macro.says.may_be_armed:
        hint = _("Amazon has not accepted yet: the open places are filled in when it does.")
    elif said.refusals:
        hint = _("Not true at the moment: change the words before you send them.")
    elif said.language != language:
        hint = _("This macro has no words in the language you chose.")
    return replace(draft, text=said.text, hint=hint)


@dataclass(frozen=True, slots=True)
class Problems:
    """Why a press was refused, in words; `warned` are the rules that a second press accepts."""

    words: Sequence[str]
    warned: Sequence[str] = ()


# ── macros with steps ─────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "HEAD", "POST"])
def run(request: HttpRequest, ticket_id: int, slug: str) -> HttpResponse:
    """Show what a macro would do in this ticket, or do it."""
    ticket = access_ticket(request, ticket_id)
    macro = SavedMacro.objects.named(slug)
    if macro is None or not macro.is_active:
        raise Http404
    if request.method != "POST":
        return _preview(request, ticket, macro, request.GET.get("language", ""))
    problems = _press(request, ticket, slug)
    if problems:
        return _preview(request, ticket, macro, request.POST.get("language", ""), problems)
    return act_again(request, ticket_id)


def _press(request: HttpRequest, ticket: Ticket, slug: str) -> Problems | None:
    """Do what the macro carries; return why it was refused, in words."""
    posted = request.POST
    seen = posted.get("seen_available", "")
    wish = actions.MacroWish(
        slug=slug,
        text=posted.get("text", "").replace("\r\n", "\n")[:LONGEST_TYPED],
        language=language_of(ticket, posted.get("language", "")),
        request_key=kept_as(read_key(posted.dict())),
        stamp=posted.get("stamp", "")[:60],
        seen_available=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 18 else -1,
        accepted=frozenset(posted.getlist("accepted")[:20]),
        seen=read_seen(posted.dict()),
    )
    try:
        actions.run_macro(ticket=ticket, agent=agent_of(request), wish=wish, now=timezone.now())
    except Refused as refused:
        warned = [each for each in refused.refusals if each.code == RefusalCode.POLICY_WARNING]
        return Problems(refusals_words(refused.refusals), [str(each.facts["rule"]) for each in warned])
    except RequestKeyReused:
        return Problems([key_reused_words()])
    return None


def _preview(
    request: HttpRequest, ticket: Ticket, macro: Macro, chosen: str, problems: Problems | None = None
) -> HttpResponse:
    context = _preview_context(request, ticket, macro, chosen, problems)
    status = 422 if problems else 200
    if request.headers.get("HX-Request"):
        return render(request, "macros/preview.html", context, status=status)
    response = ticket_page(request, ticket, timezone.now(), act_template="macros/preview.html", **context)
    response.status_code = status
    return response


def _preview_context(
    request: HttpRequest, ticket: Ticket, macro: Macro, chosen: str, problems: Problems | None
) -> dict[str, Any]:
    language = language_of(ticket, chosen)
    plan = actions.plan_macro(ticket=ticket, macro=macro, agent=agent_of(request), language=language)
    typed = request.POST.get("text", "").replace("\r\n", "\n")[:LONGEST_TYPED] if problems else ""
    return {
        "ticket": ticket,
        "plan": plan,
        "title": title_of(macro),
        "text": typed or plan.text,
        "first": [planned_words(each, waits=False) for each in plan.steps if each.step.moves_money],
        "then": [
            planned_words(each, waits=bool(macro.texts)) for each in plan.steps if not each.step.moves_money
        ],
        "problems": problems.words if problems else refusals_words(plan.refusals),
        "accepted": problems.warned if problems else (),
        "why_not": why_not(plan.said),
        "stands_in": plan.said.language if macro.texts and plan.said.language != language else "",
        "request_key": read_key(request.POST.dict()) if problems else new_key(),
        "undo_seconds": settings.UNDO_SECONDS,
        "seen": seen_text(ticket),
    }
