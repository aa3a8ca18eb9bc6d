"""Rows: what the queue says of each ticket, so that an agent can choose the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.domain.delivery import Source, State
from mostrador.domain.orders import FULFILLED_BY_AMAZON, FulfillmentStatus
from mostrador.domain.reviews import is_disputed
from mostrador.domain.tickets import Priority, urgency
from mostrador.models import Agent, Cancellation, Draft, Order, OrderItem, Refund, Ticket
from mostrador.web.notation import moment_text, span_text
from mostrador.web.states import DISPUTED, ELSEWHERE, look

SHIPS_SOON = timedelta(hours=24)
MOST_TAGS = 3  # of the team's own, in one row
# What a row needs of a ticket and its order; all else stays in the database.
SHOWN = (
    "buyer_name",
    "preview",
    "language",
    "marketplace_id",
    "answer_due_at",
    "last_message_at",
    "priority",
    "tags",
    "snoozed_until",
    "claim_at",
    "assigned_to",
    "assigned_to__name",
    "assigned_to__email",
    "order",
    "order__status",
    "order__fulfilled_by",
    "order__ship_by",
    "order__marketplace_id",
    "order__read_at",
)
_PRIORITY_MARKS: dict[Priority, tuple[str | Promise, str]] = {
    Priority.URGENT: (gettext_lazy("urgent"), "bad"),
    Priority.HIGH: (gettext_lazy("high priority"), "warn"),
    Priority.LOW: (gettext_lazy("low priority"), ""),
}
# What a row needs of an action; its notes and answers stay where they are.
_SHOWN = ("order", "state", "source", "requested_at", "moved_at")


@dataclass(frozen=True, slots=True)
class Tag:
    """One small label."""

    text: str | Promise
    tone: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One ticket of the queue."""

    pk: int
    name: str
    preview: str
    language: str
    left: str
    urgency: str
    tags: tuple[Tag, ...]
    whose: str = ""  # the name of the agent it is given to
    initials: str = ""
    has_draft: bool = False  # the agent who looks has begun an answer or a note


def rows_of(tickets: Sequence[Ticket], agent: Agent, now: datetime) -> list[Row]:
    """Return a row for each ticket as `agent` sees it (four queries)."""
    drafted = Draft.objects.tickets_of(agent, [ticket.pk for ticket in tickets])
    orders = [ticket.order_id for ticket in tickets if ticket.order_id]
    actions = _latest_actions(orders)
    asked = set(
        OrderItem.objects.filter(order_id__in=orders, buyer_asked_to_cancel=True).values_list(
            "order_id", flat=True
        )
    )
    return [
        Row(
            pk=ticket.pk,
            name=ticket.buyer_name or _("Unknown buyer"),
            preview=ticket.preview,
            language=ticket.language,
            left=time_left(ticket, now),
            urgency=urgency(due=ticket.answer_due_at, now=now),
            tags=(
                *_marks(ticket, now),
                *_tags(ticket, actions.get(ticket.order_id or 0), ticket.order_id in asked, now),
                *(Tag(tag, "", "tag") for tag in ticket.tags[:MOST_TAGS]),
            ),
            whose=ticket.assigned_to.name if ticket.assigned_to else "",
            initials=ticket.assigned_to.initials if ticket.assigned_to else "",
            has_draft=ticket.pk in drafted,
        )
        for ticket in tickets
    ]


def time_left(ticket: Ticket, now: datetime) -> str:
    """Return how long the answer may still take, or how late it is; nothing where none is due."""
    if ticket.answer_due_at is None:
        return ""
    span = span_text(ticket.answer_due_at - now)
    return _("%(span)s late") % {"span": span} if ticket.answer_due_at < now else span


