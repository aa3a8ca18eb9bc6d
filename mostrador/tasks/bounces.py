"""Bounces: a mail server's notice that an answer did not arrive becomes that answer's rejection."""

from __future__ import annotations

from datetime import datetime

from mostrador.domain.delivery import State
from mostrador.mail.incoming import IncomingMail
from mostrador.models import Event, EventKind, Message, Reply, SellingPartner, Ticket

WORDS_KEPT = 500


def note(partner: SellingPartner, mail: IncomingMail, now: datetime) -> bool:
    """Note that an answer came back, and give the ticket back to us; return whether it is one of ours.

    Call it inside a transaction.
    """
    if mail.authentic is False:
        return False
    reply = _returned(partner, mail)
    if reply is None:
        return False
    words = " ".join(f"{mail.subject}\n{mail.body_text}".split())[:WORDS_KEPT]
    if reply.state == State.UNKNOWN:
        reply.move(State.SENT, now=now)  # what comes back has left
    if reply.state in (State.SENDING, State.SENT):
        reply.move(State.REJECTED, now=now, answer_words=words)
        Event.objects.step(EventKind.REJECTED, reply, at=now, words=words)
        _our_turn(reply, now)
    return True


def _returned(partner: SellingPartner, mail: IncomingMail) -> Reply | None:
    named = [one for one in (mail.in_reply_to, *mail.references) if one]
    ours = Reply.objects.select_for_update(of=("self",)).filter(selling_partner=partner)
    return ours.filter(mail_id__in=named).exclude(mail_id="").order_by("-pk").first()


def _our_turn(reply: Reply, now: datetime) -> None:
    """Open the ticket again; Amazon's clock runs from the message that is still without an answer."""
    ticket = Ticket.objects.standing_for(reply.ticket_id)
    unanswered = Message.objects.unanswered(ticket)
    if unanswered:
        ticket.heard_from_buyer(at=unanswered.at, preview=unanswered.text or unanswered.subject)
    else:
        ticket.reopen()
    Event.objects.note(EventKind.TICKET_REOPENED, at=now, ticket=ticket, because=reply.reference)
