"""Drafts: what was left lying long ago is forgotten, and nothing anybody may still want."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from mostrador.domain.delivery import State
from mostrador.models import Agent, Draft, Ticket, Upload
from mostrador.tasks import drafts, housekeeping
from tests.makers import NOW, make_agent, make_reply, make_ticket

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def agent() -> Agent:
    return make_agent(name="Marta Gil")


def begin(ticket: Ticket, agent: Agent, *, at: datetime) -> None:
    Draft.objects.keep(ticket=ticket, agent=agent, text="Dear Ana", kind="reply", now=at)


def lay(ticket: Ticket, agent: Agent, *, at: datetime) -> Upload:
    return Upload.objects.keep(
        ticket=ticket, agent=agent, name="a.txt", content_type="text/plain", content=b"a", now=at
    )


def closed(at: datetime) -> Ticket:
    ticket = make_ticket()
    ticket.close(now=at)
    return ticket


def test_only_drafts_untouched_for_ninety_days_in_tickets_closed_as_long_are_forgotten(agent: Agent) -> None:
    old = NOW - 90 * DAY
    gone = closed(old)
    kept = [make_ticket(), closed(old), closed(NOW - 89 * DAY)]
    for ticket in (gone, kept[0], kept[2]):
        begin(ticket, agent, at=old)
    begin(kept[1], agent, at=old + timedelta(seconds=1))

    drafts.forget_abandoned(NOW)

    assert set(Draft.objects.values_list("ticket_id", flat=True)) == {ticket.pk for ticket in kept}


def test_only_files_beside_no_draft_and_no_reply_for_thirty_days_are_forgotten(agent: Agent) -> None:
    old = NOW - 30 * DAY
    lonely, begun, answered = make_ticket(), make_ticket(), make_ticket()
    gone = lay(lonely, agent, at=old)
    young = lay(lonely, agent, at=old + timedelta(seconds=1))
    begin(begun, agent, at=old)
    beside = lay(begun, agent, at=old)
    carried = lay(answered, agent, at=old)
    Upload.objects.bind([carried], make_reply(ticket=answered))

    drafts.forget_abandoned(NOW)

    assert set(Upload.objects.all()) == {young, beside, carried}
    assert not Upload.objects.filter(pk=gone.pk).exists()


def test_the_draft_of_another_agent_does_not_keep_a_file(agent: Agent) -> None:
    ticket = make_ticket()
    lay(ticket, agent, at=NOW - 30 * DAY)
    begin(ticket, make_agent(name="Ben Ek"), at=NOW)
    drafts.forget_abandoned(NOW)
    assert not Upload.objects.exists()


def test_files_of_an_answer_that_was_taken_back_are_kept_from_then_on(agent: Agent) -> None:
    ticket = make_ticket()
    reply, file = make_reply(ticket=ticket), lay(ticket, agent, at=NOW - 60 * DAY)
    Upload.objects.bind([file], reply)
    reply.move(State.WITHDRAWN, now=NOW)
    Upload.objects.hand_back(reply, agent=agent, now=NOW)
    drafts.forget_abandoned(NOW)
    assert list(Upload.objects.waiting(ticket=ticket, agent=agent)) == [file]


def test_the_sweeper_forgets_what_was_abandoned_with_its_files(agent: Agent) -> None:
    ticket = closed(NOW - 91 * DAY)
    begin(ticket, agent, at=NOW - 91 * DAY)
    lay(ticket, agent, at=NOW - 91 * DAY)
    housekeeping.sweep(NOW)
    assert (Draft.objects.count(), Upload.objects.count()) == (0, 0)
