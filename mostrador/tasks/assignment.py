"""Assignment: give a new ticket to an agent by the desk's rule, one ticket after the other."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import connection

from mostrador.domain.assignment import AssignRule, Candidate, choose
from mostrador.models import Agent, Event, EventKind, Ticket

# So many tickets back it is remembered whose turn was when.
TURNS_REMEMBERED = 200
_LOCK = 7_268_912  # any number, the same in every worker


def give(ticket: Ticket, now: datetime) -> Agent | None:
    """Give a new ticket to whose turn it is, and note it; call it last in the transaction that begins it.

    Two workers choose one after the other: the second sees what the first has given.
    """
    rule = AssignRule(settings.ASSIGN)
    if rule is AssignRule.BY_HAND or ticket.assigned_to_id is not None:
        return None
    _one_at_a_time()
    agents = {agent.pk: agent for agent in Agent.objects.get_queryset().takers()}
    loads = Ticket.objects.loads() if rule is AssignRule.LEAST_LOADED else {}
    chosen = choose(
        rule,
        [_candidate(agent, loads.get(agent.pk, 0)) for agent in agents.values()],
        language=ticket.language,
        marketplace_id=ticket.marketplace_id,
        given=Ticket.objects.last_given(TURNS_REMEMBERED),
    )
    if chosen is None:
        return None
    ticket.assign(agents[chosen])
    Event.objects.note(
        EventKind.TICKET_ASSIGNED, at=now, ticket=ticket, to=agents[chosen].name, because=rule.value
    )
    return agents[chosen]


def _one_at_a_time() -> None:
    """Wait for the other worker that is giving a ticket just now; the commit lets the next one in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _candidate(agent: Agent, load: int) -> Candidate:
    return Candidate(
        agent_id=agent.pk,
        load=load,
        languages=frozenset(agent.answers_in),
        marketplaces=frozenset(agent.answers_for),
    )
