"""Queue: the lists of tickets, page by page, and which ticket comes after another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from mostrador.domain.delivery import UNDER_WAY, State
from mostrador.domain.reviews import DISPUTED_AFTER
from mostrador.domain.tickets import SOON, TicketState
from mostrador.models import Cancellation, Refund, Ticket
from mostrador.models.searching import tickets_saying
from mostrador.models.tickets import TicketQuerySet
from mostrador.web.rows import SHOWN, Row, rows_of

PAGE = 40
LONGEST_RADAR = 200  # those that ship first; nobody reads further
LONGEST_SEARCH = 120
_REFERENCE = re.compile(r"[Tt]-(\d{4,11})", re.ASCII)


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
class Page:
    """One page of a list; `after` is where the next one begins."""

    current: Lists
    rows: Sequence[Row]
    after: str = ""
    search: str = ""
    total: int | None = None
    late: int = 0
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
        found, more = list(tickets.cancel_radar().only(*SHOWN)[:LONGEST_RADAR]), False
    else:
        chosen = _chosen(tickets, current, search, now)
        found = list(_from(chosen, after, by_due=by_due).select_related("order").only(*SHOWN)[: PAGE + 1])
        more, found = len(found) > PAGE, found[:PAGE]
    counts = _counts(tickets, now)
    return Page(
        current=current,
        rows=rows_of(found, now),
        after=_cursor(found[-1], by_due=by_due) if more else "",
        search=search,
        total=counts["open"] if by_due else None,
        late=counts["late"],
        soon=counts["soon"],
        badges={
            Lists.RADAR: tickets.cancel_radar().order_by().count(),
            Lists.REVIEW: _to_review(tickets, now).order_by().count(),
        },
    )


def _counts(tickets: TicketQuerySet, now: datetime) -> dict[str, int]:
    return tickets.filter(state=TicketState.OPEN).aggregate(
        open=Count("pk"),
        late=Count("pk", filter=Q(answer_due_at__lte=now)),
        soon=Count("pk", filter=Q(answer_due_at__gt=now, answer_due_at__lte=now + SOON)),
    )


# ── which tickets ─────────────────────────────────────────────────────────────────────────────────────────


def _chosen(tickets: TicketQuerySet, current: Lists, search: str, now: datetime) -> TicketQuerySet:
    return _matching(tickets, search) if search else _listed(tickets, current, now)


def _listed(tickets: TicketQuerySet, current: Lists, now: datetime) -> TicketQuerySet:
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
            return _to_review(tickets, now)
        case Lists.RADAR | Lists.ALL:
            return tickets


def _to_review(tickets: TicketQuerySet, now: datetime) -> TicketQuerySet:
    """Return the tickets with an action a person must look at, disputed refunds among them."""
    long_ago = Q(state=State.ACCEPTED, moved_at__lte=now - DISPUTED_AFTER)
    refunds = Refund.objects.filter(Q(state__in=sorted(_MUST_BE_LOOKED_AT)) | long_ago)
    return tickets.filter(order_id__in=_orders(refunds.values("order_id"), _MUST_BE_LOOKED_AT))


def _with_action(tickets: TicketQuerySet, states: Iterable[State]) -> TicketQuerySet:
    refunds = Refund.objects.filter(state__in=sorted(states))
    return tickets.filter(order_id__in=_orders(refunds.values("order_id"), states))


def _orders(refunded: QuerySet[Any, Any], states: Iterable[State]) -> QuerySet[Any, Any]:
    """Return the orders of some refunds, and those with a cancellation in one of `states`."""
    cancelled = Cancellation.objects.filter(state__in=sorted(states)).values("order_id")
    return refunded.union(cancelled)


def _matching(tickets: TicketQuerySet, search: str) -> TicketQuerySet:
    if reference := _REFERENCE.fullmatch(search):
        return tickets.filter(pk=int(reference[1]) - 1000)
    return tickets_saying(tickets, search)


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


# ── the next one ──────────────────────────────────────────────────────────────────────────────────────────


def ticket_after(
    tickets: TicketQuerySet, ticket: Ticket, *, current: Lists, search: str, now: datetime
) -> int | None:
    """Return the ticket below `ticket` as it stands in a list, else the first one; nothing if it is alone."""
    search = search.strip()[:LONGEST_SEARCH]
    if current is Lists.RADAR and not search:
        listed = list(tickets.cancel_radar().values_list("pk", flat=True)[:LONGEST_RADAR])
        place = listed.index(ticket.pk) if ticket.pk in listed else -1
        others = [*listed[place + 1 :], *listed[: max(place, 0)]]
        return next(iter(others), None)
    by_due = current is Lists.NEEDS_REPLY and not search
    others_of = _chosen(tickets, current, search, now).exclude(pk=ticket.pk)
    for after in (_cursor(ticket, by_due=by_due), ""):
        found: int | None = _from(others_of, after, by_due=by_due).values_list("pk", flat=True).first()
        if found is not None:
            return found
    return None
