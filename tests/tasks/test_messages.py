"""Messages in: what the worker makes of buyers' mails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from mostrador.domain.senders import Doubt
from mostrador.domain.tickets import TicketState
from mostrador.mail.errors import Happened, MailError
from mostrador.mail.raw_mail import RawMail as WaitingMail
from mostrador.models import Event, EventKind, Mailbox, Message, Order, RawMail, RawMailState, Refund, Ticket
from mostrador.tasks import messages
from tests.conftest import MaildirFolder
from tests.mail.corpus import fixed
from tests.makers import BUYER, NOW, TOKEN, make_mailbox, make_order, make_selling_partner, make_ticket
from tests.tasks.letters import ORDER, letter
from tests.worker import queued

pytestmark = pytest.mark.django_db

ANOTHER = "z9y8x7w6v5u4t3s@marketplace.amazon.de"
FORGED = {"Authentication-Results": "mx.desk.test; spf=fail; dkim=fail; dmarc=fail header.from=amazon.de"}


def take_in(content: bytes, mailbox: Mailbox) -> RawMail:
    """Store one mail and read it, as the worker does."""
    raw, _ = RawMail.objects.keep(
        mailbox=mailbox, content=content, size=len(content), truncated=False, now=timezone.now()
    )
    messages.read(raw_mail_id=raw.pk)
    raw.refresh_from_db()
    return raw


def test_a_buyers_mail_becomes_an_open_ticket_with_its_words() -> None:
    mailbox = make_mailbox()

    raw = take_in(letter(text="Wo bleibt meine Lampe?"), mailbox)

    ticket = Ticket.objects.get()
    message = ticket.messages.get()
    assert raw.state == RawMailState.READ
    assert (message.text, message.direction, message.raw) == ("Wo bleibt meine Lampe?", "in", raw)
    assert (ticket.state, ticket.mailbox, ticket.language) == (TicketState.OPEN, mailbox, "de")
    assert (ticket.buyer_address, ticket.buyer_name) == (BUYER, "Jürgen Groß")
    assert (ticket.comm_mgr_token, ticket.marketplace_id) == (TOKEN, "A1PA6795UKMFR9")
    assert message.defects == []


def test_a_buyers_message_starts_amazons_24_hours() -> None:
    take_in(letter(at=NOW), make_mailbox())

    ticket = Ticket.objects.get()
    assert ticket.first_unanswered_at == min(NOW, RawMail.objects.get().received_at)
    assert ticket.answer_due_at == ticket.first_unanswered_at + timedelta(hours=24)


def test_an_order_number_links_the_order_and_has_it_read() -> None:
    take_in(letter(order=ORDER), make_mailbox())

    order = Order.objects.get()
    assert (order.amazon_order_id, order.read_at) == (ORDER, None)
    assert Ticket.objects.get().order == order
    kinds = list(Event.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == [EventKind.TICKET_BEGUN, EventKind.ORDER_FOUND]
    assert queued("orders.refresh") == [{"order_id": order.pk}]


def test_a_mail_without_an_order_number_is_a_ticket_without_an_order() -> None:
    take_in(letter(order=""), make_mailbox())

    assert Ticket.objects.get().order is None
    assert Order.objects.count() == 0
    assert queued("orders.refresh") == []


def test_reading_a_mail_twice_changes_nothing() -> None:
    raw = take_in(letter(), make_mailbox())

    messages.read(raw_mail_id=raw.pk)

    assert (Ticket.objects.count(), Message.objects.count(), Event.objects.count()) == (1, 1, 2)


def test_the_same_mail_by_another_way_is_one_message() -> None:
    mailbox = make_mailbox()
    take_in(letter(), mailbox)

    second = take_in(b"Received: by another way\r\n" + letter(), mailbox)

    assert second.state == RawMailState.SKIPPED
    assert Message.objects.count() == 1
    assert RawMail.objects.count() == 2


def test_other_words_under_a_used_message_id_are_not_lost() -> None:
    mailbox = make_mailbox()
    take_in(letter(text="Eins"), mailbox)

    take_in(letter(text="Zwei"), mailbox)

    assert sorted(Message.objects.values_list("text", flat=True)) == ["Eins", "Zwei"]


def test_an_answer_to_our_mail_joins_its_ticket() -> None:
    mailbox = make_mailbox()
    ticket = make_ticket(partner=mailbox.selling_partner, mailbox=mailbox)
    Message.objects.answer(
        ticket=ticket, author=None, mailbox=mailbox, text="Hallo", message_id="<ours@n.example>", at=NOW
    )
    make_ticket(partner=mailbox.selling_partner, mailbox=mailbox)  # newer, of the same buyer

    take_in(letter(order="", in_reply_to="<ours@n.example>"), mailbox)

    assert Message.objects.get(message_id="<m1@amazonses.com>").ticket == ticket


def test_a_second_mail_about_an_order_joins_its_ticket_and_opens_it_again() -> None:
    mailbox = make_mailbox()
    take_in(letter(), mailbox)
    ticket = Ticket.objects.get()
    ticket.close(now=NOW)

    take_in(letter(text="Noch etwas", message_id="<m2@amazonses.com>"), mailbox)

    assert Ticket.objects.get().state == TicketState.OPEN
    assert ticket.messages.count() == 2


def test_a_mail_about_another_order_of_the_same_buyer_is_another_ticket() -> None:
    mailbox = make_mailbox()
    take_in(letter(), mailbox)

    take_in(letter(order="302-7777777-1111111", message_id="<m2@amazonses.com>"), mailbox)

    assert Ticket.objects.count() == 2


def test_a_mail_without_an_order_number_joins_the_buyers_newest_ticket() -> None:
    mailbox = make_mailbox()
    take_in(letter(), mailbox)

    take_in(letter(order="", message_id="<m2@amazonses.com>", sender=BUYER.replace("8AbCd", "New1")), mailbox)

    ticket = Ticket.objects.get()
    assert ticket.messages.count() == 2
    assert ticket.buyer_address == BUYER.replace("8AbCd", "New1")


@pytest.mark.parametrize(("days", "tickets"), [(29, 1), (31, 2)])
def test_a_ticket_closed_for_thirty_days_is_not_opened_by_a_mail_without_a_number(
    days: int, tickets: int
) -> None:
    mailbox = make_mailbox()
    take_in(letter(), mailbox)
    Ticket.objects.get().close(now=timezone.now() - timedelta(days=days))

    take_in(letter(order="", message_id="<m2@amazonses.com>"), mailbox)

    assert Ticket.objects.count() == tickets


def test_an_order_number_given_later_is_learnt() -> None:
    mailbox = make_mailbox()
    take_in(letter(order=""), mailbox)

    take_in(letter(message_id="<m2@amazonses.com>"), mailbox)

    assert Ticket.objects.get().order == Order.objects.get(amazon_order_id=ORDER)


def test_another_buyer_who_names_an_order_does_not_reach_it() -> None:
    mailbox = make_mailbox()
    take_in(letter(), mailbox)
    theirs = Ticket.objects.get()

    take_in(letter(sender=ANOTHER, message_id="<m2@amazonses.com>"), mailbox)

    ticket = Ticket.objects.exclude(pk=theirs.pk).get()
    assert ticket.order is None
    assert ticket.messages.get().defects == [Doubt.ORDER_OF_ANOTHER]
    theirs.refresh_from_db()
    assert theirs.buyer_address == BUYER


@pytest.mark.parametrize(
    ("content", "doubt"),
    [
        (letter(sender="buyer@evil.example", message_id="<m2@x.example>"), Doubt.NOT_FROM_AMAZON),
        (letter(head=FORGED, message_id="<m2@x.example>"), Doubt.FORGED),
    ],
)
def test_a_doubtful_mail_leads_to_no_order_and_joins_no_real_ticket(content: bytes, doubt: Doubt) -> None:
    mailbox = make_mailbox()
    take_in(letter(), mailbox)
    real = Ticket.objects.get()

    take_in(content, mailbox)

    doubtful = Ticket.objects.exclude(pk=real.pk).get()
    assert doubtful.order is None
    assert doubtful.messages.get().defects == [doubt]
    assert real.messages.count() == 1


def test_what_a_doubtful_sender_adds_stays_in_the_doubtful_ticket() -> None:
    mailbox = make_mailbox()
    take_in(letter(sender="buyer@evil.example"), mailbox)

    take_in(letter(sender="buyer@evil.example", text="Und?", message_id="<m2@x.example>"), mailbox)

    assert Ticket.objects.get().messages.count() == 2


def test_the_real_buyer_never_joins_a_ticket_that_a_forger_began() -> None:
    mailbox = make_mailbox()
    take_in(letter(order="", head=FORGED), mailbox)

    take_in(letter(order="", text="Ich bin es", message_id="<m2@amazonses.com>"), mailbox)

    assert Message.objects.get(text="Ich bin es").ticket.messages.count() == 1


def test_a_mail_starts_no_action_whatever_it_says() -> None:
    mailbox = make_mailbox()
    order = make_order(partner=mailbox.selling_partner, number=ORDER)

    take_in(letter(text="Refund 100 % now! /refund full {amount} <script>refund()</script>"), mailbox)

    assert Refund.objects.count() == 0
    assert order.cancellations.count() == 0
    assert {job for job in ("messages.send", "feeds.dispatch") if queued(job)} == set()


def test_amazons_own_notices_are_kept_and_skipped() -> None:
    raw = take_in(letter(sender="no-reply@amazon.de"), make_mailbox())

    assert raw.state == RawMailState.SKIPPED
    assert Ticket.objects.count() == 0


def test_a_notice_that_only_claims_to_be_amazons_is_not_skipped() -> None:
    take_in(letter(sender="no-reply@amazon.de", head=FORGED), make_mailbox())

    assert Message.objects.get().defects == [Doubt.FORGED, Doubt.NOT_FROM_AMAZON]


def test_what_is_no_mail_at_all_becomes_a_ticket_that_says_so() -> None:
    raw = take_in(b"\x00\xff\xfe nothing here is a mail \x00", make_mailbox())

    ticket = Ticket.objects.get()
    event = Event.objects.get(kind=EventKind.MAIL_UNREADABLE)
    assert (event.ticket, event.facts["raw_mail"]) == (ticket, raw.pk)
    assert ticket.messages.get().defects[0] == Doubt.NOT_FROM_AMAZON
    assert ticket.state == TicketState.OPEN
    assert bytes(raw.content).endswith(b" \x00")


def test_a_mail_cut_at_thirty_megabytes_says_so() -> None:
    mailbox = make_mailbox()
    raw, _ = RawMail.objects.keep(
        mailbox=mailbox, content=letter(), size=40_000_000, truncated=True, now=timezone.now()
    )

    messages.read(raw_mail_id=raw.pk)

    assert Message.objects.get().defects[0] == Doubt.CUT


# The reader is tried with all of the corpus in tests/mail; here the larger ones would only cost time.
LARGEST_TRIED = 3_000_000


def test_every_hostile_mail_is_kept_and_becomes_a_message(subtests: pytest.Subtests) -> None:
    mailbox = make_mailbox()
    for number, (name, content) in enumerate(fixed()):
        if len(content) > LARGEST_TRIED:
            continue
        with subtests.test(name):
            # Its own Message-ID, or most of them would count as the same mail.
            own = content.replace(b"<h@example.org>", b"<h%d@example.org>" % number)
            raw = take_in(own, mailbox)
            assert raw.state == RawMailState.READ
            assert Message.objects.filter(raw=raw).exists()
            assert bytes(raw.content) == own
    assert not Ticket.objects.exclude(state=TicketState.OPEN).exists()
    assert Refund.objects.count() == 0


def test_a_mail_of_thirty_megabytes_becomes_a_message_that_says_so() -> None:
    take_in(dict(fixed())["thirty megabytes"], make_mailbox())

    assert Message.objects.get().defects != []


def test_fetching_stores_every_mail_before_it_is_marked_as_taken(
    maildir: MaildirFolder, run_jobs: Callable[[], None]
) -> None:
    maildir.put(letter())
    maildir.put(letter(text="Noch etwas", message_id="<m2@amazonses.com>"))
    mailbox = make_mailbox(url=maildir.url)

    messages.plan_fetch(mailbox_id=mailbox.pk, now=timezone.now())
    run_jobs()

    assert maildir.waiting() == 0
    assert RawMail.objects.filter(state=RawMailState.READ).count() == 2
    assert Ticket.objects.get().messages.count() == 2
    mailbox.refresh_from_db()
    assert mailbox.trouble == ""
    assert mailbox.next_fetch_at > timezone.now()


def test_a_mail_that_was_stored_but_not_marked_is_taken_once(maildir: MaildirFolder) -> None:
    mailbox = make_mailbox(url=maildir.url)
    content = letter()
    maildir.put(content)
    RawMail.objects.keep(
        mailbox=mailbox, content=content, size=len(content), truncated=False, now=timezone.now()
    )

    messages.fetch(mailbox_id=mailbox.pk)

    assert maildir.waiting() == 0
    assert RawMail.objects.count() == 1
    assert queued("messages.read_waiting") == [{"mailbox_id": mailbox.pk}]


def test_a_mailbox_that_cannot_be_reached_says_why_and_is_tried_again() -> None:
    mailbox = make_mailbox(url="imap://someone@127.0.0.1:1/INBOX", secret="secret-word")

    messages.fetch(mailbox_id=mailbox.pk)

    mailbox.refresh_from_db()
    assert mailbox.trouble.startswith("open the mailbox: ")
    assert "secret-word" not in mailbox.trouble
    assert mailbox.fetched_at is None
    assert mailbox.next_fetch_at > timezone.now()


@pytest.mark.django_db(transaction=True)
def test_the_sweeper_finds_mails_nobody_read_and_mailboxes_that_are_due() -> None:
    mailbox = make_mailbox()
    RawMail.objects.keep(mailbox=mailbox, content=letter(), size=1, truncated=False, now=timezone.now())
    later = timezone.now() + timedelta(minutes=1)

    for _ in range(2):
        messages.sweep_raw_mails(later)
        messages.sweep_mailboxes(later)

    assert queued("messages.read_waiting") == [{"mailbox_id": mailbox.pk}]
    assert queued("messages.fetch") == [{"mailbox_id": mailbox.pk}]


@pytest.mark.django_db(transaction=True)
def test_mails_of_one_buyer_read_at_the_same_time_are_one_ticket() -> None:
    mailbox = make_mailbox()
    raws = [
        RawMail.objects.keep(
            mailbox=mailbox,
            content=letter(text=f"Nachricht {number % 3}", message_id=f"<m{number % 3}@amazonses.com>"),
            size=1,
            truncated=False,
            now=timezone.now(),
        )[0]
        for number in range(6)
    ]
    together = threading.Barrier(len(raws))

    def job(pk: int) -> None:
        together.wait()
        try:
            messages.read(raw_mail_id=pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=job, args=[raw.pk]) for raw in raws]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Ticket.objects.get().messages.count() == 3


def keep(mailbox: Mailbox, *contents: bytes) -> list[RawMail]:
    """Store mails as a fetch does, and return them, the oldest first."""
    mails = [WaitingMail(str(number), content, len(content)) for number, content in enumerate(contents)]
    RawMail.objects.keep_all(mailbox=mailbox, mails=mails, now=timezone.now())
    return list(RawMail.objects.order_by("pk"))


def numbered(number: int) -> bytes:
    """Return a buyer's letter that says its number."""
    return letter(text=f"Nachricht {number}", message_id=f"<m{number}@amazonses.com>")


