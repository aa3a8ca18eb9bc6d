"""Orders: have one read from Amazon again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from mostrador.tasks import orders as tasks
from mostrador.web.access import access_order, access_ticket
from mostrador.web.act import act_again


@require_POST
def read_again(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Have the ticket's order read as soon as Amazon's usage plan allows it."""
    order = access_order(access_ticket(request, ticket_id))
    return act_again(request, ticket_id, lambda: tasks.plan_refresh(order_id=order.pk, now=timezone.now()))
