"""Assignment in intake: the desk's rule gives new tickets away, fairly also between two workers."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from mostrador.models import Agent, Mailbox, RawMail, Ticket
from mostrador.tasks import messages
from tests.makers import NOW, make_agent, make_mailbox, make_selling_partner, make_ticket
from tests.tasks.letters import letter


def take_in(mailbox: Mailbox, number: int) -> None:
    """Take in a mail of a buyer who has never written before."""
    content = letter(
        order=f"302-{number:07d}-{number:07d}",
        sender=f"buyer{number}@marketplace.amazon.de",
        message_id=f"<new-{mailbox.pk}-{number}@amazonses.com>",
    )
    raw, _ = RawMail.objects.keep(
        mailbox=mailbox, content=content, size=len(content), truncated=False, now=timezone.now()
    )
    messages.read(raw_mail_id=raw.pk)


def owners() -> list[str]:
    named = Ticket.objects.order_by("pk").values_list("assigned_to__name", flat=True)
    return [name or "" for name in named]


@pytest.mark.django_db
def test_by_hand_leaves_new_tickets_to_everyone() -> None:
    make_agent()
    take_in(make_mailbox(), 1)
    assert owners() == [""]


@pytest.mark.django_db
def test_new_tickets_go_round_among_those_who_take_them(settings: LazySettings) -> None:
    settings.ASSIGN = "round-robin"
    make_agent(name="Ana")
    make_agent(name="Ben")
    Agent.objects.filter(pk=make_agent(name="On leave").pk).update(takes_new_tickets=False)
    Agent.objects.filter(pk=make_agent(name="Gone").pk).update(is_active=False)
    mailbox = make_mailbox()
    for number in range(1, 5):
        take_in(mailbox, number)
    assert owners() == ["Ana", "Ben", "Ana", "Ben"]
    given = Ticket.objects.earliest("pk").events.get(kind="ticket_assigned")
    assert (given.agent, given.facts) == (None, {"to": "Ana", "because": "round-robin"})


@pytest.mark.django_db
def test_the_least_loaded_gets_the_next_one(settings: LazySettings) -> None:
    settings.ASSIGN = "least-loaded"
    ana, ben = make_agent(name="Ana"), make_agent(name="Ben")
    mailbox = make_mailbox()
    for _ in range(2):
        make_ticket(mailbox=mailbox, partner=mailbox.selling_partner).assign(ana)
    make_ticket(mailbox=mailbox, partner=mailbox.selling_partner).assign(ben)
    take_in(mailbox, 1)
    assert owners()[-1] == "Ben"


@pytest.mark.django_db
def test_language_and_marketplace_narrow_who_gets_it(settings: LazySettings) -> None:
    settings.ASSIGN = "round-robin"
    for name, languages, places in (
        ("Only Spanish", ["es"], []),
        ("Only France", [], ["A13V1IB3VIYZZH"]),
        ("German", ["de", "en"], ["A1PA6795UKMFR9"]),
    ):
        pk = make_agent(name=name).pk
        Agent.objects.filter(pk=pk).update(answers_in=languages, answers_for=places)
    mailbox = make_mailbox()
    take_in(mailbox, 1)
    take_in(mailbox, 2)
    assert owners() == ["German", "German"]


@pytest.mark.django_db
def test_the_buyers_next_mail_changes_nothing(settings: LazySettings) -> None:
    settings.ASSIGN = "round-robin"
    make_agent(name="Ana")
    make_agent(name="Ben")
    mailbox = make_mailbox()
    take_in(mailbox, 1)
    content = letter(
        order="", sender="buyer1@marketplace.amazon.de", message_id="<again@amazonses.com>", at=NOW
    )
    raw, _ = RawMail.objects.keep(
        mailbox=mailbox, content=content, size=len(content), truncated=False, now=timezone.now()
    )
    messages.read(raw_mail_id=raw.pk)
    assert owners() == ["Ana"]


@pytest.mark.django_db
def test_a_merged_tickets_new_mail_lands_where_it_shows(settings: LazySettings) -> None:
    mailbox = make_mailbox()
    take_in(mailbox, 1)
    merged = Ticket.objects.get()
    target = make_ticket(mailbox=mailbox, partner=mailbox.selling_partner, order=merged.order)
    merged.show_in(target, now=NOW)
    content = letter(
        order=merged.order.amazon_order_id if merged.order else "",
        sender="buyer1@marketplace.amazon.de",
        message_id="<again@amazonses.com>",
        in_reply_to=merged.messages.get().message_id,
        text="Any news?",
    )
    raw, _ = RawMail.objects.keep(
        mailbox=mailbox, content=content, size=len(content), truncated=False, now=timezone.now()
    )
    messages.read(raw_mail_id=raw.pk)
    assert Ticket.objects.count() == 2
    assert [message.text for message in target.messages.order_by("pk")][-1] == "Any news?"
    assert merged.messages.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_share_the_tickets_evenly(settings: LazySettings) -> None:
    settings.ASSIGN = "least-loaded"
    for name in ("Ana", "Ben"):
        make_agent(name=name)
    boxes = [make_mailbox(partner=make_selling_partner(name=name)) for name in ("One", "Two")]
    start = threading.Barrier(len(boxes))

    def work(mailbox: Mailbox) -> None:
        start.wait(timeout=10)
        for number in range(1, 5):
            take_in(mailbox, number)
        connection.close()

    workers = [threading.Thread(target=work, args=(mailbox,)) for mailbox in boxes]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert Counter(owners()) == {"Ana": 4, "Ben": 4}
