"""Presence: who else is in a ticket now, and who is writing; told by the looks open pages take anyway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.views.decorators.http import require_POST

from mostrador.models import Agent, Presence
from mostrador.web.access import access_ticket, agent_of

# An open page looks every other second at least: who has missed two looks has gone.
PRESENT_FOR = timedelta(seconds=5)
TYPING_FOR = timedelta(seconds=3)
TYPING = "X-Typing"  # the header by which a page says that its agent is writing
MOST_PEOPLE = 300


@dataclass(frozen=True, slots=True)
class Here:
    """Another agent in a ticket."""

    ticket_id: int
    name: str
    initials: str
    is_typing: bool


@dataclass(frozen=True, slots=True)
class People:
    """The other agents at work: all of them, and those in the ticket that is open."""

    around: Sequence[Here] = ()
    here: Sequence[Here] = ()

    @property
    def typing(self) -> Sequence[Here]:
        """Those who are writing in this ticket."""
        return [each for each in self.here if each.is_typing]

    @property
    def word(self) -> str:
        """A word that changes whenever somebody comes, goes, begins or stops writing."""
        return "|".join(f"{each.ticket_id}:{each.name}:{each.is_typing}" for each in self.around)


def people_at(ticket_id: int | None, agent: Agent, now: datetime) -> People:
    """Return the other agents at work (one query)."""
    rows = Presence.objects.current(now - PRESENT_FOR).exclude(agent=agent)[:MOST_PEOPLE]
    around = [Here(row.ticket_id, row.agent.name, row.agent.initials, _is_typing(row, now)) for row in rows]
    return People(around, [each for each in around if each.ticket_id == ticket_id])


def _is_typing(row: Presence, now: datetime) -> bool:
    return row.typed_at is not None and row.typed_at > now - TYPING_FOR


def note_look(request: HttpRequest, ticket_id: int, now: datetime) -> None:
    """Note that the agent looks at the ticket, and whether they are writing in it."""
    typing = request.headers.get(TYPING) == "1"
    Presence.objects.look(ticket_id=ticket_id, agent=agent_of(request), typing=typing, now=now)


def come_in(request: HttpRequest, ticket_id: int, now: datetime) -> None:
    """Note that the agent has opened the ticket, and left the one that stood in its place."""
    before = _ticket_in(request.headers.get("HX-Current-URL", ""))
    if before and before != ticket_id:
        Presence.objects.leave(ticket_id=before, agent=agent_of(request))
    note_look(request, ticket_id, now)


def _ticket_in(address: str) -> int | None:
    try:
        found = resolve(urlsplit(address[:2000]).path or "/")
    except (Resolver404, ValueError):
        return None
    number = found.kwargs.get("ticket_id")
    return number if isinstance(number, int) else None


@require_POST
def leave(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Note that the agent's page has gone away."""
    Presence.objects.leave(ticket_id=access_ticket(request, ticket_id).pk, agent=agent_of(request))
    return HttpResponse(status=204)


def people_now(request: HttpRequest, ticket_id: int | None) -> People:
    """Return the other agents at work at this moment."""
    return people_at(ticket_id, agent_of(request), timezone.now())
