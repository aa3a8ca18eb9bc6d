"""Tickets for programs: list, read, change, and leave a note."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.utils import timezone
from ninja import Query, Router
from ninja.responses import Status

from mostrador.actions.messages import add_note
from mostrador.actions.ticket_changes import NewOwner, NewRest, TicketChange, change_ticket
from mostrador.api import access, problems
from mostrador.api.paging import Cursor, Limit, page
from mostrador.api.problems import ProblemCode, documented
from mostrador.api.schemas.ticket_changes import NoteRequest, TicketPatch
from mostrador.api.schemas.tickets import Message, Ticket, Tickets, TicketSummary
from mostrador.api.tokens import ProgramRequest, agent_of
from mostrador.domain.filters import LONGEST_TEXT, Filters, read_filters
from mostrador.domain.tickets import Priority, TicketState
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


_CHANGING = documented(
    ProblemCode.BODY_UNREADABLE,
    ProblemCode.NOT_FOUND,
    ProblemCode.BODY_TOO_LARGE,
    ProblemCode.NOT_JSON,
    ProblemCode.REFUSED,
)


@router.patch(
    "/tickets/{ticket_id}",
    response=Ticket,
    operation_id="change_ticket",
    summary="Change a ticket",
    openapi_extra={"responses": _CHANGING},
)
def change(request: ProgramRequest, ticket_id: access.TicketId, wish: TicketPatch) -> Ticket:
    """Give a ticket to an agent, tag it, rank it, let it rest or wake it: all of it, or nothing.

    Each change stands on the timeline, with the agent of the token. The same again changes nothing.
    """
    agent = agent_of(request)
    row = access.ticket(agent, ticket_id)
    change_ticket(ticket=row, agent=agent, change=_change_of(wish), now=timezone.now())
    return Ticket.in_full(access.ticket(agent, ticket_id))


@router.post(
    "/tickets/{ticket_id}/notes",
    response={201: Message},
    operation_id="add_note",
    summary="Leave a note for the team",
    openapi_extra={"responses": _CHANGING},
)
def note(request: ProgramRequest, ticket_id: access.TicketId, wish: NoteRequest) -> Status[Message]:
    """Store a note that no buyer sees. It has no request key: sent twice, it stands there twice."""
    agent = agent_of(request)
    row = add_note(ticket=access.ticket(agent, ticket_id), agent=agent, text=wish.text, now=timezone.now())
    return Status(201, Message.of(row))


def _change_of(wish: TicketPatch) -> TicketChange:
    named = wish.model_fields_set
    return TicketChange(
        owner=NewOwner(access.agent_called(wish.assigned_to)) if "assigned_to" in named else None,
        tags=tuple(wish.tags) if wish.tags is not None else None,
        priority=Priority[wish.priority.upper()] if wish.priority else None,
        rest=NewRest(_moment(wish.snoozed_until), wish.accept_late) if "snoozed_until" in named else None,
    )


def _moment(text: str | None) -> datetime | None:
    """Return the moment a program names.

    Raises: ProblemRaised (422) for a text that is none, or has no offset.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise problems.invalid(
            "body.snoozed_until", "Not a moment with an offset, such as 2026-11-25T08:00:00Z."
        )
    return moment
