"""Feeds: gather what is due, seal it, send it once, and find out what became of it.

The steps are atomic phases cut at every call to Amazon; each may be repeated after a crash, but for the one
call between the mark and its answer, which is made by `_send` alone.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.utils import timezone
from procrastinate.contrib.django import app

from mostrador.amazon import feeds as amazon
from mostrador.amazon.errors import AmazonError, Happened, Throttled, Unauthorized
from mostrador.amazon.feeds import FeedType
from mostrador.amazon.wire import boot_clock
from mostrador.domain import feeds as rules
from mostrador.domain.feeds import FeedState
from mostrador.models import Feed, LostRace, Quota, SeenFeed, SellingPartner
from mostrador.models.feeds import ONE_IN_FLIGHT
from mostrador.tasks import (
    amazons_clock,
    departures,
    guards,
    journal,
    marks,
    rates,
    reports,
    sealing,
    strange_feeds,
)
from mostrador.tasks.clock import database_now, on_the_wall
from mostrador.tasks.failpoints import reach
from mostrador.tasks.gate import NoToken, ask, client_for, take
from mostrador.tasks.invariants import constraint_of, guarded, stop_sending
from mostrador.tasks.queue import enqueue
from mostrador.tasks.settling import settle

logger = logging.getLogger(__name__)

SEND_WITHIN = 60.0  # seconds between the mark and the first byte; later the worker may not send any more
CLOSED_LOOKS_AGAIN = timedelta(minutes=1)  # while the restore guard has closed all sending
LISTING_SLACK = timedelta(minutes=10)  # how far before the mark Amazon's list is read
CLOCK_SLACK = timedelta(minutes=10)  # how far Amazon's clock and ours may be apart
CLOCKS_DIFFER = "this machine's clock and Amazon's differ: an empty list proves nothing now"


def plan_dispatch(*, partner_id: int, feed_type: FeedType, at: datetime, now: datetime) -> None:
    """Have what is due of one kind sent at `at`; the job commits with the caller's transaction."""
    job = dispatch.configure(schedule_at=on_the_wall(at)) if at > now else dispatch
    job.defer(partner_id=partner_id, feed_type=feed_type.value)


def plan_follow(*, feed_pk: int, at: datetime, now: datetime) -> None:
    """Have the next step of a feed done at `at`."""
    job = follow.configure(schedule_at=on_the_wall(at)) if at > now else follow
    job.defer(feed_pk=feed_pk)


@app.task(name="feeds.dispatch")
@guarded
def dispatch(*, partner_id: int, feed_type: str) -> None:
    """Send the due refunds or cancellations of one selling partner: in one feed, if a token is free."""
    reach("dispatch.begins")
    partner = SellingPartner.objects.get(pk=partner_id)
    now = database_now()  # the queue's clock: by one that is behind, this job would plan itself in circles
    if partner.paused_at is not None:
        return
    # What is blocked by a feed under way is left to its carrier: a second one would only burn tokens.
    departure = departures.next_departure(partner, now)
    if departure is None:
        return
    kind = departures.KINDS[departure.kind]
    if departure.at > now:
        _plan_departure(partner_id, kind, departure.at)  # what comes meanwhile travels along
        return
    if guards.is_closed(now):
        return
    reach("dispatch.chosen")
    feed = sealing.seal(partner=partner, feed_type=kind, keys=departure.keys, now=now)
    reach("seal.committed")
    if feed is not None:
        _carry(feed, now)
    if kind != feed_type:
        plan_dispatch(partner_id=partner_id, feed_type=FeedType(feed_type), at=now, now=now)


def _plan_departure(partner_id: int, feed_type: FeedType, at: datetime) -> None:
    """Have the next departure looked at when it is time; one such job for that second is enough.

    A later plan may name an earlier time: the job of the first must not stand in the way of the second's.
    """
    lock = f"departure:{partner_id}:{feed_type}:{at:%d%H%M%S}"
    enqueue(dispatch, lock=lock, at=at, partner_id=partner_id, feed_type=feed_type.value)


@app.task(name="feeds.follow")
@guarded
def follow(*, feed_pk: int) -> None:
    """Do whatever is due for one feed: go on sending, look for it, ask how it stands, read its report."""
    feed = Feed.objects.select_related("selling_partner").get(pk=feed_pk)
    now = timezone.now()
    if feed.next_action_at is None or feed.next_action_at > now:
        return
    reach("follow.begins")
    try:
        match FeedState(feed.state):
            case FeedState.SEALED | FeedState.STAGED:
                _carry(feed, now)
                return
            case FeedState.MARKED:
                settle(feed, rules.LeaseOver(), now)
            case FeedState.UNKNOWN:
                _look_for(feed, now)
            case FeedState.SENT:
                _ask_how_it_stands(feed, now)
            case _:
                return
    except NoToken as wait:
        _again(feed, wait.ready_at)
    except AmazonError as error:
        _again(feed, now + _pause(error), trouble=str(error))
    except (LostRace, rules.NotNow):
        return  # somebody else was faster and has planned the next step
    reach("follow.done")
    _plan_next(feed)


