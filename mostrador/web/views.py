"""Views: keep filters under a name, change and delete them, and how many tickets each finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from mostrador.actions import views as actions
from mostrador.domain.filters import LONGEST_TEXT, Filters, read_filters
from mostrador.models import Agent, SavedView
from mostrador.models.finding import matching
from mostrador.models.lists import counts
from mostrador.web.access import agent_of, visible_tickets
from mostrador.web.filter_words import trouble_words
from mostrador.web.places import place_of
from mostrador.web.queue import count_text

MOST_VIEWS = 30
COUNTED_FOR = 20  # seconds
# A count that takes longer is not shown: a number in the corner must not slow the desk down.
COUNT_WITHIN = "150ms"


@dataclass(frozen=True, slots=True)
class Shown:
    """A view in the rail with how many tickets it finds, where that is known."""

    pk: int
    name: str
    text: str
    letters: str
    count: str = ""


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the views the agent may use, the own ones with forms."""
    return render(request, "views/page.html", {"views": SavedView.objects.seen_by(agent_of(request))})


@require_safe
def counted(request: HttpRequest) -> HttpResponse:
    """Return the views of the rail with their counts."""
    agent, now = agent_of(request), timezone.now()
    views = SavedView.objects.seen_by(agent)[:MOST_VIEWS]
    shown = [Shown(v.pk, v.name, v.text, v.letters, _count(v, agent, now)) for v in views]
    context = {"views": shown, "current_search": place_of(request).search}
    return render(request, "views/rail.html", context)


def _count(view: SavedView, agent: Agent, now: datetime) -> str:
    """Return how many tickets a view finds, from a moment ago if it was counted then."""
    key = f"view-count:{agent.pk}:{view.pk}:{view.changed_at.isoformat()}"
    known = cache.get(key)
    if known is None:
        known = _counted_quickly(view.read(), agent, now)
        cache.set(key, known, COUNTED_FOR)
    return str(known)


def _counted_quickly(filters: Filters, agent: Agent, now: datetime) -> str:
    found = matching(visible_tickets(agent), filters, agent=agent, now=now)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [COUNT_WITHIN])
            number = counts({"": found})[""]
    except OperationalError:
        return ""
    return count_text(number) if number else ""


# ── verbs ─────────────────────────────────────────────────────────────────────────────────────────────────


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the filters of the box under a name, and show what they find."""
    filters = _filters(request)
    try:
        actions.keep_view(
            agent=agent_of(request),
            name=request.POST.get("name", ""),
            filters=filters,
            is_shared=bool(request.POST.get("is_shared")),
            now=timezone.now(),
        )
    except actions.ViewRefused:
        return _refused(request, filters)
    return HttpResponseRedirect(f"{reverse('inbox')}?{urlencode({'q': str(filters)})}")


@require_POST
def change(request: HttpRequest, view_id: int) -> HttpResponse:
    """Change one of the agent's own views."""
    filters = _filters(request)
    try:
        actions.change_view(
            view_id=view_id,
            agent=agent_of(request),
            name=request.POST.get("name", ""),
            filters=filters,
            is_shared=bool(request.POST.get("is_shared")),
            now=timezone.now(),
        )
    except actions.ViewRefused:
        return _refused(request, filters)
    messages.success(request, _("The view is saved."))
    return HttpResponseRedirect(reverse("views"))


@require_POST
def delete(request: HttpRequest, view_id: int) -> HttpResponse:
    """Throw away one of the agent's own views."""
    if actions.delete_view(view_id=view_id, agent=agent_of(request)):
        messages.success(request, _("The view is deleted; its tickets are where they were."))
    return HttpResponseRedirect(reverse("views"))


def _filters(request: HttpRequest) -> Filters:
    return read_filters(request.POST.get("filters", "")[:LONGEST_TEXT])


def _refused(request: HttpRequest, filters: Filters) -> HttpResponse:
    """Say on the page of views why nothing was kept."""
    reasons = [trouble_words(each) for each in filters.unknown]
    words = " ".join(reasons) or _("A view needs filters and a name that none of your other views has.")
    messages.error(request, words)
    return HttpResponseRedirect(reverse("views"))
