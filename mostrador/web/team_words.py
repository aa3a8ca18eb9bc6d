"""Team words: why the desk refuses to change a ticket, each with the right next step."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mostrador.domain.delivery import State
from mostrador.domain.refusals import RefusalCode
from mostrador.models import Cancellation, EventKind, Refund
from mostrador.web.states import STATE_WORDS

_C = RefusalCode
TEAM_SENTENCES = {
    _C.CHANGED_MEANWHILE: gettext_lazy(
        "Something happened here since you began. Nothing was sent; look at it, and press again if it is "
        "still right."
    ),
    _C.AGENT_IS_AWAY: gettext_lazy("%(name)s no longer works at this desk: choose somebody else."),
    _C.TICKET_IS_CLOSED: gettext_lazy("The ticket is closed: open it again first."),
    _C.NO_TAG: gettext_lazy("A tag needs a letter or a digit: write a word."),
    _C.TOO_MANY_TAGS: gettext_lazy("A ticket has %(most)s tags at most: take one away first."),
    _C.SNOOZE_OUT_OF_RANGE: gettext_lazy("Choose a time from now on, at most %(days)s days ahead."),
    _C.SNOOZE_PAST_DUE: gettext_lazy(
        "Amazon wants an answer before that, %(due)s. Press again to let the ticket rest all the same."
    ),
    _C.SAME_TICKET: gettext_lazy("That is this very ticket: name another one."),
    _C.NO_SUCH_TICKET: gettext_lazy("There is no ticket %(ticket)s: look at its number again."),
    _C.MERGED_ALREADY: gettext_lazy("%(ticket)s is part of %(into)s already: work on that one."),
    _C.NOT_MERGED: gettext_lazy("%(ticket)s is no part of another ticket any more."),
    _C.OTHER_BUYER: gettext_lazy(
        "%(ticket)s is not of the same buyer: an answer would reach the wrong person. Link the two instead."
    ),
    _C.OTHER_ORDER: gettext_lazy(
        "%(ticket)s is about another order: money is refunded order by order. Link the two instead."
    ),
    _C.REPLY_IS_WAITING: gettext_lazy(
        "The answer %(reply)s in it has not left yet: wait a moment, or take it back first."
    ),
    _C.NOTHING_TO_SPLIT: gettext_lazy("Choose messages of the buyer, or notes, to go into the new ticket."),
    _C.NOTHING_WOULD_STAY: gettext_lazy("At least one message of the buyer has to stay in this ticket."),
}


_CHANGES: dict[str, str | Promise] = {
    "message": gettext_lazy("The buyer wrote again."),
    "note": gettext_lazy("%(who)s left a note."),
    EventKind.TICKET_CLOSED: gettext_lazy("%(who)s closed the ticket."),
    EventKind.TICKET_REOPENED: gettext_lazy("%(who)s opened the ticket again."),
    EventKind.TICKET_ASSIGNED: gettext_lazy("%(who)s gave the ticket to %(to)s."),
    EventKind.TICKET_MERGED: gettext_lazy("%(who)s merged it with %(to)s."),
    EventKind.TICKET_SPLIT: gettext_lazy("%(who)s split messages off into %(to)s."),
    EventKind.NO_ANSWER_NEEDED: gettext_lazy("%(who)s noted that no answer is needed."),
    EventKind.CLAIM_OPENED: gettext_lazy("The buyer opened an A-to-z claim."),
    EventKind.ORDER_FOUND: gettext_lazy("Its order was found."),
    EventKind.BUYER_ASKED_TO_CANCEL: gettext_lazy("The buyer asked Amazon to cancel the order."),
    EventKind.ORDER_STATUS_CHANGED: gettext_lazy("Amazon's status of the order is %(to)s now."),
    EventKind.REFUNDED_ELSEWHERE: gettext_lazy("Something was refunded outside this program."),
    EventKind.WITHDRAWN: gettext_lazy("%(who)s took %(what)s back."),
    EventKind.ASKED_AGAIN: gettext_lazy("%(who)s sent %(what)s once more."),
}
_REQUESTED: dict[str, str | Promise] = {
    Refund.LETTER: gettext_lazy("%(who)s asked for a refund (%(what)s)."),
    Cancellation.LETTER: gettext_lazy("%(who)s asked to cancel the order (%(what)s)."),
}


def change_words(facts: Mapping[str, str | int]) -> str:
    """Return one thing that happened since a form was begun, in words."""
    told = {name: str(facts.get(name) or "") for name in ("who", "what", "to")}
    told["who"] = told["who"] or _("Mostrador")
    told["to"] = told["to"] or _("nobody")
    kind = str(facts["kind"])
    if kind == EventKind.REQUESTED:
        words = _REQUESTED.get(told["what"][:1], gettext_lazy("%(who)s sent an answer (%(what)s)."))
        return str(words) % told
    if kind in set(State) and kind not in _CHANGES:
        told["state"] = str(STATE_WORDS.get(kind, kind))
        return _("%(what)s is “%(state)s” now.") % told
    return str(_CHANGES[kind]) % told
