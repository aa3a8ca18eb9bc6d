"""Queue: the lists of tickets, page by page, each row with what an agent needs to choose the next one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import Count, F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.domain.delivery import UNDER_WAY, Source, State
from mostrador.domain.orders import FULFILLED_BY_AMAZON, FulfillmentStatus
from mostrador.domain.tickets import SOON, TicketState, urgency
from mostrador.models import Cancellation, Message, OrderItem, Refund, Ticket
from mostrador.models.tickets import TicketQuerySet
from mostrador.web.notation import span_text
from mostrador.web.states import look

if TYPE_CHECKING:
    from mostrador.models import Order

PAGE = 40
SHIPS_SOON = timedelta(hours=24)
LONGEST_RADAR = 200  # those that ship first; nobody reads further
LONGEST_SEARCH = 120


class Lists(StrEnum):
    """The lists of the rail."""

    NEEDS_REPLY = "needs-reply"
    RADAR = "cancel-radar"
    WAITING = "waiting"
    UNDER_WAY = "under-way"
    REVIEW = "review"
    CLOSED = "closed"
    ALL = "all"


TITLES: dict[Lists, str | Promise] = {
    Lists.NEEDS_REPLY: gettext_lazy("Needs reply"),
    Lists.RADAR: gettext_lazy("Buyers asking to cancel"),
    Lists.WAITING: gettext_lazy("Waiting for the buyer"),
    Lists.UNDER_WAY: gettext_lazy("Under way at Amazon"),
    Lists.REVIEW: gettext_lazy("Needs review"),
    Lists.CLOSED: gettext_lazy("Closed"),
    Lists.ALL: gettext_lazy("All tickets"),
}
ICONS = {
    Lists.NEEDS_REPLY: "inbox",
    Lists.RADAR: "radar",
    Lists.WAITING: "hourglass",
    Lists.UNDER_WAY: "send",
    Lists.REVIEW: "eye",
    Lists.CLOSED: "archive",
    Lists.ALL: "layers",
}
_MUST_BE_LOOKED_AT = (State.REVIEW, State.UNKNOWN, State.NOT_SENT)


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
    tags: Sequence[Tag]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `after` is where the next one begins."""

    current: Lists
    rows: Sequence[Row]
    after: str = ""
    search: str = ""
    total: int | None = None
    soon: int = 0
    badges: Mapping[Lists, int] = field(default_factory=dict)

    @property
    def rail(self) -> list[tuple[Lists, str | Promise, str, int]]:
        """The lists of the rail: name, title, icon, and how many wait where waiting is dangerous."""
        return [(each, TITLES[each], ICONS[each], self.badges.get(each, 0)) for each in Lists]

    @property
    def title(self) -> str | Promise:
        """The list's name."""
        return TITLES[self.current]


def read_list(name: str) -> Lists:
    """Return the list called `name`, or the first one."""
    return Lists(name) if name in set(Lists) else Lists.NEEDS_REPLY


def queue_page(tickets: TicketQuerySet, *, current: Lists, after: str, search: str, now: datetime) -> Page:
    """Return one page of a list (at most seven queries)."""
    search = search.strip()[:LONGEST_SEARCH]
    by_due = current is Lists.NEEDS_REPLY and not search
    if current is Lists.RADAR and not search:
        found, more = list(tickets.cancel_radar()[:LONGEST_RADAR]), False
    else:
        chosen = _matching(tickets, search) if search else _listed(tickets, current)
        found = list(_from(chosen, after, by_due=by_due).select_related("order")[: PAGE + 1])
        more, found = len(found) > PAGE, found[:PAGE]
    counts = _counts(tickets, now)
    return Page(
        current=current,
        rows=_rows(found, now),
        after=_cursor(found[-1], by_due=by_due) if more else "",
        search=search,
        total=counts["open"] if by_due else None,
        soon=counts["soon"],
        badges={
            Lists.RADAR: tickets.cancel_radar().order_by().count(),
            Lists.REVIEW: _to_review(tickets).order_by().count(),
        },
    )


def _counts(tickets: TicketQuerySet, now: datetime) -> dict[str, int]:
    return tickets.filter(state=TicketState.OPEN).aggregate(
        open=Count("pk"), soon=Count("pk", filter=Q(answer_due_at__lte=now + SOON))
    )


# ── which tickets ─────────────────────────────────────────────────────────────────────────────────────────


def _listed(tickets: TicketQuerySet, current: Lists) -> TicketQuerySet:
    match current:
        case Lists.NEEDS_REPLY:
            return tickets.filter(state=TicketState.OPEN)
        case Lists.WAITING:
            return tickets.filter(state=TicketState.WAITING)
        case Lists.CLOSED:
            return tickets.filter(state=TicketState.CLOSED)
        case Lists.UNDER_WAY:
            return _with_action(tickets, UNDER_WAY)
        case Lists.REVIEW:
            return _to_review(tickets)
        case Lists.RADAR | Lists.ALL:
            return tickets


def _to_review(tickets: TicketQuerySet) -> TicketQuerySet:
    return _with_action(tickets, _MUST_BE_LOOKED_AT)


