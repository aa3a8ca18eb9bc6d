"""Tickets for programs: list and read."""

from __future__ import annotations

from typing import Annotated

from django.utils import timezone
from ninja import Query, Router

from mostrador.api import access, problems
from mostrador.api.paging import Cursor, Limit, page
from mostrador.api.problems import ProblemCode, documented
from mostrador.api.schemas.tickets import Ticket, Tickets, TicketSummary
from mostrador.api.tokens import ProgramRequest, agent_of
from mostrador.domain.filters import LONGEST_TEXT, Filters, read_filters
from mostrador.domain.tickets import TicketState
from mostrador.models.finding import matching

router = Router(tags=["Tickets"])

StateChoice = Annotated[TicketState | None, Query(None, description="Only tickets in this state.")]
OrderChoice = Annotated[
    str | None,
    Query(
        None,
        pattern=r"^[A-Za-z0-9._-]{1,40}$",
        description="Only tickets about the order with this id of Amazon's.",
        example="302-1234567-1234567",
    ),
]
FilterText = Annotated[
    str | None,
    Query(
        None,
        max_length=LONGEST_TEXT,
        description="Words and filters as in the search box: `is:open marketplace:DE amount:>50 lamp`.",
        example="is:open tag:late-parcel",
    ),
]


@router.get(
    "/tickets",
    response=Tickets,
    operation_id="list_tickets",
    summary="List tickets",
    openapi_extra={"responses": documented()},
)
def tickets(
    request: ProgramRequest,
    state: StateChoice,
    order_id: OrderChoice,
    selling_partner: access.PartnerChoice,
    q: FilterText,
    cursor: Cursor,
    limit: Limit,
) -> Tickets:
    """Return tickets, the latest message first.

    What `q` holds and is no filter is refused with its text: nothing is found by half a question. "mine" and
    "me" mean the agent of the token. Merged tickets show in another one: `q=is:merged` lists them.

    A ticket that gets a message while you page moves to the top: begin again to see it there.
    """
    rows = access.tickets(agent_of(request))
    if state:
        rows = rows.filter(state=state)
    if order_id:
        rows = rows.filter(order__amazon_order_id=order_id)
    if selling_partner:
        rows = rows.filter(selling_partner__in=access.partners(selling_partner))
    if q and q.strip():
        rows = matching(rows, _filters(q), agent=agent_of(request), now=timezone.now())
    shown, following = page(rows, cursor=cursor, limit=limit, by="last_message_at")
    return Tickets(items=[TicketSummary.of(row) for row in shown], next=following)


def _filters(text: str) -> Filters:
    """Read the filters. Raises: ProblemRaised (422) for a piece that is none."""
    filters = read_filters(text)
    if filters.unknown:
        pieces = ", ".join(str(each) for each in filters.unknown)
        raise problems.invalid("query.q", f"Not understood: {pieces}.")
    return filters


@router.get(
    "/tickets/{ticket_id}",
    response=Ticket,
    operation_id="read_ticket",
    summary="Read a ticket",
    openapi_extra={"responses": documented(ProblemCode.NOT_FOUND)},
)
def ticket(request: ProgramRequest, ticket_id: access.TicketId) -> Ticket:
    """Return a ticket: messages, replies, timeline, and the refunds and cancellations of its order."""
    return Ticket.in_full(access.ticket(agent_of(request), ticket_id))
