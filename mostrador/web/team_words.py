"""Team words: why the desk refuses to change a ticket, each with the right next step."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from mostrador.domain.refusals import RefusalCode

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
