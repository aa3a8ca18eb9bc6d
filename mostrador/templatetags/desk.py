"""Filters that write amounts and times in the agent's language."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from lucide.templatetags.lucide import lucide as draw

from mostrador.models import SavedView, Ticket
from mostrador.money import Money
from mostrador.web import notation, sending
from mostrador.web.access import agent_of
from mostrador.web.own_words import own_words
from mostrador.web.rows import Row
from mostrador.web.turns import Turn, turn_of

register = template.Library()

MOST_VIEWS = 30  # in the rail


@register.filter
def money(value: Money) -> str:
    """Write an amount with its currency."""
    return notation.money_text(value)


@register.filter
def own(text: str) -> str:
    """Write one of our own notes in the agent's language."""
    return own_words(text)


@register.filter
def clock(at: datetime) -> str:
    """Write the time of day."""
    return notation.clock_text(at)


@register.filter
def clock_seconds(at: datetime) -> str:
    """Write the time of day with its seconds."""
    return notation.clock_text(at, seconds=True)


@register.filter
def step_time(at: datetime) -> str:
    """Write when a step was: its second today, its day before."""
    now = timezone.now()
    is_today = timezone.localtime(at).date() == timezone.localtime(now).date()
    return notation.clock_text(at, seconds=True) if is_today else notation.moment_text(at, now)


@register.filter
def moment(at: datetime) -> str:
    """Write when something was or will be."""
    return notation.moment_text(at, timezone.now())


@register.filter
def exact(at: datetime) -> str:
    """Write a moment in full."""
    return notation.exact_text(at)


@register.filter
def iso(at: datetime) -> str:
    """Write a moment for a machine."""
    return at.isoformat()


@register.filter
def size(number: int) -> str:
    """Write a number of bytes."""
    if number < 1024:
        return f"{number} B"
    return f"{number / 1024:.0f} KB" if number < 1024 * 1024 else f"{number / 1024 / 1024:.1f} MB"


@register.filter
def language_name(code: str) -> str:
    """Write the name of a language in the agent's own."""
    names = notation.locale().languages
    return str(names.get(code.split("-")[0], code))


_PLACE = re.compile(r"\{(amount|reason|reference|buyer|order|partner)\}")


@register.filter
def with_places(text: str) -> SafeString:
    """Write an armed answer; the places that Amazon's answer will fill stand out."""
    names = {"amount": _("amount"), "reason": _("reason"), "reference": _("reference")}
    safe = linebreaks(text, autoescape=True)
    return mark_safe(_PLACE.sub(lambda place: f"<mark>{names.get(place[1], place[1])}</mark>", safe))  # noqa: S308


@register.inclusion_tag("parts/bar.html", takes_context=True)
def sending_bar(context: Context) -> dict[str, object]:
    """Show what stops sending, on pages that do not know it themselves."""
    return {"bar": sending.bar(), "request": context["request"]}


@register.simple_tag(takes_context=True)
def saved_views(context: Context) -> list[SavedView]:
    """Return the views of the rail (one query)."""
    return list(SavedView.objects.seen_by(agent_of(context["request"]))[:MOST_VIEWS])


@register.simple_tag
def turn(ticket: Ticket) -> Turn:
    """Return whether the buyer waits for an answer, and where Amazon has to be told that none is needed."""
    return turn_of(ticket)


@register.simple_tag
def queue_row(row: Row, current: str, search: str, open_ticket: str) -> str:
    """Draw a row of the queue."""
    is_open = open_ticket == str(row.pk)
    return _row_drawn(row, str(current), search, is_open, translation.get_language() or "")


@lru_cache(maxsize=4096)
def _row_drawn(row: Row, current: str, search: str, is_open: bool, language: str) -> str:
    # The same rows are drawn for every agent, every few seconds: what has not changed is not drawn again.
    context = {"row": row, "current": current, "search": search, "is_open": is_open}
    return render_to_string("queue/row.html", context)


@register.simple_tag
def icon(name: str, size: int = 16) -> str:
    """Draw an icon that says nothing to a screen reader: a word always stands beside it."""
    return _drawn(name + "", size)


@lru_cache(maxsize=256)
def _drawn(name: str, size: int) -> str:
    # Drawing takes longer than all else in a row of the queue, and there are only so many icons.
    return draw(name, size=size, **{"class": "i", "aria-hidden": "true"})
