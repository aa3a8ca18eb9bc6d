"""Cancellations for programs: ask, read, send now, take back."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from ninja import Router
from ninja.responses import Status

from mostrador.actions.cancellations import (
    CancellationWish,
    request_cancellation,
    send_cancellation_now,
    withdraw_cancellation,
)
from mostrador.api import access
from mostrador.api.problems import ProblemCode, documented
from mostrador.api.request_keys import RequestKey, documented_answers, mark_answer, stored_key
from mostrador.api.schemas.cancellations import Cancellation, CancellationRequest
from mostrador.api.tokens import ProgramRequest, agent_of
from mostrador.domain.delivery import Source, State

router = Router(tags=["Cancellations"])

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
    "/orders/{order_id}/cancellations",
    response={201: Cancellation, 200: Cancellation},
    operation_id="request_cancellation",
    summary="Ask for a cancellation",
    openapi_extra={"responses": {**_ASKING, **documented_answers("cancellation")}},
)
def ask(
    request: ProgramRequest,
    response: HttpResponse,
    order_id: access.OrderId,
    wish: CancellationRequest,
    request_key: RequestKey,
    selling_partner: access.PartnerChoice,
) -> Status[Cancellation]:
    """Store a cancellation of the whole order. From this moment the order is frozen here.

    It leaves for Amazon when its undo window is over. Amazon's answer comes later: read the cancellation.
    """
    agent, now = agent_of(request), timezone.now()
    order = access.order(agent, order_id, selling_partner)
    cancellation = request_cancellation(
        order=order,
        ticket=access.ticket_about(agent, wish.ticket_id, order),
        agent=agent,
        wish=CancellationWish(
            reason=wish.reason,
            note=wish.note,
            request_key=stored_key(agent, request_key),
            source=Source.API,
        ),
        now=now,
    )
    path = f"/api/v1/cancellations/{cancellation.reference}"
    status = mark_answer(response, cancellation, path=path, asked_at=now)
    return Status(status, Cancellation.of(access.cancellation(agent, cancellation.reference)))


@router.get(
    "/cancellations/{cancellation_id}",
    response=Cancellation,
    operation_id="read_cancellation",
    summary="Read a cancellation",
    openapi_extra={"responses": documented(ProblemCode.NOT_FOUND)},
)
def read(request: ProgramRequest, cancellation_id: access.CancellationId) -> Cancellation:
    """Return a cancellation: where it stands, Amazon's feed id and words, and every step."""
    return Cancellation.of(access.cancellation(agent_of(request), cancellation_id))


@router.post(
    "/cancellations/{cancellation_id}/withdraw",
    response=Cancellation,
    operation_id="withdraw_cancellation",
    summary="Take a cancellation back",
    openapi_extra={"responses": _STEPPING},
)
def withdraw(request: ProgramRequest, cancellation_id: access.CancellationId) -> Cancellation:
    """Take a cancellation back before it has left; the order is free again."""
    agent = agent_of(request)
    cancellation = access.cancellation(agent, cancellation_id)
    if cancellation.state != State.WITHDRAWN:
        withdraw_cancellation(cancellation=cancellation, agent=agent, now=timezone.now())
    return Cancellation.of(access.cancellation(agent, cancellation_id))


@router.post(
    "/cancellations/{cancellation_id}/send-now",
    response=Cancellation,
    operation_id="send_cancellation_now",
    summary="Send a cancellation now",
    openapi_extra={"responses": _STEPPING},
)
def send_now(request: ProgramRequest, cancellation_id: access.CancellationId) -> Cancellation:
    """End the undo window: the cancellation leaves for Amazon now."""
    agent = agent_of(request)
    cancellation = access.cancellation(agent, cancellation_id)
    send_cancellation_now(cancellation=cancellation, agent=agent, now=timezone.now())
    return Cancellation.of(access.cancellation(agent, cancellation_id))
