"""Versions: a word that changes whenever an open ticket's page would, asked for in one question."""

from __future__ import annotations

from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest

from mostrador.web.access import agent_of, visible_tickets

# Rows that are only ever added are counted; of those that move, the latest moment tells. In SQL, because
# an open page asks for this every other second, and building it anew would take longer than answering it.
_VERSION = """ROW(
    mostrador_ticket.state, mostrador_ticket.assigned_to_id, mostrador_ticket.answer_due_at,
    mostrador_ticket.buyer_name, mostrador_ticket.order_id, mostrador_ticket.priority,
    mostrador_ticket.tags, mostrador_ticket.snoozed_until, mostrador_ticket.merged_into_id,
    mostrador_ticket.no_answer_needed_at, mostrador_ticket.claim_at, mostrador_ticket.put_aside,
    (SELECT ROW(read_at, next_read_at, read_trouble, money_read_at) FROM mostrador_order
        WHERE id = mostrador_ticket.order_id),
    (SELECT count(*) FROM mostrador_event WHERE ticket_id = mostrador_ticket.id),
    (SELECT count(*) FROM mostrador_event WHERE order_id = mostrador_ticket.order_id),
    (SELECT count(*) FROM mostrador_message WHERE ticket_id = mostrador_ticket.id),
    (SELECT max(moved_at) FROM mostrador_reply WHERE ticket_id = mostrador_ticket.id),
    (SELECT ROW(max(moved_at), max(send_after)) FROM mostrador_refund
        WHERE order_id = mostrador_ticket.order_id),
    (SELECT ROW(max(moved_at), max(send_after)) FROM mostrador_cancellation
        WHERE order_id = mostrador_ticket.order_id),
    (SELECT ROW(sum(feed.tries), max(feed.next_action_at), sum(cardinality(feed.empty_looks)))
        FROM mostrador_feedmessage message JOIN mostrador_feed feed ON feed.id = message.feed_id
        WHERE message.refund_id IN
              (SELECT id FROM mostrador_refund WHERE order_id = mostrador_ticket.order_id)
           OR message.cancellation_id IN
              (SELECT id FROM mostrador_cancellation WHERE order_id = mostrador_ticket.order_id)),
    (SELECT max(id) FROM mostrador_sendingstop WHERE opened_at IS NULL),
    (SELECT ROW(count(*), max(paused_at)) FROM mostrador_sellingpartner WHERE paused_at IS NOT NULL)
)::text"""


def version_of(request: HttpRequest, ticket_id: int) -> str:
    """Return a word that changes whenever the ticket's page would (one query, no texts read).

    Raises: Http404 when there is no such ticket this agent may see.
    """
    mine = visible_tickets(agent_of(request)).filter(pk=ticket_id)
    version = mine.annotate(version=RawSQL(_VERSION, ())).values_list("version", flat=True).first()  # noqa: S611
    if version is None:
        raise Http404
    return str(version)
