"""Bulk actions: the preview writes nothing and tells the truth, the doing is one transaction per ticket."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mostrador.actions.bulk import MOST_AT_ONCE, carry_out, preview
from mostrador.domain.bulk import BulkVerb, BulkWish
from mostrador.domain.refusals import Refused
from mostrador.domain.tickets import Priority, TicketState
from mostrador.models import Agent, Ticket
from tests.actions.tables import rows
from tests.makers import NOW, make_agent, make_mailbox, make_ticket

pytestmark = pytest.mark.django_db

WISHES = [
    BulkWish(BulkVerb.ASSIGN),
    BulkWish(BulkVerb.TAG, tag="late"),
    BulkWish(BulkVerb.UNTAG, tag="vip"),
    BulkWish(BulkVerb.RANK, priority=Priority.HIGH),
    BulkWish(BulkVerb.SNOOZE, until=NOW + timedelta(hours=30)),
    BulkWish(BulkVerb.CLOSE),
    BulkWish(BulkVerb.REOPEN),
]


@pytest.fixture
def team() -> list[Ticket]:
    """An open ticket, a closed one, one somebody has, and one that was merged."""
    mailbox = make_mailbox()
    found = [make_ticket(partner=mailbox.selling_partner, mailbox=mailbox) for _ in range(4)]
    found[1].close(now=NOW)
    found[2].assign(make_agent())
    found[2].retag(["vip"])
    found[3].show_in(found[0], now=NOW)
    return [Ticket.objects.get(pk=each.pk) for each in found]


@pytest.mark.parametrize("wish", WISHES, ids=[wish.verb for wish in WISHES])
def test_the_preview_says_exactly_what_the_doing_does(team: list[Ticket], wish: BulkWish) -> None:
    agent = make_agent()
    before = rows()
    promised = [each.verdict for each in preview(tickets=team, wish=wish, now=NOW)]
    assert rows() == before
    done = carry_out(ticket_ids=[each.pk for each in team], wish=wish, agent=agent, now=NOW)
    assert [each.verdict for each in done] == promised
    after = rows()
    changed = sum(verdict.changes for verdict in promised)
    assert after["Event"] - before["Event"] == changed
    again = carry_out(ticket_ids=[each.pk for each in team], wish=wish, agent=agent, now=NOW)
    assert not any(each.verdict.changes for each in again)
    assert rows() == after


def test_every_ticket_stands_for_itself(team: list[Ticket]) -> None:
    done = carry_out(
        ticket_ids=[*(each.pk for each in team), 10**9, team[0].pk],
        wish=BulkWish(BulkVerb.CLOSE),
        agent=make_agent(),
        now=NOW,
    )
    assert [each.verdict.changes for each in done] == [True, False, True, False]
    assert {each.state for each in Ticket.objects.all()} == {TicketState.CLOSED}


def test_nobody_is_given_tickets_who_has_left(team: list[Ticket]) -> None:
    gone = make_agent()
    Agent.objects.filter(pk=gone.pk).update(is_active=False)
    wish = BulkWish(BulkVerb.ASSIGN, agent_id=gone.pk)
    with pytest.raises(Refused):
        preview(tickets=team, wish=wish, now=NOW)
    before = rows()
    with pytest.raises(Refused):
        carry_out(ticket_ids=[team[0].pk], wish=wish, agent=make_agent(), now=NOW)
    before["Agent"] += 1
    assert rows() == before


def test_so_many_at_once_and_no_more(team: list[Ticket]) -> None:
    ids = [10**9 + number for number in range(MOST_AT_ONCE)] + [team[0].pk]
    assert carry_out(ticket_ids=ids, wish=BulkWish(BulkVerb.CLOSE), agent=make_agent(), now=NOW) == []
