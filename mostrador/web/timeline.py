"""Timeline: messages, notes, events and the cards of refunds and cancellations in one list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from mostrador.domain.delivery import OPEN, Source, State
from mostrador.models import (
    Attachment,
    Cancellation,
    Direction,
    Event,
    EventKind,
    Feed,
    FeedMessage,
    Message,
    Refund,
    Reply,
    Ticket,
)
from mostrador.web.cards import Card, make_card
from mostrador.web.notation import money_text
from mostrador.web.states import Look, look

Action = Refund | Cancellation
JOINED_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Said:
    """A message, a note, or an answer that has not left yet."""

    key: str
    at: datetime
    kind: str  # in, out, note
    who: str
    text: str
    message: Message | None = None
    reply: Reply | None = None
    look: Look | None = None
    armed_on: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """One line about something that happened."""

    key: str
    at: datetime
    words: str
    icon: str = ""
    is_beginning: bool = False


Entry = Said | Happened | Card


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of a ticket's course (at most eight queries)."""

    entries: Sequence[Entry]
    actions: Sequence[Action]
    replies: Sequence[Reply]
    events: Sequence[Event]

    @property
    def under_way(self) -> bool:
        """Whether the next step is expected soon, so that the page looks often."""
        close = {State.REQUESTED, State.SENDING, State.SENT}
        waiting = {State.REQUESTED, State.SENDING}
        return any(a.state in close for a in self.actions) or any(r.state in waiting for r in self.replies)

    @property
    def open_actions(self) -> list[Action]:
        """The refunds and cancellations whose outcome is not known yet, the newest first."""
        found = [a for a in self.actions if a.state in OPEN]
        return sorted(found, key=lambda action: action.requested_at, reverse=True)


def story_of(ticket: Ticket, now: datetime) -> Story:
    """Return everything that happened in a ticket and on its order, in the order it happened."""
    events = list(Event.objects.about(ticket))
    replies = list(
        Reply.objects.filter(ticket=ticket).select_related(
            "requested_by", "armed_refund", "armed_cancellation"
        )
    )
    actions = _actions(ticket)
    feeds = _feeds(actions)
    steps: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        steps[_about(event)].append(event)
    cards = [
        make_card(a, steps[f"{a.LETTER}{a.pk}"], feeds.get(f"{a.LETTER}{a.pk}"), now)
        for a in actions
        if a.source != Source.ELSEWHERE
    ]
    lines = [line for event in _joined(events) if (line := _happened(event, actions))]
    entries: list[Entry] = [*_said(ticket, replies), *lines, *cards]
    entries.sort(key=lambda entry: (not _begins(entry), entry.at, isinstance(entry, Card), entry.key))
    return Story(entries=entries, actions=actions, replies=replies, events=events)


def _begins(entry: Entry) -> bool:
    return isinstance(entry, Happened) and entry.is_beginning


def _joined(events: Sequence[Event]) -> list[Event]:
    """Return the events without the finding of the order where it belongs to the ticket's beginning."""
    begun = next((event for event in events if event.kind == EventKind.TICKET_BEGUN), None)
    found = next((event for event in events if event.kind == EventKind.ORDER_FOUND), None)
    if begun is None or found is None or abs(found.at - begun.at) > JOINED_WITHIN:
        return list(events)
    begun.facts = {**begun.facts, "number": found.facts.get("number", "")}
    return [event for event in events if event is not found]


def _actions(ticket: Ticket) -> list[Action]:
    if ticket.order_id is None:
        return []
    refunds = Refund.objects.filter(order=ticket.order_id).select_related("requested_by")
    cancellations = Cancellation.objects.filter(order=ticket.order_id).select_related("requested_by")
    return sorted([*refunds, *cancellations], key=lambda action: (action.requested_at, action.pk))


def _feeds(actions: Sequence[Action]) -> dict[str, Feed]:
    """Return the newest feed of each action, without its bytes."""
    refunds = [action.pk for action in actions if isinstance(action, Refund)]
    cancellations = [action.pk for action in actions if isinstance(action, Cancellation)]
    if not actions:
        return {}
    rows = FeedMessage.objects.filter(refund__in=refunds) | FeedMessage.objects.filter(
        cancellation__in=cancellations
    )
    rows = rows.select_related("feed").defer("feed__body", "feed__report").order_by("pk")
    return {f"R{row.refund_id}" if row.refund_id else f"C{row.cancellation_id}": row.feed for row in rows}


def _about(event: Event) -> str:
    if event.refund_id:
        return f"R{event.refund_id}"
    return f"C{event.cancellation_id}" if event.cancellation_id else ""


# ── messages ──────────────────────────────────────────────────────────────────────────────────────────────


