"""Claims: Amazon's own notice that a buyer opened an A-to-z claim marks the tickets of that order.

A notice is only words: it moves no money, and one that is not known to be Amazon's marks nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from mostrador.domain.tickets import TicketState
from mostrador.mail.buyer_words import first_order_id
from mostrador.mail.incoming import IncomingMail
from mostrador.mail.senders import is_amazons_own
from mostrador.models import Event, EventKind, Order, SellingPartner, Ticket


def note(partner: SellingPartner, mail: IncomingMail, now: datetime) -> int:
    """Mark the tickets of the order a notice names, if it is about a claim; return how many.

    Call it inside a transaction.
    """
    if not _is_amazons(mail) or not is_about_claim(mail.subject):
        return 0
    number = mail.order_id or first_order_id(f"{mail.subject}\n{mail.body_text}")
    order = Order.objects.filter(selling_partner=partner, amazon_order_id=number or "").first()
    if order is None:
        return 0
    Order.objects.locked(order.pk)  # the order comes before its tickets, as everywhere
    tickets = [
        Ticket.objects.locked(pk) for pk in Ticket.objects.of_order(order).values_list("pk", flat=True)
    ]
    unmarked = [each for each in tickets if each.claim_at is None]
    for ticket in unmarked:
        ticket.has_claim(since=now)
        Event.objects.note(EventKind.CLAIM_OPENED, at=now, ticket=ticket)
    if unmarked and all(each.state == TicketState.CLOSED for each in tickets):
        _bring_to_notice(tickets[0], now)
    return len(unmarked)


def _is_amazons(mail: IncomingMail) -> bool:
    """Return whether a mail comes from Amazon's machines, as surely as the mail servers at hand can say."""
    proven = mail.authentic or (mail.authentic is None and not settings.TRUSTED_AUTHSERV_IDS)
    return bool(proven) and is_amazons_own(mail.from_address)


def is_about_claim(subject: str) -> bool:
    """Return whether a notice's subject holds one of the words for an A-to-z claim."""
    said = subject.casefold()
    return any(words.casefold() in said for words in settings.CLAIM_WORDS if words.strip())


def _bring_to_notice(newest: Ticket, now: datetime) -> None:
    ticket = Ticket.objects.standing_for(newest.pk)
    ticket.reopen()
    Event.objects.note(EventKind.TICKET_REOPENED, at=now, ticket=ticket, because=EventKind.CLAIM_OPENED)
