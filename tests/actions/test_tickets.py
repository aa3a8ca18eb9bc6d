"""Tickets: close, open again, give, tag, rank, rest, link; each once, each on the timeline."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mostrador.actions.messages import add_note
from mostrador.actions.tickets import (
    assign_ticket,
    close_ticket,
    link_tickets,
    rank_ticket,
    reopen_ticket,
    retag_ticket,
    snooze_ticket,
    tag_ticket,
    unlink_tickets,
    untag_ticket,
    wake_ticket,
)
from mostrador.domain.refusals import RefusalCode, Refused
from mostrador.domain.tickets import Priority, TicketState
from mostrador.models import Agent, Mention, Ticket, TicketLink
from tests.actions.tables import rows
from tests.makers import NOW, make_agent, make_message, make_ticket

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


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


def test_a_ticket_is_given_only_to_somebody_who_works_here() -> None:
    ticket, gone = make_ticket(), make_agent(name="Gone")
    Agent.objects.filter(pk=gone.pk).update(is_active=False)
    gone.refresh_from_db()
    before = rows()
    with pytest.raises(Refused) as refused:
        assign_ticket(ticket=ticket, agent=gone, to=gone, now=NOW)
    assert refused.value.refusals[0].code == RefusalCode.AGENT_IS_AWAY
    assert rows() == before


def test_tags_are_written_one_way_and_stand_on_the_timeline() -> None:
    ticket, agent = make_ticket(), make_agent()
    tag_ticket(ticket=ticket, agent=agent, tag="Late Parcel", now=NOW)
    tag_ticket(ticket=ticket, agent=agent, tag="#late-parcel", now=NOW)
    tag_ticket(ticket=ticket, agent=agent, tag="VIP", now=NOW)
    untag_ticket(ticket=ticket, agent=agent, tag="late parcel", now=NOW)
    untag_ticket(ticket=ticket, agent=agent, tag="never", now=NOW)
    assert stored(ticket).tags == ["vip"]
    noted = ticket.events.filter(kind="ticket_tagged").order_by("pk")
    assert [(event.facts["added"], event.facts["gone"]) for event in noted] == [
        (["late-parcel"], []),
        (["vip"], []),
        ([], ["late-parcel"]),
    ]


def test_a_ticket_has_twenty_tags_at_most() -> None:
    ticket, agent = make_ticket(), make_agent()
    retag_ticket(ticket=ticket, agent=agent, tags=[f"tag-{n:02d}" for n in range(20)], now=NOW)
    before = rows()
    for tag, code in (("one-more", RefusalCode.TOO_MANY_TAGS), (" # ", RefusalCode.NO_TAG)):
        with pytest.raises(Refused) as refused:
            tag_ticket(ticket=ticket, agent=agent, tag=tag, now=NOW)
        assert refused.value.refusals[0].code == code
    assert rows() == before
    assert len(stored(ticket).tags) == 20


def test_a_priority_is_set_once() -> None:
    ticket, agent = make_ticket(), make_agent()
    rank_ticket(ticket=ticket, agent=agent, priority=Priority.URGENT, now=NOW)
    rank_ticket(ticket=ticket, agent=agent, priority=Priority.URGENT, now=NOW)
    assert stored(ticket).priority == Priority.URGENT
    assert ticket.events.get(kind="ticket_priority").facts == {"before": "normal", "after": "urgent"}


def test_a_ticket_rests_and_the_buyer_wakes_it() -> None:
    ticket, agent = make_ticket(), make_agent()
    snooze_ticket(ticket=ticket, agent=agent, until=NOW + HOUR, now=NOW)
    assert stored(ticket).snoozed_until == NOW + HOUR
    make_message(ticket=stored(ticket), at=NOW)
    assert stored(ticket).snoozed_until is None


def test_a_rest_past_amazons_24_hours_needs_a_second_yes() -> None:
    ticket, agent = make_ticket(now=NOW), make_agent()
    until = NOW + 25 * HOUR
    before = rows()
    with pytest.raises(Refused) as refused:
        snooze_ticket(ticket=ticket, agent=agent, until=until, now=NOW)
    assert refused.value.refusals[0].code == RefusalCode.SNOOZE_PAST_DUE
    assert rows() == before
    snooze_ticket(ticket=ticket, agent=agent, until=until, now=NOW, accepts_late=True)
    assert stored(ticket).snoozed_until == until


def test_waking_makes_a_waiting_ticket_our_turn_again() -> None:
    ticket, agent = make_ticket(), make_agent()
    ticket.answered(at=NOW, preview="x", close=False)
    snooze_ticket(ticket=ticket, agent=agent, until=NOW + HOUR, now=NOW)
    assert stored(ticket).state == TicketState.WAITING
    wake_ticket(ticket=ticket, agent=agent, now=NOW)
    wake_ticket(ticket=ticket, agent=agent, now=NOW)
    assert (stored(ticket).state, stored(ticket).snoozed_until) == (TicketState.OPEN, None)
    assert ticket.events.get(kind="ticket_woken").agent == agent


def test_closing_ends_the_rest_and_a_closed_ticket_cannot_rest() -> None:
    ticket, agent = make_ticket(), make_agent()
    snooze_ticket(ticket=ticket, agent=agent, until=NOW + HOUR, now=NOW)
    close_ticket(ticket=ticket, agent=agent, now=NOW)
    assert stored(ticket).snoozed_until is None
    with pytest.raises(Refused) as refused:
        snooze_ticket(ticket=ticket, agent=agent, until=NOW + HOUR, now=NOW)
    assert refused.value.refusals[0].code == RefusalCode.TICKET_IS_CLOSED


def test_linked_tickets_know_each_other() -> None:
    one, two, agent = make_ticket(), make_ticket(), make_agent()
    link_tickets(ticket=two, other=one, agent=agent, now=NOW)
    link_tickets(ticket=one, other=two, agent=agent, now=NOW)
    assert TicketLink.objects.of(one).get() == TicketLink.objects.of(two).get()
    for here, there in ((one, two), (two, one)):
        assert here.events.get(kind="ticket_linked").facts == {"other": there.reference}
    unlink_tickets(ticket=one, other=two, agent=agent, now=NOW)
    unlink_tickets(ticket=one, other=two, agent=agent, now=NOW)
    assert TicketLink.objects.count() == 0
    with pytest.raises(Refused) as refused:
        link_tickets(ticket=one, other=one, agent=agent, now=NOW)
    assert refused.value.refusals[0].code == RefusalCode.SAME_TICKET


def test_a_note_calls_the_agents_it_names_until_they_look() -> None:
    ticket, marta, ben = make_ticket(), make_agent(name="Marta Gil"), make_agent(name="Ben Ek")
    note = add_note(ticket=ticket, agent=marta, text="@Ben Ek and @Marta: a return?", now=NOW)
    assert [mention.message for mention in Mention.objects.unseen(ben)] == [note]
    assert not Mention.objects.unseen(marta).exists(), "nobody calls themselves"
    assert Mention.objects.see(ticket=ticket, agent=ben, now=NOW) == 1
    assert not Mention.objects.unseen(ben).exists()