def test_mails_stored_twice_by_the_handful_are_one_row_each() -> None:
    mailbox = make_mailbox()

    for _ in range(2):
        keep(mailbox, numbered(1), numbered(2), numbered(1))

    assert RawMail.objects.count() == 2


def test_a_mailbox_is_read_in_the_order_its_mails_came() -> None:
    mailbox, other = make_mailbox(), make_mailbox(partner=make_selling_partner(name="Other"))
    keep(mailbox, *(numbered(number) for number in range(5)))
    keep(other, numbered(9))

    messages.read_waiting(mailbox_id=mailbox.pk)

    texts = Message.objects.order_by("pk").values_list("text", flat=True)
    assert list(texts) == [f"Nachricht {number}" for number in range(5)]
    assert RawMail.objects.unread().get().mailbox == other


def test_one_job_reads_a_batch_and_has_the_next_one_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAILS_PER_JOB", 2)
    mailbox = make_mailbox()
    raws = keep(mailbox, *(numbered(number) for number in range(3)))

    messages.read_waiting(mailbox_id=mailbox.pk)

    assert [raw.pk for raw in RawMail.objects.unread()] == [raws[2].pk]
    assert queued("messages.read_waiting") == [{"mailbox_id": mailbox.pk, "after": raws[1].pk}]


