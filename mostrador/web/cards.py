"""Cards: the life of one refund or cancellation as steps with times, references and plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from mostrador.domain import feeds as rules
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from mostrador.models import Cancellation, Event, EventKind, Feed, Refund
from mostrador.web.codes import code_words
from mostrador.web.notation import clock_text, money_text
from mostrador.web.reasons import reason_words
from mostrador.web.states import Look, look

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
    headline: str = ""  # what the agent must know now, in one or two sentences
    advice: Sequence[str] = ()

    @property
    def is_refund(self) -> bool:
        """Whether money goes back."""
        return isinstance(self.action, Refund)

    @property
    def can_be_sent_again(self) -> bool:
        """Whether it is proven that Amazon never got it; only refunds may leave once more."""
        return self.is_refund and self.action.state == State.NOT_SENT

    @property
    def is_waiting(self) -> bool:
        """Whether it can still be taken back."""
        return self.action.state == State.REQUESTED


def make_card(action: Action, events: Sequence[Event], feed: Feed | None, now: datetime) -> Card:
    """Return the card of one action from the events that tell its story."""
    if isinstance(action, Refund):
        title = _("Refund %(money)s") % {"money": money_text(action.money)}
    else:
        title = _("Cancel the order")
    headline, advice = _headline(action, feed, now)
    return Card(
        key=f"{action.LETTER.lower()}-{action.pk}",
        at=action.requested_at,
        action=action,
        title=title,
        look=look(action.state),
        steps=[*(_past(event, action) for event in events if _tells(event)), *_to_come(action, feed, now)],
        headline=headline,
        advice=advice,
    )


def _tells(event: Event) -> bool:
    return event.kind not in {EventKind.REFUNDED_ELSEWHERE, EventKind.BUYER_ASKED_TO_CANCEL}


# ── what has happened ─────────────────────────────────────────────────────────────────────────────────────


def _past(event: Event, action: Action) -> Step:
    who = {"who": event.agent.name if event.agent else _("Mostrador")}
    facts = event.facts
    words = str(facts.get("words") or "")
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


def _to_come(action: Action, feed: Feed | None, now: datetime) -> list[Step]:
    accepted, seen = Step("todo", _("Amazon's answer")), _proof(action)
    match State(action.state):
        case State.REQUESTED:
            return [
                Step("now", _waiting_words(action, now)),
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


def _waiting_words(action: Action, now: datetime) -> str:
    if action.send_after > now:
        return _("Can be taken back until %(clock)s") % {"clock": clock_text(action.send_after, seconds=True)}
    return _("Waiting to go to Amazon")


def _proof(action: Action) -> Step:
    if isinstance(action, Cancellation):
        return Step("todo", _("Amazon shows the order as cancelled"))
    return Step("todo", _("Seen in Amazon's accounts"), _("within two days"))


def _next_look(feed: Feed | None, now: datetime) -> str:
    if feed is None or feed.next_action_at is None or feed.next_action_at <= now:
        return ""
    soon = (feed.next_action_at - now).total_seconds() < 20
    return "" if soon else _("next look %(clock)s") % {"clock": clock_text(feed.next_action_at)}


# ── what the agent must know ──────────────────────────────────────────────────────────────────────────────


def _headline(action: Action, feed: Feed | None, now: datetime) -> tuple[str, tuple[str, ...]]:
    """Return the sentences of a state that must not be misread, and what to do."""
    match State(action.state):
        case State.UNKNOWN:
            return _unknown_words(action, feed, now), ()
        case State.REVIEW:
            return _review_words(action), _review_advice(action)
        case State.NOT_SENT if isinstance(action, Refund):
            return _("Nothing reached Amazon, and the money is free again. You may send it again."), ()
        case State.NOT_SENT:
            return _(
                "Nothing reached Amazon, and the order is free again. Cancel it anew if you still want to."
            ), ()
        case State.REJECTED if isinstance(action, Refund):
            free = _("The buyer got nothing from this refund; the amount is free for a new one.")
            return " ".join(part for part in (code_words(action.answer_code), free) if part), ()
        case State.REJECTED:
            return _("The order is not cancelled; it is free for other actions again."), ()
    return "", ()


def _unknown_words(action: Action, feed: Feed | None, now: datetime) -> str:
    where = _("Do not refund it here or in Seller Central.")
    if isinstance(action, Cancellation):
        where = _("Do not cancel it in Seller Central.")
    first = _("Sent %(clock)s, but no answer arrived: it may or may not have gone through.") % {
        "clock": clock_text(feed.marked_at if feed and feed.marked_at else action.moved_at)
    }
    if feed is None or feed.state != FeedState.UNKNOWN or not feed.token_expires_at:
        return f"{first} {where}"
    known = rules.Feed(
        state=FeedState.UNKNOWN,
        message_ids=frozenset(),
        marked_at=feed.marked_at,
        token_expires_at=feed.token_expires_at,
        empty_looks=tuple(feed.empty_looks),
        next_action_at=feed.next_action_at,
    )
    looks = _("We keep looking: next look %(next)s, decision at the latest %(latest)s.") % {
        "next": clock_text(feed.next_action_at or rules.next_look(known, now)),
        "latest": clock_text(rules.decided_by(known)),
    }
    return f"{first} {where} {looks}"


def _review_words(action: Action) -> str:
    if isinstance(action, Cancellation):
        return _("Amazon stopped while working on it: the order may or may not be cancelled.")
    return _("Amazon stopped while working on it: this refund may or may not have been made.")


def _review_advice(action: Action) -> tuple[str, ...]:
    if isinstance(action, Cancellation):
        return (
            _("Open the order in Seller Central, half an hour after it was sent at the earliest."),
            _("Look at its status: “Cancelled” means it was done."),
            _("Say below what you saw. Do not cancel it a second time."),
        )
    return (
        _("Open the order in Seller Central, half an hour after it was sent at the earliest."),
        _("Look at its refunds: is this amount among them?"),
        _("Say below what you saw. Do not refund it again before that is decided."),
    )
