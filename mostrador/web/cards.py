"""Cards: the life of one refund or cancellation as steps with times, references and plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from mostrador.domain import reviews
from mostrador.domain.delivery import Source, State
from mostrador.models import Agent, Cancellation, Event, EventKind, Feed, Finding, Refund
from mostrador.web.headlines import Headline, headline_of, lost_feed
from mostrador.web.leaving import Leaving
from mostrador.web.notation import clock_text, money_text
from mostrador.web.own_words import own_words
from mostrador.web.reasons import reason_words
from mostrador.web.states import DISPUTED, ELSEWHERE, SEEN_NOT_DONE, Look, look

Action = Refund | Cancellation


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `mark` is done, now, todo, warn or bad; `beside` is its time or when to look again."""

    mark: str
    words: str
    detail: str = ""
    at: datetime | None = None
    beside: str = ""

    @property
    def icon(self) -> str:
        """The icon of the mark."""
        icons = {"done": "check", "now": "circle-dot", "warn": "triangle-alert", "bad": "circle-x"}
        return icons.get(self.mark, "circle")


@dataclass(frozen=True, slots=True)
class Card:
    """A refund or a cancellation on the timeline."""

    key: str
    at: datetime
    action: Action
    title: str
    look: Look
    steps: Sequence[Step]
    headline: Headline = field(default_factory=Headline)
    leaving: Leaving | None = None
    looks_at: datetime | None = None  # when Amazon's list is read next for a lost answer
    findings: Sequence[Finding] = ()
    review: str = ""  # where a review with findings stands: "", "second" or "third" person needed
    has_spoken: bool = False  # whether the agent who looks has said what they saw

    @property
    def is_refund(self) -> bool:
        """Whether money goes back."""
        return isinstance(self.action, Refund)

    @property
    def is_ours(self) -> bool:
        """Whether it was asked for here."""
        return self.action.source != Source.ELSEWHERE

    @property
    def can_be_sent_again(self) -> bool:
        """Whether it is proven that Amazon never got it; only refunds may leave once more."""
        return self.is_refund and self.action.state == State.NOT_SENT

    @property
    def is_waiting(self) -> bool:
        """Whether it can still be taken back."""
        return self.action.state == State.REQUESTED


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an action beside its own row."""

    events: Sequence[Event]
    feed: Feed | None
    findings: Sequence[Finding]
    leaving: Leaving | None
    agent: Agent
    now: datetime


def make_card(action: Action, known: Known) -> Card:
    """Return the card of one action from the events that tell its story."""
    now, feed = known.now, known.feed
    disputed = isinstance(action, Refund) and _is_disputed(action, now)
    lost = lost_feed(feed) if action.state == State.UNKNOWN else None
    past = [_past(event, action) for event in known.events if _tells(event)]
    return Card(
        key=f"{action.LETTER.lower()}-{action.pk}",
        at=action.requested_at,
        action=action,
        title=_title(action),
        look=_look(action, known.events, disputed=disputed),
        steps=[*past, *_to_come(action, known)],
        headline=headline_of(action, feed, now, disputed=disputed),
        leaving=known.leaving,
        looks_at=lost.next_action_at if lost and lost.next_action_at and lost.next_action_at > now else None,
        findings=known.findings,
        review=_review(action, known.findings),
        has_spoken=any(each.agent_id == known.agent.pk for each in known.findings),
    )


def _title(action: Action) -> str:
    if isinstance(action, Refund):
        return _("Refund %(money)s") % {"money": money_text(action.money)}
    return _("Cancel the order")


def _is_disputed(refund: Refund, now: datetime) -> bool:
    return reviews.is_disputed(state=State(refund.state), accepted_at=refund.moved_at, now=now)


def _look(action: Action, events: Sequence[Event], *, disputed: bool) -> Look:
    if action.source == Source.ELSEWHERE:
        return ELSEWHERE
    if action.state == State.REJECTED and any(e.agent for e in events if e.kind == EventKind.REJECTED):
        return SEEN_NOT_DONE
    return DISPUTED if disputed else look(action.state)


def _review(action: Action, findings: Sequence[Finding]) -> str:
    """Return who is still needed for a review that somebody has spoken about."""
    if action.state != State.REVIEW or not findings:
        return ""
    return "third" if len({each.outcome for each in findings}) > 1 else "second"


def needs_two(refund: Refund) -> bool:
    """Return whether two people must agree about this amount."""
    return reviews.needs_two(refund.money, limits=settings.SECOND_PERSON_ABOVE)


def elsewhere_card(refund: Refund) -> Card:
    """Return the card of a refund that was made outside this program."""
    seen = Step("done", _("Seen in Amazon's accounts"), refund.finances_refund_id, refund.requested_at)
    words = _("Made in Seller Central or by Amazon, not here. It is taken off what is left to refund.")
    return Card(
        key=f"r-{refund.pk}",
        at=refund.requested_at,
        action=refund,
        title=_title(refund),
        look=ELSEWHERE,
        steps=[seen],
        headline=Headline(words),
    )


def _tells(event: Event) -> bool:
    return event.kind not in {EventKind.REFUNDED_ELSEWHERE, EventKind.BUYER_ASKED_TO_CANCEL}


# ── what has happened ─────────────────────────────────────────────────────────────────────────────────────


def _past(event: Event, action: Action) -> Step:
    who = {"who": event.agent.name if event.agent else _("Mostrador")}
    facts = event.facts
    words = own_words(str(facts.get("words") or ""))
    match event.kind:
        case EventKind.REQUESTED:
            return _done(event, _("Asked by %(who)s") % who, _why(facts.get("reason"), facts.get("note")))
        case EventKind.ASKED_AGAIN:
            return _done(event, _("Sent again by %(who)s") % who)
        case EventKind.SEND_NOW:
            return _done(event, _("Sent at once by %(who)s") % who)
        case EventKind.WITHDRAWN:
            return _withdrawn(event, who)
        case EventKind.SEALED:
            return _done(event, _("Undo window over"))
        case EventKind.RETRY:
            return Step("warn", _("Amazon could not take it yet"), words, event.at)
        case EventKind.SENT:
            return _done(event, _("Amazon has it"), _feed_words(facts.get("feed_id")))
        case EventKind.UNKNOWN:
            return Step("warn", _("No answer came"), words, event.at)
        case EventKind.NOT_SENT:
            return Step("warn", _("Nothing reached Amazon"), words, event.at)
        case EventKind.ACCEPTED if event.agent:
            return _done(event, _("Counts as done: a person saw it"))
        case EventKind.REJECTED if event.agent:
            return Step("bad", _("Counts as not done: a person saw it"), "", event.at)
        case EventKind.ACCEPTED:
            return _done(event, _("Amazon accepted"), words)
        case EventKind.REJECTED:
            return Step("bad", _("Amazon refused"), _amazon_words(facts.get("code"), words), event.at)
        case EventKind.REVIEW:
            return Step("bad", _("A person must look"), words, event.at)
        case EventKind.FINDING:
            return _found(event, who)
        case EventKind.CONFIRMED if isinstance(action, Cancellation):
            return _done(event, _("Amazon shows the order as cancelled"))
        case EventKind.CONFIRMED:
            return _done(event, _("Seen in Amazon's accounts"), str(facts.get("booking") or ""))
    return _done(event, event.kind)


def _done(event: Event, words: str, detail: str = "") -> Step:
    return Step("done", words, detail, event.at)


def _withdrawn(event: Event, who: dict[str, str]) -> Step:
    if event.agent:
        return Step("done", _("Taken back by %(who)s: Amazon never saw it") % who, "", event.at)
    status = str(event.facts.get("status") or "")
    return Step("warn", _("Taken back by Mostrador: the order had changed"), status, event.at)


def _found(event: Event, who: dict[str, str]) -> Step:
    """Return what a person saw in Seller Central."""
    seen = event.facts.get("outcome") == "done"
    words = _("%(who)s saw that it was done") if seen else _("%(who)s saw that it was not done")
    return Step("done", words % who, str(event.facts.get("proof") or ""), event.at)


def _why(reason: object, note: object) -> str:
    return " · ".join(part for part in (reason_words(str(reason or "")), str(note or "")) if part)


def _feed_words(feed_id: object) -> str:
    return _("feed %(id)s") % {"id": feed_id} if feed_id else ""


def _amazon_words(code: object, words: str) -> str:
    return f"{words} ({code})" if code and words else words or str(code or "")


# ── what comes next ───────────────────────────────────────────────────────────────────────────────────────


def _to_come(action: Action, known: Known) -> list[Step]:
    feed, now = known.feed, known.now
    accepted, seen = Step("todo", _("Amazon's answer")), _proof(action, now)
    match State(action.state):
        case State.REQUESTED:
            return [
                Step("now", _waiting_words(action, known.leaving, now)),
                Step("todo", _("Amazon has it")),
                accepted,
                seen,
            ]
        case State.SENDING:
            return [Step("now", _("On its way to Amazon")), accepted, seen]
        case State.SENT:
            usual = _("usually minutes, sometimes an hour")
            return [Step("now", _("Amazon is working on it"), usual, None, _next_look(feed, now)), seen]
        case State.UNKNOWN:
            words = _("Looking for it in Amazon's list of feeds")
            return [Step("now", words, "", None, _next_look(feed, now)), accepted, seen]
        case State.ACCEPTED:
            return [seen]
    return []


def _waiting_words(action: Action, leaving: Leaving | None, now: datetime) -> str:
    if leaving and leaving.at:
        return _("Leaves about %(clock)s, when Amazon's limit allows it") % {"clock": clock_text(leaving.at)}
    if leaving:
        return _("Waits until the feed before it is decided")
    if action.send_after > now:
        return _("Can be taken back until %(clock)s") % {"clock": clock_text(action.send_after, seconds=True)}
    return _("Waiting to go to Amazon")


def _proof(action: Action, now: datetime) -> Step:
    if isinstance(action, Cancellation):
        return Step("todo", _("Amazon shows the order as cancelled"))
    if _is_disputed(action, now):
        return Step("warn", _("Not seen in Amazon's accounts"))
    return Step("todo", _("Seen in Amazon's accounts"), _("within two days"))


def _next_look(feed: Feed | None, now: datetime) -> str:
    if feed is None or feed.next_action_at is None or feed.next_action_at <= now:
        return ""
    soon = (feed.next_action_at - now).total_seconds() < 20
    return "" if soon else _("next look %(clock)s") % {"clock": clock_text(feed.next_action_at)}