def _said(ticket: Ticket, replies: Sequence[Reply]) -> list[Said]:
    by_message = {reply.message_id: reply for reply in replies if reply.message_id}
    files = Prefetch("attachments", Attachment.objects.defer("content").order_by("pk"))
    messages = Message.objects.filter(ticket=ticket).select_related("author").prefetch_related(files)
    said = [_message(message, by_message.get(message.pk), ticket) for message in messages]
    waiting = [reply for reply in replies if not reply.message_id and reply.state != State.WITHDRAWN]
    return [*said, *(_waiting_reply(reply) for reply in waiting)]


def _message(message: Message, reply: Reply | None, ticket: Ticket) -> Said:
    return Said(
        key=f"m-{message.pk}",
        at=message.at,
        kind=message.direction,
        who=_speaker(message, ticket),
        text=message.text,
        message=message,
        reply=reply,
        look=look(reply.state, reply=True) if reply else None,
    )


def _speaker(message: Message, ticket: Ticket) -> str:
    """Return who speaks; Amazon's relay adds its own words to the buyer's name."""
    if message.author:
        return message.author.name
    if message.direction != Direction.IN:
        return message.from_name or ticket.selling_partner.name
    is_buyer = ticket.buyer_name and message.from_name.startswith(ticket.buyer_name)
    return ticket.buyer_name if is_buyer else message.from_name or ticket.buyer_name or _("Unknown buyer")


def _waiting_reply(reply: Reply) -> Said:
    armed_on = reply.armed_action
    return Said(
        key=f"y-{reply.pk}",
        at=reply.requested_at,
        kind="out",
        who=reply.requested_by.name if reply.requested_by else "",
        text=reply.text,
        reply=reply,
        look=look(reply.state, reply=True),
        armed_on=armed_on.reference if armed_on else "",
    )


# ── events ────────────────────────────────────────────────────────────────────────────────────────────────


def _happened(event: Event, actions: Sequence[Action]) -> Happened | None:
    """Return the line of an event; steps of refunds and cancellations stand on their cards."""
    words = _words(event, {a.pk: a for a in actions if isinstance(a, Refund)})
    if not words:
        return None
    icon = "shield-alert" if event.kind == EventKind.MAIL_UNREADABLE else ""
    begins = event.kind == EventKind.TICKET_BEGUN
    return Happened(key=f"e-{event.pk}", at=event.at, words=words, icon=icon, is_beginning=begins)


def _words(event: Event, refunds: Mapping[int, Refund]) -> str:
    who = event.agent.name if event.agent else _("Mostrador")
    facts = {"who": who, "to": event.facts.get("to", ""), "order": event.facts.get("number", "")}
    match event.kind:
        case EventKind.TICKET_BEGUN:
            if event.facts.get("because") == EventKind.BUYER_ASKED_TO_CANCEL:
                return _("Ticket opened because the buyer asked Amazon to cancel")
            if facts["order"]:
                return _("Ticket from e-mail · order %(order)s found") % facts
            return _("Ticket from e-mail")
        case EventKind.ORDER_FOUND:
            return _("Order %(order)s found") % facts
        case EventKind.TICKET_CLOSED:
            return _("%(who)s closed the ticket") % facts
        case EventKind.TICKET_REOPENED:
            return _("%(who)s opened the ticket again") % facts
        case EventKind.TICKET_ASSIGNED:
            return _assigned_words(event, facts)
        case EventKind.MAIL_UNREADABLE:
            return _("A mail could not be read; it is kept as it came")
        case EventKind.BUYER_ASKED_TO_CANCEL:
            return _("The buyer asked Amazon to cancel this order")
        case EventKind.ORDER_STATUS_CHANGED:
            return _status_words(event)
        case EventKind.REFUNDED_ELSEWHERE:
            return _elsewhere_words(refunds.get(event.refund_id or 0))
        case EventKind.WITHDRAWN if event.reply_id:
            return _("%(who)s took the answer back") % facts
    return ""


def _assigned_words(event: Event, facts: Mapping[str, str]) -> str:
    if not facts["to"]:
        return _("%(who)s put the ticket back") % facts
    if event.agent and event.agent.name == facts["to"]:
        return _("%(who)s took the ticket") % facts
    return _("%(who)s gave the ticket to %(to)s") % facts


def _status_words(event: Event) -> str:
    before, after = event.facts.get("before", ""), event.facts.get("after", "")
    if before:
        return _("Amazon's status: %(before)s → %(after)s") % {"before": before, "after": after}
    return _("Amazon's status: %(after)s") % {"after": after}


def _elsewhere_words(refund: Refund | None) -> str:
    if refund is None:
        return _("A refund was made outside this program")
    return _("A refund of %(money)s was made outside this program") % {"money": money_text(refund.money)}
