"""Merging and splitting: nothing is lost, the clock is the earliest, and both can be undone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import models

from mostrador.actions.merging import merge_tickets, split_ticket, unmerge_ticket
from mostrador.actions.messages import ReplyWish, add_note, request_reply
from mostrador.actions.tickets import close_ticket, reopen_ticket
from mostrador.domain.delivery import State
from mostrador.domain.refusals import RefusalCode, Refused
from mostrador.domain.tickets import TicketState
from mostrador.models import (
    Agent,
    Attachment,
    Cancellation,
    Draft,
    Event,
    EventKind,
    Mailbox,
    Mention,
    Message,
    Refund,
    Reply,
    Ticket,
    TicketLink,
    Upload,
)
from tests.actions.tables import rows
from tests.makers import (
    BUYER,
    NOW,
    make_agent,
    make_mailbox,
    make_message,
    make_order,
    make_refund,
    make_reply,
    make_selling_partner,
    make_ticket,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
KEPT: tuple[type[models.Model], ...] = (Message, Attachment, Reply, Event, Refund, Cancellation, Mention)


@pytest.fixture
def agent() -> Agent:
    return make_agent(name="Marta Gil")


@pytest.fixture
def mailbox() -> Mailbox:
    return make_mailbox(partner=make_selling_partner())


def a_ticket(mailbox: Mailbox, **more: Any) -> Ticket:
    return make_ticket(partner=mailbox.selling_partner, mailbox=mailbox, **more)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related("merged_into").get(pk=ticket.pk)


def everything() -> dict[str, set[int]]:
    return {each.__name__: set(each._base_manager.values_list("pk", flat=True)) for each in KEPT}


def an_answer(ticket: Ticket, *, at: datetime) -> Reply:
    """Store an answer that has left, with its words in the conversation."""
    reply = make_reply(ticket=ticket, now=at)
    assert ticket.mailbox
    message = Message.objects.answer(
        ticket=ticket,
        author=None,
        mailbox=ticket.mailbox,
        text=reply.text,
        message_id=f"<{reply.reference}@desk>",
        at=at,
    )
    reply.move(State.SENDING, now=at, message=message)
    reply.move(State.SENT, now=at)
    ticket.answered(at=at, preview=reply.text, close=False)
    return reply


def with_files(message: Message) -> None:
    Attachment.objects.keep(
        message=message, name="a.png", content_type="image/png", content=b"x", size=1, refused=""
    )


# ── merging ───────────────────────────────────────────────────────────────────────────────────────────────


def test_merging_loses_nothing_and_an_undo_brings_all_of_it_back(agent: Agent, mailbox: Mailbox) -> None:
    order = make_order(partner=mailbox.selling_partner)
    source, target = a_ticket(mailbox, order=order), a_ticket(mailbox, order=order)
    with_files(source.messages.get())
    an_answer(source, at=NOW + HOUR)
    make_agent(name="Ben Ek")
    add_note(ticket=source, agent=agent, text="@Ben look", now=NOW)
    make_refund(order=order, ticket=source, agent=agent)
    before = everything()
    of_source = set(source.messages.values_list("pk", flat=True))
    money = [balance.pending for item in order.items.with_money() for balance in item.balances.all()]

    merge_tickets(source=source, target=target, agent=agent, now=NOW)
    during = everything()
    unmerge_ticket(ticket=fresh(source), agent=agent, now=NOW)
    after = everything()

    for name in before:
        assert before[name] <= during[name] <= after[name], name
    events = [len(state["Event"]) for state in (before, during, after)]
    assert events == [events[0], events[0] + 2, events[0] + 4]
    assert {name: during[name] - before[name] for name in before if name != "Event"} == {
        name: set() for name in before if name != "Event"
    }
    assert set(source.messages.values_list("pk", flat=True)) == of_source
    assert fresh(source).merged_into is None
    now_money = [balance.pending for item in order.items.with_money() for balance in item.balances.all()]
    assert now_money == money


def test_a_merged_ticket_is_closed_and_the_target_tells_its_story(agent: Agent, mailbox: Mailbox) -> None:
    source, target = a_ticket(mailbox, text="first"), a_ticket(mailbox, text="second")
    merge_tickets(source=source, target=target, agent=agent, now=NOW)
    assert (fresh(source).merged_into, fresh(source).state) == (target, TicketState.CLOSED)
    assert Ticket.objects.family(target) == [target.pk, source.pk]
    merged = Event.objects.about(fresh(target)).filter(kind=EventKind.TICKET_MERGED)
    assert {event.ticket_id for event in merged} == {source.pk, target.pk}
    assert [event.facts["other"] for event in target.events.filter(kind="ticket_merged")] == [
        source.reference
    ]


def beside(ticket: Ticket, agent: Agent, name: str, *, size: int = 20) -> Upload:
    content = b"%PDF-1.4" + b" " * (size - 8)
    return Upload.objects.keep(
        ticket=ticket, agent=agent, name=name, content_type="application/pdf", content=content, now=NOW
    )


def begun(ticket: Ticket, agent: Agent) -> tuple[str, str]:
    draft = Draft.objects.of(ticket=ticket, agent=agent)
    return (draft.kind, draft.text) if draft else ("", "")


def test_what_was_begun_in_a_merged_ticket_stands_in_the_target(agent: Agent, mailbox: Mailbox) -> None:
    source, target = a_ticket(mailbox), a_ticket(mailbox)
    ben = make_agent(name="Ben Ek")
    Draft.objects.keep(ticket=source, agent=agent, text="half a", kind="reply", now=NOW)
    Draft.objects.keep(ticket=source, agent=ben, text="two\n", kind="reply", now=NOW)
    Draft.objects.keep(ticket=target, agent=ben, text="one\n", kind="reply", now=NOW)
    first, second = beside(source, agent, "label.pdf"), beside(target, ben, "bill.pdf")
    merge_tickets(source=source, target=target, agent=agent, now=NOW)
    assert begun(target, agent) == ("reply", "half a")
    assert begun(target, ben) == ("reply", "one\n\ntwo\n")
    assert not Draft.objects.filter(ticket=source).exists()
    assert set(Upload.objects.filter(ticket=target, reply=None)) == {first, second}


def test_a_note_begun_in_one_of_two_merged_tickets_never_becomes_an_answer(
    agent: Agent, mailbox: Mailbox
) -> None:
    source, target = a_ticket(mailbox), a_ticket(mailbox)
    Draft.objects.keep(ticket=source, agent=agent, text="not for the buyer", kind="note", now=NOW)
    Draft.objects.keep(ticket=target, agent=agent, text="Dear Ana", kind="reply", now=NOW)
    merge_tickets(source=source, target=target, agent=agent, now=NOW)
    assert begun(target, agent) == ("note", "Dear Ana\n\nnot for the buyer")


def test_the_same_words_begun_in_both_tickets_stand_there_once(agent: Agent, mailbox: Mailbox) -> None:
    source, target = a_ticket(mailbox), a_ticket(mailbox)
    for each in (source, target):
        Draft.objects.keep(ticket=each, agent=agent, text="Dear Ana", kind="reply", now=NOW)
    merge_tickets(source=source, target=target, agent=agent, now=NOW)
    assert begun(target, agent) == ("reply", "Dear Ana")


def test_files_of_a_reply_that_left_stay_with_the_merged_ticket(agent: Agent, mailbox: Mailbox) -> None:
    source, target = a_ticket(mailbox), a_ticket(mailbox)
    reply = make_reply(ticket=source, now=NOW)
    file = beside(source, agent, "label.pdf")
    Upload.objects.bind([file], reply)
    Reply.objects.filter(pk=reply.pk).update(state=State.UNKNOWN)
    merge_tickets(source=source, target=target, agent=agent, now=NOW)
    file.refresh_from_db()
    assert (file.ticket_id, file.reply_id) == (source.pk, reply.pk)


def test_files_that_a_merge_laid_together_do_not_leave_beyond_amazons_limit(
    agent: Agent, mailbox: Mailbox
) -> None:
    source, target = a_ticket(mailbox), a_ticket(mailbox)
    half = 6 * 1024 * 1024
    files = [beside(each, agent, "a.pdf", size=half) for each in (source, target)]
    merge_tickets(source=source, target=target, agent=agent, now=NOW)
    wish = ReplyWish(text="Here they are", request_key="k-1", uploads=tuple(file.pk for file in files))
    with pytest.raises(Refused) as refused:
        request_reply(ticket=fresh(target), agent=agent, wish=wish, now=NOW)
    assert [each.code for each in refused.value.refusals] == [RefusalCode.FILES_TOO_LARGE]
    assert Upload.objects.waiting(ticket=target, agent=agent).count() == 2


def test_the_target_takes_the_earliest_unanswered_message(agent: Agent, mailbox: Mailbox) -> None:
    early, late = a_ticket(mailbox, now=NOW), a_ticket(mailbox, now=NOW + HOUR)
    merge_tickets(source=early, target=late, agent=agent, now=NOW + HOUR)
    assert fresh(late).first_unanswered_at == NOW
    assert fresh(late).answer_due_at == NOW + timedelta(hours=24)
    unmerge_ticket(ticket=fresh(early), agent=agent, now=NOW + HOUR)
    assert fresh(late).first_unanswered_at == NOW + HOUR
    assert fresh(early).first_unanswered_at == NOW
    assert (fresh(early).state, fresh(late).state) == (TicketState.OPEN, TicketState.OPEN)


def test_a_waiting_target_opens_for_what_the_other_still_asks(agent: Agent, mailbox: Mailbox) -> None:
    target, source = a_ticket(mailbox, now=NOW), a_ticket(mailbox, now=NOW + 2 * HOUR)
    an_answer(target, at=NOW + HOUR)
    merge_tickets(source=source, target=fresh(target), agent=agent, now=NOW + 2 * HOUR)
    assert (fresh(target).state, fresh(target).first_unanswered_at) == (TicketState.OPEN, NOW + 2 * HOUR)
    unmerge_ticket(ticket=fresh(source), agent=agent, now=NOW + 2 * HOUR)
    assert (fresh(target).state, fresh(target).first_unanswered_at) == (TicketState.WAITING, None)
    assert (fresh(source).state, fresh(source).first_unanswered_at) == (TicketState.OPEN, NOW + 2 * HOUR)


def test_what_was_answered_in_the_target_stays_answered_after_an_undo(agent: Agent, mailbox: Mailbox) -> None:
    source, target = a_ticket(mailbox, now=NOW), a_ticket(mailbox, now=NOW)
    merge_tickets(source=source, target=target, agent=agent, now=NOW)
    an_answer(fresh(target), at=NOW + HOUR)
    unmerge_ticket(ticket=fresh(source), agent=agent, now=NOW + HOUR)
    for ticket in (source, target):
        assert (fresh(ticket).state, fresh(ticket).answer_due_at) == (TicketState.WAITING, None)


def test_the_target_learns_the_order_and_an_undo_forgets_it(agent: Agent, mailbox: Mailbox) -> None:
    order = make_order(partner=mailbox.selling_partner)
    source, target = a_ticket(mailbox, order=order), a_ticket(mailbox)
    merge_tickets(source=source, target=target, agent=agent, now=NOW)
    assert fresh(target).order == order
    unmerge_ticket(ticket=fresh(source), agent=agent, now=NOW)
    assert (fresh(target).order, fresh(source).order) == (None, order)


def test_a_merged_ticket_may_hold_others(agent: Agent, mailbox: Mailbox) -> None:
    one, two, three = (a_ticket(mailbox) for _ in range(3))
    merge_tickets(source=one, target=two, agent=agent, now=NOW)
    merge_tickets(source=fresh(two), target=three, agent=agent, now=NOW)
    assert Ticket.objects.family(three) == [three.pk, two.pk, one.pk]
    assert Ticket.objects.standing_for(one.pk) == three
    unmerge_ticket(ticket=fresh(two), agent=agent, now=NOW)
    assert Ticket.objects.family(two) == [two.pk, one.pk]


def test_a_reopened_state_is_given_back(agent: Agent, mailbox: Mailbox) -> None:
    source, target = a_ticket(mailbox), a_ticket(mailbox)
    close_ticket(ticket=source, agent=agent, now=NOW)
    merge_tickets(source=fresh(source), target=target, agent=agent, now=NOW + HOUR)
    with pytest.raises(Refused):
        reopen_ticket(ticket=fresh(source), agent=agent, now=NOW)
    unmerge_ticket(ticket=fresh(source), agent=agent, now=NOW + HOUR)
    assert fresh(source).state == TicketState.OPEN, "its buyer still waits"


@pytest.mark.parametrize(
    "case", ["other buyer", "other partner", "other order", "itself", "twice", "waiting"]
)
def test_a_refused_merge_writes_nothing(agent: Agent, mailbox: Mailbox, case: str) -> None:
    partner = mailbox.selling_partner
    target = a_ticket(mailbox, order=make_order(partner=partner))
    source = a_ticket(mailbox)
    code = RefusalCode.OTHER_BUYER
    match case:
        case "other buyer":
            source = a_ticket(mailbox, buyer_address="z9@marketplace.amazon.de")
        case "other partner":
            source = make_ticket()
        case "other order":
            source, code = a_ticket(mailbox, order=make_order(partner=partner)), RefusalCode.OTHER_ORDER
        case "itself":
            source, code = target, RefusalCode.SAME_TICKET
        case "twice":
            code = RefusalCode.MERGED_ALREADY
            merge_tickets(source=source, target=a_ticket(mailbox), agent=agent, now=NOW)
        case "waiting":
            code = RefusalCode.REPLY_IS_WAITING
            make_reply(ticket=source)
    before = rows()
    with pytest.raises(Refused) as refused:
        merge_tickets(source=source, target=target, agent=agent, now=NOW)
    assert [refusal.code for refusal in refused.value.refusals] == [code]
    assert rows() == before
    assert fresh(target).merged_into is None


def test_what_is_merged_nowhere_cannot_be_taken_out(agent: Agent) -> None:
    ticket = make_ticket()
    with pytest.raises(Refused) as refused:
        unmerge_ticket(ticket=ticket, agent=agent, now=NOW)
    assert refused.value.refusals[0].code == RefusalCode.NOT_MERGED


def test_the_others_of_a_buyer_or_order_stand_beside_a_ticket(mailbox: Mailbox) -> None:
    order = make_order(partner=mailbox.selling_partner)
    ticket = a_ticket(mailbox, order=order)
    same_buyer = a_ticket(mailbox, buyer_address="a1b2c3d4e5f6g7h+other@marketplace.amazon.de")
    same_order = a_ticket(mailbox, order=order, buyer_address="q@marketplace.amazon.de")
    a_ticket(mailbox, buyer_address="a1b2c3d4e5f6g7hx@marketplace.amazon.de")
    closed = a_ticket(mailbox)
    closed.close(now=NOW)
    make_ticket(buyer_address=BUYER)
    beside = Ticket.objects.beside(ticket, alias="a1b2c3d4e5f6g7h@marketplace.amazon.de")
    assert list(beside) == [same_order, same_buyer]


# ── splitting ─────────────────────────────────────────────────────────────────────────────────────────────


def test_splitting_moves_what_was_chosen_and_loses_nothing(agent: Agent, mailbox: Mailbox) -> None:
    order = make_order(partner=mailbox.selling_partner)
    ticket = a_ticket(mailbox, order=order, text="The lamp is broken")
    ben = make_agent(name="Ben Ek")
    about_chair = make_message(ticket=ticket, text="And the chair wobbles", at=NOW + HOUR)
    with_files(about_chair)
    note = add_note(ticket=ticket, agent=agent, text="@Ben the chair is yours", now=NOW + HOUR)
    before = everything()

    new = split_ticket(ticket=ticket, message_ids=[about_chair.pk, note.pk], agent=agent, now=NOW + 2 * HOUR)

    after = everything()
    assert {name: after[name] for name in before if name != "Event"} == {
        name: before[name] for name in before if name != "Event"
    }
    assert len(after["Event"]) == len(before["Event"]) + 2
    assert set(new.messages.all()) == {about_chair, note}
    assert [message.text for message in ticket.messages.all()] == ["The lamp is broken"]
    assert new.messages.get(pk=about_chair.pk).attachments.count() == 1
    assert list(Mention.objects.unseen(ben).values_list("ticket", flat=True)) == [new.pk]
    assert (new.order, new.buyer_address, new.mailbox) == (order, ticket.buyer_address, ticket.mailbox)
    assert TicketLink.objects.of(new).count() == 1


def test_each_half_keeps_its_own_clock_and_words(agent: Agent, mailbox: Mailbox) -> None:
    ticket = a_ticket(mailbox, text="The lamp", now=NOW)
    chair = make_message(ticket=ticket, text="The chair", at=NOW + HOUR)
    new = split_ticket(ticket=ticket, message_ids=[chair.pk], agent=agent, now=NOW + 2 * HOUR)
    assert (fresh(new).first_unanswered_at, fresh(new).preview) == (NOW + HOUR, "The chair")
    assert (fresh(ticket).first_unanswered_at, fresh(ticket).preview) == (NOW, "The lamp")


def test_what_was_answered_stays_answered_when_it_is_split_off(agent: Agent, mailbox: Mailbox) -> None:
    ticket = a_ticket(mailbox, now=NOW)
    first = ticket.messages.get()
    an_answer(ticket, at=NOW + HOUR)
    make_message(ticket=fresh(ticket), text="And now?", at=NOW + 2 * HOUR)
    new = split_ticket(ticket=fresh(ticket), message_ids=[first.pk], agent=agent, now=NOW + 3 * HOUR)
    assert fresh(new).answer_due_at is None
    assert fresh(ticket).first_unanswered_at == NOW + 2 * HOUR


def test_a_split_that_is_merged_back_is_whole_again(agent: Agent, mailbox: Mailbox) -> None:
    ticket = a_ticket(mailbox, now=NOW)
    second = make_message(ticket=ticket, at=NOW + HOUR)
    new = split_ticket(ticket=ticket, message_ids=[second.pk], agent=agent, now=NOW)
    merge_tickets(source=new, target=fresh(ticket), agent=agent, now=NOW)
    family = Ticket.objects.family(ticket)
    assert Message.objects.filter(ticket__in=family).count() == 2
    assert fresh(ticket).first_unanswered_at == NOW


@pytest.mark.parametrize("case", ["nothing", "an answer", "all", "of another"])
def test_a_refused_split_writes_nothing(agent: Agent, mailbox: Mailbox, case: str) -> None:
    ticket = a_ticket(mailbox)
    written = make_message(ticket=ticket)
    answer = an_answer(ticket, at=NOW + HOUR).message
    assert answer
    chosen, code = {
        "nothing": ([], RefusalCode.NOTHING_TO_SPLIT),
        "an answer": ([written.pk, answer.pk], RefusalCode.NOTHING_TO_SPLIT),
        "of another": ([make_ticket().messages.get().pk], RefusalCode.NOTHING_TO_SPLIT),
        "all": (
            list(ticket.messages.filter(direction="in").values_list("pk", flat=True)),
            RefusalCode.NOTHING_WOULD_STAY,
        ),
    }[case]
    before = rows()
    with pytest.raises(Refused) as refused:
        split_ticket(ticket=ticket, message_ids=chosen, agent=agent, now=NOW)
    assert [refusal.code for refusal in refused.value.refusals] == [code]
    assert rows() == before
