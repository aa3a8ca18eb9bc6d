"""Tickets: close, open again, take; each once, each on the timeline."""

from __future__ import annotations

import pytest

from mostrador.actions.tickets import assign_ticket, close_ticket, reopen_ticket
from mostrador.domain.tickets import TicketState
from mostrador.models import Ticket
from tests.actions.tables import rows
from tests.makers import NOW, make_agent, make_message, make_ticket

pytestmark = pytest.mark.django_db


def stored(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def test_a_ticket_is_closed_once_and_by_somebody() -> None:
    ticket, agent = make_ticket(), make_agent()
    close_ticket(ticket=ticket, agent=agent, now=NOW)
    assert (stored(ticket).state, stored(ticket).closed_at) == (TicketState.CLOSED, NOW)
    event = ticket.events.get(kind="ticket_closed")
    assert (event.agent, event.at) == (agent, NOW)
    before = rows()
    close_ticket(ticket=ticket, agent=make_agent(), now=NOW)
    before["Agent"] += 1
    assert rows() == before


def test_a_closed_ticket_is_opened_again() -> None:
    ticket, agent = make_ticket(), make_agent()
    reopen_ticket(ticket=ticket, agent=agent, now=NOW)
    assert not ticket.events.filter(kind="ticket_reopened").exists(), "it was open"
    close_ticket(ticket=ticket, agent=agent, now=NOW)
    reopen_ticket(ticket=ticket, agent=agent, now=NOW)
    assert (stored(ticket).state, stored(ticket).closed_at) == (TicketState.OPEN, None)
    assert ticket.events.get(kind="ticket_reopened").agent == agent


def test_a_closed_ticket_opens_by_itself_when_the_buyer_writes() -> None:
    ticket = make_ticket()
    close_ticket(ticket=ticket, agent=make_agent(), now=NOW)
    make_message(ticket=stored(ticket), text="Hallo?")
    assert stored(ticket).state == TicketState.OPEN


def test_a_ticket_is_taken_handed_over_and_let_go() -> None:
    ticket, ana, ben = make_ticket(), make_agent(name="Ana"), make_agent(name="Ben")
    assign_ticket(ticket=ticket, agent=ana, to=ana, now=NOW)
    assign_ticket(ticket=ticket, agent=ana, to=ana, now=NOW)
    assert stored(ticket).assigned_to == ana
    assign_ticket(ticket=ticket, agent=ana, to=ben, now=NOW)
    assign_ticket(ticket=ticket, agent=ben, to=None, now=NOW)
    assert stored(ticket).assigned_to is None
    handed = ticket.events.filter(kind="ticket_assigned").order_by("pk")
    assert [event.facts["to"] for event in handed] == ["Ana", "Ben", ""]
