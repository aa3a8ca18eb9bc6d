"""Belongings: which tables hold rows of a ticket, asked once, so that none is asked in vain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from mostrador.models.people import Agent
from mostrador.models.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a ticket has. What is said to be there may still be none; what is not said to be is not there."""

    merged: bool = True  # tickets that show in it
    replies: bool = True
    attachments: bool = True
    refunds: bool = True
    cancellations: bool = True
    links: bool = True
    beside: bool = True  # other live tickets of its order, or of a buyer whose address begins alike
    uploads: bool = True  # beside the agent's draft
    draft: bool = True  # the agent's
    company: bool = True  # other agents at work, in whatever ticket
    stops: bool = True  # something that stops sending


# For who has not asked: everything may be there.
ANYTHING = Belongings()

# In SQL, because most tickets have few of these: asking table after table takes the page half its time.
_QUESTION = """SELECT
    EXISTS (SELECT FROM mostrador_ticket WHERE merged_into_id = %(ticket)s),
    EXISTS (SELECT FROM mostrador_reply WHERE ticket_id = %(ticket)s),
    EXISTS (SELECT FROM mostrador_attachment file
        JOIN mostrador_message message ON message.id = file.message_id WHERE message.ticket_id = %(ticket)s),
    EXISTS (SELECT FROM mostrador_refund WHERE order_id = %(order)s),
    EXISTS (SELECT FROM mostrador_cancellation WHERE order_id = %(order)s),
    EXISTS (SELECT FROM mostrador_ticketlink WHERE first_id = %(ticket)s OR second_id = %(ticket)s),
    EXISTS (SELECT FROM mostrador_ticket WHERE id <> %(ticket)s
        AND merged_into_id IS NULL AND state <> 'closed' AND selling_partner_id = %(partner)s
        AND (order_id = %(order)s OR buyer_address LIKE %(buyers)s)),
    EXISTS (SELECT FROM mostrador_upload
        WHERE ticket_id = %(ticket)s AND agent_id = %(agent)s AND reply_id IS NULL),
    EXISTS (SELECT FROM mostrador_draft WHERE ticket_id = %(ticket)s AND agent_id = %(agent)s),
    EXISTS (SELECT FROM mostrador_presence WHERE seen_at > %(since)s AND agent_id <> %(agent)s),
    EXISTS (SELECT FROM mostrador_sendingstop WHERE opened_at IS NULL)
        OR EXISTS (SELECT FROM mostrador_sellingpartner WHERE paused_at IS NOT NULL)"""


def belongings_of(ticket: Ticket, *, agent: Agent, alias: str, since: datetime) -> Belongings:
    """Return what a ticket has (one query); of a ticket in which others show, nothing is ruled out.

    `alias` is the buyer's address without its +token, `since` the moment after which others count as present.
    """
    local = alias.partition("@")[0]
    values = {
        "ticket": ticket.pk,
        "order": ticket.order_id,
        "partner": ticket.selling_partner_id,
        "agent": agent.pk,
        "buyers": f"{_plain(local)}%" if local else None,
        "since": since,
    }
    with connection.cursor() as cursor:
        cursor.execute(_QUESTION, values)
        found = Belongings(*cursor.fetchone())
    return ANYTHING if found.merged else found


def _plain(text: str) -> str:
    """Return a text that LIKE takes letter by letter."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
