"""Orders for programs: list and read."""

from __future__ import annotations

from typing import Annotated

from ninja import Query, Router

from mostrador.api import access
from mostrador.api.paging import Cursor, Limit, page
from mostrador.api.problems import ProblemCode, documented
from mostrador.api.schemas.orders import Order, Orders, OrderSummary
from mostrador.api.tickets import OrderChoice
from mostrador.api.tokens import ProgramRequest, agent_of

router = Router(tags=["Orders"])

StatusChoice = Annotated[
    str | None,
    Query(
        None,
        pattern=r"^[A-Z_]{1,40}$",
        description="Only orders in this fulfilment status, in Amazon's words.",
        example="UNSHIPPED",
    ),
]


@router.get(
    "/orders",
    response=Orders,
    operation_id="list_orders",
    summary="List orders",
    openapi_extra={"responses": documented()},
)
def orders(
    request: ProgramRequest,
    order_id: OrderChoice,
    status: StatusChoice,
    selling_partner: access.PartnerChoice,
    cursor: Cursor,
    limit: Limit,
) -> Orders:
    """Return orders, those first that the desk came to know last."""
    rows = access.orders(agent_of(request))
    if order_id:
        rows = rows.filter(amazon_order_id=order_id)
    if status:
        rows = rows.filter(status=status)
    if selling_partner:
        rows = rows.filter(selling_partner__in=access.partners(selling_partner))
    shown, following = page(rows, cursor=cursor, limit=limit)
    return Orders(items=[OrderSummary.of(row) for row in shown], next=following)


@router.get(
    "/orders/{order_id}",
    response=Order,
    operation_id="read_order",
    summary="Read an order",
    openapi_extra={"responses": documented(ProblemCode.NOT_FOUND, ProblemCode.SELLING_PARTNER_NEEDED)},
)
def order(request: ProgramRequest, order_id: access.OrderId, selling_partner: access.PartnerChoice) -> Order:
    """Return an order as last read from Amazon: what is left of every component, and what may be done."""
    return Order.in_full(access.order(agent_of(request), order_id, selling_partner))
