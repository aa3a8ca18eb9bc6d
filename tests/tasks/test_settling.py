"""Settling: one piece of evidence is written with all that follows from it, for each message of the feed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from mostrador.amazon.components import Component
from mostrador.domain import feeds as rules
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState, Verdict
from mostrador.models import Cancellation, Event, Feed, FeedMark, FeedMessage, LostRace, Refund, SeenFeed
from mostrador.tasks.settling import settle
from tests.makers import NOW, make_cancellation, make_order, make_refund, make_reply, make_selling_partner
from tests.worker import queued

pytestmark = pytest.mark.django_db

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
SENT = rules.FeedCreated("50001")


@dataclass
class Flight:
    """A feed with two refunds and a cancellation, as the worker sealed it."""

    feed: Feed
    actions: list[Refund | Cancellation]
    messages: list[FeedMessage]

    def go(self, *steps: rules.Evidence, now: datetime = NOW, **facts: object) -> rules.Decision:
        """Settle one step after the other."""
        return [settle(self.feed, step, now, **facts) for step in steps][-1]

    def states(self) -> list[str]:
        """Return the stored states of the three."""
        for action in self.actions:
            action.refresh_from_db()
        return [action.state for action in self.actions]

    def last_events(self) -> list[Event]:
        """Return the last event of each of the three."""
        return [action.events.order_by("-pk")[0] for action in self.actions]


@pytest.fixture
def flight() -> Flight:
    partner = make_selling_partner()
    actions = [
        make_refund(order=make_order(partner=partner), state=State.SENDING),
        make_refund(order=make_order(partner=partner), state=State.SENDING),
        make_cancellation(order=make_order(partner=partner, status="UNSHIPPED"), state=State.SENDING),
    ]
    feed = Feed.objects.begin(
        partner=partner, feed_type="POST_PAYMENT_ADJUSTMENT_DATA", marketplace_ids=["A1"], now=NOW
    )
    messages = [feed.add(action) for action in actions]
    feed.seal(b"<sealed/>")
    return Flight(feed, actions, messages)


MARKED = (rules.Staged(), rules.AboutToSend(NOW + HOUR))


def pending(refund: Refund | Cancellation) -> int:
    return refund.order.items.get().balances.get(component=Component.PRINCIPAL).pending


def test_before_amazon_answers_no_action_moves_and_nothing_is_told(flight: Flight) -> None:
    events = Event.objects.count()
    flight.go(rules.Staged(), document_id="doc")
    assert FeedMark.objects.count() == 0
    flight.go(rules.AboutToSend(NOW + HOUR), now=NOW + SECOND)
    assert flight.states() == ["sending"] * 3
    assert Event.objects.count() == events
    assert (flight.feed.state, flight.feed.document_id) == (FeedState.MARKED, "doc")
    mark = FeedMark.objects.get()
    assert (mark.feed, mark.marked_at) == (flight.feed, NOW + SECOND)


def test_a_document_too_old_to_be_sent_leaves_no_mark(flight: Flight) -> None:
    flight.go(rules.Staged())
    flight.go(rules.AboutToSend(NOW + 99 * HOUR), now=NOW + 48 * HOUR)
    assert flight.feed.state == FeedState.SEALED
    assert FeedMark.objects.count() == 0


def _no_message(flight: Flight) -> None:
    FeedMessage.objects.all().delete()


def _changed_bytes(flight: Flight) -> None:
    Feed.objects.update(body=b"<other/>")


def _not_live(flight: Flight) -> None:
    FeedMessage.objects.filter(pk=flight.messages[1].pk).update(live=False)


def _no_longer_wanted(flight: Flight) -> None:
    Cancellation.objects.update(state=State.WITHDRAWN)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_no_message, "without a message"),
        (_changed_bytes, "bytes have changed"),
        (_not_live, "in no live feed"),
        (_no_longer_wanted, "is withdrawn"),
    ],
)
def test_what_is_not_as_it_was_sealed_is_never_marked(
    flight: Flight, change: Callable[[Flight], None], words: str
) -> None:
    flight.go(rules.Staged())
    change(flight)
    feed = Feed.objects.get()
    with pytest.raises(AssertionError, match=words):
        settle(feed, rules.AboutToSend(NOW + HOUR), NOW)
    assert (Feed.objects.get().state, Feed.objects.get().tries) == (FeedState.STAGED, 0)
    assert FeedMark.objects.count() == 0


def test_a_created_feed_takes_every_action_along_and_its_id_is_known_as_ours(flight: Flight) -> None:
    flight.go(*MARKED)
    flight.go(SENT, now=NOW + SECOND, request_id="abc")
    assert flight.states() == ["sent"] * 3
    assert {action.sent_at for action in flight.actions} == {NOW + SECOND}
    for event in flight.last_events():
        assert (event.kind, event.at) == ("sent", NOW + SECOND)
        assert event.facts == {"feed_id": "50001", "code": "", "words": "", "request_id": "abc"}
    seen = SeenFeed.objects.get()
    assert (seen.selling_partner, seen.feed_id, seen.seen_at) == (
        flight.feed.selling_partner,
        "50001",
        NOW + SECOND,
    )
    assert queued("orders.refresh") == [], "nothing is proven yet"


def test_a_lost_answer_leaves_every_action_unknown_in_plain_words(flight: Flight) -> None:
    flight.go(*MARKED)
    flight.go(rules.NoAnswer("timed out"), now=NOW + SECOND)
    assert flight.states() == ["unknown"] * 3
    assert flight.feed.trouble == "timed out"
    assert [(action.answer_words, action.sent_at) for action in flight.actions] == [("timed out", None)] * 3
    assert [(event.kind, event.facts["words"]) for event in flight.last_events()] == [
        ("unknown", "timed out")
    ] * 3
    assert SeenFeed.objects.count() == 0
    assert all(message.live for message in FeedMessage.objects.all())


def test_a_report_gives_each_action_its_own_answer_and_has_its_order_read(flight: Flight) -> None:
    flight.go(*MARKED, SENT)
    first, second, third = (message.pk for message in flight.messages)
    verdicts = {
        first: Verdict(State.ACCEPTED),
        second: Verdict(State.REJECTED, "25161", "too much"),
        third: Verdict(State.REVIEW, "9", "odd"),
    }
    flight.go(rules.ReportRead(verdicts), now=NOW + SECOND)
    assert flight.states() == ["accepted", "rejected", "review"]
    assert [(action.answer_code, action.answer_words) for action in flight.actions] == [
        ("", ""),
        ("25161", "too much"),
        ("9", "odd"),
    ]
    told = [
        (event.kind, event.at, event.facts["code"], event.facts["words"]) for event in flight.last_events()
    ]
    assert told == [
        ("accepted", NOW + SECOND, "", ""),
        ("rejected", NOW + SECOND, "25161", "too much"),
        ("review", NOW + SECOND, "9", "odd"),
    ]
    assert {action.sent_at for action in flight.actions} == {NOW}, "when it was sent does not change"
    assert [job["order_id"] for job in queued("orders.refresh")] == [
        action.order_id for action in flight.actions[:2]
    ]
    assert all(message.live for message in FeedMessage.objects.all())


def test_what_amazon_never_got_gives_the_money_free_and_may_travel_again(flight: Flight) -> None:
    flight.go(*MARKED, SENT)
    elsewhere = make_refund(state=State.SENDING)
    other = Feed.objects.begin(
        partner=elsewhere.selling_partner, feed_type="X", marketplace_ids=["A1"], now=NOW
    ).add(elsewhere)
    flight.go(rules.StatusRead("CANCELLED"))
    assert flight.states() == ["not_sent"] * 3
    assert [event.kind for event in flight.last_events()] == ["not_sent"] * 3
    assert [pending(action) for action in flight.actions[:2]] == [0, 0]
    live = FeedMessage.objects.filter(live=True)
    assert list(live) == [other], "only what is proven never sent may be put into another feed"
    assert queued("orders.refresh") == []


def test_a_refusal_at_the_door_is_told_in_amazons_words(flight: Flight) -> None:
    flight.go(*MARKED)
    flight.go(rules.RefusedAtTheDoor("400 InvalidInput"))
    assert flight.states() == ["rejected"] * 3
    assert flight.feed.trouble == "400 InvalidInput"
    assert [event.facts["words"] for event in flight.last_events()] == ["400 InvalidInput"] * 3


def test_a_fatal_feed_is_for_a_person_whatever_its_messages_are(flight: Flight) -> None:
    flight.go(*MARKED, SENT)
    flight.go(rules.StatusRead("FATAL"))
    assert flight.states() == ["review"] * 3
    assert [event.kind for event in flight.last_events()] == ["review"] * 3


def test_the_same_trouble_is_told_once_however_often_it_is_tried(flight: Flight) -> None:
    flight.go(rules.Staged())
    told = Event.objects.filter(kind="retry")
    for words, count in (("refused", 3), ("refused", 3), ("429", 6), ("refused", 9)):
        flight.go(rules.CertainlyNotDone(words), now=NOW + SECOND)
        assert told.count() == count
    assert flight.states() == ["sending"] * 3
    last = told.order_by("-pk")[0]
    assert (last.at, last.cancellation) == (NOW + SECOND, flight.actions[2])
    again_at = flight.feed.next_action_at
    assert again_at is not None
    assert last.facts == {"words": "refused", "again_at": again_at.isoformat()}


def test_a_decision_without_words_leaves_the_trouble_that_was_noted(flight: Flight) -> None:
    flight.go(rules.CertainlyNotDone("refused"))
    flight.go(rules.Staged())
    assert Feed.objects.get(pk=flight.feed.pk).trouble == "refused"
    flight.go(rules.AboutToSend(NOW + HOUR), trouble="")
    assert Feed.objects.get(pk=flight.feed.pk).trouble == ""


def test_who_lost_the_race_writes_nothing_at_all(flight: Flight) -> None:
    flight.go(*MARKED)
    slow = Feed.objects.get(pk=flight.feed.pk)
    flight.go(rules.NoAnswer("timed out"))
    events = Event.objects.count()
    with pytest.raises(LostRace):
        settle(slow, rules.RefusedAtTheDoor("400"), NOW)
    with pytest.raises(rules.NotNow):
        settle(flight.feed, rules.CertainlyNotDone("429"), NOW)
    assert flight.states() == ["unknown"] * 3
    assert Event.objects.count() == events
    assert Feed.objects.get(pk=slow.pk).trouble == "timed out"


def test_a_reply_that_waits_for_a_refund_leaves_when_it_is_accepted(flight: Flight) -> None:
    reply = make_reply(armed_on=flight.actions[0])
    flight.go(*MARKED, SENT)
    assert queued("messages.send") == []
    flight.go(rules.ReportRead({message.pk: Verdict(State.ACCEPTED) for message in flight.messages}))
    assert [job["reply_id"] for job in queued("messages.send")] == [reply.pk]
