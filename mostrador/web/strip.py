"""Strip: what stands under a ticket's head (priority, tags, rest, links) and who it can be given to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mostrador.domain.senders import alias_of
from mostrador.domain.snoozing import Preset, passes_due, preset_time
from mostrador.domain.tickets import Priority
from mostrador.models import Agent, Belongings, Ticket, TicketLink
from mostrador.web.notation import moment_text
from mostrador.web.team_events import PRIORITY_WORDS

PRESET_WORDS: dict[Preset, str | Promise] = {
    Preset.FOUR_HOURS: _("In 4 hours"),
    Preset.TOMORROW: _("Tomorrow morning"),
    Preset.MONDAY: _("Next Monday"),
}
_TONES = {Priority.LOW: "", Priority.NORMAL: "", Priority.HIGH: "warn", Priority.URGENT: "bad"}
MOST_BESIDE = 20


@dataclass(frozen=True, slots=True)
class Rank:
    """One priority to choose."""

    value: int
    words: str | Promise
    tone: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Rest:
    """One time to wake, and whether Amazon's 24 hours end before it."""

    value: str
    words: str | Promise
    when: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """All that the strip and its menus show (no query for what the ticket does not have)."""

    agents: Sequence[Agent]
    ranks: Sequence[Rank]
    rests: Sequence[Rest]
    linked: Sequence[Ticket]
    merged: Sequence[Ticket]
    beside: Sequence[Ticket]

    @property
    def rank(self) -> Rank:
        """The ticket's own priority."""
        return next(rank for rank in self.ranks if rank.is_current)

    @property
    def tied(self) -> int:
        """How many tickets belong to this one."""
        return len(self.linked) + len(self.merged)


def strip_of(ticket: Ticket, has: Belongings, agents: Sequence[Agent], now: datetime) -> Strip:
    """Return what stands under the head of a ticket, and the `agents` it can be given to."""
    linked = linked_tickets(ticket) if has.links else []
    known = {other.pk for other in linked}
    return Strip(
        agents=agents,
        ranks=_ranks(ticket),
        rests=_rests(ticket, now),
        linked=linked,
        merged=list(ticket.merged.order_by("pk")) if has.merged else (),
        beside=[other for other in _beside(ticket) if other.pk not in known] if has.beside else (),
    )


def linked_tickets(ticket: Ticket) -> list[Ticket]:
    """Return the tickets linked to this one."""
    numbers = TicketLink.objects.partners(ticket)
    known = Ticket.objects.only("buyer_name").in_bulk(numbers) if numbers else {}
    return [known[number] for number in numbers]


def buyers_alias(ticket: Ticket) -> str:
    """Return the buyer's address without its +token, or nothing where there is no address."""
    return alias_of(ticket.buyer_address) if ticket.buyer_address else ""


def _beside(ticket: Ticket) -> Sequence[Ticket]:
    """Return the other live tickets of the same buyer or order; a merged one has none of its own."""
    if ticket.merged_into_id is not None:
        return ()
    others = Ticket.objects.beside(ticket, alias=buyers_alias(ticket)).select_related("order")
    return list(others.only("preview", "order__amazon_order_id")[:MOST_BESIDE])


def _ranks(ticket: Ticket) -> list[Rank]:
    return [
        Rank(each.value, PRIORITY_WORDS[each.name.lower()], _TONES[each], each == ticket.priority)
        for each in reversed(Priority)
    ]


def _rests(ticket: Ticket, now: datetime) -> list[Rest]:
    found = []
    for preset in Preset:
        at = preset_time(preset, now=now, zone=timezone.get_current_timezone())
        is_late = passes_due(at, ticket.answer_due_at)
        found.append(Rest(preset.value, PRESET_WORDS[preset], moment_text(at, now), is_late))
    return found
