"""Refunds for programs: ask, read, send now, take back."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from ninja import Router
from ninja.responses import Status

from mostrador import money
from mostrador.actions.refunds import RefundWish, request_refund, send_refund_now, withdraw_refund
from mostrador.amazon.components import Component
from mostrador.api import access
from mostrador.api.problems import ProblemCode, documented
from mostrador.api.request_keys import RequestKey, documented_answers, mark_answer, stored_key
from mostrador.api.schemas.refunds import Refund, RefundLine, RefundRequest
from mostrador.api.schemas.shapes import Money
from mostrador.api.tokens import ProgramRequest, agent_of
from mostrador.domain.delivery import Source, State
from mostrador.domain.refunds import Line
from mostrador.domain.refusals import Refusal, RefusalCode, Refused
from mostrador.models import Order

router = Router(tags=["Refunds"])

_ASKING = documented(
    ProblemCode.BODY_UNREADABLE,
    ProblemCode.NOT_FOUND,
    ProblemCode.REQUEST_KEY_REUSED,
    ProblemCode.SELLING_PARTNER_NEEDED,
    ProblemCode.BODY_TOO_LARGE,
    ProblemCode.NOT_JSON,
    ProblemCode.REFUSED,
)
_STEPPING = documented(ProblemCode.NOT_FOUND, ProblemCode.NOT_JSON, ProblemCode.REFUSED)


@router.post(
    "/orders/{order_id}/refunds",
    response={201: Refund, 200: Refund},
    operation_id="request_refund",
    summary="Ask for a refund",
    openapi_extra={"responses": {**_ASKING, **documented_answers("refund")}},
)
def ask(
    request: ProgramRequest,
    response: HttpResponse,
    order_id: access.OrderId,
    wish: RefundRequest,
    request_key: RequestKey,
    selling_partner: access.PartnerChoice,
) -> Status[Refund]:
    """Store a refund. It leaves for Amazon when its undo window is over, and is then beyond recall.

    The money counts as on its way from this moment. Amazon's answer comes later: read the refund.
    """
    agent, now = agent_of(request), timezone.now()
    order = access.order(agent, order_id, selling_partner)
    refund = request_refund(
        order=order,
        ticket=access.ticket_about(agent, wish.ticket_id, order),
        agent=agent,
        wish=RefundWish(
            lines=_lines(wish, order),
            reason=wish.reason,
            note=wish.note,
            request_key=stored_key(agent, request_key),
            source=Source.API,
        ),
        now=now,
    )
    path = f"/api/v1/refunds/{refund.reference}"
    status = mark_answer(response, refund, path=path, asked_at=now)
    return Status(status, Refund.of(access.refund(agent, refund.reference)))


def _lines(wish: RefundRequest, order: Order) -> list[Line]:
    unreadable: list[Refusal] = []
    lines = []
    for line in wish.lines:
        amounts = {}
        for component, asked in line.amounts.by_component().items():
            minor = _minor(asked, order.currency or asked.currency)
            if minor is None:
                unreadable.append(_not_money_of(order, line, component, asked))
            else:
                amounts[component] = minor
        lines.append(Line(line.item_id, amounts))
    if unreadable:
        raise Refused(unreadable)
    return lines


def _minor(asked: Money, currency: str) -> int | None:
    """Return the minor units of `currency`, or nothing for another currency or too many decimals."""
    if asked.currency != currency:
        return None
    try:
        return money.Money.parse(asked.amount, currency).minor
    except money.MoneyError:
        return None


def _not_money_of(order: Order, line: RefundLine, component: Component, asked: Money) -> Refusal:
    currency = order.currency or asked.currency
    facts: dict[str, str | int] = {
        "item": line.item_id,
        "component": component.value,
        "asked": f"{asked.amount} {asked.currency}",
        "order_currency": currency,
        "most_decimals": money.exponent(currency),
    }
    return Refusal(RefusalCode.AMOUNT_UNREADABLE, facts)


@router.get(
    "/refunds/{refund_id}",
    response=Refund,
    operation_id="read_refund",
    summary="Read a refund",
    openapi_extra={"responses": documented(ProblemCode.NOT_FOUND)},
)
def read(request: ProgramRequest, refund_id: access.RefundId) -> Refund:
    """Return a refund: where it stands, Amazon's feed id and words, and every step."""
    return Refund.of(access.refund(agent_of(request), refund_id))


@router.post(
    "/refunds/{refund_id}/withdraw",
    response=Refund,
    operation_id="withdraw_refund",
    summary="Take a refund back",
    openapi_extra={"responses": _STEPPING},
)
def withdraw(request: ProgramRequest, refund_id: access.RefundId) -> Refund:
    """Take a refund back before it has left; one that is taken back stays so."""
    agent = agent_of(request)
    refund = access.refund(agent, refund_id)
    if refund.state != State.WITHDRAWN:
        withdraw_refund(refund=refund, agent=agent, now=timezone.now())
    return Refund.of(access.refund(agent, refund_id))


@router.post(
    "/refunds/{refund_id}/send-now",
    response=Refund,
    operation_id="send_refund_now",
    summary="Send a refund now",
    openapi_extra={"responses": _STEPPING},
)
def send_now(request: ProgramRequest, refund_id: access.RefundId) -> Refund:
    """End the undo window: the refund leaves for Amazon now."""
    agent = agent_of(request)
    send_refund_now(refund=access.refund(agent, refund_id), agent=agent, now=timezone.now())
    return Refund.of(access.refund(agent, refund_id))
