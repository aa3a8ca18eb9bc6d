"""Replies: an answer leaves once, at the right time, and its fate is told truthfully."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from mostrador.domain.delivery import State
from mostrador.domain.tickets import TicketState
from mostrador.models import Event, EventKind, Mailbox, Message, Reply, Ticket
from mostrador.tasks import messages
from tests.makers import (
    BUYER,
    NOW,
    TOKEN,
    bring_to,
    make_cancellation,
    make_mailbox,
    make_message,
    make_order,
    make_refund,
    make_reply,
    make_ticket,
)
from tests.relay import Relay
from tests.tasks.letters import bounce
from tests.tasks.test_messages import FORGED, take_in
from tests.worker import queued

pytestmark = pytest.mark.django_db

DRAFT = "Wir haben Ihnen {amount} erstattet. Grund: {reason}. Zeichen: {reference}."


@pytest.fixture
def mailbox(relay: Relay) -> Mailbox:
    """A mailbox whose answers leave by the relay."""
    return make_mailbox(smtp_url=relay.url)


def ticket_of(mailbox: Mailbox, **more: object) -> Ticket:
    """Store a ticket about a shipped order in that mailbox."""
    order = make_order(partner=mailbox.selling_partner)
    return make_ticket(order=order, mailbox=mailbox, **more)  # type: ignore[arg-type]  # passed on


def kinds_of(reply: Reply) -> list[str]:
    """Return the kinds of a reply's events, the oldest first."""
    return list(reply.events.order_by("pk").values_list("kind", flat=True))


# ── the letter ────────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_reaches_the_relay_as_amazon_wants_it(mailbox: Mailbox, relay: Relay) -> None:
    ticket = ticket_of(mailbox)
    make_message(ticket=ticket, message_id="<second@amazonses.com>", at=NOW + timedelta(minutes=1))
    first = Message.objects.thread(ticket)[0]
    reply = make_reply(ticket=ticket, text="Guten Tag,\nwir schicken Ersatz.")

    messages.send(reply_id=reply.pk)

    [taken] = relay.taken
    mail = taken.message
    order = ticket.order
    assert order
    assert (taken.sender, taken.recipients) == ("service@nordlicht.example", (BUYER,))
    assert mail["From"].addresses[0].display_name == "Nordlicht"
    assert mail["To"] == BUYER
    assert mail["Subject"] == f"Re: {ticket.subject} (Order: {order.amazon_order_id})"
    assert mail["In-Reply-To"] == "<second@amazonses.com>"
    assert mail["References"].split() == [first, "<second@amazonses.com>"]
    assert mail.get_content_type() == "text/plain"
    assert taken.text == f"Guten Tag,\nwir schicken Ersatz.\n\n{TOKEN}\n"
    reply.refresh_from_db()
    assert mail["Message-ID"] == reply.mail_id


def test_a_sent_answer_is_in_the_conversation_with_the_relays_words(mailbox: Mailbox, relay: Relay) -> None:
    ticket = ticket_of(mailbox)
    reply = make_reply(ticket=ticket)

    messages.send(reply_id=reply.pk)

    reply.refresh_from_db()
    ticket.refresh_from_db()
    assert reply.state == State.SENT
    assert reply.sent_at is not None
    assert reply.answer_words == "taken as 7QX"
    assert reply.message
    assert (reply.message.direction, reply.message.text) == ("out", reply.text)
    assert reply.message.author == reply.requested_by
    assert kinds_of(reply) == [EventKind.SENT]
    assert (ticket.state, ticket.answer_due_at) == (TicketState.WAITING, None)


def test_reply_and_close_closes_the_ticket_only_once_the_answer_has_left(
    mailbox: Mailbox, relay: Relay
) -> None:
    ticket = ticket_of(mailbox)
    reply = make_reply(ticket=ticket, close=True)

    messages.send(reply_id=reply.pk)

    ticket.refresh_from_db()
    assert ticket.state == TicketState.CLOSED
    event = Event.objects.get(kind=EventKind.TICKET_CLOSED)
    assert (event.ticket, event.agent) == (ticket, reply.requested_by)


def test_what_the_buyer_wrote_meanwhile_keeps_the_ticket_open(mailbox: Mailbox, relay: Relay) -> None:
    from tests.tasks.letters import letter

    ticket = ticket_of(mailbox)
    reply = make_reply(ticket=ticket, close=True)
    take_in(letter(order="", text="Noch etwas", at=timezone.now()), mailbox)

    messages.send(reply_id=reply.pk)

    ticket.refresh_from_db()
    assert ticket.state == TicketState.OPEN
    assert ticket.first_unanswered_at == Message.objects.get(text="Noch etwas").at
    assert not Event.objects.filter(kind=EventKind.TICKET_CLOSED).exists()


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.SENDING, State.SENT, State.UNKNOWN])
def test_only_a_waiting_answer_leaves(state: State, mailbox: Mailbox, relay: Relay) -> None:
    reply = make_reply(ticket=ticket_of(mailbox))
    bring_to(reply, state)

    messages.send(reply_id=reply.pk)

    assert relay.taken == []


