"""Screen: everything the ticket page shows, gathered once; and the regions that update themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string

from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.domain.delivery import State
from mostrador.domain.tickets import TicketState, urgency
from mostrador.models import Agent, Belongings, Reply, Ticket, belongings_of
from mostrador.web.cards import Card
from mostrador.web.colleagues import Colleagues
from mostrador.web.panel import Panel, newest_open, panel_of
from mostrador.web.presence import PRESENT_FOR, People, people_at
from mostrador.web.reply_form import kept_reply
from mostrador.web.rows import country_of, time_left
from mostrador.web.sending import Bar, bar
from mostrador.web.strip import buyers_alias, strip_of
from mostrador.web.suggestions import Proposed, proposed
from mostrador.web.timeline import Said, Story, story_of

# How often the page looks, in milliseconds. A look at what has not moved is three small questions, and it
# says who is here: nobody is seen later than two seconds after they have come or begun to write.
LOOK_IN_COMPANY = 900
LOOK_CLOSELY = 1_500
LOOK_CALMLY = 1_900

REGIONS = {
    "bar": "parts/bar.html",
    "head": "tickets/head.html",
    "strip": "tickets/strip.html",
    "line": "timeline/line.html",
    "order-top": "orders/top.html",
    "act": "orders/act.html",
    "order-rest": "orders/rest.html",
    "reply-acts": "messages/acts.html",
    "seen": "messages/seen.html",
    "others": "teamwork/others.html",
    "around": "teamwork/around.html",
}


@dataclass(frozen=True, slots=True)
class _Known:
    """What is read of a ticket before any part of its page is made."""

    has: Belongings
    colleagues: Colleagues
    story: Story
    people: People


def _known(ticket: Ticket, agent: Agent, now: datetime) -> _Known:
    has = belongings_of(ticket, agent=agent, alias=buyers_alias(ticket), since=now - PRESENT_FOR)
    colleagues = Colleagues()
    story = story_of(ticket, agent, has, colleagues, now)
    return _Known(has, colleagues, story, people_at(ticket.pk, agent, now) if has.company else People())


def ticket_screen(ticket: Ticket, agent: Agent, now: datetime) -> dict[str, Any]:
    """Return the context of the ticket page."""
    known = _known(ticket, agent, now)
    known.colleagues.introduce([ticket], "assigned_to")
    story, order = known.story, ticket.order
    panel = panel_of(order, story.actions, now) if order else None
    marketplace = MARKETPLACES.get((order.marketplace_id if order else "") or ticket.marketplace_id)
    reading = order is not None and (order.read_at is None or order.next_read_at is not None)
    return {
        **_box(ticket, agent, known, now),
        "bar": bar() if known.has.stops else Bar(),
        "panel": panel,
        "suggestion": _suggestion(ticket, panel, story, now),
        "waiting": _waiting(story.entries),
        "left": time_left(ticket, now),
        "urgency": urgency(due=ticket.answer_due_at, now=now),
        "country": country_of(ticket),
        "marketplace": marketplace,
        "is_closed": ticket.state == TicketState.CLOSED,
        "is_mine": ticket.assigned_to_id == agent.pk,
        "every": _pace(is_moving=story.under_way or reading, has_company=bool(known.people.here)),
        "undo_seconds": settings.UNDO_SECONDS,
        "strip": strip_of(ticket, known.has, known.colleagues.active, now),
    }


def reply_screen(ticket: Ticket, agent: Agent, now: datetime) -> dict[str, Any]:
    """Return the context of the reply box alone, for an answer that shows nothing else."""
    return _box(ticket, agent, _known(ticket, agent, now), now)


def _box(ticket: Ticket, agent: Agent, known: _Known, now: datetime) -> dict[str, Any]:
    story = known.story
    return {
        "ticket": ticket,
        "agent": agent,
        "now": now,
        "story": story,
        "people": known.people,
        "reply": kept_reply(ticket, agent, known.has),
        "armable": newest_open(story.actions),
        "armed": [r for r in story.replies if r.state == State.REQUESTED and r.armed_action],
        "leaving": leaving_of(story.replies, agent, now),
        "said_at": _said_at(story, agent),
        "seen": _seen(story),
    }


def _suggestion(ticket: Ticket, panel: Panel | None, story: Story, now: datetime) -> Proposed | None:
    """Return what is proposed, unless somebody has put just that aside."""
    found = proposed(ticket, panel.facts, story, now) if panel else None
    return found if found and found.key != ticket.put_aside else None


def _said_at(story: Story, agent: Agent) -> datetime | None:
    """Return when the agent last said something here: words a browser has kept since before are no draft."""
    written = [r.requested_at for r in story.replies if r.requested_by_id == agent.pk]
    said = [one for one in story.entries if isinstance(one, Said) and one.message]
    mine = [one.at for one in said if one.message and one.message.author_id == agent.pk]
    return max([*written, *mine], default=None)


def leaving_of(replies: Sequence[Reply], agent: Agent, now: datetime) -> Reply | None:
    """Return the agent's newest answer that is about to leave and can still be taken back."""
    mine = [r for r in replies if r.requested_by_id == agent.pk and r.state == State.REQUESTED]
    return next((r for r in reversed(mine) if r.armed_action is None and r.send_after > now), None)


def _pace(*, is_moving: bool, has_company: bool) -> int:
    if has_company:
        return LOOK_IN_COMPANY
    return LOOK_CLOSELY if is_moving else LOOK_CALMLY


def _seen(story: Story) -> str:
    """Return how far the story on the page has come: what happens later stops an answer begun now."""
    messages = [each.message.pk for each in story.entries if isinstance(each, Said) and each.message]
    return f"{max((event.pk for event in story.events), default=0)}.{max(messages, default=0)}"


def _waiting(entries: object) -> list[Card]:
    """Return the cards of what can still be taken back, for the panel."""
    assert isinstance(entries, list)
    return [entry for entry in entries if isinstance(entry, Card) and entry.is_waiting]


def live_html(request: HttpRequest, context: dict[str, Any]) -> str:
    """Return every region of the page that updates itself, one after the other."""
    return "".join(
        render_to_string(template, context, request)
        for name, template in REGIONS.items()
        if context["panel"] or name not in {"order-top", "act", "order-rest"}
    )