def _again(feed: Feed, at: datetime, *, trouble: str = "") -> None:
    Feed.objects.filter(pk=feed.pk, state=feed.state).update(next_action_at=at, trouble=trouble)
    feed.next_action_at = at


def _pause(error: AmazonError) -> timedelta:
    return timedelta(seconds=min(max(error.retry_after or 15.0, 2.0), 300.0))


# ── sending ───────────────────────────────────────────────────────────────────────────────────────────────


def _carry(feed: Feed, now: datetime) -> None:
    """Take a feed that has not reached Amazon as far as it goes; only the mark's winner sends."""
    try:
        if feed.state == FeedState.SEALED:
            _stage(feed, now)
        if feed.state == FeedState.STAGED:
            _send(feed)
    except NoToken as wait:
        _again(feed, wait.ready_at)
    except AmazonError as error:
        settle(feed, rules.CertainlyNotDone(str(error), _retry_after(error)), timezone.now())
    except (LostRace, rules.NotNow):
        return  # another worker holds this feed
    except IntegrityError as clash:
        if constraint_of(clash) != ONE_IN_FLIGHT:
            raise
        return  # another one of its kind is in flight
    _plan_next(feed)


def _plan_next(feed: Feed) -> None:
    """Plan the feed's next step; once it is with Amazon, let what waited behind it leave."""
    now = timezone.now()
    if feed.next_action_at is not None:
        plan_follow(feed_pk=feed.pk, at=feed.next_action_at, now=now)
    if feed.state not in rules.BEFORE_AMAZON and sealing.is_due(feed.selling_partner_id, feed.feed_type, now):
        plan_dispatch(partner_id=feed.selling_partner_id, feed_type=FeedType(feed.feed_type), at=now, now=now)


def _stage(feed: Feed, now: datetime) -> None:
    """Put the bytes where Amazon can fetch them; harmless to repeat."""
    reach("stage.begins")
    partner = feed.selling_partner
    document = ask(
        partner, "createFeedDocument", lambda client: amazon.create_feed_document(client, now=now), now
    )
    document_at = amazons_clock.said()
    reach("stage.document")
    amazon.upload(client_for(partner), url=document.url, body=bytes(feed.body))
    reach("stage.uploaded")
    settle(feed, rules.Staged(), now, document_id=document.document_id, document_at=document_at)
    reach("stage.committed")


def _send(feed: Feed) -> None:
    """Mark, then send: the only function that asks Amazon to create a feed, and it asks once.

    The token is fetched before the mark and pinned, so that a frozen worker cannot send after the fence.
    """
    partner = feed.selling_partner
    if partner.paused_at is not None or guards.is_closed(timezone.now()):
        _again(feed, timezone.now() + CLOSED_LOOKS_AGAIN)
        return
    reach("send.begins")
    kind = FeedType(feed.feed_type)
    client = client_for(partner)
    token = client.tokens.token(timezone.now())
    reach("send.token")
    entry = marks.entry_of(feed, marked_at=timezone.now())
    now = timezone.now()
    take(partner, "createFeed", now, keep=departures.kept(partner, kind, now))
    deadline = boot_clock() + SEND_WITHIN
    reach("send.taken")
    settle(feed, rules.AboutToSend(token.dead_at), now)
    reach("send.marked")
    if feed.state != FeedState.MARKED:
        return  # its document had grown too old: it is staged anew
    assert feed.marked_at, "a marked feed knows when"
    entry = replace(entry, marked_at=feed.marked_at)
    if (trouble := _off_the_record(entry)) is not None:
        settle(feed, rules.CertainlyNotDone(trouble, CLOSED_LOOKS_AGAIN), timezone.now())
        journal.note_not_done(entry)
        return
    reach("send.recorded")
    try:
        created = amazon.create_feed(
            client,
            feed_type=kind,
            marketplace_ids=feed.marketplace_ids,
            document_id=feed.document_id,
            token=token,
            deadline=deadline,
            now=now,
        )
    except AmazonError as error:
        reach("send.failed")
        _failed(feed, error)
        if error.happened is Happened.NO:
            journal.note_not_done(entry)
    else:
        reach("send.answered")
        _created(feed, created)
        journal.note_feed(entry, created.feed_id)
        reach("send.noted")
    rates.heed(partner, "createFeed", timezone.now())


def _off_the_record(entry: journal.Entry) -> str | None:
    """Put the mark on record outside the database too; return why it cannot be: nothing is sent then."""
    try:
        journal.append(entry)
        return None if guards.keep(timezone.now()) else "sending is closed: the database was restored"
    except OSError as error:
        return f"the epoch record cannot be written ({error.strerror}): make room on its disk"