def test_an_answer_waits_for_the_end_of_its_undo_window(mailbox: Mailbox, relay: Relay) -> None:
    reply = make_reply(ticket=ticket_of(mailbox), send_after=timezone.now() + timedelta(seconds=30))

    messages.send(reply_id=reply.pk)

    reply.refresh_from_db()
    assert (reply.state, relay.taken) == (State.REQUESTED, [])


def test_nothing_leaves_for_a_paused_selling_partner(mailbox: Mailbox, relay: Relay) -> None:
    reply = make_reply(ticket=ticket_of(mailbox))
    mailbox.selling_partner.pause(because="test", now=NOW)

    messages.send(reply_id=reply.pk)

    assert relay.taken == []


# ── failures ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("stage", ["connect", "MAIL", "RCPT", "DATA"])
def test_a_connection_lost_before_the_letter_was_whole_is_tried_again_later(
    stage: str, mailbox: Mailbox, relay: Relay
) -> None:
    reply = make_reply(ticket=ticket_of(mailbox))
    relay.breaks_at = stage

    messages.send(reply_id=reply.pk)

    reply.refresh_from_db()
    assert reply.state == State.REQUESTED
    assert reply.send_after > timezone.now() + timedelta(seconds=50)
    assert kinds_of(reply) == [EventKind.RETRY]
    assert queued("messages.send") == [{"reply_id": reply.pk}]
    assert relay.taken == []


@pytest.mark.parametrize(("stage", "taken"), [("lost", 0), ("dot", 1)])
def test_a_connection_lost_after_the_last_dot_is_unknown_and_never_repeated(
    stage: str, taken: int, mailbox: Mailbox, relay: Relay
) -> None:
    ticket = ticket_of(mailbox)
    reply = make_reply(ticket=ticket, close=True)
    relay.breaks_at = stage

    messages.send(reply_id=reply.pk)
    relay.breaks_at = ""
    messages.send(reply_id=reply.pk)

    reply.refresh_from_db()
    ticket.refresh_from_db()
    assert reply.state == State.UNKNOWN
    assert kinds_of(reply) == [EventKind.UNKNOWN]
    assert ticket.state == TicketState.OPEN
    assert queued("messages.send") == []
    assert len(relay.taken) == taken


def test_a_relay_that_is_not_there_is_tried_again() -> None:
    reply = make_reply(ticket=ticket_of(make_mailbox(smtp_url="smtp://127.0.0.1:1")))

    messages.send(reply_id=reply.pk)

    reply.refresh_from_db()
    assert reply.state == State.REQUESTED
    assert kinds_of(reply) == [EventKind.RETRY]


def test_a_second_try_is_the_same_letter(mailbox: Mailbox, relay: Relay) -> None:
    reply = make_reply(ticket=ticket_of(mailbox))
    relay.answers["RCPT"] = "451 later"
    messages.send(reply_id=reply.pk)
    reply.refresh_from_db()
    mail_id = reply.mail_id
    relay.answers.clear()
    Reply.objects.hurry(reply, now=timezone.now())

    messages.send(reply_id=reply.pk)

    assert [taken.message["Message-ID"] for taken in relay.taken] == [mail_id]
    assert Message.objects.filter(direction="out").count() == 1
    assert kinds_of(reply) == [EventKind.RETRY, EventKind.SENT]


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "dot"])
def test_a_refusal_is_kept_in_the_relays_words_and_leaves_the_ticket_to_us(
    stage: str, mailbox: Mailbox, relay: Relay
) -> None:
    ticket = ticket_of(mailbox)
    reply = make_reply(ticket=ticket, close=True)
    relay.answers[stage] = "550 sender not approved"

    messages.send(reply_id=reply.pk)

    reply.refresh_from_db()
    ticket.refresh_from_db()
    assert (reply.state, reply.answer_words) == (State.REJECTED, "550 sender not approved")
    assert Event.objects.get(reply=reply).facts["words"] == "550 sender not approved"
    assert ticket.state == TicketState.OPEN
    assert ticket.answer_due_at is not None
    assert relay.taken == []


