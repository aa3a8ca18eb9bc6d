"""Machines' mails: answers nobody has to answer, and Amazon's own notices of a claim."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from mostrador.models import Event, EventKind, Mailbox, Message, RawMailState, Ticket
from tests.makers import NOW, make_mailbox, make_order, make_selling_partner, make_ticket
from tests.tasks.letters import ORDER, letter
from tests.tasks.test_messages import take_in

pytestmark = pytest.mark.django_db

PROVEN = {"Authentication_Results": "mx.desk.test; dmarc=pass header.from=amazon.de"}


@pytest.fixture
def mailbox() -> Mailbox:
    """The mailbox of a selling partner in Germany."""
    return make_mailbox(partner=make_selling_partner())


@pytest.mark.parametrize(
    ("head", "is_automatic"),
    [
        ({"Auto-Submitted": "auto-replied"}, True),
        ({"Auto-Submitted": "Auto-Replied; owner-email=x@y.example"}, True),
        ({"Precedence": "auto_reply"}, True),
        ({"X-Autoreply": "yes"}, True),
        ({"Auto-Submitted": "no"}, False),
        ({"Auto-Submitted": "auto-generated"}, False),
        ({"Precedence": "bulk"}, False),
        ({}, False),
    ],
)
def test_only_a_machines_answer_starts_no_clock(
    mailbox: Mailbox, head: dict[str, str], is_automatic: bool
) -> None:
    take_in(letter(head=head), mailbox)
    message, ticket = Message.objects.get(), Ticket.objects.get()
    assert message.is_automatic is is_automatic
    assert (ticket.answer_due_at is None) is is_automatic


def test_a_machines_answer_neither_opens_nor_wakes_a_ticket(mailbox: Mailbox) -> None:
    take_in(letter(), mailbox)
    ticket = Ticket.objects.get()
    ticket.answered(at=NOW, preview="Gern", close=True)
    ticket.rest(NOW + timedelta(days=1))
    words = {"Auto-Submitted": "auto-replied"}
    take_in(letter(text="Ich bin im Urlaub.", message_id="<m2@amazonses.com>", head=words), mailbox)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.first_unanswered_at, ticket.snoozed_until) == (
        "closed",
        None,
        NOW + timedelta(days=1),
    )
    assert ticket.messages.count() == 2


# ── claims ────────────────────────────────────────────────────────────────────────────────────────────────


def _notice(subject: str, *, sender: str = "auto-communication@amazon.de", **head: str) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"Amazon <{sender}>"
    mail["To"] = "service@nordlicht.example"
    mail["Subject"] = subject
    mail["Message-ID"] = "<claim@amazon.de>"
    for name, value in head.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(f"Ein Käufer hat einen Antrag gestellt. Bestellung {ORDER}")
    return mail.as_bytes()


def test_amazons_notice_of_a_claim_marks_the_tickets_of_its_order(mailbox: Mailbox) -> None:
    order = make_order(partner=mailbox.selling_partner, number=ORDER)
    ticket, other = make_ticket(order=order), make_ticket(partner=mailbox.selling_partner)
    ticket.close(now=NOW)
    raw = take_in(_notice("A-bis-z-Garantieantrag eingereicht", **PROVEN), mailbox)
    for each in (ticket, other):
        each.refresh_from_db()
    assert raw.state == RawMailState.SKIPPED
    assert ticket.claim_at is not None
    assert (ticket.state, other.claim_at) == ("open", None)
    kinds = list(Event.objects.filter(ticket=ticket).order_by("pk").values_list("kind", flat=True))
    assert kinds == [EventKind.CLAIM_OPENED, EventKind.TICKET_REOPENED]


def test_a_second_notice_and_one_about_an_unknown_order_change_nothing(mailbox: Mailbox) -> None:
    ticket = make_ticket(order=make_order(partner=mailbox.selling_partner))
    take_in(_notice("A-to-z Guarantee claim", **PROVEN), mailbox)
    ticket.refresh_from_db()
    assert ticket.claim_at is None
    assert not Event.objects.filter(kind=EventKind.CLAIM_OPENED).exists()


@pytest.mark.parametrize(
    ("subject", "head"),
    [
        ("Your payment is on its way", PROVEN),
        ("A-to-z Guarantee claim", {"sender": "no-reply@amazon.de.evil.example"}),
        ("A-to-z Guarantee claim", {"sender": "no-reply@evil.example"}),
        ("A-to-z Guarantee claim", {}),
    ],
)
def test_what_is_no_proven_notice_of_a_claim_marks_nothing(
    mailbox: Mailbox, settings: Any, subject: str, head: dict[str, str]
) -> None:
    settings.TRUSTED_AUTHSERV_IDS = [] if "sender" in head else ["mx.desk.test"]
    ticket = make_ticket(order=make_order(partner=mailbox.selling_partner, number=ORDER))
    take_in(_notice(subject, **head), mailbox)
    ticket.refresh_from_db()
    assert ticket.claim_at is None
