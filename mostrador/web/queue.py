"""Queue: the lists of tickets, page by page, and which ticket comes after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from mostrador.domain.filter_values import Being, FilterName
from mostrador.domain.filters import LONGEST_TEXT, Filters, read_filters
from mostrador.domain.hours import Stretch, next_away
from mostrador.domain.tickets import SOON
from mostrador.models import Agent, Ticket, cursors
from mostrador.models.cursors import Order
from mostrador.models.finding import Asker, matching
from mostrador.models.lists import MOST_COUNTED, Lists, counts, listed
from mostrador.models.tickets import TicketQuerySet
from mostrador.web.filter_words import Chip, Offer, chips_of, offers_for
from mostrador.web.rows import SHOWN, Row, rows_of

PAGE = 40
LONGEST_SEARCH = LONGEST_TEXT

TITLES: dict[Lists, str | Promise] = {
    Lists.NEEDS_REPLY: gettext_lazy("Needs reply"),
    Lists.MINE: gettext_lazy("Mine"),
    Lists.UNASSIGNED: gettext_lazy("Nobody's"),
    Lists.RADAR: gettext_lazy("Buyers asking to cancel"),
    Lists.TONIGHT: gettext_lazy("Due tonight or at the weekend"),
    Lists.REVIEW: gettext_lazy("Needs review"),
    Lists.UNDER_WAY: gettext_lazy("Under way at Amazon"),
    Lists.MENTIONS: gettext_lazy("You were called"),
    Lists.CLAIMS: gettext_lazy("With an A-to-z claim"),
    Lists.WAITING: gettext_lazy("Waiting for the buyer"),
    Lists.SNOOZED: gettext_lazy("Resting"),
    Lists.CLOSED: gettext_lazy("Closed"),
    Lists.ALL: gettext_lazy("All tickets"),
}
ICONS = {
    Lists.NEEDS_REPLY: "inbox",
    Lists.MINE: "user-check",
    Lists.UNASSIGNED: "user-x",
    Lists.RADAR: "radar",
    Lists.TONIGHT: "sunset",
    Lists.REVIEW: "eye",
    Lists.UNDER_WAY: "send",
    Lists.MENTIONS: "at-sign",
    Lists.CLAIMS: "gavel",
    Lists.WAITING: "hourglass",
    Lists.SNOOZED: "moon",
    Lists.CLOSED: "archive",
    Lists.ALL: "layers",
}
# After g, one of these leads to the list.
KEYS = {
    Lists.NEEDS_REPLY: "n",
    Lists.MINE: "m",
    Lists.UNASSIGNED: "u",
    Lists.RADAR: "c",
    Lists.TONIGHT: "t",
    Lists.REVIEW: "r",
    Lists.UNDER_WAY: "y",
    Lists.MENTIONS: "p",
    Lists.CLAIMS: "z",
    Lists.WAITING: "w",
    Lists.SNOOZED: "s",
    Lists.CLOSED: "d",
    Lists.ALL: "a",
}
_BY_DUE = frozenset({Lists.NEEDS_REPLY, Lists.MINE, Lists.UNASSIGNED, Lists.TONIGHT})
# What grows for ever is not counted: nobody has to work it off.
_UNCOUNTED = frozenset({Lists.WAITING, Lists.CLOSED, Lists.ALL})
_DANGEROUS = frozenset({Lists.RADAR, Lists.REVIEW, Lists.CLAIMS})
# The phone's bar has room for these; the others stand behind its last button.
_ON_PHONES = frozenset({Lists.NEEDS_REPLY, Lists.MINE, Lists.RADAR, Lists.REVIEW})
_LATE, _SOON = "late", "soon"


@dataclass(frozen=True, slots=True)
class Entry:
    """One list of the rail; `count` is empty where none is shown."""

    name: Lists
    title: str | Promise
    icon: str
    key: str
    count: str
    tone: str
    on_phones: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `after` is where the next one begins."""

    current: Lists
    rows: Sequence[Row] = ()
    after: str = ""
    search: str = ""
    filters: Filters = field(default_factory=Filters)
    numbers: Mapping[str, int] = field(default_factory=dict)
    is_waiting: bool = False  # the page shows its frame, the rows come later
    away: Stretch | None = None

    @property
    def rail(self) -> list[Entry]:
        """The lists of the rail, and how many wait in those that have to be worked off."""
        return [self._entry(each) for each in Lists]

    def _entry(self, name: Lists) -> Entry:
        number = self.numbers.get(name, 0)
        tone = "bad" if name in _DANGEROUS else ""
        if name is Lists.NEEDS_REPLY:
            tone = "bad" if self.late else "warn" if self.soon else ""
        count = count_text(number) if number else ""
        return Entry(name, TITLES[name], ICONS[name], KEYS[name], count, tone, name in _ON_PHONES)

    @property
    def title(self) -> str | Promise:
        """The list's name."""
        return TITLES[self.current]

    @property
    def total(self) -> str:
        """How many wait in this list, in words; nothing where it is not counted."""
        if self.search or self.is_waiting or self.current not in self.numbers:
            return ""
        return count_text(self.numbers[self.current])

    @property
    def chips(self) -> list[Chip]:
        """The active filters, and what was taken for one and is none."""
        return chips_of(self.filters)

    @property
    def offers(self) -> list[Offer]:
        """All filters there are."""
        return offers_for(self.filters)

    @property
    def is_by_due(self) -> bool:
        """Whether the list is worked off by the time left."""
        return order_of(self.current, self.filters) is cursors.BY_DUE

    @property
    def late(self) -> int:
        """How many answers are late, counted so far."""
        return self.numbers.get(_LATE, 0)

    @property
    def soon(self) -> int:
        """How many answers are due soon, counted so far."""
        return self.numbers.get(_SOON, 0)

    @property
    def late_text(self) -> str:
        """How many answers are late, in words."""
        return count_text(self.late)

    @property
    def soon_text(self) -> str:
        """How many answers are due soon, in words."""
        return count_text(self.soon)


