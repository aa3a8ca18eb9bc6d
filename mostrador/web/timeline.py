"""Timeline: messages, notes, events and the cards of refunds and cancellations in one list."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from mostrador.domain.delivery import OPEN, Source, State
from mostrador.mail.quoted_text import Folded, fold
from mostrador.models import (
    Agent,
    Attachment,
    Belongings,
    Cancellation,
    Direction,
    Event,
    EventKind,
    Feed,
    FeedMessage,
    Finding,
    Message,
    Refund,
    Reply,
    Ticket,
    Upload,
)
from mostrador.web.cards import Card, Known, elsewhere_card, make_card
from mostrador.web.colleagues import Colleagues
from mostrador.web.doubts import Warned, warnings_of
from mostrador.web.events import Happened, happened
from mostrador.web.leaving import leavings
from mostrador.web.states import Look, look

Action = Refund | Cancellation
JOINED_WITHIN = timedelta(minutes=2)
# What Amazon's relay adds to a buyer's name: "Ana Ruiz - Amazon Marketplace".
_RELAYS_WORDS = re.compile(r"\s+[-–—]\s+Amazon\b.*$", re.I)


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
    uploads: Sequence[Upload] = ()
    older: str = ""  # what the buyer's mail program repeated below
    warnings: Sequence[Warned] = ()
    is_unproven: bool = False  # the mail server should have proven the sender, and has not

    @property
    def is_buyers(self) -> bool:
        """Whether the buyer speaks."""
        return self.kind == "in"


Entry = Said | Happened | Card


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of a ticket's course (no query for what the ticket does not have)."""

    entries: Sequence[Entry]
    actions: Sequence[Action]
    replies: Sequence[Reply]
    events: Sequence[Event]
    family: Sequence[int] = ()  # the ticket, and those that show in it

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


def story_of(ticket: Ticket, agent: Agent, has: Belongings, colleagues: Colleagues, now: datetime) -> Story:
    """Return everything that happened in a ticket and on its order, in the order it happened."""
    family = Ticket.objects.family(ticket) if has.merged else [ticket.pk]
    events = list(Event.objects.about(ticket, family=family).select_related(None))
    colleagues.introduce(events, "agent")
    actions = _actions(ticket, has, colleagues)
    replies = _replies(family, actions, colleagues) if has.replies else []
    cards = _cards(ticket, actions, events, agent, now)
    lines = [line for event in _joined(events) if (line := happened(event))]
    begun = {f"e-{event.pk}" for event in events if event.ticket_id == ticket.pk}
    lines = [replace(line, is_beginning=line.is_beginning and line.key in begun) for line in lines]
    messages = _messages(family, has, colleagues)
    entries: list[Entry] = [*_said(ticket, messages, replies), *lines, *cards]
    entries.sort(key=lambda entry: (not _begins(entry), entry.at, isinstance(entry, Card), entry.key))
    return Story(entries=entries, actions=actions, replies=replies, events=events, family=family)


def _replies(family: Sequence[int], actions: Sequence[Action], colleagues: Colleagues) -> list[Reply]:
    """Return the answers, with the actions they are armed on."""
    replies = list(Reply.objects.filter(ticket__in=family))
    colleagues.introduce(replies, "requested_by")
    refunds = {action.pk: action for action in actions if isinstance(action, Refund)}
    cancellations = {action.pk: action for action in actions if isinstance(action, Cancellation)}
    for reply in replies:
        if reply.armed_refund_id in refunds:
            reply.armed_refund = refunds[reply.armed_refund_id]
        if reply.armed_cancellation_id in cancellations:
            reply.armed_cancellation = cancellations[reply.armed_cancellation_id]
    return replies


def _cards(
    ticket: Ticket, actions: Sequence[Action], events: Sequence[Event], agent: Agent, now: datetime
) -> list[Card]:
    feeds, findings = _feeds(actions), _findings(actions)
    late = leavings(ticket.selling_partner, actions, now)
    steps: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        steps[_about(event)].append(event)
    cards = []
    for action in actions:
        name = f"{action.LETTER}{action.pk}"
        if isinstance(action, Refund) and action.source == Source.ELSEWHERE:
            cards.append(elsewhere_card(action))
            continue
        known = Known(steps[name], feeds.get(name), findings[name], late.get(action.reference), agent, now)
        cards.append(make_card(action, known))
    return cards


def _findings(actions: Sequence[Action]) -> dict[str, list[Finding]]:
    """Return what people found out about each action in review; no query where none is."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for action in actions:
        if action.state == State.REVIEW:
            found[f"{action.LETTER}{action.pk}"] = list(Finding.objects.about(action))
    return found


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


def _actions(ticket: Ticket, has: Belongings, colleagues: Colleagues) -> list[Action]:
    if ticket.order_id is None:
        return []
    found: list[Action] = [
        *(Refund.objects.filter(order=ticket.order_id) if has.refunds else ()),
        *(Cancellation.objects.filter(order=ticket.order_id) if has.cancellations else ()),
    ]
    colleagues.introduce(found, "requested_by")
    for action in found:
        assert ticket.order
        action.order = ticket.order  # known already: no card asks for it again
    return sorted(found, key=lambda action: (action.requested_at, action.pk))


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


def _messages(family: Sequence[int], has: Belongings, colleagues: Colleagues) -> list[Message]:
    files = Attachment.objects.defer("content").order_by("pk")
    shown = Prefetch("attachments", files if has.attachments else Attachment.objects.none())
    rows = Message.objects.filter(ticket__in=family).prefetch_related(shown)
    # A mail's own page is fetched when somebody asks for it; here it only counts that there is one.
    messages = list(rows.annotate(has_html=~Q(html="")).defer("html"))
    colleagues.introduce(messages, "author")
    return messages


def _said(ticket: Ticket, messages: Sequence[Message], replies: Sequence[Reply]) -> list[Said]:
    by_message = {reply.message_id: reply for reply in replies if reply.message_id}
    said = [_message(message, by_message.get(message.pk), ticket) for message in messages]
    waiting = [reply for reply in replies if not reply.message_id and reply.state != State.WITHDRAWN]
    files = Upload.objects.carried_by(waiting)
    return [*said, *(_waiting_reply(reply, files.get(reply.pk, ())) for reply in waiting)]


def _message(message: Message, reply: Reply | None, ticket: Ticket) -> Said:
    is_in = message.direction == Direction.IN
    folded = fold(message.text) if is_in else Folded(message.text, "")
    return Said(
        key=f"m-{message.pk}",
        at=message.at,
        kind=message.direction,
        who=_speaker(message, ticket),
        text=folded.own,
        older=folded.older,
        message=message,
        reply=reply,
        look=look(reply.state, reply=True) if reply else None,
        warnings=warnings_of(message.defects, authentic=message.authentic) if is_in else (),
        is_unproven=is_in and message.authentic is None and bool(settings.TRUSTED_AUTHSERV_IDS),
    )


def _speaker(message: Message, ticket: Ticket) -> str:
    """Return who speaks; Amazon's relay adds its own words to the buyer's name."""
    if message.author:
        return message.author.name
    if message.direction != Direction.IN:
        return message.from_name or ticket.selling_partner.name
    name = _RELAYS_WORDS.sub("", message.from_name).strip()
    return name or ticket.buyer_name or _("Unknown buyer")


def _waiting_reply(reply: Reply, files: Sequence[Upload]) -> Said:
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
        uploads=files,
    )
