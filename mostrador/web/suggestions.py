"""Suggestions: the likely step of a ticket in words, with the link to its form; nothing acts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mostrador.actions.macros import teller_of
from mostrador.domain.orders import OrderFacts
from mostrador.domain.suggestions import Because, Move, Sign, Signals, Suggestion, suggest
from mostrador.domain.wishes import Wish, wishes_in
from mostrador.models import SavedMacro, Ticket
from mostrador.web.macro_words import title_of
from mostrador.web.notation import span_text
from mostrador.web.reasons import reason_words
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
    if not wishes and not facts.buyer_asked_to_cancel and ticket.claim_at is None:
        return None
    signals = Signals(
        order=facts,
        wishes=wishes,
        now=now,
        ship_by=order.ship_by,
        deliver_by=order.deliver_by,
        has_claim=ticket.claim_at is not None,
        has_tracking=bool(order.packages),
        usable_macros=frozenset(macro.slug for macro in SavedMacro.objects.in_use()),
    )
    found = _usable(ticket, signals)
    return _shown(ticket, found) if found else None


def _usable(ticket: Ticket, signals: Signals) -> Suggestion | None:
    """Return the first proposal whose reply can be used now: only what is proposed is worded."""
    found = suggest(signals)
    if found is None or not found.macro:
        return found
    teller = teller_of(ticket=ticket, order=signals.order)
    while found is not None and found.macro:
        macro = SavedMacro.objects.named(found.macro)
        if macro is not None and teller.text(macro).is_usable:
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


def _shown(ticket: Ticket, found: Suggestion) -> Proposed:
    because = " · ".join(_because(each) for each in found.because)
    shown = Proposed(key=f"{ticket.pk}|{found.key}", because=because, words=_words(found))
    reason = urlencode({"reason": found.reason} | ({"mode": "partial"} if found.is_partial else {}))
    match found.move:
        case Move.CANCEL:
            return _opening(shown, f"{reverse('cancel', args=[ticket.pk])}?{reason}")
        case Move.REFUND:
            return _opening(shown, f"{reverse('refund', args=[ticket.pk])}?{reason}")
        case Move.MACRO:
            return _replying(shown, ticket, found.macro)
        case Move.CLAIM:
            url = ticket.order.seller_central_url() if ticket.order else ""
            return Proposed(shown.key, shown.because, shown.words, outside=url)
        case Move.WAIT:
            return shown


def _opening(shown: Proposed, url: str) -> Proposed:
    return Proposed(shown.key, shown.because, shown.words, opens=url)


def _replying(shown: Proposed, ticket: Ticket, slug: str) -> Proposed:
    """Return the proposal of a reply: one with steps opens its preview, one of words fills the box."""
    macro = SavedMacro.objects.named(slug)
    assert macro, "only macros in use are proposed"
    words = _("Answer: %(macro)s") % {"macro": title_of(macro)}
    opens = reverse("run-macro", args=[ticket.pk, slug]) if macro.steps else ""
    return Proposed(shown.key, shown.because, words, opens=opens, macro="" if opens else slug)


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
