"""Reviews: what a person saw in Seller Central about an undecided action, and a look at once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from mostrador.actions import reviews as actions
from mostrador.domain.refusals import Refusal, RefusalCode, Refused
from mostrador.domain.reviews import Outcome
from mostrador.models import Cancellation, Refund
from mostrador.web.access import access_cancellation, access_refund, access_ticket, agent_of
from mostrador.web.act import act_again

LONGEST_PROOF = 500


@require_POST
def finding(
    request: HttpRequest, ticket_id: int, refund_id: int = 0, cancellation_id: int = 0
) -> HttpResponse:
    """Take down what the agent saw."""
    action = _action(request, ticket_id, refund_id, cancellation_id)
    return act_again(request, ticket_id, lambda: _record(request, action))


def _record(request: HttpRequest, action: Refund | Cancellation) -> None:
    outcome = request.POST.get("outcome", "")
    if outcome not in set(Outcome):
        raise Refused([Refusal(RefusalCode.PROOF_MISSING)])
    actions.record_finding(
        action=action,
        agent=agent_of(request),
        outcome=Outcome(outcome),
        proof=request.POST.get("proof", "")[:LONGEST_PROOF],
        now=timezone.now(),
    )


@require_POST
def look(request: HttpRequest, ticket_id: int, refund_id: int = 0, cancellation_id: int = 0) -> HttpResponse:
    """Have Amazon's list read at once for an action whose answer was lost."""
    action = _action(request, ticket_id, refund_id, cancellation_id)
    return act_again(request, ticket_id, lambda: actions.look_now(action=action, now=timezone.now()))


def _action(
    request: HttpRequest, ticket_id: int, refund_id: int, cancellation_id: int
) -> Refund | Cancellation:
    ticket = access_ticket(request, ticket_id)
    return access_refund(ticket, refund_id) if refund_id else access_cancellation(ticket, cancellation_id)
