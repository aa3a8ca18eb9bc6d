"""Reconciling: after a restore, compare Amazon's feeds with the database, and move what is in doubt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from mostrador.amazon import feeds as amazon
from mostrador.amazon.errors import AmazonError
from mostrador.amazon.feeds import FeedType
from mostrador.domain import feeds as feed_rules
from mostrador.domain import guards as rules
from mostrador.domain.delivery import Source, State
from mostrador.domain.feeds import BEFORE_AMAZON, FeedState, NotNow
from mostrador.domain.guards import Fate, ForgottenFeed
from mostrador.models import (
    Cancellation,
    Event,
    EventKind,
    Feed,
    FeedMark,
    ForgottenMark,
    LostRace,
    Order,
    Reconciliation,
    Refund,
    SeenFeed,
    SellingPartner,
    SendingStop,
)
from mostrador.tasks import feeds, messages, orders
from mostrador.tasks import forgotten as forgotten_marks
from mostrador.tasks.gate import NoToken, ask
from mostrador.tasks.settling import settle

Wish = Refund | Cancellation

RESTORED = "restored"  # the answer code of what was moved to review because of a restore
RESTORED_WORDS = "the database was restored: it may have been sent before, in a feed that was forgotten"
ORDERS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found for one selling partner and feed type."""

    partner: SellingPartner
    feed_type: FeedType
    forgotten: tuple[ForgottenFeed, ...] = ()
    searched: tuple[str, ...] = ()  # feeds that may be among the forgotten ones
    reviewed: tuple[str, ...] = ()  # refunds or cancellations that may be inside one of them
    stuck: tuple[str, ...] = ()  # never-sent ones in doubt that cannot be moved: their money is used
    safe: tuple[str, ...] = ()  # wait on and will leave once sending is open
    imported: tuple[str, ...] = ()  # refunds that only Amazon's accounts knew
    unread: tuple[str, ...] = ()  # orders that could not be read yet
    held: tuple[ForgottenMark, ...] = ()  # marks of the journal that the database does not know
    trouble: str = ""
    certain_from: datetime | None = None
    complete: bool = False


@dataclass
class _Moved:
    searched: list[str] = field(default_factory=list)
    reviewed: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    orders: set[int] = field(default_factory=set)


def reconcile(*, now: datetime) -> list[Comparison]:
    """Compare every selling partner with Amazon's list; safe to repeat; empty while sending is open.

    Raises: OSError when the journal of marks cannot be read.
    """
    stop = SendingStop.objects.current()
    if stop is None:
        return []
    forgotten_marks.take_in(stop, now=now)
    partners = SellingPartner.objects.order_by("name", "region")
    return [_compare(stop, partner, kind, now) for partner in partners for kind in FeedType]


def _compare(stop: SendingStop, partner: SellingPartner, kind: FeedType, now: datetime) -> Comparison:
    blank = Comparison(partner, kind, certain_from=stop.certain_from)
    try:
        listed = _list(stop, partner, kind, now)
    except NoToken as wait:
        return replace(blank, trouble=f"no token for getFeeds before {wait.ready_at:%H:%M:%S} UTC")
    except AmazonError as error:
        return replace(blank, trouble=str(error))
    known_at = FeedMark.objects.newest_at()
    unknown = _forgotten(stop, partner, listed)
    forgotten = rules.after_last_knowledge(unknown, known_at)
    adopted = set(_adopted(stop, partner))
    homeless = tuple(feed for feed in forgotten if feed.feed_id not in adopted)
    moved = _Moved()
    _search_for_feed(stop, partner, kind, homeless, moved, now)
    _review_wishes(stop, partner, kind, forgotten, moved, now)
    _read_held(stop, partner, kind)
    ownerless = tuple(feed for feed in unknown if feed.feed_id not in adopted)
    forgotten_marks.match_list(stop=stop, partner=partner, kind=kind, feeds=ownerless, now=now)
    unread, imported = _read_orders(stop, partner, kind, moved, now)
    complete = not unread and now >= stop.certain_from
    Reconciliation.objects.note(
        stop=stop, partner=partner, feed_type=kind, forgotten=homeless, complete=complete, now=now
    )
    return replace(
        blank,
        forgotten=homeless,
        searched=tuple(moved.searched),
        reviewed=tuple(moved.reviewed),
        stuck=tuple(moved.stuck),
        safe=tuple(wish.reference for wish in _wishes(stop, partner, kind) if wish.state == State.REQUESTED),
        imported=imported,
        unread=unread,
        held=tuple(forgotten_marks.held_marks(partner, kind)),
        complete=complete,
    )


