"""Suggestions: the likely step of a ticket in words, with the link to its form; nothing acts alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mostrador.actions.macros import teller_of
from mostrador.domain.delivery import Source, State
from mostrador.domain.macros import Macro
from mostrador.domain.orders import OrderFacts
from mostrador.domain.reviews import is_disputed
from mostrador.domain.suggestions import Because, Move, Sign, Signals, Suggestion, suggest
from mostrador.domain.wishes import Wish, wishes_in
from mostrador.models import Cancellation, Refund, SavedMacro, Ticket
from mostrador.web.macro_words import title_of
from mostrador.web.notation import span_text
from mostrador.web.reasons import reason_words
from mostrador.web.states import DISPUTED, look
from mostrador.web.timeline import Said, Story

SIGN_WORDS: dict[Sign, str | Promise] = {
    Sign.CANCEL: gettext_lazy("asks to cancel"),
    Sign.REFUND: gettext_lazy("wants money back"),
    Sign.PART: gettext_lazy("a part is enough"),
    Sign.RETURN: gettext_lazy("wants to return"),
    Sign.NOT_RECEIVED: gettext_lazy("has not received it"),
    Sign.DAMAGED: gettext_lazy("says it is damaged"),
    Sign.WRONG_ITEM: gettext_lazy("says it is wrong or not complete"),
    Sign.ADDRESS: gettext_lazy("asks about the address"),
    Sign.ASKED_ON_AMAZON: gettext_lazy("asked Amazon to cancel"),
    Sign.BY_AMAZON: gettext_lazy("Amazon fulfils it (FBA)"),
    Sign.PENDING: gettext_lazy("Amazon has not released it"),
    Sign.UNSHIPPED: gettext_lazy("unshipped"),
    Sign.SHIPPED: gettext_lazy("shipped"),
    Sign.SHIPS_IN: gettext_lazy("ships in %(span)s"),
    Sign.SHIPS_LATE: gettext_lazy("%(span)s late to ship"),
    Sign.ARRIVES_LATER: gettext_lazy("arrives within %(span)s"),
    Sign.ARRIVES_LATE: gettext_lazy("%(span)s late to arrive"),
    Sign.REFUND_OPEN: gettext_lazy("refund %(reference)s is under way"),
    Sign.CANCELLATION_OPEN: gettext_lazy("cancellation %(reference)s is under way"),
    Sign.REFUNDED: gettext_lazy("everything has gone back"),
    Sign.CLAIM_OPEN: gettext_lazy("the buyer opened a claim"),
}


@dataclass(frozen=True, slots=True)
class Proposed:
    """A suggestion as the panel shows it; `opens` is the form, `macro` the reply that fills the box."""

    key: str
    because: str
    words: str
    opens: str = ""
    macro: str = ""
    outside: str = ""


def proposed(ticket: Ticket, facts: OrderFacts, story: Story, now: datetime) -> Proposed | None:
    """Return what is probably to be done in a ticket, or nothing."""
    order, wishes = ticket.order, _wishes(story.entries)
    assert order, "only a ticket with an order has a panel"
    doubtful = next((a for a in reversed(story.actions) if _needs_a_person(a, now)), None)
    if doubtful is not None:
        return _looking(ticket, doubtful)
    if not wishes and not facts.buyer_asked_to_cancel and ticket.claim_at is None:
        return None
    macros = {macro.slug: macro for macro in SavedMacro.objects.in_use()}
    signals = Signals(
        order=facts,
        wishes=wishes,
        now=now,
        ship_by=order.ship_by,
        deliver_by=order.deliver_by,
        has_claim=ticket.claim_at is not None,
        has_tracking=bool(order.packages),
        usable_macros=frozenset(macros),
    )
    found = _usable(ticket, signals, macros, story)
    return _shown(ticket, found, macros) if found else None


def _needs_a_person(action: Refund | Cancellation, now: datetime) -> bool:
    """Return whether nobody knows what became of it, so that neither waiting nor telling helps."""
    disputed = is_disputed(state=State(action.state), accepted_at=action.moved_at, now=now)
    return action.state == State.REVIEW or (isinstance(action, Refund) and disputed)


def _looking(ticket: Ticket, action: Refund | Cancellation) -> Proposed:
    """Return the proposal to look at the order itself."""
    shown = look(action.state) if action.state == State.REVIEW else DISPUTED
    because = f"{action.reference}: {shown.word}"
    url = ticket.order.seller_central_url() if ticket.order else ""
    key = f"{ticket.pk}|look|{action.reference}"
    return Proposed(key, because, _("Order in Seller Central"), outside=url)


def _usable(ticket: Ticket, signals: Signals, macros: Mapping[str, Macro], story: Story) -> Suggestion | None:
    """Return the first proposal whose reply can be used now: only what is proposed is worded."""
    found = suggest(signals)
    if found is None or not found.macro:
        return found
    asked = [action for action in story.actions if action.source != Source.ELSEWHERE]
    teller = teller_of(ticket=ticket, order=signals.order, actions=asked)
    while found is not None and found.macro:
        if teller.text(macros[found.macro]).is_usable:
            return found
        signals = replace(signals, usable_macros=signals.usable_macros - {found.macro})
        found = suggest(signals)
    return found


def _wishes(entries: Sequence[object]) -> frozenset[Wish]:
    """Return what the buyer wrote since our last answer asks for."""
    open_words: list[str] = []
    for entry in entries:
        if not isinstance(entry, Said) or entry.kind == "note":
            continue
        open_words = [*open_words, entry.text] if entry.is_buyers else []
    return frozenset(wish for text in open_words[-5:] for wish in wishes_in(text))


def _shown(ticket: Ticket, found: Suggestion, macros: Mapping[str, Macro]) -> Proposed:
    because = " · ".join(_because(each) for each in found.because)
    shown = Proposed(key=f"{ticket.pk}|{found.key}", because=because, words=_words(found))
    reason = urlencode({"reason": found.reason} | ({"mode": "partial"} if found.is_partial else {}))
    match found.move:
        case Move.CANCEL:
            return _opening(shown, f"{reverse('cancel', args=[ticket.pk])}?{reason}")
        case Move.REFUND:
            return _opening(shown, f"{reverse('refund', args=[ticket.pk])}?{reason}")
        case Move.MACRO:
            return _replying(shown, ticket, macros[found.macro])
        case Move.CLAIM:
            url = ticket.order.seller_central_url() if ticket.order else ""
            return Proposed(shown.key, shown.because, shown.words, outside=url)
        case Move.WAIT:
            return shown


def _opening(shown: Proposed, url: str) -> Proposed:
    return Proposed(shown.key, shown.because, shown.words, opens=url)


def _replying(shown: Proposed, ticket: Ticket, macro: Macro) -> Proposed:
    """Return the proposal of a reply: one with steps opens its preview, one of words fills the box."""
    words = _("Answer: %(macro)s") % {"macro": title_of(macro)}
    opens = reverse("run-macro", args=[ticket.pk, macro.slug]) if macro.steps else ""
    return Proposed(shown.key, shown.because, words, opens=opens, macro="" if opens else macro.slug)


def _because(because: Because) -> str:
    facts = {"span": span_text(because.span) if because.span else "", "reference": because.reference}
    return str(SIGN_WORDS[because.sign]) % facts


def _words(found: Suggestion) -> str:
    match found.move:
        case Move.CANCEL:
            return _("Cancel the order (%(reason)s)") % {"reason": reason_words(found.reason)}
        case Move.REFUND:
            words = _("Refund a part (%(reason)s)") if found.is_partial else _("Refund (%(reason)s)")
            return words % {"reason": reason_words(found.reason)}
        case Move.CLAIM:
            return _("Answer the claim in Seller Central")
        case Move.WAIT:
            return _("Wait for Amazon")
        case Move.MACRO:
            return ""
