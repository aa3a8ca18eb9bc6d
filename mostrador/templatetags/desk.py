"""Filters that write amounts and times in the agent's language."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from django import template
from django.utils import timezone
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from lucide.templatetags.lucide import lucide as draw

from mostrador.money import Money
from mostrador.web import notation

register = template.Library()


@register.filter
def money(value: Money) -> str:
    """Write an amount with its currency."""
    return notation.money_text(value)


@register.filter
def clock(at: datetime) -> str:
    """Write the time of day."""
    return notation.clock_text(at)


@register.filter
def clock_seconds(at: datetime) -> str:
    """Write the time of day with its seconds."""
    return notation.clock_text(at, seconds=True)


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


@register.simple_tag
def icon(name: str, size: int = 16) -> str:
    """Draw an icon that says nothing to a screen reader: a word always stands beside it."""
    return _drawn(name + "", size)


@lru_cache(maxsize=256)
def _drawn(name: str, size: int) -> str:
    # Drawing takes longer than all else in a row of the queue, and there are only so many icons.
    return draw(name, size=size, **{"class": "i", "aria-hidden": "true"})
