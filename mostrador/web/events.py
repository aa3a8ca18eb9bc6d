"""Events: what happened to a ticket, its order and its answers, each in one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.models import Event, EventKind, Reply
from mostrador.web.holding_words import held_words, released_words
from mostrador.web.states import STATE_WORDS
from mostrador.web.team_events import TEAM_ICONS, team_words
from mostrador.web.words import refusal_words


@dataclass(frozen=True, slots=True)
class Happened:
    """One line about something that happened."""

    key: str
    at: datetime
    words: str
    icon: str = ""
    is_beginning: bool = False


def happened(event: Event) -> Happened | None:
    """Return the line of an event; steps of refunds and cancellations stand on their cards."""
    words = _words(event)
    if not words:
        return None
    begins = event.kind == EventKind.TICKET_BEGUN
    icon = _ICONS.get(EventKind(event.kind), "")
    return Happened(key=f"e-{event.pk}", at=event.at, words=words, icon=icon, is_beginning=begins)


_ICONS = {
    EventKind.MAIL_UNREADABLE: "shield-alert",
    EventKind.REVIEW: "triangle-alert",
    EventKind.ORDER_HELD: "triangle-alert",
    **TEAM_ICONS,
}


def _words(event: Event) -> str:
    who = event.agent.name if event.agent else _("Mostrador")
    facts = {"who": who, "to": event.facts.get("to", ""), "order": event.facts.get("number", "")}
    match event.kind:
        case EventKind.TICKET_BEGUN:
            return _begun_words(event, facts)
        case EventKind.ORDER_FOUND:
            return _("Order %(order)s found") % facts
        case EventKind.TICKET_CLOSED:
            return _("%(who)s closed the ticket") % facts
        case EventKind.TICKET_REOPENED:
            return _reopened_words(event, facts)
        case EventKind.TICKET_ASSIGNED:
            return _assigned_words(event, facts)
        case EventKind.MAIL_UNREADABLE:
            return _("A mail could not be read; it is kept as it came")
        case EventKind.BUYER_ASKED_TO_CANCEL:
            return _("The buyer asked Amazon to cancel this order")
        case EventKind.ORDER_STATUS_CHANGED:
            return _status_words(event)
        case EventKind.ORDER_HELD:
            return held_words(event)
        case EventKind.ORDER_RELEASED:
            return released_words(event, who)
        case EventKind.NO_ANSWER_NEEDED | EventKind.CLAIM_OPENED:
            return _turn_words(event, facts)
        case EventKind.WITHDRAWN if event.reply_id:
            return _taken_back_words(event, facts)
        case EventKind.REVIEW if event.reply_id:
            return _held_words(event)
    return team_words(event, who)


def _begun_words(event: Event, facts: Mapping[str, str]) -> str:
    if event.facts.get("because") == EventKind.BUYER_ASKED_TO_CANCEL:
        return _("Ticket opened because the buyer asked Amazon to cancel")
    if event.facts.get("because") == EventKind.TICKET_SPLIT:
        return _("%(who)s made this ticket out of %(other)s") % {**facts, "other": event.facts["other"]}
    if facts["order"]:
        return _("Ticket from e-mail · order %(order)s found") % facts
    return _("Ticket from e-mail")


def _reopened_words(event: Event, facts: Mapping[str, str]) -> str:
    """Return why a ticket was opened again: by whom, or by what."""
    because = str(event.facts.get("because") or "")
    if because == EventKind.BUYER_ASKED_TO_CANCEL:
        return _("Opened again: the buyer asked Amazon to cancel")
    if because == EventKind.CLAIM_OPENED:
        return _("Opened again: the buyer opened an A-to-z claim")
    if because.startswith(Reply.LETTER):
        return _("Opened again: the answer %(reference)s could not be delivered") % {"reference": because}
    if because:
        return _("Opened again: what was to be told did not happen (%(reference)s)") % {"reference": because}
    return _("%(who)s opened the ticket again") % facts


def _turn_words(event: Event, facts: Mapping[str, str]) -> str:
    """Return what was marked, or taken back."""
    undone = bool(event.facts.get("undone"))
    if event.kind == EventKind.NO_ANSWER_NEEDED:
        if undone:
            return _("%(who)s found that it needs an answer after all") % facts
        return _("%(who)s found that no answer is needed") % facts
    if undone:
        return _("%(who)s took the mark of an A-to-z claim away") % facts
    if event.agent is None:
        return _("Amazon's mail says that the buyer opened an A-to-z claim")
    return _("%(who)s noted that the buyer opened an A-to-z claim") % facts


def _taken_back_words(event: Event, facts: Mapping[str, str]) -> str:
    """Return who took an answer back, or what it waited for in vain."""
    because, state = str(event.facts.get("because") or ""), str(event.facts.get("state") or "")
    if not because:
        return _("%(who)s took the answer back") % facts
    words = _("The armed answer did not go out, because %(reference)s is “%(state)s”")
    return words % {"reference": because, "state": STATE_WORDS.get(state, state)}


def _held_words(event: Event) -> str:
    """Return why an answer is held: it would not be true."""
    reasons = [_refusal_words(each) for each in event.facts.get("refusals") or ()]
    return " ".join([_("The answer is held, because it would not be true."), *reasons])


def _refusal_words(stored: Mapping[str, str | int]) -> str:
    code = stored.get("code")
    if code not in set(RefusalCode):
        return ""
    facts = {name: value for name, value in stored.items() if name != "code"}
    return refusal_words(Refusal(RefusalCode(code), facts))


def _assigned_words(event: Event, facts: Mapping[str, str]) -> str:
    if not facts["to"]:
        return _("%(who)s put the ticket back") % facts
    if event.agent and event.agent.name == facts["to"]:
        return _("%(who)s took the ticket") % facts
    if event.agent is None:
        return _("Given to %(to)s by the desk's rule") % facts
    return _("%(who)s gave the ticket to %(to)s") % facts


def _status_words(event: Event) -> str:
    before, after = event.facts.get("before", ""), event.facts.get("after", "")
    if before:
        return _("Amazon's status: %(before)s → %(after)s") % {"before": before, "after": after}
    return _("Amazon's status: %(after)s") % {"after": after}