def _latest_actions(orders: Sequence[int]) -> dict[int, Refund | Cancellation]:
    """Return the newest refund or cancellation of each order, those of ours first."""
    found: dict[int, Refund | Cancellation] = {}
    rows: list[Refund | Cancellation] = [
        *Refund.objects.filter(order_id__in=orders).exclude(state=State.WITHDRAWN).only(*_SHOWN),
        *Cancellation.objects.filter(order_id__in=orders).exclude(state=State.WITHDRAWN).only(*_SHOWN),
    ]
    for row in sorted(rows, key=lambda row: (row.source != Source.ELSEWHERE, row.requested_at)):
        found[row.order_id] = row
    return found


def country_of(ticket: Ticket) -> str:
    """Return the two letters of the ticket's marketplace, or nothing."""
    known = ticket.order.marketplace_id if ticket.order else ""
    marketplace = MARKETPLACES.get(known or ticket.marketplace_id)
    return marketplace.country_code if marketplace else ""


def _marks(ticket: Ticket, now: datetime) -> list[Tag]:
    """Return what the team, or Amazon, has marked the ticket with."""
    marks = []
    if ticket.priority in _PRIORITY_MARKS:
        words, tone = _PRIORITY_MARKS[Priority(ticket.priority)]
        marks.append(Tag(words, tone, "flag"))
    if ticket.claim_at:
        marks.append(Tag(_("A-to-z claim"), "bad", "gavel"))
    if ticket.snoozed_until and ticket.snoozed_until > now:
        marks.append(
            Tag(_("rests until %(when)s") % {"when": moment_text(ticket.snoozed_until, now)}, "calm", "moon")
        )
    return marks


def _tags(
    ticket: Ticket, action: Refund | Cancellation | None, asked_to_cancel: bool, now: datetime
) -> list[Tag]:
    country = country_of(ticket)
    tags = [Tag(country)] if country else []
    if ticket.order is None:
        return [*tags, Tag(_("no order"))]
    cancelled = ticket.order.status == FulfillmentStatus.CANCELLED
    if asked_to_cancel and not cancelled and not isinstance(action, Cancellation):
        tags.append(Tag(_("buyer asks Amazon to cancel"), "bad", "ban"))
    if action is not None:
        tags.append(_action_tag(action, now))
    tags += _order_tags(ticket.order, now, asked_to_cancel=asked_to_cancel)
    return tags


def _action_tag(action: Refund | Cancellation, now: datetime) -> Tag:
    if action.source == Source.ELSEWHERE:
        return Tag(str(ELSEWHERE.word), ELSEWHERE.tone, ELSEWHERE.icon)
    shown, words = look(action.state), _("cancel: %(state)s")
    if isinstance(action, Refund):
        words = _("refund: %(state)s")
        if is_disputed(state=State(action.state), accepted_at=action.moved_at, now=now):
            shown = DISPUTED
    return Tag(words % {"state": shown.word}, shown.tone, shown.icon)


def _order_tags(order: Order, now: datetime, *, asked_to_cancel: bool) -> list[Tag]:
    if order.read_at is None:
        return []
    tags = [Tag("FBA")] if order.fulfilled_by == FULFILLED_BY_AMAZON else []
    match order.status:
        case FulfillmentStatus.UNSHIPPED:
            tags.append(_ship_tag(order, now, always=asked_to_cancel))
        case FulfillmentStatus.PARTIALLY_SHIPPED:
            tags.append(Tag(_("partly shipped")))
        case FulfillmentStatus.PENDING | FulfillmentStatus.PENDING_AVAILABILITY:
            tags.append(Tag(_("pending")))
        case FulfillmentStatus.CANCELLED:
            tags.append(Tag(_("cancelled")))
    return tags


def _ship_tag(order: Order, now: datetime, *, always: bool) -> Tag:
    by_us = order.fulfilled_by != FULFILLED_BY_AMAZON
    if order.ship_by is None or not by_us or (order.ship_by - now > SHIPS_SOON and not always):
        return Tag(_("unshipped"))
    if order.ship_by < now:
        return Tag(_("should have shipped"), "bad", "truck")
    return Tag(_("ships in %(span)s") % {"span": span_text(order.ship_by - now)}, "warn", "truck")
