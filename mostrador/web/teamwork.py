"""Teamwork: giving a ticket to somebody, tags, priority, rest and links, each by one press."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from mostrador.actions import tickets as actions
from mostrador.domain.refusals import Refusal, RefusalCode, Refused
from mostrador.domain.snoozing import Preset, preset_time
from mostrador.domain.tags import LONGEST_TAG
from mostrador.domain.tickets import Priority
from mostrador.models import Agent, Ticket
from mostrador.web.access import access_ticket, agent_of, visible_tickets
from mostrador.web.places import place_of
from mostrador.web.screen import ticket_screen
from mostrador.web.tickets import changed, ticket_page
from mostrador.web.words import refusals_words

TAGS_COUNTED_IN = 3_000  # the latest tickets: their tags are the ones a team uses
MOST_TAGS_SHOWN = 60
Verb = Callable[[Ticket, Agent, datetime], None]


@require_POST
def assign(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Give the ticket to the agent who was chosen, or to nobody."""
    chosen = request.POST.get("agent", "")
    to = get_object_or_404(Agent, pk=int(chosen)) if _is_number(chosen) else None
    return change_ticket(
        request,
        ticket_id,
        lambda row, me, now: actions.assign_ticket(ticket=row, agent=me, to=to, now=now),
        menu="assign",
    )


@require_POST
def tag(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Add a tag: the one that was pressed, else the one that was typed."""
    word = next((each for each in reversed(request.POST.getlist("tag")) if each), "")[: LONGEST_TAG * 4]
    return change_ticket(
        request,
        ticket_id,
        lambda row, me, now: actions.tag_ticket(ticket=row, agent=me, tag=word, now=now),
        menu="tag",
    )


@require_POST
def untag(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Take a tag away."""
    word = request.POST.get("tag", "")[: LONGEST_TAG * 4]
    return change_ticket(
        request,
        ticket_id,
        lambda row, me, now: actions.untag_ticket(ticket=row, agent=me, tag=word, now=now),
        menu="tag",
    )


@require_POST
def rank(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Set the priority."""
    chosen = {str(each.value): each for each in Priority}.get(request.POST.get("priority", ""))
    priority = chosen or Priority.NORMAL
    return change_ticket(
        request,
        ticket_id,
        lambda row, me, now: actions.rank_ticket(ticket=row, agent=me, priority=priority, now=now),
        menu="rank",
    )


@require_POST
def snooze(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Let the ticket rest until a preset or an own time; past Amazon's 24 hours when pressed twice.

    A preset says beside its name that it goes past them, so that one press is enough.
    """
    preset = request.POST.get("preset", "")
    own_time = preset not in set(Preset)
    accepts_late = not own_time or request.POST.get("accepts_late") == "1"

    def verb(row: Ticket, me: Agent, now: datetime) -> None:
        until = read_time(request.POST.get("until", "")) if own_time else _preset(preset, now)
        if until is None:
            raise Refused([Refusal(RefusalCode.SNOOZE_OUT_OF_RANGE, {"days": 90})])
        actions.snooze_ticket(ticket=row, agent=me, until=until, now=now, accepts_late=accepts_late)

    return change_ticket(request, ticket_id, verb, menu="rest")


@require_POST
def wake(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """End the rest."""
    return change_ticket(
        request,
        ticket_id,
        lambda row, me, now: actions.wake_ticket(ticket=row, agent=me, now=now),
        menu="rest",
    )


@require_POST
def link(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Link a ticket that belongs to this one."""
    number = request.POST.get("other", "")
    return change_ticket(
        request,
        ticket_id,
        lambda row, me, now: actions.link_tickets(
            ticket=row, other=named_ticket(request, number), agent=me, now=now
        ),
        menu="link",
    )


@require_POST
def unlink(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Undo a link."""
    number = request.POST.get("other", "")
    return change_ticket(
        request,
        ticket_id,
        lambda row, me, now: actions.unlink_tickets(
            ticket=row, other=named_ticket(request, number), agent=me, now=now
        ),
        menu="link",
    )


@require_safe
def tags(request: HttpRequest) -> HttpResponse:
    """Return the tags the team uses, the most used first, for the box in which one is typed."""
    known = visible_tickets(agent_of(request)).known_tags(among=TAGS_COUNTED_IN)[:MOST_TAGS_SHOWN]
    return render(request, "teamwork/tags.html", {"tags": known})


# ── what the verbs share ──────────────────────────────────────────────────────────────────────────────────


def named_ticket(request: HttpRequest, number: str) -> Ticket:
    """Return the ticket somebody named: T-1042, or 1042.

    Raises: Refused when there is none this agent may see.
    """
    digits = number.strip().upper().removeprefix("T-")
    pk = int(digits) - 1000 if _is_number(digits) else 0
    found = visible_tickets(agent_of(request)).filter(pk=pk).first()
    if found is None:
        raise Refused([Refusal(RefusalCode.NO_SUCH_TICKET, {"ticket": number.strip()[:20] or "–"})])
    return found


def read_time(text: str) -> datetime | None:
    """Return the moment a date field names, in the agent's zone; nothing when it names none."""
    try:
        moment = parse_datetime(text[:40])
    except ValueError:
        return None
    if moment is None:
        return None
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _preset(name: str, now: datetime) -> datetime:
    return preset_time(Preset(name), now=now, zone=timezone.get_current_timezone())


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


def change_ticket(request: HttpRequest, ticket_id: int, verb: Verb, *, menu: str) -> HttpResponse:
    """Call a verb and return the strip, or the head, as it is now; a refused one keeps its menu open."""
    now, me = timezone.now(), agent_of(request)
    problems: Sequence[str] = ()
    try:
        verb(access_ticket(request, ticket_id), me, now)
    except Refused as refused:
        problems = refusals_words(refused.refusals)
        late = any(refusal.code is RefusalCode.SNOOZE_PAST_DUE for refusal in refused.refusals)
        return _refused(request, ticket_id, now, menu, problems, late=late)
    if not request.headers.get("HX-Request"):
        return HttpResponseRedirect(reverse("ticket", args=[ticket_id]))
    context = ticket_screen(access_ticket(request, ticket_id), me, now) | {"place": place_of(request)}
    template = "tickets/head.html" if menu == "assign" else "tickets/strip.html"
    return changed(render(request, template, context))


def _refused(
    request: HttpRequest, ticket_id: int, now: datetime, menu: str, problems: Sequence[str], *, late: bool
) -> HttpResponse:
    row = access_ticket(request, ticket_id)
    told = {
        "menu": menu,
        "menu_problems": problems,
        "typed": request.POST.dict(),
        "accepts_late": late,
    }
    if not request.headers.get("HX-Request"):
        response = ticket_page(request, row, now, **told)
        response.status_code = 422
        return response
    context = ticket_screen(row, agent_of(request), now) | told | {"place": place_of(request)}
    template = "tickets/head.html" if menu == "assign" else "tickets/strip.html"
    return render(request, template, context, status=422)
