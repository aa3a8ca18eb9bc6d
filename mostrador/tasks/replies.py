"""Replies: bring one to the buyer in three phases, and say honestly how it ended.

The intent is committed before the mail server hears a word, the outcome after it. A lost answer is never
followed by a second try: the buyer may have the letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from mostrador.amazon.marketplaces import MARKETPLACES
from mostrador.domain import macros
from mostrador.domain import messages as rules
from mostrador.domain.delivery import Source, State
from mostrador.domain.macros import Says
from mostrador.domain.orders import FulfillmentStatus
from mostrador.domain.refusals import Refusal, RefusalCode
from mostrador.domain.tickets import TicketState
from mostrador.mail import outgoing
from mostrador.mail.errors import Happened, MailError
from mostrador.mail.outgoing import Letter, OutgoingAttachment
from mostrador.models import (
    Agent,
    Cancellation,
    Event,
    EventKind,
    LostRace,
    Message,
    Order,
    Refund,
    Reply,
    SavedMacro,
    SearchText,
    Ticket,
    Upload,
)
from mostrador.tasks.failpoints import reach

# After this a worker that began to send is taken for dead; longer than the longest conversation.
LEASE = timedelta(minutes=2)
# When a letter that certainly has not left is tried again; after the last of these it is given up.
TRY_AGAIN_AFTER = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 60, 180, 360))
# A reply that cannot be worded truthfully is looked at again, in case the truth changes.
LOOK_AGAIN_AFTER = timedelta(hours=1)


def begin(reply_id: int, now: datetime) -> Reply | None:
    """Word the letter and note that it is about to leave; nothing when it may not leave now."""
    with transaction.atomic():
        reply = Reply.objects.locked(reply_id)
        if reply.state != State.REQUESTED or reply.send_after > now:
            return None
        if reply.selling_partner.paused_at is not None:
            return None
        armed_on = _state(reply.armed_action)
        if rules.never_leaves(armed_on):
            disarm(reply, now=now)
            return None
        if not rules.may_leave(armed_on):
            return None
        worded = _words(reply)
        reasons = [*worded.refusals, *([] if reply.ticket.mailbox else [Refusal(RefusalCode.NO_MAILBOX)])]
        if reasons:
            _hold(reply, reasons, now)
            return None
        _mark(reply, rules.signed(worded.text, reply.selling_partner.signature), now)
        reach("reply.worded")
        return reply


def _mark(reply: Reply, text: str, now: datetime) -> None:
    """Store the words and the intent: whoever finds this may not send it again."""
    ticket = reply.ticket
    assert ticket.mailbox, "begin() holds a reply that has no way out"
    mail_id = reply.mail_id or _message_id(reply, ticket.mailbox.from_address)
    message = reply.message
    if message is None:
        message = Message.objects.answer(
            ticket=ticket,
            author=reply.requested_by,
            mailbox=ticket.mailbox,
            text=text,
            message_id=mail_id,
            at=now,
            is_automatic=reply.source == Source.RULE,
        )
        SearchText.objects.add(ticket=ticket, text=text, language=reply.language or ticket.language)
        Upload.objects.attach(reply, message)
    reply.move(State.SENDING, now=now, mail_id=mail_id, message=message)


def _message_id(reply: Reply, from_address: str) -> str:
    """Return the Message-ID that belongs to this reply, over all tries and in this installation only."""
    unique = f"{reply.reference}.{reply.requested_at:%Y%m%d%H%M%S%f}.reply"
    return outgoing.new_message_id(unique, from_address.rpartition("@")[2])


def _words(reply: Reply) -> macros.Rendered:
    action = reply.armed_action
    says = SavedMacro.objects.says(reply.macro) if action else Says.NOTHING
    if says and not speaks_of(says, action):
        action = None  # a cancellation does not make it true that money was refunded
    language = macros.choose_language(marketplace_language=reply.ticket.language, override=reply.language)
    facts = facts_of(reply.ticket, action, agent=reply.requested_by)
    return macros.fill(text=reply.text, says=says, language=language, facts=facts)


def facts_of(
    ticket: Ticket, action: Refund | Cancellation | None, *, agent: Agent | None = None
) -> macros.Facts:
    """Return what a macro may tell in a ticket, of one refund or cancellation if there is one."""
    order = action.order if action else ticket.order
    known = MARKETPLACES.get((order.marketplace_id if order else "") or ticket.marketplace_id)
    facts = macros.Facts(
        buyer=ticket.buyer_name,
        order=order.amazon_order_id if order else "",
        partner=ticket.selling_partner.name,
        state=_state(action),
        amount=action.money if isinstance(action, Refund) else None,
        reason=action.reason if action else "",
        reference=action.reference if action else "",
        agent=agent.name if agent else "",
        time_zone=known.time_zone if known else "UTC",
    )
    return _with_order(facts, order) if order else facts


def _with_order(facts: macros.Facts, order: Order) -> macros.Facts:
    """Return the facts with what Amazon says of the order; days that are past are no longer promised."""
    now = timezone.now()
    parcel = order.packages[-1] if order.packages else {}
    to_ship = order.status in (FulfillmentStatus.UNSHIPPED, FulfillmentStatus.PARTIALLY_SHIPPED)
    return replace(
        facts,
        is_shipped=order.status == FulfillmentStatus.SHIPPED,
        item=order.first_title(),
        ship_by=order.ship_by if to_ship and order.ship_by and order.ship_by > now else None,
        deliver_by=order.deliver_by if _is_coming(order, now) else None,
        carrier=str(parcel.get("carrier") or ""),
        tracking=str(parcel.get("tracking_number") or ""),
    )


def _is_coming(order: Order, now: datetime) -> bool:
    is_late = order.deliver_by is None or order.deliver_by <= now
    return not is_late and order.status != FulfillmentStatus.CANCELLED


def speaks_of(says: Says, action: Refund | Cancellation | None) -> bool:
    """Return whether `action` is what these words tell of."""
    if isinstance(action, Refund):
        return not says.speaks_of_cancellation
    return not says.speaks_of_refund


def _state(action: Refund | Cancellation | None) -> State | None:
    return State(action.state) if action else None


def _hold(reply: Reply, refusals: Sequence[Refusal], now: datetime) -> None:
    """Leave a reply that would not be true where it is, and say so once."""
    if not reply.events.filter(kind=EventKind.REVIEW).exists():
        Event.objects.step(
            EventKind.REVIEW,
            reply,
            at=now,
            refusals=[{"code": refusal.code, **refusal.facts} for refusal in refusals],
        )
    Reply.objects.postpone(reply, until=now + LOOK_AGAIN_AFTER)


# ── the letter ────────────────────────────────────────────────────────────────────────────────────────────


def letter_of(reply: Reply) -> Letter:
    """Write the letter for a reply whose words are fixed.

    Raises: LetterError when it must not leave as it is.
    """
    ticket, message = reply.ticket, reply.message
    assert message, "begin() gave it words"
    assert ticket.mailbox, "begin() holds a reply that has no way out"
    answered = Message.objects.newest_of_buyer(ticket)
    return outgoing.reply(
        original=ticket.buyer_address,
        order_id=ticket.order.amazon_order_id if ticket.order else None,
        comm_mgr_token=ticket.comm_mgr_token or None,
        body=message.text,
        subject=ticket.subject,
        from_name=ticket.mailbox.from_name,
        from_address=ticket.mailbox.from_address,
        message_id=reply.mail_id,
        in_reply_to=answered.message_id if answered else None,
        references=tuple(one for one in Message.objects.thread(ticket) if one != reply.mail_id),
        attachments=tuple(
            OutgoingAttachment(file.name, file.content_type, bytes(file.content))
            for file in message.attachments.order_by("pk")
        ),
    )


# ── the outcome ───────────────────────────────────────────────────────────────────────────────────────────


def sent(reply: Reply, words: str, now: datetime) -> None:
    """Note that the mail server took the letter; also when it was given up for lost meanwhile."""
    with transaction.atomic():
        locked = Reply.objects.locked(reply.pk)
        if locked.state not in (State.SENDING, State.UNKNOWN):
            return  # its bounce was faster
        locked.move(State.SENT, now=now, sent_at=now, answer_words=words)
        Event.objects.step(EventKind.SENT, locked, at=now, words=words)
        _answered(locked, now)


def _answered(reply: Reply, now: datetime) -> None:
    ticket = Ticket.objects.standing_for(reply.ticket_id)
    assert reply.message, "what was sent has words"
    unread = Message.objects.unanswered(ticket)
    closes = reply.closes_ticket and unread is None
    was_closed = ticket.state == TicketState.CLOSED
    ticket.answered(
        at=now,
        preview=reply.message.text,
        close=closes or was_closed,
        unanswered_since=unread.at if unread else None,
    )
    if closes and not was_closed:
        Event.objects.note(EventKind.TICKET_CLOSED, at=now, ticket=ticket, agent=reply.requested_by)


def failed(reply: Reply, error: MailError, now: datetime) -> datetime | None:
    """Note what a failed conversation means; return when to try again, if that is certain to be harmless."""
    if error.happened is not Happened.NO:
        _end(reply, State.UNKNOWN, EventKind.UNKNOWN, words=error.words, now=now)
        return None
    tries = reply.events.filter(kind=EventKind.RETRY).count()
    if error.retry_after is None or tries >= len(TRY_AGAIN_AFTER):
        refused(reply, error.words, now)
        return None
    at = now + max(TRY_AGAIN_AFTER[tries], timedelta(seconds=error.retry_after))
    _end(reply, State.REQUESTED, EventKind.RETRY, words=error.words, now=now, again_at=at)
    return at


def refused(reply: Reply, words: str, now: datetime) -> None:
    """Note that the letter was refused for good, in the words of who refused it."""
    _end(reply, State.REJECTED, EventKind.REJECTED, words=words, now=now)


def _end(
    reply: Reply,
    after: State,
    kind: EventKind,
    *,
    words: str,
    now: datetime,
    again_at: datetime | None = None,
) -> None:
    again = {"send_after": again_at} if again_at else {}
    noted_at = again_at.isoformat() if again_at else ""
    try:
        with transaction.atomic():
            reply.move(after, now=now, answer_words=words, **again)
            Event.objects.step(kind, reply, at=now, words=words, again_at=noted_at)
    except LostRace:
        return  # the sweeper took this worker for dead: what it wrote stays


def lapse(now: datetime) -> int:
    """Give up for lost what a worker began to send and never ended; return how many."""
    lost = 0
    for reply in Reply.objects.stuck(now - LEASE):
        before = reply.state
        _end(reply, State.UNKNOWN, EventKind.UNKNOWN, words="", now=now)
        lost += reply.state != before
    return lost


# ── armed replies ─────────────────────────────────────────────────────────────────────────────────────────


def disarm(reply: Reply, *, now: datetime) -> None:
    """Take back a reply whose refund or cancellation will not happen, and bring its ticket to notice."""
    action = reply.armed_action
    assert action, "only an armed reply is disarmed"
    reply.move(State.WITHDRAWN, now=now)
    Event.objects.step(EventKind.WITHDRAWN, reply, at=now, because=action.reference, state=action.state)
    ticket = Ticket.objects.standing_for(reply.ticket_id)
    if ticket.state != TicketState.OPEN:
        ticket.reopen()
        Event.objects.note(EventKind.TICKET_REOPENED, at=now, ticket=ticket, because=action.reference)