def count_text(number: int) -> str:
    """Return a number as it is shown: 99+ where counting ended."""
    return str(number) if number <= MOST_COUNTED else f"{MOST_COUNTED}+"


def read_list(name: str) -> Lists:
    """Return the list called `name`, or the first one."""
    return Lists(name) if name in set(Lists) else Lists.NEEDS_REPLY


def order_of(current: Lists, filters: Filters) -> Order:
    """Return how a list, or what was searched for, is sorted: what waits for us by the time left."""
    if filters:
        states = {each.value for each in filters.of(FilterName.IS)}
        is_ours = states & {Being.OPEN, Being.LATE, Being.SOON} or filters.of(FilterName.DUE)
        return cursors.BY_DUE if is_ours else cursors.LATEST
    match current:
        case Lists.RADAR:
            return cursors.BY_SHIPPING
        case Lists.SNOOZED:
            return cursors.BY_WAKING
        case Lists.CLAIMS:
            return cursors.BY_CLAIM
    return cursors.BY_DUE if current in _BY_DUE else cursors.LATEST


def away(now: datetime) -> Stretch | None:
    """Return when nobody works next, in the time zone of the agent who asks."""
    return next_away(settings.WORKING_HOURS, now=now, zone=timezone.get_current_timezone())


def queue_page(
    tickets: TicketQuerySet, *, agent: Agent, current: Lists, after: str, search: str, now: datetime
) -> Page:
    """Return one page of a list (at most eight queries)."""
    search = search.strip()[:LONGEST_SEARCH]
    filters, asker, absence = read_filters(search), Asker(agent, now), away(now)
    order = order_of(current, filters)
    chosen = _chosen(tickets, current, filters, asker, absence).select_related("order", "assigned_to")
    place = cursors.read_place(after, order)
    found = cursors.after(chosen.only(*SHOWN), order, place, PAGE + 1)
    shown = found[:PAGE]
    following = cursors.place_of(shown[-1], order) if len(found) > PAGE else None
    return Page(
        current=current,
        rows=rows_of(shown, agent, now),
        after=str(following) if following else "",
        search=search,
        filters=filters,
        numbers={} if after else _numbers(tickets, asker, absence),
        away=absence,
    )


def tickets_of(
    tickets: TicketQuerySet, *, agent: Agent, current: Lists, search: str, now: datetime
) -> TicketQuerySet:
    """Return all tickets of a list, or that a search finds, the newest first."""
    filters = read_filters(search.strip()[:LONGEST_SEARCH])
    return _chosen(tickets, current, filters, Asker(agent, now), away(now)).order_by(
        "-last_message_at", "-pk"
    )


def queue_frame(*, current: Lists, search: str) -> Page:
    """Return the frame of a list whose rows the page asks for by itself (no query)."""
    search = search.strip()[:LONGEST_SEARCH]
    return Page(current=current, search=search, filters=read_filters(search), is_waiting=True)


def _numbers(tickets: TicketQuerySet, asker: Asker, absence: Stretch | None) -> dict[str, int]:
    """Return how many wait in each list that has to be worked off, and how many of them press (one query)."""
    counted = [each for each in Lists if each not in _UNCOUNTED]
    questions: dict[str, TicketQuerySet] = {
        each: listed(tickets, each, asker=asker, away=absence) for each in counted
    }
    due, now = questions[Lists.NEEDS_REPLY], asker.now
    questions[_LATE] = due.filter(answer_due_at__lte=now)
    questions[_SOON] = due.filter(answer_due_at__gt=now, answer_due_at__lte=now + SOON)
    return counts(questions)


def _chosen(
    tickets: TicketQuerySet, current: Lists, filters: Filters, asker: Asker, absence: Stretch | None
) -> TicketQuerySet:
    if filters:
        return matching(tickets, filters, agent=asker.agent, now=asker.now)
    return listed(tickets, current, asker=asker, away=absence)


# ── the next one ──────────────────────────────────────────────────────────────────────────────────────────


def ticket_after(
    tickets: TicketQuerySet, ticket: Ticket, *, agent: Agent, current: Lists, search: str, now: datetime
) -> int | None:
    """Return the ticket below `ticket` as it stands in a list, else the first one; nothing if it is alone."""
    filters = read_filters(search.strip()[:LONGEST_SEARCH])
    order = order_of(current, filters)
    others = _chosen(tickets, current, filters, Asker(agent, now), away(now)).exclude(pk=ticket.pk)
    for place in (cursors.place_of(ticket, order), None):
        found = cursors.after(others.select_related(None).only("pk"), order, place, 1)
        if found:
            return found[0].pk
    return None
