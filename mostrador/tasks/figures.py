"""Figures: how much of everything waits, is late or unclear; computed from the database, for any monitor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, Min, Q
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.domain.tickets import TicketState
from mostrador.models import (
    CallCount,
    Cancellation,
    Feed,
    Mailbox,
    Quota,
    RawMail,
    Refund,
    Reply,
    SellingPartner,
    SendingStop,
    Ticket,
)
from mostrador.tasks import lateness

# What ended well is history; these are what somebody may have to look at, or wait for.
STATES_SHOWN = (
    State.REQUESTED,
    State.SENDING,
    State.SENT,
    State.UNKNOWN,
    State.NOT_SENT,
    State.REVIEW,
)
ALWAYS_SHOWN = "createFeed"  # the bucket every refund waits for


class Kind(StrEnum):
    """What a monitor may do with a figure."""

    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class Sample:
    """One number and the labels' values that tell it apart."""

    value: float
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A name, what it means, and its numbers."""

    name: str
    meaning: str
    samples: Sequence[Sample]
    labels: tuple[str, ...] = ()
    kind: Kind = Kind.GAUGE


def figures(now: datetime) -> Iterator[Figure]:
    """Return every figure; names carry no prefix, times are in seconds."""
    yield from _queue(now)
    yield from _workers(now)
    yield from _actions(now)
    yield from _feeds(now)
    yield from _amazon(now)
    yield from _tickets(now)
    yield from _trouble()


def _queue(now: datetime) -> Iterator[Figure]:
    oldest = lateness.oldest_ready(now)
    age = (now - oldest[0]).total_seconds() if oldest else 0.0
    yield _one(
        "queue_oldest_job_seconds", "How long the oldest job that could run has waited.", max(age, 0.0)
    )
    yield _one("queue_ready_jobs", "Jobs a worker could take now.", lateness.jobs_ready(now).count())
    counted = dict(ProcrastinateJob.objects.values_list("status").annotate(number=Count("id")))
    statuses = sorted({"todo", "doing", "failed"} | set(counted))
    samples = [Sample(counted.get(status, 0), (status,)) for status in statuses]
    yield Figure("jobs", "Jobs in the queue's table, by procrastinate's status.", samples, ("status",))


def _workers(now: datetime) -> Iterator[Figure]:
    yield _one(
        "workers", "Workers that have shown a sign of life within a minute.", lateness.workers_alive(now)
    )
    latest = ProcrastinateWorker.objects.order_by("-last_heartbeat").first()
    silence = [Sample(max((now - latest.last_heartbeat).total_seconds(), 0.0))] if latest else []
    yield Figure("worker_silence_seconds", "How long ago the last worker showed a sign of life.", silence)
    closed = SendingStop.objects.current() is not None
    yield _one(
        "sending_closed", "1 while nothing is sent for anybody, until an owner opens it again.", closed
    )


def _actions(now: datetime) -> Iterator[Figure]:
    samples, waits = [], []
    for model in (Refund, Cancellation, Reply):
        name = model.__name__.lower()
        rows = model._default_manager.filter(state__in=STATES_SHOWN)
        counted = dict(rows.values_list("state").annotate(number=Count("id")))
        samples += [Sample(counted.get(state.value, 0), (name, state.value)) for state in STATES_SHOWN]
        waiting = Q(state=State.REQUESTED, send_after__lte=now)
        if model is Reply:
            waiting &= Q(armed_refund=None, armed_cancellation=None)  # those wait for Amazon, rightly
        oldest = rows.filter(waiting).aggregate(at=Min("send_after"))["at"]
        waits.append(Sample((now - oldest).total_seconds() if oldest else 0.0, (name,)))
    yield Figure(
        "actions", "Refunds, cancellations and replies that have not ended.", samples, ("kind", "state")
    )
    meaning = "How long the oldest action has been due without leaving."
    yield Figure("oldest_waiting_action_seconds", meaning, waits, ("kind",))


def _feeds(now: datetime) -> Iterator[Figure]:
    counted = dict(Feed.objects.values_list("state").annotate(number=Count("id")))
    samples = [Sample(counted.get(state.value, 0), (state.value,)) for state in FeedState]
    yield Figure("feeds", "Feeds, by their state.", samples, ("state",))
    oldest = Feed.objects.due(now).aggregate(at=Min("next_action_at"))["at"]
    late = (now - oldest).total_seconds() if oldest else 0.0
    yield _one("oldest_due_feed_seconds", "How long the next step of a feed has been due.", late)


def _amazon(now: datetime) -> Iterator[Figure]:
    calls = CallCount.objects.order_by("operation", "outcome")
    samples = [Sample(each.number, (each.operation, each.outcome)) for each in calls]
    meaning = "Calls to Amazon, by how they ended; throttled is a 429."
    yield Figure("amazon_calls", meaning, samples, ("operation", "outcome"), Kind.COUNTER)
    meaning = "createFeed tokens left, and those of every other operation whose bucket is not full."
    labels = ("selling_partner", "name", "region", "operation")
    yield Figure("tokens_left", meaning, list(_tokens(now)), labels)


def _tokens(now: datetime) -> Iterator[Sample]:
    for quota in Quota.objects.select_related("selling_partner").order_by("selling_partner", "operation"):
        level = quota.bucket().level(now)
        if level < quota.burst or quota.operation == ALWAYS_SHOWN:
            partner = quota.selling_partner
            yield Sample(level, (str(partner.pk), partner.name, partner.region, quota.operation))


def _tickets(now: datetime) -> Iterator[Figure]:
    counted = dict(Ticket.objects.values_list("state").annotate(number=Count("id")))
    samples = [Sample(counted.get(state.value, 0), (state.value,)) for state in TicketState]
    yield Figure("tickets", "Tickets, by whose turn it is.", samples, ("state",))
    late = Ticket.objects.filter(state=TicketState.OPEN, answer_due_at__lt=now).count()
    yield _one("tickets_late", "Open tickets whose 24 hours are over.", late)


def _trouble() -> Iterator[Figure]:
    paused = SellingPartner.objects.filter(paused_at__isnull=False).count()
    yield _one("selling_partners_paused", "Selling partners for which nothing is sent.", paused)
    unread = SellingPartner.objects.exclude(sync_trouble="").count()
    yield _one("selling_partners_in_trouble", "Selling partners whose orders could not be read.", unread)
    yield _one("mailboxes", "Mailboxes.", Mailbox.objects.count())
    in_trouble = Mailbox.objects.exclude(trouble="").count()
    yield _one("mailboxes_in_trouble", "Mailboxes that could not be read the last time.", in_trouble)
    yield _one(
        "mails_unread", "Mails that were stored and are in no ticket yet.", RawMail.objects.unread().count()
    )


def _one(name: str, meaning: str, value: float) -> Figure:
    return Figure(name, meaning, [Sample(float(value))])
