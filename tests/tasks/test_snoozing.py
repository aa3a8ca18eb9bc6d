"""Snoozing: the sweeper wakes what is due, the buyer wakes what rests, and looks are forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mostrador.domain.tickets import TicketState
from mostrador.models import Event, EventKind, Presence, RawMail, Ticket
from mostrador.tasks import messages, snoozing
from tests.makers import NOW, make_agent, make_ticket
from tests.tasks.letters import letter

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def test_the_sweeper_wakes_what_is_due_and_says_so() -> None:
    due, later = make_ticket(), make_ticket()
    due.answered(at=NOW, preview="x", close=False)
    due.rest(NOW + HOUR)
    later.rest(NOW + 2 * HOUR)

    snoozing.wake_due(NOW + HOUR)
    snoozing.wake_due(NOW + HOUR)

    due.refresh_from_db()
    later.refresh_from_db()
    assert (due.snoozed_until, due.state) == (None, TicketState.OPEN)
    assert later.snoozed_until == NOW + 2 * HOUR
    woken = Event.objects.get(kind=EventKind.TICKET_WOKEN)
    assert (woken.ticket, woken.agent, woken.facts) == (due, None, {"because": "time"})


def test_a_buyers_new_mail_wakes_the_ticket() -> None:
    ticket = make_ticket()
    ticket.rest(timezone.now() + HOUR)
    assert ticket.mailbox
    content = letter(order="", text="Hello?", message_id="<hello@amazonses.com>")
    raw, _ = RawMail.objects.keep(
        mailbox=ticket.mailbox, content=content, size=len(content), truncated=False, now=timezone.now()
    )

    messages.read(raw_mail_id=raw.pk)

    assert Ticket.objects.get().snoozed_until is None
    assert Event.objects.get(kind=EventKind.TICKET_WOKEN).facts == {"because": "buyer"}


def test_who_looked_a_while_ago_is_forgotten() -> None:
    ticket, ana, ben = make_ticket(), make_agent(name="Ana"), make_agent(name="Ben")
    Presence.objects.look(ticket_id=ticket.pk, agent=ana, typing=False, now=NOW - 2 * HOUR)
    Presence.objects.look(ticket_id=ticket.pk, agent=ben, typing=True, now=NOW)
    snoozing.forget_presence(NOW)
    assert [presence.agent for presence in Presence.objects.all()] == [ben]
