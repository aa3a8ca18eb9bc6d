"""Finding: which tickets fit what an agent filters by, asked of the database in ways its indexes know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from mostrador.amazon.marketplaces import by_country
from mostrador.domain.delivery import UNDER_WAY, State
from mostrador.domain.filter_values import (
    FIRST_NUMBER,
    PRIORITIES,
    STATUSES,
    Being,
    Comparison,
    FilterName,
    Fulfilled,
    Having,
)
from mostrador.domain.filters import Filter, Filters
from mostrador.domain.orders import FULFILLED_BY_AMAZON
from mostrador.domain.reviews import DISPUTED_AFTER
from mostrador.domain.searching import can_be_looked_up, fold
from mostrador.domain.spellings import spellings
from mostrador.domain.tickets import SOON, TicketState
from mostrador.models.cancellations import Cancellation
from mostrador.models.messages import Attachment, Direction, Message
from mostrador.models.orders import Order
from mostrador.models.people import Agent
from mostrador.models.refunds import Refund
from mostrador.models.searching import FEW, tickets_saying
from mostrador.models.selling_partners import SellingPartner
from mostrador.models.teamwork import Mention
from mostrador.models.tickets import TicketQuerySet, asked_to_cancel, these

MUST_BE_LOOKED_AT = (State.REVIEW, State.UNKNOWN, State.NOT_SENT)
_STATES = frozenset({Being.OPEN, Being.WAITING, Being.CLOSED})
# Several values of one of these are alternatives; of all others, each must hold.
_ALTERNATIVES = frozenset(
    {
        FilterName.FROM,
        FilterName.PARTNER,
        FilterName.MARKETPLACE,
        FilterName.LANGUAGE,
        FilterName.AGENT,
        FilterName.STATUS,
        FilterName.FULFILLED,
        FilterName.REF,
    }
)
_LOOKUPS = {
    Comparison.LESS: "lt",
    Comparison.AT_MOST: "lte",
    Comparison.EQUAL: "exact",
    Comparison.AT_LEAST: "gte",
    Comparison.MORE: "gt",
}


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and when: what "mine" and "late" mean."""

    agent: Agent
    now: datetime


def matching(tickets: TicketQuerySet, filters: Filters, *, agent: Agent, now: datetime) -> TicketQuerySet:
    """Return those of `tickets` that fit; none where something was not understood.

    Merged tickets show in another one, so they are found only by `is:merged`.
    """
    if filters.unknown:
        return tickets.none()
    found = tickets if _asks_for_merged(filters) else tickets.filter(merged_into=None)
    for condition in _conditions(filters, Asker(agent, now)):
        found = found.filter(condition)
    for words in filter(None, (filters.words, _name_to_find(filters))):
        found = tickets_saying(found, words)
    return found


def _name_to_find(filters: Filters) -> str:
    """Return the one name that is looked for: the index of words leads to the few tickets that can fit.

    Nothing for several, which are alternatives, and for the beginning of an address.
    """
    names = filters.of(FilterName.FROM)
    text = fold(names[0].value) if len(names) == 1 else ""
    return f'"{text}"' if can_be_looked_up(text) and "@" not in text else ""


def _asks_for_merged(filters: Filters) -> bool:
    return any(each.value == Being.MERGED for each in filters.of(FilterName.IS))


def _conditions(filters: Filters, asker: Asker) -> Iterable[Q]:
    states = [each for each in filters.of(FilterName.IS) if each.value in _STATES]
    if states:
        yield Q(state__in=sorted(each.value for each in states))
    for name in FilterName:
        chosen = [each for each in filters.of(name) if each not in states]
        if chosen:
            parts = [_condition(each, asker) for each in chosen]
            yield reduce(or_ if name in _ALTERNATIVES else and_, parts)
        for each in filters.of(name, is_not=True):
            yield ~_condition(each, asker)


def _condition(chosen: Filter, asker: Asker) -> Q:
    return _CONDITIONS[chosen.name](chosen, asker)


# ── one filter at a time ──────────────────────────────────────────────────────────────────────────────────


def _is(chosen: Filter, asker: Asker) -> Q:
    now = asker.now
    match Being(chosen.value):
        case Being.MINE:
            return Q(assigned_to=asker.agent)
        case Being.UNASSIGNED:
            return Q(assigned_to=None)
        case Being.ASSIGNED:
            return Q(assigned_to__isnull=False)
        case Being.LATE:
            return Q(state=TicketState.OPEN, answer_due_at__lte=now)
        case Being.SOON:
            return Q(state=TicketState.OPEN, answer_due_at__gt=now, answer_due_at__lte=now + SOON)
        case Being.UNANSWERED:
            return Q(state=TicketState.OPEN, first_unanswered_at__isnull=False)
        case Being.SNOOZED:
            return Q(snoozed_until__gt=now)
        case Being.MENTIONED:
            return Q(pk__in=Mention.objects.filter(agent=asker.agent, seen_at=None).values("ticket"))
        case Being.UNDER_WAY:
            return under_way()
        case Being.REVIEW:
            return to_review(now)
        case Being.MERGED:
            return Q(merged_into__isnull=False)
        case state:
            return Q(state=state.value)


