"""Belongings: what is said not to be there is not there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mostrador.models import Agent, Belongings, Draft, Ticket, TicketLink, belongings_of
from mostrador.models.belongings import ANYTHING
from tests import makers

NOTHING = Belongings(*[False] * 11)


def _has(ticket: Ticket, agent: Agent) -> Belongings:
    return belongings_of(ticket, agent=agent, alias="", since=timezone.now() - timedelta(seconds=5))


@pytest.mark.django_db
def test_a_ticket_without_anything_has_nothing() -> None:
    assert _has(makers.make_ticket(), makers.make_agent()) == NOTHING


@pytest.mark.django_db
def test_a_draft_a_link_and_a_refund_are_each_said_to_be_there() -> None:
    agent = makers.make_agent()
    ticket, other = makers.make_ticket(order=makers.make_order()), makers.make_ticket()
    Draft.objects.keep(ticket=ticket, agent=agent, text="Dear", kind="reply", now=timezone.now())
    TicketLink.objects.tie(ticket, other, now=timezone.now())
    makers.make_refund(ticket=ticket)
    found = _has(ticket, agent)
    assert (found.draft, found.links, found.refunds, found.cancellations) == (True, True, True, False)


@pytest.mark.django_db
def test_nothing_is_ruled_out_for_a_ticket_in_which_another_shows() -> None:
    ticket, other = makers.make_ticket(), makers.make_ticket()
    other.merged_into = ticket
    other.save(update_fields=["merged_into"])
    assert _has(ticket, makers.make_agent()) == ANYTHING
