"""Replies and notes as agents ask for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mostrador.actions.macros import macro_text
from mostrador.actions.messages import ReplyWish, add_note, request_reply, withdraw_reply
from mostrador.domain.delivery import State
from mostrador.domain.refusals import RefusalCode, Refused, RequestKeyReused
from mostrador.domain.starter_set import starter_set
from mostrador.models import Event, EventKind, Message, Reply, Ticket
from mostrador.tasks import messages
from tests.makers import NOW, make_agent, make_mailbox, make_order, make_refund, make_reply, make_ticket
from tests.relay import Relay
from tests.worker import queued

pytestmark = pytest.mark.django_db


def wish(**more: Any) -> ReplyWish:
    """Return a wish to say hello."""
    return ReplyWish(**{"text": "Guten Tag!", "request_key": "key-of-the-form", **more})


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[RefusalCode]:
    """Return the codes of a refusal."""
    return [refusal.code for refusal in refused.value.refusals]


def test_a_reply_waits_for_its_undo_window_with_its_job(settings: Any) -> None:
    settings.REPLY_UNDO_SECONDS = 5
    ticket, agent = make_ticket(), make_agent()

    reply = request_reply(ticket=ticket, agent=agent, wish=wish(), now=NOW)

    assert (reply.state, reply.send_after) == (State.REQUESTED, NOW + timedelta(seconds=5))
    event = Event.objects.get()
    assert (event.kind, event.agent, event.reply) == (EventKind.REQUESTED, agent, reply)
    assert queued("messages.send") == [{"reply_id": reply.pk}]


def test_pressing_twice_is_one_reply() -> None:
    ticket, agent = make_ticket(), make_agent()

    first = request_reply(ticket=ticket, agent=agent, wish=wish(), now=NOW)
    second = request_reply(ticket=ticket, agent=agent, wish=wish(), now=NOW)

    assert first == second
    assert Reply.objects.count() == 1
    assert len(queued("messages.send")) == 1


def test_a_request_key_cannot_stand_for_other_words() -> None:
    ticket, agent = make_ticket(), make_agent()
    request_reply(ticket=ticket, agent=agent, wish=wish(), now=NOW)

    with pytest.raises(RequestKeyReused):
        request_reply(ticket=ticket, agent=agent, wish=wish(text="Anders"), now=NOW)

    assert Reply.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "code"), [(" \n", RefusalCode.EMPTY_MESSAGE), ("x" * 10_001, RefusalCode.MESSAGE_TOO_LONG)]
)
def test_an_empty_or_endless_reply_is_refused(text: str, code: RefusalCode) -> None:
    with pytest.raises(Refused) as refused:
        request_reply(ticket=make_ticket(), agent=make_agent(), wish=wish(text=text), now=NOW)

    assert codes(refused) == [code]
    assert (Reply.objects.count(), Event.objects.count(), queued("messages.send")) == (0, 0, [])


def test_a_ticket_without_address_or_mailbox_cannot_be_answered() -> None:
    ticket = make_ticket()
    Ticket.objects.filter(pk=ticket.pk).update(buyer_address="", mailbox=None)

    with pytest.raises(Refused) as refused:
        request_reply(ticket=ticket, agent=make_agent(), wish=wish(), now=NOW)

    assert codes(refused) == [RefusalCode.NO_ADDRESS, RefusalCode.NO_MAILBOX]
    assert Reply.objects.count() == 0


def test_words_with_open_places_are_refused_unless_they_are_armed() -> None:
    ticket = make_ticket(order=make_order())
    refund = make_refund(ticket=ticket, state=State.SENT)
    draft = macro_text(ticket=ticket, macro=starter_set()["refund_issued"]).text

    with pytest.raises(Refused) as refused:
        request_reply(ticket=ticket, agent=make_agent(), wish=wish(text=draft), now=NOW)
    armed = request_reply(ticket=ticket, agent=make_agent(), wish=wish(text=draft, armed_on=refund), now=NOW)

    assert codes(refused) == [RefusalCode.NOT_TRUE_YET]
    assert armed.armed_action == refund
    assert queued("messages.send") == []


@pytest.mark.parametrize("state", [State.REJECTED, State.WITHDRAWN, State.NOT_SENT])
def test_a_reply_cannot_be_armed_on_what_will_not_happen(state: State) -> None:
    ticket = make_ticket(order=make_order())
    refund = make_refund(ticket=ticket, state=state)

    with pytest.raises(Refused) as refused:
        request_reply(ticket=ticket, agent=make_agent(), wish=wish(armed_on=refund), now=NOW)

    assert codes(refused) == [RefusalCode.NOT_TRUE_YET]
    assert Reply.objects.count() == 0


def test_a_reply_taken_back_in_time_never_leaves(relay: Relay) -> None:
    ticket = make_ticket(mailbox=make_mailbox(smtp_url=relay.url))
    reply = make_reply(ticket=ticket)

    withdraw_reply(reply=reply, agent=make_agent(), now=NOW)
    messages.send(reply_id=reply.pk)

    reply.refresh_from_db()
    assert (reply.state, relay.taken) == (State.WITHDRAWN, [])


@pytest.mark.parametrize("state", [State.SENDING, State.SENT, State.UNKNOWN])
def test_what_has_left_cannot_be_taken_back(state: State) -> None:
    from tests.makers import bring_to

    reply = make_reply()
    bring_to(reply, state)

    with pytest.raises(Refused) as refused:
        withdraw_reply(reply=reply, agent=make_agent(), now=NOW)

    assert codes(refused) == [RefusalCode.TOO_LATE_TO_WITHDRAW]
    reply.refresh_from_db()
    assert reply.state == state


def test_a_note_is_for_the_team_only(relay: Relay) -> None:
    ticket = make_ticket()
    due = ticket.answer_due_at

    note = add_note(ticket=ticket, agent=make_agent(), text="Kennen wir schon", now=NOW)

    ticket.refresh_from_db()
    assert (note.direction, note.text) == ("note", "Kennen wir schon")
    assert ticket.answer_due_at == due
    assert relay.taken == []
    assert Message.objects.filter(direction="out").count() == 0


def test_a_reply_asked_for_reaches_the_buyer_by_the_worker(
    relay: Relay, run_jobs: Callable[[], None], settings: Any
) -> None:
    settings.REPLY_UNDO_SECONDS = 0
    ticket = make_ticket(mailbox=make_mailbox(smtp_url=relay.url))

    request_reply(ticket=ticket, agent=make_agent(), wish=wish(), now=NOW)
    run_jobs()

    assert [taken.text.splitlines()[0] for taken in relay.taken] == ["Guten Tag!"]