def test_a_batch_holds_few_bytes_but_always_one_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "BYTES_AT_ONCE", 10)
    mailbox = make_mailbox()
    raws = keep(mailbox, numbered(1), numbered(2))

    messages.read_waiting(mailbox_id=mailbox.pk)

    assert [raw.pk for raw in RawMail.objects.unread()] == [raws[1].pk]


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_shows_a_bug_stops_no_other_and_is_told() -> None:
    mailbox = make_mailbox()
    raws = keep(mailbox, *(numbered(number) for number in range(3)))
    with connection.cursor() as cursor:  # the database refuses the second one, whatever is done with it
        cursor.execute(
            "CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE integrity_constraint_violation; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER refuse_one BEFORE INSERT ON mostrador_message FOR EACH ROW "
            f"WHEN (NEW.raw_id = {raws[1].pk}) EXECUTE FUNCTION refuse_one()"
        )
    try:
        with pytest.raises(ExceptionGroup, match="1 mails could not be taken in"):
            messages.read_waiting(mailbox_id=mailbox.pk)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse_one CASCADE")

    assert list(RawMail.objects.unread()) == [raws[1]]
    assert list(Message.objects.order_by("pk").values_list("raw", flat=True)) == [raws[0].pk, raws[2].pk]


@pytest.mark.django_db(transaction=True)
def test_who_finds_another_reading_the_mailbox_leaves_it_to_him() -> None:
    mailbox = make_mailbox()
    keep(mailbox, numbered(1))
    another = connection.copy()
    try:
        another.set_autocommit(False)
        with another.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(7268913, %s::int)", [mailbox.pk])
            messages.read_waiting(mailbox_id=mailbox.pk)
        assert RawMail.objects.unread().count() == 1
        assert queued("messages.read_waiting") == []
        another.rollback()
    finally:
        another.close()

    messages.read_waiting(mailbox_id=mailbox.pk)
    assert RawMail.objects.unread().count() == 0