# ── Amazon's list ─────────────────────────────────────────────────────────────────────────────────────────


def _list(
    stop: SendingStop, partner: SellingPartner, kind: FeedType, now: datetime
) -> tuple[ForgottenFeed, ...]:
    """Return every feed of a type that Amazon lists.

    Raises: NoToken, AmazonError.
    """
    waiting = [_asked_at(wish) for wish in _wishes(stop, partner, kind)]
    feed = Feed.objects.before_sending(partner=partner, feed_type=kind)
    since = rules.listed_since(now, [*waiting, *([feed.sealed_at] if feed else [])])
    listed = ask(
        partner,
        "getFeeds",
        lambda client: amazon.list_feeds(client, feed_type=kind, created_since=since, now=now),
        now,
    )
    return tuple(ForgottenFeed(each.feed_id, each.created_at, each.status) for each in listed)


def _forgotten(
    stop: SendingStop, partner: SellingPartner, listed: Sequence[ForgottenFeed]
) -> tuple[ForgottenFeed, ...]:
    """Return the feeds the database did not know when sending closed, though it may have learned since."""
    began = _doubt_began(stop)
    ids = [feed.feed_id for feed in listed]
    seen = SeenFeed.objects.filter(selling_partner=partner, feed_id__in=ids, seen_at__lt=began)
    ours = Feed.objects.filter(selling_partner=partner, feed_id__in=ids, sent_at__lt=began)
    known = {*seen.values_list("feed_id", flat=True), *ours.values_list("feed_id", flat=True)}
    return tuple(feed for feed in listed if feed.feed_id not in known)


def _adopted(stop: SendingStop, partner: SellingPartner) -> Iterable[str]:
    """Return the feeds that were found and taken for ours since sending was closed."""
    found = Feed.objects.filter(selling_partner=partner, sent_at__gte=_doubt_began(stop)).exclude(feed_id="")
    return found.values_list("feed_id", flat=True)


def _doubt_began(stop: SendingStop) -> datetime:
    """Return when the oldest stop that still holds began: what was noted later tells nothing of the copy."""
    oldest = SendingStop.objects.unopened().order_by("closed_at").first()
    return min(stop.closed_at, oldest.closed_at) if oldest else stop.closed_at


# ── our rows ──────────────────────────────────────────────────────────────────────────────────────────────


def _wishes(stop: SendingStop, partner: SellingPartner, kind: FeedType) -> Iterator[Wish]:
    """Return what was asked for before sending closed and has no feed: it waits, or was never sent."""
    rows = Refund.objects if kind is FeedType.POST_PAYMENT_ADJUSTMENT_DATA else Cancellation.objects
    waiting = Q(state=State.REQUESTED, requested_at__lt=stop.closed_at)
    never_sent = Q(state=State.NOT_SENT, moved_at__lt=stop.closed_at)
    yield from rows.filter(waiting | never_sent, selling_partner=partner).order_by("pk")


def _asked_at(wish: Wish) -> datetime:
    """Return since when it may have been sent by a run that was forgotten."""
    return wish.requested_at if wish.state == State.REQUESTED else wish.moved_at


