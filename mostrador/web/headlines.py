"""Headlines: what the agent must know of a refund or cancellation now, in words nobody can misread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mostrador.domain import feeds as rules
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.models import Cancellation, Feed, Refund
from mostrador.web.codes import code_words
from mostrador.web.notation import clock_text

Action = Refund | Cancellation
# Seller Central shows what a feed has done only after a while.
SHOWN_AFTER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Headline:
    """The sentences of a state, what to do step by step, and words to copy for a case with Amazon.

    `first` is what must not be overlooked; it stands before everything else.
    """

    words: str = ""
    advice: Sequence[str] = ()
    case: str = ""
    first: str = ""


def headline_of(action: Action, feed: Feed | None, now: datetime, *, disputed: bool) -> Headline:
    """Return what must be said of an action; nothing where all goes well."""
    if disputed and isinstance(action, Refund):
        return _disputed(action, feed, now)
    match State(action.state):
        case State.UNKNOWN:
            return Headline(_unknown(action, feed, now), first=_hands_off(action))
        case State.REVIEW:
            return Headline(_review(action), _review_advice(action, _shown_from(action, feed), now))
        case State.NOT_SENT:
            return Headline(_not_sent(action))
        case State.REJECTED:
            return Headline(_rejected(action))
    return Headline()


# ── unknown ───────────────────────────────────────────────────────────────────────────────────────────────


def _unknown(action: Action, feed: Feed | None, now: datetime) -> str:
    if _is_cancelled(action):
        said = _("Amazon shows the order as cancelled by now. Only the answer to %(reference)s is missing.")
        return " ".join([said % {"reference": action.reference}, _looks(feed, now)]).strip()
    first = _("Sending began at %(clock)s, but no answer arrived: it may or may not have gone through.") % {
        "clock": clock_text(feed.marked_at if feed and feed.marked_at else action.moved_at)
    }
    looks = _looks(feed, now)
    return " ".join(part for part in (first, looks) if part)


def _hands_off(action: Action) -> str:
    if _is_cancelled(action):
        return _("Do not ship it.")
    if isinstance(action, Cancellation):
        return _("Do not cancel it in Seller Central.")
    return _("Do not refund it here or in Seller Central.")


def _is_cancelled(action: Action) -> bool:
    """Return whether the order shows by now what was asked for, although no answer says so."""
    return isinstance(action, Cancellation) and action.order.is_cancelled()


def _looks(feed: Feed | None, now: datetime) -> str:
    known = lost_feed(feed)
    if known is None:
        return ""
    return _("We keep looking: next look %(next)s, decision at the latest %(latest)s.") % {
        "next": clock_text(known.next_action_at or rules.next_look(known, now)),
        "latest": clock_text(rules.decided_by(known)),
    }


def lost_feed(feed: Feed | None) -> rules.Feed | None:
    """Return a feed whose answer was lost as the rules see it, or nothing for any other."""
    if feed is None or feed.state != FeedState.UNKNOWN or not feed.token_expires_at or not feed.marked_at:
        return None
    return rules.Feed(
        state=FeedState.UNKNOWN,
        message_ids=frozenset(),
        marked_at=feed.marked_at,
        token_expires_at=feed.token_expires_at,
        empty_looks=tuple(feed.empty_looks),
        next_action_at=feed.next_action_at,
    )


# ── a person must look ────────────────────────────────────────────────────────────────────────────────────


def _review(action: Action) -> str:
    if _is_cancelled(action):
        return _("Amazon shows the order as cancelled by now: do not ship it, and say below what you see.")
    if isinstance(action, Cancellation):
        return _("Nobody knows yet whether Amazon cancelled the order: a person must look.")
    return _("Nobody knows yet whether Amazon made this refund: a person must look.")


def _shown_from(action: Action, feed: Feed | None) -> datetime:
    """Return when Seller Central should show what Amazon has done."""
    known = (feed.sent_at or feed.marked_at) if feed else None
    return (known or action.moved_at) + SHOWN_AFTER


def _review_advice(action: Action, shown_from: datetime, now: datetime) -> tuple[str, ...]:
    first = _("Open the order in Seller Central.")
    if now < shown_from:
        first = _("Wait until %(clock)s: Amazon may still be working. Then open the order in Seller Central.")
        first %= {"clock": clock_text(shown_from)}
    if isinstance(action, Cancellation):
        return (
            first,
            _("Look at its status: “Cancelled” means it was done."),
            _("Say below what you saw. Do not cancel it a second time."),
        )
    return (
        first,
        _("Look at its refunds: is this amount among them?"),
        _("Say below what you saw. Do not refund it again before that is decided."),
    )


# ── decided ───────────────────────────────────────────────────────────────────────────────────────────────


def _not_sent(action: Action) -> str:
    if isinstance(action, Cancellation):
        return _("Nothing reached Amazon, and the order is free again. Cancel it anew if you still want to.")
    return _(
        "Proven: nothing reached Amazon, and the buyer got nothing from it. Send it again, or leave it "
        "as it is."
    )


def _rejected(action: Action) -> str:
    if isinstance(action, Cancellation):
        return _("The order is not cancelled; it is free for other actions again.")
    free = _("The buyer got nothing from this refund; the amount is free for a new one.")
    return " ".join(part for part in (code_words(action.answer_code), free) if part)


def _disputed(refund: Refund, feed: Feed | None, now: datetime) -> Headline:
    days = (now - refund.moved_at).days
    words = ngettext(
        "Amazon accepted this %(n)d day ago, but its accounts do not show it: the buyer may not have the "
        "money.",
        "Amazon accepted this %(n)d days ago, but its accounts do not show it: the buyer may not have the "
        "money.",
        days,
    ) % {"n": days}
    advice = (
        _("Open the order in Seller Central: are its refunds there?"),
        _("If not, open a case with Amazon and give it the words below."),
        _("Do not refund it again: both might arrive."),
    )
    return Headline(words, advice, case_text(refund, feed))


def case_text(refund: Refund, feed: Feed | None) -> str:
    """Return the words for a case with Amazon's Seller Support, in English whoever asks."""
    number = feed.feed_id if feed and feed.feed_id else "unknown"
    sent = _utc(feed.sent_at if feed and feed.sent_at else refund.sent_at or refund.requested_at)
    return (
        f"Order {refund.order.amazon_order_id}: we sent a refund of {refund.money.decimal} {refund.currency} "
        f"(reason {refund.reason}) through the Feeds API, feed ID {number}, feed type "
        f"POST_PAYMENT_ADJUSTMENT_DATA, on {sent}. Its processing report of {_utc(refund.moved_at)} shows no "
        "error, but the refund does not appear among the order's transactions. "
        "Please tell us whether the buyer was refunded, and when."
    )


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
