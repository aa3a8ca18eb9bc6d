"""Access: the only doors from a person to a row."""

from __future__ import annotations

from typing import TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest

from mostrador.models import (
    Agent,
    Attachment,
    Cancellation,
    Message,
    Order,
    Refund,
    Reply,
    SellingPartner,
    Ticket,
    Upload,
)
from mostrador.models.tickets import TicketQuerySet

Row = TypeVar("Row", bound=Model)


def agent_of(request: HttpRequest) -> Agent:
    """Return the agent who is signed in."""
    assert isinstance(request.user, Agent), "the login middleware lets nobody else in"
    return request.user


def owner_of(request: HttpRequest) -> Agent:
    """Return the owner who is signed in. Raises: PermissionDenied for any other agent."""
    agent = agent_of(request)
    if not agent.is_owner:
        raise PermissionDenied
    return agent


def visible_tickets(agent: Agent) -> TicketQuerySet:
    """Return the tickets this agent may see: every agent sees every selling partner's, for now."""
    return Ticket.objects.all()


def access_ticket(request: HttpRequest, ticket_id: int) -> Ticket:
    """Return a ticket with its order. Raises: Http404 when there is none this agent may see."""
    row = _one(visible_tickets(agent_of(request)).select_related("order", "selling_partner"), ticket_id)
    if row.order and row.order.selling_partner_id == row.selling_partner_id:
        row.order.selling_partner = row.selling_partner
    return row


def access_order(ticket: Ticket) -> Order:
    """Return the order of a ticket. Raises: Http404 when it has none."""
    if ticket.order is None:
        raise Http404
    return ticket.order


def access_refund(ticket: Ticket, refund_id: int) -> Refund:
    """Return a refund of the ticket's order."""
    return _one(Refund.objects.filter(order=access_order(ticket)), refund_id)


def access_cancellation(ticket: Ticket, cancellation_id: int) -> Cancellation:
    """Return a cancellation of the ticket's order."""
    return _one(Cancellation.objects.filter(order=access_order(ticket)), cancellation_id)


def access_reply(ticket: Ticket, reply_id: int) -> Reply:
    """Return a reply of the ticket, or of one that shows in it."""
    return _one(Reply.objects.filter(ticket__in=Ticket.objects.family(ticket)), reply_id)


def access_message(request: HttpRequest, message_id: int) -> Message:
    """Return a message of a ticket this agent may see."""
    return _one(Message.objects.filter(ticket__in=visible_tickets(agent_of(request))), message_id)


def access_selling_partner(request: HttpRequest, partner_id: int) -> SellingPartner:
    """Return a selling partner whose settings this agent may change: an owner's."""
    mine = SellingPartner.objects.all() if agent_of(request).is_owner else SellingPartner.objects.none()
    return _one(mine, partner_id)


def message_for(agent: Agent, message_id: int) -> Message:
    """Return a message of a ticket this agent may see, for a page that nobody signs in to."""
    mine = Message.objects.filter(ticket__in=visible_tickets(agent)).select_related("raw", "ticket")
    return _one(mine, message_id)


def access_attachment(request: HttpRequest, attachment_id: int) -> Attachment:
    """Return an attachment, with its bytes, of a ticket this agent may see."""
    mine = Attachment.objects.filter(message__ticket__in=visible_tickets(agent_of(request)))
    return _one(mine, attachment_id)


def access_upload(request: HttpRequest, ticket: Ticket, upload_id: int) -> Upload:
    """Return a file that waits to leave: beside the agent's own draft, or with an answer of the ticket."""
    mine = Q(agent=agent_of(request), reply=None)
    return _one(Upload.objects.filter(mine | Q(reply__isnull=False), ticket=ticket), upload_id)


def _one(rows: QuerySet[Row], pk: int) -> Row:
    row = rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row
