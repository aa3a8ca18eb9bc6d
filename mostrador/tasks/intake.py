"""Intake: turn one stored mail into a message of the right ticket, once, and never into anything else.

A mail is only words: nothing in it starts a refund, a cancellation or a reply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DataError, transaction
from django.db.models import Exists, OuterRef
from procrastinate.contrib.django import app

from mostrador.domain import senders
from mostrador.domain.senders import Doubt
from mostrador.mail.incoming import IncomingMail, Kind, unreadable
from mostrador.mail.sandbox import read_isolated
from mostrador.models import (
    Event,
    EventKind,
    Mailbox,
    Message,
    Order,
    RawMail,
    RawMailState,
    SearchText,
    SellingPartner,
    Ticket,
)
from mostrador.models.messages import Direction
from mostrador.models.timeline import Line
from mostrador.tasks import assignment, bounces, claims

# A buyer who writes again without an order id means the ticket of the last month.
SAME_TICKET_FOR = timedelta(days=30)
NOT_STORABLE = "The mail could not be stored as it was read; its bytes are kept."
# Named, not imported: reading orders leads to armed replies, which stand beside this module.
REFRESH_ORDER = "orders.refresh"
# What Amazon knows of an order may come later than the words of the next buyers; everything else is at 0.
AFTER_MAIL = -1


def take_in(raw_mail_id: int, now: datetime) -> None:
    """Read one stored mail outside this process and store what it says; a second time changes nothing."""
    raw = RawMail.objects.unread().filter(pk=raw_mail_id).select_related("mailbox__selling_partner").first()
    if raw is not None:
        _read_and_store(raw, raw.mailbox, now, is_patient=True)


def take_in_next(raw: RawMail, mailbox: Mailbox, now: datetime) -> bool:
    """Do the same for the next mail of a mailbox; return False if somebody else reads that mailbox now."""
    return _read_and_store(raw, mailbox, now, is_patient=False)


def _read_and_store(raw: RawMail, mailbox: Mailbox, now: datetime, *, is_patient: bool) -> bool:
    content = bytes(raw.content)
    mail = read_isolated(content, trusted_authserv_ids=frozenset(settings.TRUSTED_AUTHSERV_IDS))
    try:
        return _store(raw, mailbox, mail, now, is_patient=is_patient)
    except DataError:
        return _store(raw, mailbox, unreadable(content, NOT_STORABLE), now, is_patient=is_patient)


def _store(raw: RawMail, mailbox: Mailbox, mail: IncomingMail, now: datetime, *, is_patient: bool) -> bool:
    with transaction.atomic():
        if not is_patient and not Mailbox.objects.take_turn(mailbox.pk):
            return False
        if RawMail.objects.claim(raw):
            raw.mark(_become_of(raw, mailbox, mail, now))
    return True


def _become_of(raw: RawMail, mailbox: Mailbox, mail: IncomingMail, now: datetime) -> RawMailState:
    """Store what the mail says, and return what became of it."""
    if mail.readable and mail.kind is Kind.SYSTEM and mail.authentic is not False:
        claims.note(mailbox.selling_partner, mail, now)
        return RawMailState.SKIPPED
    if mail.kind is Kind.BOUNCE and bounces.note(mailbox.selling_partner, mail, now):
        return RawMailState.READ
    if _is_known(mailbox.selling_partner, mail):
        return RawMailState.SKIPPED
    _add_to_ticket(raw, mailbox, mail, now)
    return RawMailState.READ


def _is_known(partner: SellingPartner, mail: IncomingMail) -> bool:
    """Return whether the same words and files of the same sender came with the same Message-ID before."""
    if mail.message_id is None:
        return False
    same = Message.objects.only("pk").filter(
        ticket__selling_partner=partner,
        direction=Direction.IN,
        message_id=mail.message_id,
        from_address__iexact=mail.from_address[:320],
        text=mail.buyer_text,
    )
    files = sorted((file.name[:200], file.size) for file in mail.attachments)
    return any(sorted(one.attachments.values_list("name", "size")) == files for one in same)


def _add_to_ticket(raw: RawMail, mailbox: Mailbox, mail: IncomingMail, now: datetime) -> None:
    partner = mailbox.selling_partner
    doubts = senders.doubts(
        address=mail.from_address,
        authentic=mail.authentic,
        is_bounce=mail.kind is Kind.BOUNCE,
        is_cut=raw.truncated,
    )
    is_trusted = senders.is_trusted(address=mail.from_address, authentic=mail.authentic)
    about = _order_of(partner, mail) if is_trusted and mail.order_id else _NO_ORDER
    if about.order and _belongs_to_another(about, mail):
        about, doubts = _NO_ORDER, (*doubts, Doubt.ORDER_OF_ANOTHER)
    known = _known_ticket(partner, mail, about, now) if is_trusted else _untrusted_ticket(partner, mail, now)
    order = about.order
    ticket = Ticket.objects.standing_for(known.pk) if known else _new_ticket(mailbox, mail, order, now)
    lines = _lines(ticket, raw, mail, order)
    if is_trusted:  # a doubtful mail teaches nothing
        ticket.keep_in_mind(
            order=order, address=mail.from_address, token=mail.comm_mgr_token or "", subject=mail.subject
        )
    _say(ticket, raw, mail, doubts, now)
    Event.objects.note_all(lines, at=now, ticket=ticket)
    if order and not order.is_fresh(now):
        app.configure_task(REFRESH_ORDER, priority=AFTER_MAIL).defer(order_id=order.pk)
    if known is None:
        assignment.give(ticket, now)


def _say(ticket: Ticket, raw: RawMail, mail: IncomingMail, doubts: Sequence[Doubt], now: datetime) -> None:
    at = min(mail.sent_at or raw.received_at, raw.received_at)
    preview = mail.buyer_text or mail.subject
    if mail.is_automatic:  # a machine's words start no clock and wake nobody
        ticket.heard_automatically(at=at, preview=preview)
    else:
        ticket.heard_from_buyer(at=at, preview=preview)
    Message.objects.receive(
        ticket=ticket, raw=raw, mail=mail, defects=(*doubts, *mail.defects), at=at, now=now
    )
    SearchText.objects.hear(ticket=ticket, text=mail.buyer_text)


def _lines(ticket: Ticket, raw: RawMail, mail: IncomingMail, order: Order | None) -> list[Line]:
    """Return what the timeline will say of a mail; ask before the ticket has heard of it."""
    lines = [] if ticket.pk else [Line(EventKind.TICKET_BEGUN)]
    if order and ticket.order_id is None:
        lines.append(Line(EventKind.ORDER_FOUND, order, {"number": order.amazon_order_id}))
    if ticket.snoozed_until is not None and not mail.is_automatic:
        lines.append(Line(EventKind.TICKET_WOKEN, None, {"because": "buyer"}))
    if not mail.readable:
        found = {"raw_mail": raw.pk, "defects": list(mail.defects)}
        lines.append(Line(EventKind.MAIL_UNREADABLE, None, found))
    return lines


# ── which order, which ticket ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class About:
    """The order a mail is about, and the tickets there are about it, the newest first."""

    order: Order | None = None
    tickets: Sequence[Ticket] = ()


_NO_ORDER = About()


def _order_of(partner: SellingPartner, mail: IncomingMail) -> About:
    """Return the order a mail names, locked: the order comes before its tickets, as everywhere."""
    assert mail.order_id, "only asked of a mail that names one"
    place = senders.marketplace_of(mail.from_address)
    order, is_new = Order.objects.expect_locked(
        partner=partner, amazon_order_id=mail.order_id, marketplace_id=place.id if place else ""
    )
    return About(order, () if is_new else list(Ticket.objects.of_order(order)))


def _belongs_to_another(about: About, mail: IncomingMail) -> bool:
    """Return whether Amazon, or an earlier ticket, knows another buyer for this order."""
    alias = senders.alias_of(mail.from_address)
    if about.order and about.order.buyer_email:
        return senders.alias_of(about.order.buyer_email) != alias
    earlier = next((ticket.buyer_address for ticket in about.tickets if ticket.buyer_address), None)
    return earlier is not None and senders.alias_of(earlier) != alias


def _known_ticket(partner: SellingPartner, mail: IncomingMail, about: About, now: datetime) -> Ticket | None:
    """Return the ticket a buyer's mail belongs to: by its thread, then its order, then its buyer."""
    alias = senders.alias_of(mail.from_address)
    named = [one for one in (mail.in_reply_to, *reversed(mail.references)) if one]
    earlier = Message.objects.filter(ticket__selling_partner=partner).known(named) if named else None
    if earlier and senders.alias_of(earlier.ticket.buyer_address) == alias:
        return earlier.ticket
    if about.tickets:
        return about.tickets[0]
    recent = Ticket.objects.of_buyer(partner=partner, alias=alias, closed_after=now - SAME_TICKET_FOR)
    if mail.order_id:
        # Another order is another matter; a ticket without an order may turn out to be about this one.
        recent = recent.filter(order=None)
    # Most buyers write for the first time, and that is quickly asked.
    return recent.exclude(_is_doubtful()).first() if recent.exists() else None


