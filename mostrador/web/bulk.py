"""Bulk: many tickets chosen in the queue, what a wish would do to each, and the doing of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from mostrador.actions import bulk as actions
from mostrador.actions.bulk import MOST_AT_ONCE, Outcome
from mostrador.domain.bulk import BulkVerb, BulkWish
from mostrador.domain.refusals import Refused
from mostrador.domain.snoozing import Preset, preset_time
from mostrador.domain.tags import LONGEST_TAG, normal_tag
from mostrador.domain.tickets import Priority
from mostrador.models import Agent, Ticket
from mostrador.web.access import agent_of, visible_tickets
from mostrador.web.places import place_of
from mostrador.web.queue import queue_frame, tickets_of
from mostrador.web.sending import bar
from mostrador.web.strip import PRESET_WORDS
from mostrador.web.team_events import PRIORITY_WORDS
from mostrador.web.teamwork import read_time
from mostrador.web.tickets import changed
from mostrador.web.words import refusals_words

VERB_WORDS: dict[BulkVerb, str | Promise] = {
    BulkVerb.ASSIGN: gettext_lazy("Give to"),
    BulkVerb.TAG: gettext_lazy("Tag"),
    BulkVerb.UNTAG: gettext_lazy("Take a tag away"),
    BulkVerb.RANK: gettext_lazy("Priority"),
    BulkVerb.SNOOZE: gettext_lazy("Rest"),
    BulkVerb.CLOSE: gettext_lazy("Close"),
    BulkVerb.REOPEN: gettext_lazy("Open again"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One ticket of a preview, or of what was done."""

    ticket: Ticket
    changes: bool
    why_not: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The tickets that were chosen; `is_cut` when the filter finds more than can be done at once."""

    tickets: Sequence[Ticket]
    is_all: bool = False
    is_cut: bool = False


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Show what can be done with the chosen tickets, what a wish would change, or do it."""
    chosen = _chosen(request)
    wish = read_wish(request.POST)
    context: dict[str, Any] = _form(request, chosen, wish)
    try:
        if request.POST.get("step") == "do" and wish:
            done = actions.carry_out(
                ticket_ids=[ticket.pk for ticket in chosen.tickets],
                wish=wish,
                agent=agent_of(request),
                now=timezone.now(),
            )
            context |= {"outcomes": _shown(done), "is_done": True}
        elif wish:
            found = actions.preview(tickets=chosen.tickets, wish=wish, now=timezone.now())
            context["outcomes"] = _shown(found)
    except Refused as refused:
        context["problems"] = refusals_words(refused.refusals)
    return _page(request, context)


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    outcomes: Sequence[Shown] = context.get("outcomes", ())
    context |= {
        "changing": [each for each in outcomes if each.changes],
        "staying": [each for each in outcomes if not each.changes],
    }
    if request.headers.get("HX-Request"):
        response = render(request, "bulk/bulk.html", context)
        return changed(response) if context.get("is_done") else response
    place = place_of(request)
    context |= {"queue": queue_frame(current=place.current, search=place.search), "bar": bar()}
    return render(request, "bulk/page.html", context)


def _chosen(request: HttpRequest) -> Choice:
    """Return the tickets that were named, or all that the list or the search finds, up to the limit."""
    mine = visible_tickets(agent_of(request)).select_related("assigned_to")
    if request.POST.get("all") == "1":
        place = place_of(request)
        found = tickets_of(
            mine, agent=agent_of(request), current=place.current, search=place.search, now=timezone.now()
        )
        rows = list(found[: MOST_AT_ONCE + 1])
        return Choice(rows[:MOST_AT_ONCE], is_all=True, is_cut=len(rows) > MOST_AT_ONCE)
    named = request.POST.getlist("ticket")[: MOST_AT_ONCE + 1]
    numbers = [int(text) for text in named if text.isascii() and text.isdigit() and len(text) < 18]
    known = {row.pk: row for row in mine.filter(pk__in=numbers[:MOST_AT_ONCE])}
    found_in_order = [known[pk] for pk in dict.fromkeys(numbers) if pk in known]
    is_cut = len(numbers) > MOST_AT_ONCE or request.POST.get("is_cut") == "1"
    return Choice(found_in_order, is_cut=is_cut)


def _form(request: HttpRequest, chosen: Choice, wish: BulkWish | None) -> dict[str, Any]:
    return {
        "chosen": chosen,
        "wish": wish,
        "verb": request.POST.get("verb", ""),
        "typed": request.POST.dict(),
        "most": MOST_AT_ONCE,
        "place": place_of(request),
        "verbs": list(VERB_WORDS.items()),
        "agents": list(Agent.objects.get_queryset().active().order_by("name", "pk")),
        "ranks": [(each.value, PRIORITY_WORDS[each.name.lower()]) for each in reversed(Priority)],
        "presets": list(PRESET_WORDS.items()),
        "do_words": _do_words(wish),
    }


def _shown(outcomes: Sequence[Outcome]) -> list[Shown]:
    return [
        Shown(
            ticket=each.ticket,
            changes=each.verdict.changes,
            why_not=_("It is so already.")
            if each.verdict.is_so_already
            else " ".join(refusals_words(each.verdict.refusals)),
        )
        for each in outcomes
    ]


def _do_words(wish: BulkWish | None) -> str:
    return str(VERB_WORDS[wish.verb]) if wish else ""


def read_wish(posted: QueryDict) -> BulkWish | None:
    """Return the wish a form describes, or nothing while it is not complete."""
    name = posted.get("verb", "")
    if name not in set(BulkVerb):
        return None
    verb = BulkVerb(name)
    match verb:
        case BulkVerb.ASSIGN:
            agent = posted.get("agent", "")
            if agent != "nobody" and not (agent.isascii() and agent.isdigit() and len(agent) < 18):
                return None
            return BulkWish(verb, agent_id=None if agent == "nobody" else int(agent))
        case BulkVerb.TAG | BulkVerb.UNTAG:
            tag = normal_tag(posted.get("tag", "")[: LONGEST_TAG * 4])
            return BulkWish(verb, tag=tag) if tag else None
        case BulkVerb.RANK:
            ranks = {str(each.value): each for each in Priority}
            chosen = ranks.get(posted.get("priority", ""))
            return BulkWish(verb, priority=chosen) if chosen is not None else None
        case BulkVerb.SNOOZE:
            return _rest(posted)
    return BulkWish(verb)


def _rest(posted: QueryDict) -> BulkWish | None:
    """Return the wish to let tickets rest; the time of the preview is kept for the doing."""
    preset = posted.get("preset", "")
    until = read_time(posted.get("until", ""))
    if preset in set(Preset) and posted.get("step") != "do":
        zone = timezone.get_current_timezone()
        until = preset_time(Preset(preset), now=timezone.now(), zone=zone)
    if until is None:
        return None
    return BulkWish(BulkVerb.SNOOZE, until=until, accepts_late=posted.get("accepts_late") == "1")
