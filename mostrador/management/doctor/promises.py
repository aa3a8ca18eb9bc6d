"""Promises: refunds, cancellations and replies whose outcome is unclear or late, and their feeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from mostrador.domain.delivery import State
from mostrador.domain.feeds import STUCK_AFTER, FeedState
from mostrador.management.doctor.findings import Finding, counted, fine, in_words, note, trouble
from mostrador.models import Cancellation, Feed, Refund, Reply
from mostrador.tasks import lateness

MAY_BE_LATE = timedelta(minutes=3)
PROOF_MAY_TAKE = timedelta(days=7)
NAMES_SHOWN = 8
REASONS_SHOWN = 3


def unclear(now: datetime) -> Iterator[Finding]:
    """Name the actions of which nobody knows whether they happened, and those a person must look at."""
    unknown = _in_state(State.UNKNOWN)
    if unknown:
        yield trouble(
            "unclear actions",
            f"It is not known whether these happened: {_names(unknown)}.",
            "Do not do them again, here or in Seller Central. The desk looks for proof by itself; "
            "the ticket says until when.",
        )
    review = _in_state(State.REVIEW)
    if review:
        yield trouble(
            "unclear actions",
            f"A person must look at these: {_names(review)}.",
            "Open the ticket, compare with the order in Seller Central, and record what you see.",
        )
    not_sent = _in_state(State.NOT_SENT)
    if not_sent:
        yield note(
            "unclear actions",
            f"These were proven never to have been sent: {_names(not_sent)}.",
            "Open the ticket and send them again, or leave them.",
        )
    if not unknown and not review:
        yield fine("unclear actions", "Every action has a clear state.")


def overdue(now: datetime) -> Iterator[Finding]:
    """Name the actions that should have left by now."""
    since = now - MAY_BE_LATE
    late = [
        *Refund.objects.due(since).select_related("selling_partner"),
        *Cancellation.objects.due(since).select_related("selling_partner"),
        *Reply.objects.due(since)
        .filter(armed_refund=None, armed_cancellation=None)
        .select_related("selling_partner", "ticket__mailbox"),
    ]
    if late:
        yield trouble(
            "overdue actions",
            f"These should have left by now: {_names(late)}. {_reasons(late, now)}",
            "See whether a worker runs, whether the selling partner is paused, and how much quota is left.",
        )
        return
    yield fine("overdue actions", "Nothing waits longer than it should.")


def _reasons(late: Sequence[Refund | Cancellation | Reply], now: datetime) -> str:
    """Return why they wait: one reason for each selling partner and kind, for the first few."""
    one_of_each = {(type(action), action.selling_partner_id): action for action in reversed(late)}
    first = [*reversed(one_of_each.values())][:REASONS_SHOWN]
    return " ".join(f"{action.reference}: {lateness.why_waiting(action, now)}." for action in first)


def unproven(now: datetime) -> Iterator[Finding]:
    """Name the refunds which Amazon accepted long ago and which its accounts still do not show."""
    accepted = Refund.objects.in_state(State.ACCEPTED).filter(moved_at__lt=now - PROOF_MAY_TAKE)
    if accepted:
        yield trouble(
            "unproven refunds",
            f"Accepted over {in_words(PROOF_MAY_TAKE)} ago, not in Amazon's accounts: {_names(accepted)}.",
            "Compare with Payments in Seller Central and open a case with Amazon.",
        )
        return
    yield fine("unproven refunds", "Amazon's accounts show what Amazon accepted, or still have time to.")


def feeds(now: datetime) -> Iterator[Finding]:
    """Name the feeds that stand still."""
    unfinished = Feed.objects.unfinished().select_related("selling_partner").order_by("pk")
    stuck = [feed for feed in unfinished if _is_stuck(feed, now)]
    for feed in stuck[:NAMES_SHOWN]:
        at_amazon = in_words(now - (feed.sent_at or now))
        yield trouble(
            "feeds",
            f"Feed {feed} of {feed.selling_partner} has been at Amazon for {at_amazon}.",
            "Amazon's support can free it. Do not send its refunds again.",
        )
    late = [
        f for f in unfinished if f not in stuck and f.next_action_at and now - f.next_action_at > MAY_BE_LATE
    ]
    if late:
        yield trouble(
            "feeds",
            f"{counted(len(late), 'feed')} waiting to be looked after: {', '.join(map(str, late[:5]))}.",
            "See whether a worker runs: mostrador worker",
        )
    if not stuck and not late:
        yield fine("feeds", f"{counted(len(unfinished), 'feed')} under way, none of them late.")


def _is_stuck(feed: Feed, now: datetime) -> bool:
    return feed.state == FeedState.SENT and feed.sent_at is not None and now - feed.sent_at > STUCK_AFTER


def _in_state(state: State) -> list[Refund | Cancellation | Reply]:
    return [
        *Refund.objects.in_state(state).order_by("pk"),
        *Cancellation.objects.in_state(state).order_by("pk"),
        *Reply.objects.in_state(state).order_by("pk"),
    ]


def _names(actions: Iterable[Refund | Cancellation | Reply]) -> str:
    names = [action.reference for action in actions]
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