def _search_for_feed(
    stop: SendingStop,
    partner: SellingPartner,
    kind: FeedType,
    homeless: Sequence[ForgottenFeed],
    moved: _Moved,
    now: datetime,
) -> None:
    """Let the normal search look for a feed that had not reached Amazon, if it may be a forgotten one."""
    feed = Feed.objects.filter(selling_partner=partner, feed_type=kind, state__in=BEFORE_AMAZON).first()
    if feed is None:
        return
    messages_of = feed.feed_messages.select_related("refund", "cancellation")
    moved.orders |= {message.action.order_id for message in messages_of}
    candidates = rules.may_hold(homeless, asked_at=feed.sealed_at)
    if rules.fate_of_feed(FeedState(feed.state), candidates) is not Fate.SEARCHED:
        return
    moved.searched += [message.action.reference for message in messages_of]
    if feed.state in (FeedState.MARKED, FeedState.UNKNOWN):
        return  # the normal search is on its way
    may_have_left = feed_rules.MayHaveLeft(feed.sealed_at - rules.CLOCK_SLACK, stop.certain_from)
    try:
        settle(feed, may_have_left, now)
    except (LostRace, NotNow):
        return  # a worker is staging it: the next comparison finds it again
    Feed.objects.filter(pk=feed.pk).update(next_action_at=now)
    feeds.plan_follow(feed_pk=feed.pk, at=now, now=now)


def _review_wishes(
    stop: SendingStop,
    partner: SellingPartner,
    kind: FeedType,
    forgotten: Sequence[ForgottenFeed],
    moved: _Moved,
    now: datetime,
) -> None:
    for wish in list(_wishes(stop, partner, kind)):
        moved.orders.add(wish.order_id)
        candidates = rules.may_hold(forgotten, asked_at=_asked_at(wish))
        if rules.fate_of_wish(State(wish.state), candidates) is Fate.REVIEWED:
            _review(wish, [feed.feed_id for feed in candidates], moved, now)


def _review(wish: Wish, feed_ids: Sequence[str], moved: _Moved, now: datetime) -> None:
    """Have a person look whether it was done: nothing else can tell."""
    try:
        with transaction.atomic():
            Order.objects.locked(wish.order_id)
            wish.move(State.REVIEW, now=now, answer_code=RESTORED, answer_words=RESTORED_WORDS)
            Event.objects.step(
                EventKind.REVIEW, wish, at=now, code=RESTORED, words=RESTORED_WORDS, feeds=list(feed_ids)
            )
            messages.release_armed(action=wish, now=now)
    except LostRace:
        return  # taken back meanwhile
    except IntegrityError:
        moved.stuck.append(wish.reference)  # never sent, and its money has been promised to another one
    else:
        moved.reviewed.append(wish.reference)


# ── Amazon's accounts ─────────────────────────────────────────────────────────────────────────────────────


def _read_orders(
    stop: SendingStop, partner: SellingPartner, kind: FeedType, moved: _Moved, now: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read the orders concerned and their accounts; return those not read yet, and what was imported."""
    concerned = Order.objects.filter(pk__in=moved.orders).order_by("pk")
    for pk in [order.pk for order in concerned if not _was_read(order, stop)][:ORDERS_AT_ONCE]:
        orders.refresh(order_id=pk)
    unread = [order.amazon_order_id for order in concerned.all() if not _was_read(order, stop)]
    if kind is not FeedType.POST_PAYMENT_ADJUSTMENT_DATA:
        return tuple(unread), ()
    elsewhere = Refund.objects.filter(
        order__in=moved.orders, source=Source.ELSEWHERE, moved_at__gte=stop.closed_at
    )
    for wish in list(_wishes(stop, partner, kind)):
        assert isinstance(wish, Refund)
        since = _asked_at(wish) - rules.CLOCK_SLACK
        if elsewhere.filter(order=wish.order_id, total=wish.total, requested_at__gte=since).exists():
            _review(wish, [], moved, now)  # the accounts show it, though the list of feeds does not
    return tuple(unread), tuple(f"{each.reference} of {each.order.amazon_order_id}" for each in elsewhere)


def _read_held(stop: SendingStop, partner: SellingPartner, kind: FeedType) -> None:
    """Read the orders that are held, and their accounts: either may show what was forgotten.

    An order that cannot be read stays held; it does not keep the others from being sent.
    """
    held = {mark.order_id: mark.order for mark in forgotten_marks.held_marks(partner, kind)}
    for pk in [pk for pk, order in held.items() if not _was_read(order, stop)][:ORDERS_AT_ONCE]:
        orders.refresh(order_id=pk)


def _was_read(order: Order, stop: SendingStop) -> bool:
    if order.read_at is None or order.read_at < stop.closed_at:
        return False
    if not order.may_have_bookings():
        return True
    return order.money_read_at is not None and order.money_read_at >= stop.closed_at