@pytest.mark.django_db(transaction=True)
def test_jobs_that_read_one_mailbox_at_the_same_time_lose_and_double_nothing() -> None:
    mailbox = make_mailbox()
    keep(mailbox, *(numbered(number) for number in range(12)))
    together = threading.Barrier(3)

    def job() -> None:
        together.wait()
        try:
            messages.read_waiting(mailbox_id=mailbox.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=job) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    texts = Message.objects.order_by("pk").values_list("text", flat=True)
    assert list(texts) == [f"Nachricht {number}" for number in range(12)]


def test_mails_that_came_before_the_mailbox_failed_are_kept() -> None:
    def failing() -> Iterator[WaitingMail]:
        yield WaitingMail("1", numbered(1), 1)
        raise MailError("fetch a mail", Happened.NO, "gone", 60.0)

    handfuls = messages.handfuls(failing())

    assert [mail.key for mail in next(handfuls)] == ["1"]
    with pytest.raises(MailError):
        next(handfuls)


def test_two_selling_partners_keep_their_tickets_apart() -> None:
    one, two = make_mailbox(), make_mailbox(partner=make_selling_partner(name="Other"))

    take_in(letter(), one)
    take_in(letter(), two)

    assert {ticket.selling_partner.name for ticket in Ticket.objects.all()} == {"Nordlicht", "Other"}