def _with_action(tickets: TicketQuerySet, states: Iterable[State]) -> TicketQuerySet:
    wanted = sorted(states)
    refunded = Refund.objects.filter(state__in=wanted).values("order_id")
    cancelled = Cancellation.objects.filter(state__in=wanted).values("order_id")
    return tickets.filter(Q(order_id__in=refunded) | Q(order_id__in=cancelled))


def _matching(tickets: TicketQuerySet, search: str) -> TicketQuerySet:
    said = Message.objects.filter(text__icontains=search).values("ticket_id")
    products = OrderItem.objects.filter(Q(sku__icontains=search) | Q(title__icontains=search))
    found = (
        Q(buyer_name__icontains=search)
        | Q(subject__icontains=search)
        | Q(order__amazon_order_id__icontains=search)
        | Q(pk__in=said)
        | Q(order_id__in=products.values("order_id"))
    )
    number = search.upper().removeprefix("T-")
    if number.isascii() and number.isdigit() and len(number) < 12:
        found |= Q(pk=int(number) - 1000)
    return tickets.filter(found)


# ── paging: after the last row seen, never by counting ────────────────────────────────────────────────────


def _from(tickets: TicketQuerySet, after: str, *, by_due: bool) -> TicketQuerySet:
    newest_first = (F("last_message_at").desc(), F("pk").desc())
    order = (F("answer_due_at").asc(nulls_last=True), *newest_first) if by_due else newest_first
    place = _read_cursor(after)
    if place is None:
        return tickets.order_by(*order)
    due, last, pk = place
    older = Q(last_message_at__lt=last) | Q(last_message_at=last, pk__lt=pk)
    if by_due and due is not None:
        older = Q(answer_due_at__gt=due) | Q(answer_due_at=None) | (Q(answer_due_at=due) & older)
    elif by_due:
        older = Q(answer_due_at=None) & older
    return tickets.filter(older).order_by(*order)


def _cursor(ticket: Ticket, *, by_due: bool) -> str:
    due = ticket.answer_due_at.isoformat() if by_due and ticket.answer_due_at else ""
    return f"{due}_{ticket.last_message_at.isoformat()}_{ticket.pk}"


def _read_cursor(text: str) -> tuple[datetime | None, datetime, int] | None:
    """Return the place a cursor names; an unreadable one is the beginning."""
    try:
        due, last, pk = text.replace(" ", "+").split("_")
        place = (datetime.fromisoformat(due) if due else None, datetime.fromisoformat(last), int(pk))
    except ValueError:
        return None
    zoned = place[1].tzinfo and (place[0] is None or place[0].tzinfo)
    return place if zoned and 0 < place[2] < 2**62 else None


# ── what a row says ───────────────────────────────────────────────────────────────────────────────────────


def _rows(tickets: Sequence[Ticket], now: datetime) -> list[Row]:
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
            tags=_tags(ticket, actions.get(ticket.order_id or 0), ticket.order_id in asked, now),
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
        *Refund.objects.filter(order_id__in=orders).exclude(state=State.WITHDRAWN),
        *Cancellation.objects.filter(order_id__in=orders).exclude(state=State.WITHDRAWN),
    ]
    for row in sorted(rows, key=lambda row: (row.source != Source.ELSEWHERE, row.requested_at)):
        found[row.order_id] = row
    return found


def country_of(ticket: Ticket) -> str:
    """Return the two letters of the ticket's marketplace, or nothing."""
    known = ticket.order.marketplace_id if ticket.order else ""
    marketplace = MARKETPLACES.get(known or ticket.marketplace_id)
    return marketplace.country_code if marketplace else ""


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
        tags.append(_action_tag(action))
    tags += _order_tags(ticket.order, now)
    return tags


def _action_tag(action: Refund | Cancellation) -> Tag:
    shown = look(action.state)
    if action.source == Source.ELSEWHERE:
        return Tag(_("refunded elsewhere"), "else", "coins")
    words = _("cancel: %(state)s") if isinstance(action, Cancellation) else _("refund: %(state)s")
    return Tag(words % {"state": shown.word}, shown.tone, shown.icon)


def _order_tags(order: Order, now: datetime) -> list[Tag]:
    if order.read_at is None:
        return []
    tags = [Tag("FBA")] if order.fulfilled_by == FULFILLED_BY_AMAZON else []
    match order.status:
        case FulfillmentStatus.UNSHIPPED:
            tags.append(_ship_tag(order, now))
        case FulfillmentStatus.PARTIALLY_SHIPPED:
            tags.append(Tag(_("partly shipped")))
        case FulfillmentStatus.PENDING | FulfillmentStatus.PENDING_AVAILABILITY:
            tags.append(Tag(_("pending")))
        case FulfillmentStatus.CANCELLED:
            tags.append(Tag(_("cancelled")))
    return tags


def _ship_tag(order: Order, now: datetime) -> Tag:
    by_us = order.fulfilled_by != FULFILLED_BY_AMAZON
    if order.ship_by is None or not by_us or order.ship_by - now > SHIPS_SOON:
        return Tag(_("unshipped"))
    if order.ship_by < now:
        return Tag(_("should have shipped"), "bad", "truck")
    return Tag(_("ships in %(span)s") % {"span": span_text(order.ship_by - now)}, "warn", "truck")