def test_tries_have_an_end(mailbox: Mailbox, relay: Relay) -> None:
    from mostrador.tasks.replies import TRY_AGAIN_AFTER

    reply = make_reply(ticket=ticket_of(mailbox))
    relay.answers["MAIL"] = "421 busy"
    for _ in range(len(TRY_AGAIN_AFTER) + 1):
        Reply.objects.hurry(reply, now=timezone.now())
        messages.send(reply_id=reply.pk)

    reply.refresh_from_db()
    assert (reply.state, reply.answer_words) == (State.REJECTED, "421 busy")
    assert kinds_of(reply) == [EventKind.RETRY] * len(TRY_AGAIN_AFTER) + [EventKind.REJECTED]


def test_a_letter_that_must_not_leave_is_rejected_before_a_word_is_said(
    mailbox: Mailbox, relay: Relay
) -> None:
    reply = make_reply(ticket=ticket_of(mailbox, buyer_address="no address\r\nBcc: x@y.example"))

    messages.send(reply_id=reply.pk)

    reply.refresh_from_db()
    assert reply.state == State.REJECTED
    assert relay.taken == []


def test_an_answer_whose_worker_died_may_have_been_sent() -> None:
    reply = make_reply()
    young = make_reply()
    now = timezone.now()
    reply.move(State.SENDING, now=now - timedelta(minutes=3))
    young.move(State.SENDING, now=now - timedelta(minutes=1))

    assert messages.lapse(now) == 1

    reply.refresh_from_db()
    young.refresh_from_db()
    assert (reply.state, young.state) == (State.UNKNOWN, State.SENDING)
    assert kinds_of(reply) == [EventKind.UNKNOWN]


def test_an_answer_taken_back_between_two_tries_never_leaves(mailbox: Mailbox, relay: Relay) -> None:
    ticket = ticket_of(mailbox)
    reply = make_reply(ticket=ticket)
    relay.answers["MAIL"] = "421 busy"
    messages.send(reply_id=reply.pk)
    reply.refresh_from_db()
    reply.move(State.WITHDRAWN, now=timezone.now())
    relay.answers.clear()

    messages.send(reply_id=reply.pk)

    unanswered = Message.objects.unanswered(ticket)
    assert relay.taken == []
    assert unanswered
    assert unanswered.direction == "in"


# ── bounces ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bounce_is_the_rejection_of_its_answer_and_gives_the_ticket_back(
    mailbox: Mailbox, relay: Relay
) -> None:
    ticket = ticket_of(mailbox)
    reply = make_reply(ticket=ticket, close=True)
    messages.send(reply_id=reply.pk)
    reply.refresh_from_db()

    take_in(bounce(of=reply.mail_id), mailbox)

    reply.refresh_from_db()
    ticket.refresh_from_db()
    assert reply.state == State.REJECTED
    assert "not an approved one" in reply.answer_words
    assert ticket.state == TicketState.OPEN
    assert ticket.first_unanswered_at == NOW
    assert kinds_of(reply) == [EventKind.SENT, EventKind.REJECTED]
    assert Ticket.objects.count() == 1


def test_a_forged_bounce_rejects_nothing(mailbox: Mailbox, relay: Relay) -> None:
    reply = make_reply(ticket=ticket_of(mailbox))
    messages.send(reply_id=reply.pk)
    reply.refresh_from_db()

    take_in(bounce(of=reply.mail_id, sender="mailer-daemon@amazon.de", head=FORGED), mailbox)

    reply.refresh_from_db()
    assert reply.state == State.SENT
    assert Ticket.objects.count() == 2


def test_a_bounce_of_an_unknown_letter_is_a_ticket_of_its_own(mailbox: Mailbox) -> None:
    take_in(bounce(of="<nobody@knows.example>"), mailbox)

    assert Message.objects.get().defects == ["doubt:bounce"]


# ── armed replies ─────────────────────────────────────────────────────────────────────────────────────────


def armed_on_refund(mailbox: Mailbox, state: State = State.SENT, text: str = DRAFT) -> Reply:
    """Store a reply armed on a refund of 10.00 € in `state`."""
    ticket = ticket_of(mailbox)
    refund = make_refund(ticket=ticket, state=state)
    return make_reply(ticket=ticket, text=text, macro="refund_issued", close=True, armed_on=refund)


@pytest.mark.parametrize("state", [State.REQUESTED, State.SENDING, State.SENT, State.UNKNOWN, State.REVIEW])
def test_an_armed_answer_waits_while_the_outcome_is_open(
    state: State, mailbox: Mailbox, relay: Relay
) -> None:
    reply = armed_on_refund(mailbox, state)

    messages.send(reply_id=reply.pk)
    assert reply.armed_refund
    messages.release_armed(action=reply.armed_refund, now=timezone.now())

    reply.refresh_from_db()
    assert (reply.state, relay.taken, queued("messages.send")) == (State.REQUESTED, [], [])


