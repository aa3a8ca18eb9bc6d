"""Messages: fetch buyers' mails, make them tickets, and bring our answers to the buyers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from procrastinate.contrib.django import app

from mostrador.domain import messages as rules
from mostrador.domain.delivery import State
from mostrador.mail.errors import MailError
from mostrador.mail.mailbox import open_mailbox
from mostrador.mail.outgoing import LetterError
from mostrador.mail.raw_mail import RawMail as WaitingMail
from mostrador.models import Cancellation, Mailbox, RawMail, Refund, Reply
from mostrador.models.secrets import SecretUnreadable
from mostrador.tasks import intake, outbox, replies
from mostrador.tasks.clock import on_the_wall
from mostrador.tasks.failpoints import reach
from mostrador.tasks.queue import enqueue_missing

MAILS_AT_ONCE = 200
# Stored by one commit before they are marked as taken; and read by one job before others get their turn.
MAILS_PER_COMMIT = 20
MAILS_PER_JOB = 50
BYTES_AT_ONCE = 4 * 1024 * 1024
# While somebody looks into a mailbox, the sweeper sends nobody else.
FETCH_LEASE = timedelta(minutes=5)
FETCH_AGAIN_AFTER_ERROR = timedelta(minutes=1)
# A job has this long to come by itself before the sweeper steps in.
LATE_AFTER = timedelta(seconds=5)
ROWS_AT_ONCE = 500


# ── in ────────────────────────────────────────────────────────────────────────────────────────────────────


def plan_fetch(*, mailbox_id: int, now: datetime) -> None:
    """Have a mailbox looked into; the job commits with the caller's transaction."""
    fetch.configure(lock=f"mailbox:{mailbox_id}").defer(mailbox_id=mailbox_id)


@app.task(name="messages.fetch")
def fetch(*, mailbox_id: int) -> None:
    """Store every waiting mail byte for byte, and mark it as taken only after that."""
    mailbox = Mailbox.objects.select_related("selling_partner").get(pk=mailbox_id)
    mailbox.begin_fetch(until=timezone.now() + FETCH_LEASE)
    try:
        taken = _empty(mailbox)
    except (MailError, SecretUnreadable, ValueError) as error:
        now = timezone.now()
        mailbox.plan_fetch(at=now + FETCH_AGAIN_AFTER_ERROR, now=now, trouble=str(error))
        return
    now = timezone.now()
    mailbox.plan_fetch(at=now + timedelta(seconds=settings.MAIL_EVERY_SECONDS), now=now)
    if taken >= MAILS_AT_ONCE:
        plan_fetch(mailbox_id=mailbox_id, now=now)  # more wait: at once, but behind what others wait for


def _empty(mailbox: Mailbox) -> int:
    """Take up to MAILS_AT_ONCE mails; return how many."""
    box = open_mailbox(mailbox.url, secret=mailbox.secret())
    taken = 0
    try:
        for mails in handfuls(box.unread(MAILS_AT_ONCE)):
            RawMail.objects.keep_all(mailbox=mailbox, mails=mails, now=timezone.now())
            _plan_reading(mailbox.pk)
            for mail in mails:
                box.done(mail.key)
            taken += len(mails)
    finally:
        box.close()
    return taken


def handfuls(mails: Iterable[WaitingMail]) -> Iterator[list[WaitingMail]]:
    """Give the mails by the handful; those that came before a failure are given, too."""
    held: list[WaitingMail] = []
    try:
        for mail in mails:
            held.append(mail)
            if len(held) >= MAILS_PER_COMMIT or sum(len(one.content) for one in held) >= BYTES_AT_ONCE:
                yield held
                held = []
    except MailError:
        if held:
            yield held
        raise
    if held:
        yield held


def _plan_reading(mailbox_id: int) -> None:
    """Have a mailbox's stored mails read, unless a job that has not begun will; not inside a transaction."""
    enqueue_missing(read_waiting, {f"read:{mailbox_id}": {"mailbox_id": mailbox_id}})


