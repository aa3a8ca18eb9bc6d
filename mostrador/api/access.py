"""Access: the only doors from a program's agent to a row."""

from __future__ import annotations

import re
from typing import Annotated

from django.db.models import QuerySet
from ninja import Path, Query

from mostrador.api import problems
from mostrador.api.problems import ProblemCode, ProblemRaised
from mostrador.api.schemas.attachments import files_of_replies
from mostrador.api.schemas.shapes import Partner
from mostrador.models import Agent, Cancellation, Order, Refund, Reply, SellingPartner, Ticket
from mostrador.models.tickets import TicketQuerySet

FIRST_NUMBER = 1000  # references count from here: T-1001 is the first ticket
_REFERENCE = re.compile(r"[A-Z]-([0-9]{4,18})")

TicketId = Annotated[str, Path(..., description="The ticket's id.", example="T-1042")]
RefundId = Annotated[str, Path(..., description="The refund's id.", example="R-1042")]
CancellationId = Annotated[str, Path(..., description="The cancellation's id.", example="C-1042")]
ReplyId = Annotated[str, Path(..., description="The reply's id.", example="M-1042")]
OrderId = Annotated[
    str,
    Path(
        ...,
        pattern=r"^[A-Za-z0-9._-]{1,40}$",
        description="Amazon's id of the order.",
        example="302-1234567-1234567",
    ),
]
PartnerChoice = Annotated[
    str | None,
    Query(
        None,
        pattern=r"^[A-Za-z0-9]{1,40}(:(na|eu|fe))?$",
        description="A selling partner: Amazon's seller id, with its region where one seller has several.",
        example="A2EXAMPLE:eu",
    ),
]


def number_in(reference: str, letter: str) -> int | None:
    """Return the primary key behind a reference such as T-1042, or nothing."""
    found = _REFERENCE.fullmatch(reference)
    if found is None or not reference.startswith(f"{letter}-"):
        return None
    return int(found[1]) - FIRST_NUMBER


def tickets(agent: Agent) -> TicketQuerySet:
    """Return the tickets this agent may see: today, every one."""
    return Ticket.objects.select_related("selling_partner", "order", "assigned_to")


def orders(agent: Agent) -> QuerySet[Order]:
    """Return the orders this agent may see: today, every one."""
    return Order.objects.select_related("selling_partner")


def partners(choice: str) -> QuerySet[SellingPartner]:
    """Return the selling partners a program means by a seller id, or by seller id and region."""
    seller_id, _, region = choice.partition(":")
    found = SellingPartner.objects.filter(seller_id=seller_id)
    return found.filter(region=region) if region else found


def ticket(agent: Agent, ticket_id: str) -> Ticket:
    """Return one ticket.

    Raises: ProblemRaised (404).
    """
    found = tickets(agent).filter(pk=number_in(ticket_id, "T") or 0).first()
    if found is None:
        raise problems.not_found("ticket")
    return found


def agent_called(email: str | None) -> Agent | None:
    """Return the agent with this e-mail address, or nobody where none is named.

    Raises: ProblemRaised (422) for an address no agent has.
    """
    if email is None:
        return None
    found = Agent.objects.get_queryset().filter(email=email.strip().lower()).first()
    if found is None:
        raise problems.invalid("body.assigned_to", "No agent has this e-mail address.")
    return found


def order(agent: Agent, order_id: str, choice: str | None) -> Order:
    """Return the one order with Amazon's `order_id`, of the selling partner that was named, if one was.

    Raises: ProblemRaised (404, or 409 with the list when the program must choose).
    """
    rows = orders(agent).filter(amazon_order_id=order_id).order_by("pk")
    if choice:
        rows = rows.filter(selling_partner__in=partners(choice))
    found = list(rows)
    if not found:
        raise problems.not_found("order")
    if len(found) > 1:
        whose = [Partner.of(each.selling_partner) for each in found]
        words = "Name one with ?selling_partner=seller_id:region."
        raise ProblemRaised(ProblemCode.SELLING_PARTNER_NEEDED, words, selling_partners=whose)
    return found[0]


def refund(agent: Agent, refund_id: str) -> Refund:
    """Return one refund.

    Raises: ProblemRaised (404).
    """
    rows = Refund.objects.select_related("order__selling_partner", "ticket", "requested_by")
    found = rows.filter(pk=number_in(refund_id, Refund.LETTER) or 0).first()
    if found is None:
        raise problems.not_found("refund")
    return found


def cancellation(agent: Agent, cancellation_id: str) -> Cancellation:
    """Return one cancellation.

    Raises: ProblemRaised (404).
    """
    rows = Cancellation.objects.select_related("order__selling_partner", "ticket", "requested_by")
    found = rows.filter(pk=number_in(cancellation_id, Cancellation.LETTER) or 0).first()
    if found is None:
        raise problems.not_found("cancellation")
    return found


def reply(agent: Agent, reply_id: str) -> Reply:
    """Return one reply.

    Raises: ProblemRaised (404).
    """
    rows = Reply.objects.select_related(
        "ticket", "selling_partner", "requested_by", "armed_refund", "armed_cancellation"
    )
    rows = rows.prefetch_related(*files_of_replies())
    found = rows.filter(pk=number_in(reply_id, Reply.LETTER) or 0).first()
    if found is None:
        raise problems.not_found("reply")
    return found


def ticket_about(agent: Agent, ticket_id: str | None, order: Order) -> Ticket | None:
    """Return the ticket a program names beside an order, or nothing when it names none.

    Raises: ProblemRaised (422) for a ticket that is not about the order.
    """
    if ticket_id is None:
        return None
    found = tickets(agent).filter(pk=number_in(ticket_id, "T") or 0, order=order).first()
    if found is None:
        raise problems.invalid("body.ticket_id", "This order has no such ticket.")
    return found


def action_about(agent: Agent, action_id: str | None, ticket: Ticket) -> Refund | Cancellation | None:
    """Return the refund or cancellation a reply shall wait for, or nothing when it waits for none.

    Raises: ProblemRaised (422) for one that is not of the ticket's order.
    """
    if action_id is None:
        return None
    found: Refund | Cancellation | None = None
    if ticket.order_id is not None:
        refunds = Refund.objects.filter(order=ticket.order_id)
        cancellations = Cancellation.objects.filter(order=ticket.order_id)
        found = refunds.filter(pk=number_in(action_id, Refund.LETTER) or 0).first()
        found = found or cancellations.filter(pk=number_in(action_id, Cancellation.LETTER) or 0).first()
    if found is None:
        raise problems.invalid("body.armed_on", "The ticket's order has no such refund or cancellation.")
    return found