def _created(feed: Feed, created: amazon.FeedCreated) -> None:
    """Write the feed id, also when the lease ran out meanwhile and others have begun to look for it."""
    evidence = rules.FeedCreated(created.feed_id)
    facts = {"request_id": created.request_id or ""}
    try:
        settle(feed, evidence, timezone.now(), **facts)
    except (LostRace, rules.NotNow):
        feed.refresh_from_db()
        if feed.feed_id:
            assert feed.feed_id == created.feed_id, "another feed was adopted in place of this one"
            return
        if feed.state in rules.ENDED:
            _too_late(feed, created)
            return
        settle(feed, evidence, timezone.now(), **facts)


def _too_late(feed: Feed, created: amazon.FeedCreated) -> None:
    """Keep a feed id that came after the feed was decided: the best evidence a person can get.

    A feed that was proven absent cannot exist (its token had expired); if it does, a rule this program rests
    on is broken, and nothing more leaves for the selling partner until a person has looked.
    """
    Feed.objects.keep_late_id(feed, created.feed_id)
    words = f"Amazon gave feed {created.feed_id} after it had been decided as {feed.state}"
    logger.error("%s (feed row %s)", words, feed.pk)
    if feed.state == FeedState.ABSENT:
        stop_sending(
            partner=feed.selling_partner,
            rule=words,
            place="tasks/feeds.py _too_late",
            task="send",
            feed=feed,
            now=timezone.now(),
        )


def _failed(feed: Feed, error: AmazonError) -> None:
    """Write what a failed createFeed means: certainly not done, refused, or unknown; never send again."""
    now = timezone.now()
    facts = {"request_id": error.request_id or ""}
    if error.happened is not Happened.NO:
        settle(feed, rules.NoAnswer(str(error)), now, **facts)
        return
    if isinstance(error, Throttled):
        Quota.objects.empty(partner=feed.selling_partner, operation="createFeed", now=now)
        ready_at = Quota.objects.ready_at(
            partner=feed.selling_partner,
            operation="createFeed",
            now=now,
            keep=departures.kept(feed.selling_partner, FeedType(feed.feed_type), now),
        )
        settle(feed, rules.CertainlyNotDone(str(error), ready_at - now), now, **facts)
        return
    if isinstance(error, Unauthorized):
        client_for(feed.selling_partner).tokens.forget()
    elif error.status is not None:
        settle(feed, rules.RefusedAtTheDoor(str(error)), now, **facts)
        return
    settle(feed, rules.CertainlyNotDone(str(error), _retry_after(error)), now, **facts)


def _retry_after(error: AmazonError) -> timedelta | None:
    return timedelta(seconds=error.retry_after) if error.retry_after else None


# ── finding out ───────────────────────────────────────────────────────────────────────────────────────────


def _look_for(feed: Feed, now: datetime) -> None:
    """Read Amazon's list of feeds after a lost answer; what it shows decides."""
    assert feed.marked_at, "only a marked feed can be unknown"
    # A restore is noticed before what Amazon lists is noted as seen: reconciling must tell the two apart.
    guards.is_closed(now)
    partner = feed.selling_partner
    # A clock that was ahead at the mark would hide the feed: by Amazon's, none is older than its document.
    begun = feed.document_at or feed.marked_at
    listed = ask(
        partner,
        "getFeeds",
        lambda client: amazon.list_feeds(
            client, feed_type=FeedType(feed.feed_type), created_since=begun - LISTING_SLACK, now=now
        ),
        now,
    )
    reach("look.listed")
    ahead = amazons_clock.ahead(timezone.now())
    earliest = begun - CLOCK_SLACK
    young = [each.feed_id for each in listed if each.created_at >= earliest]
    candidates = SeenFeed.objects.unseen(partner=partner, feed_ids=young)
    named = strange_feeds.read(feed, listed={each.feed_id for each in listed}, since=earliest, now=now)
    found = rules.Listed((*candidates, *named.candidates), named.unexplained, ahead)
    if abs(ahead) > CLOCK_SLACK and not found.candidates:
        # So far apart, one of the two clocks is broken, and nobody knows which.
        _again(feed, timezone.now() + CLOSED_LOOKS_AGAIN, trouble=f"{CLOCKS_DIFFER} ({abs(ahead)})")
    else:
        settle(feed, found, now)
    reach("look.settled")
    # While nothing is concluded, the next look must find what may be ours again.
    others = [each.feed_id for each in listed if each.feed_id not in found.candidates]
    SeenFeed.objects.note(partner=partner, feed_ids=others, now=now)


def _ask_how_it_stands(feed: Feed, now: datetime) -> None:
    partner = feed.selling_partner
    said = ask(partner, "getFeed", lambda client: amazon.get_feed(client, feed_id=feed.feed_id, now=now), now)
    reach("status.asked")
    decision = settle(
        feed,
        rules.StatusRead(said.status),
        now,
        amazon_status=said.status[:20],
        report_document_id=said.result_document_id or "",
        trouble="",
    )
    if decision.report_wanted:
        reports.read(feed, now)