def test_an_armed_answer_leaves_with_the_true_words_when_amazon_accepts(
    mailbox: Mailbox, relay: Relay, run_jobs: Callable[[], None]
) -> None:
    reply = armed_on_refund(mailbox)
    refund = reply.armed_refund
    assert refund
    with transaction.atomic():
        refund.move(State.ACCEPTED, now=timezone.now())
        messages.release_armed(action=refund, now=timezone.now())

    run_jobs()

    [taken] = relay.taken
    assert (
        f"Wir haben Ihnen 10,00\xa0€ erstattet. Grund: Rücksendung. Zeichen: {refund.reference}."
        in taken.text
    )
    reply.refresh_from_db()
    assert reply.state == State.SENT
    assert Ticket.objects.get().state == TicketState.CLOSED


def test_an_armed_answer_does_not_leave_when_the_acceptance_is_rolled_back(
    mailbox: Mailbox, relay: Relay, run_jobs: Callable[[], None]
) -> None:
    reply = armed_on_refund(mailbox)
    refund = reply.armed_refund
    assert refund
    with transaction.atomic():
        refund.move(State.ACCEPTED, now=timezone.now())
        messages.release_armed(action=refund, now=timezone.now())
        transaction.set_rollback(True)

    run_jobs()

    assert relay.taken == []


@pytest.mark.parametrize("state", [State.REJECTED, State.WITHDRAWN, State.NOT_SENT])
def test_an_armed_answer_is_taken_back_when_its_action_will_not_happen(
    state: State, mailbox: Mailbox, relay: Relay
) -> None:
    reply = armed_on_refund(mailbox, state)
    reply.ticket.close(now=NOW)
    refund = reply.armed_refund
    assert refund

    messages.release_armed(action=refund, now=timezone.now())
    messages.send(reply_id=reply.pk)

    reply.refresh_from_db()
    event = Event.objects.get(reply=reply)
    assert (reply.state, relay.taken) == (State.WITHDRAWN, [])
    assert (event.kind, event.facts) == (
        EventKind.WITHDRAWN,
        {"because": refund.reference, "state": state.value},
    )
    assert Ticket.objects.get().state == TicketState.OPEN


def test_a_place_that_cannot_be_filled_truthfully_holds_the_answer_back(
    mailbox: Mailbox, relay: Relay
) -> None:
    order = make_order(partner=mailbox.selling_partner, status="UNSHIPPED")
    ticket = make_ticket(order=order, mailbox=mailbox)
    cancellation = make_cancellation(ticket=ticket, state=State.ACCEPTED)
    reply = make_reply(ticket=ticket, text="Wir erstatten {amount}.", armed_on=cancellation)

    for _ in range(2):
        Reply.objects.hurry(reply, now=timezone.now())
        messages.send(reply_id=reply.pk)

    reply.refresh_from_db()
    assert (reply.state, relay.taken) == (State.REQUESTED, [])
    event = Event.objects.get(reply=reply)
    assert event.kind == EventKind.REVIEW
    assert event.facts["refusals"] == [{"code": "not_true_yet", "place": "amount", "state": "accepted"}]


def test_a_cancellation_does_not_make_it_true_that_money_was_refunded(mailbox: Mailbox, relay: Relay) -> None:
    order = make_order(partner=mailbox.selling_partner, status="UNSHIPPED")
    ticket = make_ticket(order=order, mailbox=mailbox)
    cancellation = make_cancellation(ticket=ticket, state=State.ACCEPTED)
    reply = make_reply(ticket=ticket, text="Erstattet!", macro="refund_issued", armed_on=cancellation)

    messages.send(reply_id=reply.pk)

    assert relay.taken == []
    assert kinds_of(reply) == [EventKind.REVIEW]


@pytest.mark.django_db(transaction=True)
def test_an_armed_answer_leaves_once_even_when_its_job_runs_in_several_threads(
    mailbox: Mailbox, relay: Relay
) -> None:
    reply = armed_on_refund(mailbox, State.ACCEPTED)
    together = threading.Barrier(4)

    def job() -> None:
        together.wait()
        try:
            messages.send(reply_id=reply.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=job) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(relay.taken) == 1
    assert Message.objects.filter(direction="out").count() == 1
    assert kinds_of(reply) == [EventKind.SENT]


# ── the sweeper's part ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_the_sweeper_finds_the_answers_that_should_have_left(mailbox: Mailbox) -> None:
    due = make_reply(ticket=ticket_of(mailbox))
    accepted = armed_on_refund(mailbox, State.ACCEPTED)
    armed_on_refund(mailbox, State.UNKNOWN)
    make_reply(ticket=due.ticket, send_after=timezone.now() + timedelta(hours=1))

    for _ in range(2):
        messages.sweep_replies(timezone.now())

    assert queued("messages.send") == [{"reply_id": due.pk}, {"reply_id": accepted.pk}]
