"""Cursors: where a page of a list ends, so that the next one begins after the last row seen, however far.

Nothing is counted or skipped: each page is a range of an index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce

from django.db.models import F, Q
from django.db.models.expressions import OrderBy

from mostrador.models.tickets import Ticket, TicketQuerySet

_LARGEST_KEY = 2**62


@dataclass(frozen=True, slots=True)
class Column:
    """One moment that rows are ordered by; rows without it come last."""

    name: str
    descending: bool = False
    may_be_empty: bool = False

    def ordering(self) -> OrderBy:
        """Return it as the database sorts."""
        if self.descending:
            return F(self.name).desc()
        return F(self.name).asc(nulls_last=True) if self.may_be_empty else F(self.name).asc()

    def value(self, ticket: Ticket) -> datetime | None:
        """Return the moment of a ticket."""
        found: object = ticket
        for part in self.name.split("__"):
            found = getattr(found, part, None)
        assert found is None or isinstance(found, datetime)
        return found


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is sorted: by moments, then by key."""

    columns: tuple[Column, ...]
    newest_key_first: bool = True

    def sort(self, tickets: TicketQuerySet) -> TicketQuerySet:
        """Return the tickets in this order."""
        key = F("pk").desc() if self.newest_key_first else F("pk").asc()
        return tickets.order_by(*(column.ordering() for column in self.columns), key)


_LATEST = Column("last_message_at", descending=True)
LATEST = Order((_LATEST,))
BY_DUE = Order((Column("answer_due_at", may_be_empty=True), _LATEST))
BY_SHIPPING = Order((Column("order__ship_by", may_be_empty=True),), newest_key_first=False)
BY_WAKING = Order((Column("snoozed_until"),), newest_key_first=False)
BY_CLAIM = Order((Column("claim_at", descending=True),))


@dataclass(frozen=True, slots=True)
class Place:
    """A row in a list: its moments and its key."""

    moments: tuple[datetime | None, ...]
    key: int

    def __str__(self) -> str:
        return "_".join([*(each.isoformat() if each else "" for each in self.moments), str(self.key)])


def place_of(ticket: Ticket, order: Order) -> Place | None:
    """Return where a ticket stands, or nothing where it has no place in this order."""
    moments = tuple(column.value(ticket) for column in order.columns)
    return _checked(Place(moments, ticket.pk), order)


def read_place(text: str, order: Order) -> Place | None:
    """Return the place a cursor names; an unreadable one is none, which is the beginning."""
    *moments, key = text.replace(" ", "+").split("_")
    try:
        read = tuple(datetime.fromisoformat(each) if each else None for each in moments)
        return _checked(Place(read, int(key)), order)
    except ValueError:
        return None


def _checked(place: Place, order: Order) -> Place | None:
    if len(place.moments) != len(order.columns) or not 0 < place.key < _LARGEST_KEY:
        return None
    for moment, column in zip(place.moments, order.columns, strict=True):
        if (moment is None and not column.may_be_empty) or (moment and moment.tzinfo is None):
            return None
    return place


def after(tickets: TicketQuerySet, order: Order, place: Place | None, size: int) -> list[Ticket]:
    """Return the `size` tickets after a place, or the first ones."""
    found: list[Ticket] = []
    for part in _parts(order, place):
        if len(found) < size:
            found += order.sort(tickets.filter(part))[: size - len(found)]
    return found


def _parts(order: Order, place: Place | None) -> Iterator[Q]:
    """Return what comes after a place in parts that are ranges of an index: first the rows with a moment."""
    if place is None:
        yield Q()
        return
    first, moment = order.columns[0], place.moments[0]
    beyond = _beyond(order, place.moments, place.key)
    if moment is None:
        yield beyond
        return
    # Says nothing new, but tells the database where in the index to begin.
    yield Q(**{f"{first.name}__{'lte' if first.descending else 'gte'}": moment}) & beyond
    if first.may_be_empty:
        yield Q(**{f"{first.name}__isnull": True})


def _beyond(order: Order, moments: Sequence[datetime | None], key: int) -> Q:
    """Return the condition that a row comes after these moments and this key, empty moments aside."""
    last = Q(pk__lt=key) if order.newest_key_first else Q(pk__gt=key)
    pairs = list(zip(order.columns, moments, strict=True))
    return reduce(lambda later, pair: _next(pair[0], pair[1], later), reversed(pairs), last)


def _next(column: Column, moment: datetime | None, later: Q) -> Q:
    if moment is None:
        return Q(**{f"{column.name}__isnull": True}) & later
    return Q(**{f"{column.name}__{'lt' if column.descending else 'gt'}": moment}) | (
        Q(**{column.name: moment}) & later
    )
