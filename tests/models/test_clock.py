"""The clock in the database: mails, answers and marks in any order leave one and the same time."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest

from mostrador.domain.delivery import State
from mostrador.domain.tickets import Said, Speaker
from mostrador.models import Message, Ticket
from mostrador.models.messages import Direction
from tests import makers
from tests.makers import NOW

pytestmark = pytest.mark.django_db


def _after(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize("order", list(itertools.permutations((10, 0, 30))))
def test_mails_read_in_any_order_start_the_clock_at_the_first(order: tuple[int, ...]) -> None:
    ticket = makers.make_ticket(now=_after(order[0]))
    for minutes in order[1:]:
        makers.make_message(ticket=ticket, at=_after(minutes))
    ticket.refresh_from_db()
    assert ticket.first_unanswered_at == NOW
    assert ticket.answer_due_at == NOW + timedelta(hours=24)


def test_the_clock_is_told_of_everything_once() -> None:
    ticket = makers.make_ticket(now=NOW)
    reply = makers.make_reply(ticket=ticket, now=_after(5))
    reply.move(State.SENDING, now=_after(6), message=_our_words(ticket, 6))
    assert Message.objects.said(ticket) == [Said(Speaker.BUYER, NOW, NOW)]
    reply.move(State.SENT, now=_after(6))
    assert Message.objects.said(ticket)[1] == Said(Speaker.DESK, _after(6), _after(5))
    assert Message.objects.unanswered(ticket) is None
    Message.objects.filter(direction=Direction.OUT).update(is_automatic=True)
    assert _unanswered_at(ticket) == NOW


def test_an_answer_that_may_not_have_left_stops_no_clock() -> None:
    ticket = makers.make_ticket(now=NOW)
    reply = makers.make_reply(ticket=ticket, now=_after(5))
    reply.move(State.SENDING, now=_after(6), message=_our_words(ticket, 6))
    reply.move(State.UNKNOWN, now=_after(8))
    assert _unanswered_at(ticket) == NOW


def test_an_answer_speaks_to_no_mail_that_came_while_it_waited_to_leave() -> None:
    ticket = makers.make_ticket(now=NOW)
    late = makers.make_message(ticket=ticket, at=_after(4))
    Message.objects.filter(pk=late.pk).update(shown_at=_after(7))
    reply = makers.make_reply(ticket=ticket, now=_after(6))
    reply.move(State.SENDING, now=_after(8), message=_our_words(ticket, 8))
    reply.move(State.SENT, now=_after(8))
    assert _unanswered_at(ticket) == _after(4)


def _our_words(ticket: Ticket, minutes: int) -> Message:
    assert ticket.mailbox
    return Message.objects.answer(
        ticket=ticket,
        author=None,
        mailbox=ticket.mailbox,
        text="Guten Tag",
        message_id=f"<{minutes}@nordlicht.example>",
        at=_after(minutes),
    )


def _unanswered_at(ticket: Ticket) -> datetime | None:
    found = Message.objects.unanswered(ticket)
    return found.at if found else None