def _untrusted_ticket(partner: SellingPartner, mail: IncomingMail, now: datetime) -> Ticket | None:
    """Return the earlier ticket of this very sender that leads to no order; never a buyer's real one."""
    if not mail.from_address:
        return None
    alias = senders.alias_of(mail.from_address)
    recent = Ticket.objects.of_buyer(partner=partner, alias=alias, closed_after=now - SAME_TICKET_FOR)
    return recent.filter(_is_doubtful(), order=None).first()


def _is_doubtful() -> Exists:
    """Return whether somebody wrote in a ticket who need not be the buyer."""
    doubts = [Doubt.FORGED, Doubt.NOT_FROM_AMAZON, Doubt.BOUNCE]
    return Exists(Message.objects.filter(ticket=OuterRef("pk"), defects__overlap=doubts))


def _new_ticket(mailbox: Mailbox, mail: IncomingMail, order: Order | None, now: datetime) -> Ticket:
    place = senders.marketplace_of(mail.from_address)
    return Ticket.objects.begin(
        partner=mailbox.selling_partner,
        mailbox=mailbox,
        order=None,
        subject=mail.subject,
        buyer_name=mail.buyer_name or mail.from_name,
        buyer_address=mail.from_address,
        marketplace_id=(order.marketplace_id if order else "") or (place.id if place else ""),
        language=(place.language if place else mail.language or "")[:5],
        now=now,
        is_stored=False,
    )
