"""Feeds in the database: a decision is written by who still sees the row as it was read, or not at all."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from mostrador.domain import feeds as rules
from mostrador.domain.feeds import ENDED, FeedState
from mostrador.models import Feed, LostRace, SeenFeed, SellingPartner
from tests.makers import NOW, make_cancellation, make_refund, make_selling_partner

pytestmark = pytest.mark.django_db

FEED, OTHER_FEED = "POST_PAYMENT_ADJUSTMENT_DATA", "POST_ORDER_ACKNOWLEDGEMENT_DATA"
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def make_feed(partner: SellingPartner | None = None, kind: str = FEED, **facts: object) -> Feed:
    """Return a feed on which `facts` were written."""
    feed = Feed.objects.begin(
        partner=partner or make_selling_partner(), feed_type=kind, marketplace_ids=["A1"], now=NOW
    )
    if facts.get("state") in (FeedState.MARKED, FeedState.UNKNOWN):
        facts = {"marked_at": NOW, "token_expires_at": NOW + HOUR} | facts
    Feed.objects.filter(pk=feed.pk).update(**facts)
    return again(feed)


def again(feed: Feed) -> Feed:
    return Feed.objects.get(pk=feed.pk)


# ── compare and set ───────────────────────────────────────────────────────────────────────────────────────


def test_a_decision_is_written_whole_and_the_row_at_hand_knows_it() -> None:
    feed = make_feed(state=FeedState.STAGED)
    other = make_feed(state=FeedState.STAGED)
    new = rules.Feed(
        state=FeedState.UNKNOWN,
        message_ids=frozenset(),
        staged_at=NOW + SECOND,
        marked_at=NOW + 2 * SECOND,
        token_expires_at=NOW + HOUR,
        sent_at=NOW + 3 * SECOND,
        feed_id="50001",
        adopted=True,
        tries=4,
        empty_looks=(NOW + 4 * SECOND, NOW + 5 * SECOND),
        next_action_at=NOW + 6 * SECOND,
    )
    feed.put(new, now=NOW + 7 * SECOND, trouble="timed out", request_id="abc")
    assert again(feed).rules() == feed.rules() == new
    assert (again(feed).trouble, again(feed).request_id) == ("timed out", "abc")
    assert (feed.trouble, feed.request_id) == ("timed out", "abc")
    assert again(feed).ended_at is None
    assert again(other).rules() == other.rules(), "no other feed is touched"


@pytest.mark.parametrize(
    "moved",
    [
        {"state": FeedState.SEALED},
        {"tries": 1},
        {"marked_at": NOW + SECOND},
        {"marked_at": None, "state": FeedState.STAGED},
    ],
    ids=["another state", "another try", "another mark", "no mark"],
)
def test_who_read_the_row_before_it_moved_writes_nothing(moved: dict[str, object]) -> None:
    feed = make_feed(state=FeedState.MARKED)
    Feed.objects.filter(pk=feed.pk).update(**moved)
    stands = again(feed).rules()
    with pytest.raises(LostRace):
        feed.put(replace(feed.rules(), state=FeedState.SENT, feed_id="50001"), now=NOW)
    assert again(feed).rules() == stands
    assert feed.state == FeedState.MARKED, "the row at hand still says what was read"


def test_of_two_workers_that_read_a_staged_feed_one_marks_it() -> None:
    first = make_feed(state=FeedState.STAGED)
    second = again(first)
    marked = replace(
        first.rules(), state=FeedState.MARKED, marked_at=NOW, token_expires_at=NOW + HOUR, tries=1
    )
    first.put(marked, now=NOW)
    with pytest.raises(LostRace):
        second.put(marked, now=NOW)


@pytest.mark.parametrize("state", sorted(FeedState))
def test_a_feed_knows_since_when_its_story_has_ended(state: FeedState) -> None:
    feed = make_feed(state=FeedState.MARKED)
    feed.put(replace(feed.rules(), state=state), now=NOW + SECOND)
    assert again(feed).ended_at == (NOW + SECOND if state in ENDED else None)


def test_a_feed_that_has_ended_keeps_the_time_of_its_end() -> None:
    feed = make_feed(state=FeedState.REVIEW, ended_at=NOW)
    feed.put(replace(feed.rules(), state=FeedState.SETTLED), now=NOW + SECOND)
    assert again(feed).ended_at == NOW


# ── bytes and numbers ─────────────────────────────────────────────────────────────────────────────────────


def test_the_sealed_bytes_and_the_report_are_kept_with_their_hashes() -> None:
    feed = make_feed()
    feed.seal(b"<sealed/>")
    feed.keep_report(b"<report/>")
    kept = again(feed)
    assert (bytes(kept.body), kept.body_sha256) == (b"<sealed/>", hashlib.sha256(b"<sealed/>").hexdigest())
    assert kept.report is not None
    assert bytes(kept.report) == b"<report/>"
    assert kept.report_sha256 == hashlib.sha256(b"<report/>").hexdigest()


def test_sealing_and_keeping_a_report_write_nothing_else() -> None:
    feed = make_feed()
    Feed.objects.filter(pk=feed.pk).update(state=FeedState.STAGED, trouble="moved meanwhile")
    feed.seal(b"<sealed/>")
    feed.keep_report(b"<report/>")
    assert (again(feed).state, again(feed).trouble) == (FeedState.STAGED, "moved meanwhile")


def test_a_message_carries_its_refund_or_its_cancellation() -> None:
    refund, wish = make_refund(), make_cancellation()
    feed, other = make_feed(), make_feed()
    first, second = feed.add(refund), feed.add(wish)
    assert (first.action, second.action) == (refund, wish)
    assert (first.refund, first.cancellation) == (refund, None)
    assert (second.refund, second.cancellation) == (None, wish)
    assert feed.rules().message_ids == {first.pk, second.pk}
    assert feed.rules([first]).message_ids == {first.pk}, "those at hand are not read again"
    assert feed.rules([]).message_ids == frozenset()
    assert (str(first), str(feed)) == (f"message {first.pk}", f"feed {feed.pk}")
    assert other.rules().message_ids == frozenset()


def test_an_action_is_found_in_the_last_feed_that_carried_it() -> None:
    refund = make_refund()
    assert Feed.objects.carrying(refund) is None
    first, second = make_feed(), make_feed()
    message = first.add(refund)
    first.feed_messages.filter(pk=message.pk).update(live=False)
    second.add(refund)
    assert Feed.objects.carrying(refund) == second


# ── questions ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", sorted(FeedState))
def test_a_feed_holds_the_next_one_back_until_it_is_with_amazon(state: FeedState) -> None:
    feed = make_feed(state=state)
    holds = state in ("sealed", "staged", "marked", "unknown")
    found = Feed.objects.before_sending(partner=feed.selling_partner, feed_type=FEED)
    assert found == (feed if holds else None)
    assert Feed.objects.kinds_before_sending(feed.selling_partner) == ({FEED} if holds else set())
    assert Feed.objects.before_sending(partner=feed.selling_partner, feed_type=OTHER_FEED) is None
    assert Feed.objects.before_sending(partner=make_selling_partner(), feed_type=FEED) is None
    assert Feed.objects.kinds_before_sending(make_selling_partner()) == set()


def test_the_oldest_feed_that_waits_is_the_one_that_holds_the_others_back() -> None:
    first = make_feed(state=FeedState.UNKNOWN)
    make_feed(first.selling_partner)
    Feed.objects.filter(pk=first.pk).update(next_action_at=NOW + HOUR)
    assert Feed.objects.before_sending(partner=first.selling_partner, feed_type=FEED) == first


@pytest.mark.parametrize("state", sorted(FeedState))
def test_only_an_unfinished_feed_whose_time_has_come_is_due(state: FeedState) -> None:
    feed = make_feed(state=state, next_action_at=NOW)
    unfinished = [] if state in ("absent", "refused", "review", "settled") else [feed]
    assert list(Feed.objects.unfinished()) == unfinished
    assert list(Feed.objects.due(NOW)) == unfinished
    assert list(Feed.objects.due(NOW - SECOND)) == []


def test_a_hurried_feed_is_due_now_unless_it_has_moved() -> None:
    feed, other = (make_feed(next_action_at=NOW + HOUR) for _ in range(2))
    feed.hurry(NOW)
    assert (again(feed).next_action_at, again(other).next_action_at) == (NOW, NOW + HOUR)
    Feed.objects.filter(pk=other.pk).update(state=FeedState.STAGED)
    other.hurry(NOW)
    assert again(other).next_action_at == NOW + HOUR


def test_an_id_that_comes_late_is_kept_where_none_is_known() -> None:
    feed, known = make_feed(state=FeedState.ABSENT), make_feed(state=FeedState.SETTLED, feed_id="50001")
    Feed.objects.keep_late_id(feed, "50009")
    Feed.objects.keep_late_id(known, "50009")
    assert (again(feed).feed_id, again(known).feed_id) == ("50009", "50001")
    assert str(again(feed)) == "50009"


def test_a_locked_feed_is_the_one_that_was_asked_for() -> None:
    make_feed()
    feed = make_feed()
    assert Feed.objects.locked(feed.pk) == feed


def test_marketplaces_are_named_once_and_in_order() -> None:
    feed = Feed.objects.begin(
        partner=make_selling_partner(), feed_type=FEED, marketplace_ids=["B2", "A1", "B2"], now=NOW
    )
    assert again(feed).marketplace_ids == ["A1", "B2"]
    assert (again(feed).sealed_at, again(feed).next_action_at) == (NOW, NOW)
    assert (again(feed).state, again(feed).feed_type) == (FeedState.SEALED, FEED)


# ── what Amazon's list has shown ──────────────────────────────────────────────────────────────────────────


def test_feeds_of_others_are_those_amazon_showed_that_no_row_of_this_seller_bears() -> None:
    partner, stranger = make_selling_partner(), make_selling_partner()
    assert not SeenFeed.objects.of_others(partner=partner)
    make_feed(partner, feed_id="50001")
    SeenFeed.objects.note(partner=partner, feed_ids=["50001"], now=NOW)
    SeenFeed.objects.note(partner=stranger, feed_ids=["60001"], now=NOW)
    assert not SeenFeed.objects.of_others(partner=partner)
    make_feed(stranger, feed_id="50002")
    SeenFeed.objects.note(partner=partner, feed_ids=["50002"], now=NOW)
    assert SeenFeed.objects.of_others(partner=partner), "another seller's row does not explain it"


def test_a_seen_feed_is_noted_once_with_the_time_it_was_first_seen() -> None:
    partner = make_selling_partner()
    SeenFeed.objects.note(partner=partner, feed_ids=["50001"], now=NOW)
    SeenFeed.objects.note(partner=partner, feed_ids=["50001", "50002"], now=NOW + SECOND)
    seen = SeenFeed.objects.order_by("feed_id").values_list("selling_partner", "feed_id", "seen_at")
    assert list(seen) == [(partner.pk, "50001", NOW), (partner.pk, "50002", NOW + SECOND)]
    assert [str(each) for each in SeenFeed.objects.order_by("feed_id")] == ["50001", "50002"]
    assert SeenFeed.objects.unseen(partner=partner, feed_ids=["9", "50002", "8"]) == ["9", "8"]


def test_the_database_lets_no_second_feed_take_off_while_one_is_in_flight() -> None:
    first = make_feed(state=FeedState.STAGED)
    second = make_feed(first.selling_partner, state=FeedState.STAGED)
    marked = {"state": FeedState.MARKED, "marked_at": NOW, "token_expires_at": NOW + HOUR}
    first.put(replace(first.rules(), **marked), now=NOW)
    with pytest.raises(IntegrityError, match="one_feed_in_flight"), transaction.atomic():
        second.put(replace(second.rules(), **marked), now=NOW)
    assert again(second).state == FeedState.STAGED