def _has(chosen: Filter, asker: Asker) -> Q:
    here = {"ticket": OuterRef("pk")}
    order = {"order": OuterRef("order")}
    match Having(chosen.value):
        case Having.CLAIM:
            return Q(claim_at__isnull=False)
        case Having.ORDER:
            return Q(order__isnull=False)
        case Having.ATTACHMENT:
            return Q(Exists(Attachment.objects.filter(message__ticket=OuterRef("pk"))))
        case Having.NOTE:
            return Q(Exists(Message.objects.filter(direction=Direction.NOTE, **here)))
        case Having.REFUND:
            return Q(Exists(Refund.objects.exclude(state=State.WITHDRAWN).filter(**order)))
        case Having.CANCELLATION:
            return Q(Exists(Cancellation.objects.exclude(state=State.WITHDRAWN).filter(**order)))
        case Having.CANCEL_REQUEST:
            return Q(order__in=asked_to_cancel())


def _from(chosen: Filter, asker: Asker) -> Q:
    """Look for the buyer's name in any spelling, or for the beginning of an address."""
    if "@" in chosen.value:
        # All selling partners are named because the index begins with them.
        everyone = _keys(SellingPartner.objects.all())
        return Q(selling_partner__in=everyone, buyer_address__startswith=chosen.value)
    return Q(buyer_name__iregex=spellings(chosen.value))


def _partner(chosen: Filter, asker: Asker) -> Q:
    named = Q(name__icontains=chosen.value) | Q(seller_id__iexact=chosen.value)
    return Q(selling_partner__in=_keys(SellingPartner.objects.filter(named)))


def _marketplace(chosen: Filter, asker: Asker) -> Q:
    return Q(marketplace_id=by_country(chosen.value).id)


def _language(chosen: Filter, asker: Asker) -> Q:
    return Q(language=chosen.value)


def _tag(chosen: Filter, asker: Asker) -> Q:
    return Q(tags__contains=[chosen.value])


def _agent(chosen: Filter, asker: Asker) -> Q:
    if chosen.value.lower() in ("me", "nobody"):
        return Q(assigned_to=asker.agent if chosen.value.lower() == "me" else None)
    named = Q(name__icontains=chosen.value) | Q(email__iexact=chosen.value)
    return Q(assigned_to__in=_keys(Agent.objects.filter(named)))


def _status(chosen: Filter, asker: Asker) -> Q:
    return _of_orders(status=STATUSES[chosen.value])


def _fulfilled(chosen: Filter, asker: Asker) -> Q:
    by_amazon = Q(order__fulfilled_by=FULFILLED_BY_AMAZON)
    if chosen.value == Fulfilled.BY_AMAZON:
        return by_amazon
    return Q(order__read_at__isnull=False) & ~by_amazon


def _amount(chosen: Filter, asker: Asker) -> Q:
    number, currency = chosen.amount
    sums = {f"total_hundredths__{_LOOKUPS[chosen.comparison]}": number.scaleb(2)}
    return _of_orders(**sums, **({"currency": currency} if currency else {}))


def _priority(chosen: Filter, asker: Asker) -> Q:
    return Q(**{f"priority__{_LOOKUPS[chosen.comparison]}": PRIORITIES[chosen.value]})


def _due(chosen: Filter, asker: Asker) -> Q:
    moment = asker.now + chosen.span
    return Q(state=TicketState.OPEN, **{f"answer_due_at__{_LOOKUPS[chosen.comparison]}": moment})


def _ref(chosen: Filter, asker: Asker) -> Q:
    return Q(pk=int(chosen.value.removeprefix("T-")) - FIRST_NUMBER)


_CONDITIONS: Mapping[FilterName, Callable[[Filter, Asker], Q]] = {
    FilterName.IS: _is,
    FilterName.FROM: _from,
    FilterName.PARTNER: _partner,
    FilterName.MARKETPLACE: _marketplace,
    FilterName.LANGUAGE: _language,
    FilterName.TAG: _tag,
    FilterName.AGENT: _agent,
    FilterName.STATUS: _status,
    FilterName.FULFILLED: _fulfilled,
    FilterName.HAS: _has,
    FilterName.AMOUNT: _amount,
    FilterName.PRIORITY: _priority,
    FilterName.DUE: _due,
    FilterName.REF: _ref,
}


def _of_orders(**facts: Any) -> Q:
    """Return the condition that the order is so; few orders are looked up, and their tickets found by key."""
    keys = list(Order.objects.filter(**facts).values_list("pk", flat=True)[: FEW + 1])
    if len(keys) <= FEW:
        return Q(order__in=these(keys))
    return Q(**{f"order__{name}": value for name, value in facts.items()})


def _keys(rows: QuerySet[Agent] | QuerySet[SellingPartner]) -> list[int]:
    """Return the few keys themselves: the database plans better with them than with a question."""
    return list(rows.values_list("pk", flat=True))


# ── what is under way, and what a person must look at ─────────────────────────────────────────────────────


def under_way() -> Q:
    """Return the condition that a refund or cancellation of the order is on its way."""
    states = sorted(UNDER_WAY)
    refunds = Refund.objects.filter(state__in=states).values("order_id")
    return Q(order_id__in=refunds.union(Cancellation.objects.filter(state__in=states).values("order_id")))


def to_review(now: datetime) -> Q:
    """Return the condition that a person must look at an action of the order, disputed refunds among them."""
    states = sorted(MUST_BE_LOOKED_AT)
    long_ago = Q(state=State.ACCEPTED, moved_at__lte=now - DISPUTED_AFTER)
    refunds = Refund.objects.filter(Q(state__in=states) | long_ago).values("order_id")
    return Q(order_id__in=refunds.union(Cancellation.objects.filter(state__in=states).values("order_id")))