@app.task(name="messages.read_waiting")
def read_waiting(*, mailbox_id: int, after: int = 0) -> None:
    """Make a mailbox's oldest stored mails messages, one transaction each; what is left is another job.

    Several may run at once: who finds another at work leaves the rest to it. `after` is the last mail that
    the job before has tried.

    Raises: ExceptionGroup with what went wrong with single mails; the others are read.
    """
    mailbox = Mailbox.objects.select_related("selling_partner").get(pk=mailbox_id)
    mails = RawMail.objects.next_unread(
        mailbox_id=mailbox_id, after=after, limit=MAILS_PER_JOB, longest=BYTES_AT_ONCE
    )
    failures: list[Exception] = []
    for raw in mails:
        try:
            if not intake.take_in_next(raw, mailbox, timezone.now()):
                break
        except (OperationalError, InterfaceError):
            raise  # the database is away: the sweeper finds the rest
        except Exception as error:  # noqa: BLE001  # told below: the next buyer must not wait for a bug
            failures.append(error)
    else:
        if mails:
            read_on = {"mailbox_id": mailbox_id, "after": mails[-1].pk}
            enqueue_missing(read_waiting, {f"read:{mailbox_id}:on": read_on})
    if failures:
        raise ExceptionGroup(f"{len(failures)} mails could not be taken in", failures)


@app.task(name="messages.read")
def read(*, raw_mail_id: int) -> None:
    """Make this stored mail a message of the right ticket; a second time changes nothing."""
    intake.take_in(raw_mail_id, timezone.now())


# ── out ───────────────────────────────────────────────────────────────────────────────────────────────────


def plan_send(*, reply_id: int, at: datetime, now: datetime) -> None:
    """Have a reply sent at `at`; the job commits with the caller's transaction."""
    job = send.configure(schedule_at=on_the_wall(at)) if at > now else send
    job.defer(reply_id=reply_id)


@app.task(name="messages.send")
def send(*, reply_id: int) -> None:
    """Send one reply that is due, once; a lost answer is never followed by a second try."""
    reach("reply.begins")
    reply = replies.begin(reply_id, timezone.now())
    if reply is None:
        return
    reach("reply.marked")
    mailbox = reply.ticket.mailbox
    assert mailbox, "begin() holds a reply that has no way out"
    try:
        words = outbox.hand_over(mailbox, replies.letter_of(reply))
    except LetterError as error:
        replies.refused(reply, str(error), timezone.now())
    except MailError as error:
        now = timezone.now()
        again_at = replies.failed(reply, error, now)
        if again_at is not None:
            plan_send(reply_id=reply_id, at=again_at, now=now)
    else:
        reach("reply.taken")
        replies.sent(reply, words, timezone.now())
        reach("reply.noted")


def release_armed(*, action: Refund | Cancellation, now: datetime) -> None:
    """Let the replies armed on `action` leave if it was accepted, and take them back if it never will be.

    Call it inside the transaction that moved `action`; while the outcome is open they keep waiting.
    """
    state = State(action.state)
    for reply in Reply.objects.armed_on(action).select_related("armed_refund", "armed_cancellation"):
        if rules.never_leaves(state):
            replies.disarm(reply, now=now)
        elif rules.may_leave(state):
            plan_send(reply_id=reply.pk, at=max(now, reply.send_after), now=now)


def lapse(now: datetime) -> int:
    """Note as unknown what a worker began to send and never ended; return how many."""
    return replies.lapse(now)


# ── the sweeper's part ────────────────────────────────────────────────────────────────────────────────────


def sweep_mailboxes(now: datetime) -> None:
    """Find the mailboxes that should be looked into."""
    due = Mailbox.objects.due(now).order_by("next_fetch_at").values_list("pk", flat=True)[:ROWS_AT_ONCE]
    enqueue_missing(fetch, {f"fetch:{pk}": {"mailbox_id": pk} for pk in due})


def sweep_raw_mails(now: datetime) -> None:
    """Find the stored mails nobody has read yet."""
    waiting = RawMail.objects.unread().filter(received_at__lte=now - LATE_AFTER)
    mailboxes = waiting.order_by().values_list("mailbox", flat=True).distinct()[:ROWS_AT_ONCE]
    enqueue_missing(read_waiting, {f"read:{pk}": {"mailbox_id": pk} for pk in mailboxes})


def sweep_replies(now: datetime) -> None:
    """Find the replies that should have left by now, and those whose worker is gone."""
    lapse(now)
    pks = Reply.objects.ready(now - LATE_AFTER).values_list("pk", flat=True)[:ROWS_AT_ONCE]
    enqueue_missing(send, {f"reply:{pk}": {"reply_id": pk} for pk in pks})
