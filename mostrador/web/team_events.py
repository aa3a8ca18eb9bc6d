"""Team events: what a team did with a ticket, each in one line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mostrador.domain.tickets import Priority
from mostrador.models import Event, EventKind
from mostrador.web.notation import moment_text

PRIORITY_WORDS: Mapping[str, str | Promise] = {
    Priority.LOW.name.lower(): gettext_lazy("low"),
    Priority.NORMAL.name.lower(): gettext_lazy("normal"),
    Priority.HIGH.name.lower(): gettext_lazy("high"),
    Priority.URGENT.name.lower(): gettext_lazy("urgent"),
}
TEAM_ICONS = {
    EventKind.TICKET_SNOOZED: "moon",
    EventKind.TICKET_WOKEN: "alarm-clock",
    EventKind.TICKET_MERGED: "merge",
    EventKind.TICKET_SPLIT: "split",
    EventKind.TICKET_LINKED: "link",
    EventKind.TICKET_UNLINKED: "unlink",
    EventKind.TICKET_TAGGED: "tag",
    EventKind.TICKET_PRIORITY: "flag",
}


def team_words(event: Event, who: str) -> str:
    """Return the line of an event of the team, or nothing for another one."""
    match event.kind:
        case EventKind.TICKET_TAGGED:
            return _tagged_words(event, who)
        case EventKind.TICKET_PRIORITY:
            after = str(event.facts.get("after", ""))
            words = {"who": who, "after": PRIORITY_WORDS.get(after, after)}
            return _("%(who)s set the priority to %(after)s") % words
        case EventKind.TICKET_SNOOZED:
            return _("%(who)s let the ticket rest until %(until)s") % {"who": who, "until": _until(event)}
        case EventKind.TICKET_WOKEN:
            return _woken_words(event, who)
        case EventKind.TICKET_MERGED:
            return _merged_words(event, who)
        case EventKind.TICKET_SPLIT:
            return _split_words(event, who)
        case EventKind.TICKET_LINKED:
            return _("%(who)s linked %(other)s") % {"who": who, "other": event.facts.get("other", "")}
        case EventKind.TICKET_UNLINKED:
            return _("%(who)s undid the link to %(other)s") % {
                "who": who,
                "other": event.facts.get("other", ""),
            }
    return ""


def _until(event: Event) -> str:
    text = str(event.facts.get("until", ""))
    return moment_text(datetime.fromisoformat(text), timezone.now()) if text else "–"


def _tagged_words(event: Event, who: str) -> str:
    added, gone = event.facts.get("added") or (), event.facts.get("gone") or ()
    facts = {"who": who, "added": ", ".join(added), "gone": ", ".join(gone)}
    if added and gone:
        return _("%(who)s tagged it %(added)s, and no longer %(gone)s") % facts
    if gone:
        return _("%(who)s took away the tag %(gone)s") % facts
    return _("%(who)s tagged it %(added)s") % facts


def _woken_words(event: Event, who: str) -> str:
    match event.facts.get("because"):
        case "time":
            return _("The rest is over")
        case "buyer":
            return _("Woken: the buyer wrote")
    return _("%(who)s woke the ticket") % {"who": who}


def _merged_words(event: Event, who: str) -> str:
    facts = {"who": who, "other": event.facts.get("other", "")}
    match event.facts.get("way"):
        case "into":
            return _("%(who)s merged this ticket into %(other)s") % facts
        case "out":
            return _("%(who)s took this ticket out of %(other)s again") % facts
        case "lost":
            return _("%(who)s gave %(other)s back its own ticket") % facts
    return _("%(who)s merged %(other)s into this ticket") % facts


def _split_words(event: Event, who: str) -> str:
    n = int(event.facts.get("messages") or 0)
    words = ngettext(
        "%(who)s moved %(n)d message to %(other)s", "%(who)s moved %(n)d messages to %(other)s", n
    )
    return words % {"who": who, "n": n, "other": event.facts.get("other", "")}
