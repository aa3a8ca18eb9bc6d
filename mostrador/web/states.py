"""States: how the life of a refund, a cancellation or a reply is called and coloured on the screen."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from mostrador.domain.delivery import State


@dataclass(frozen=True, slots=True)
class Look:
    """The word, the colour and the icon of a state."""

    word: str | Promise
    tone: str
    icon: str


LOOKS = {
    State.REQUESTED: Look(gettext_lazy("not sent yet"), "warn", "clock"),
    State.SENDING: Look(gettext_lazy("going out"), "calm", "send"),
    State.SENT: Look(gettext_lazy("with Amazon"), "calm", "send"),
    State.ACCEPTED: Look(gettext_lazy("accepted"), "good", "check"),
    State.CONFIRMED: Look(gettext_lazy("confirmed"), "good", "circle-check"),
    State.REJECTED: Look(gettext_lazy("refused by Amazon"), "bad", "circle-x"),
    State.UNKNOWN: Look(gettext_lazy("outcome unknown"), "warn", "triangle-alert"),
    State.NOT_SENT: Look(gettext_lazy("never sent"), "warn", "circle-alert"),
    State.REVIEW: Look(gettext_lazy("needs review"), "bad", "shield-alert"),
    State.WITHDRAWN: Look(gettext_lazy("taken back"), "", "undo-2"),
}
# How Amazon's accounts show what was given back by another hand.
ELSEWHERE = Look(gettext_lazy("refunded elsewhere"), "else", "coins")
# A person saw that it was not done: Amazon itself has said nothing.
SEEN_NOT_DONE = Look(gettext_lazy("not done"), "bad", "circle-x")
DISPUTED = Look(gettext_lazy("accepted, but not in the accounts"), "bad", "scale")
# A reply goes to the relay, not to Amazon's feeds.
REPLY_LOOKS = {
    **LOOKS,
    State.SENT: Look(gettext_lazy("sent"), "good", "check"),
    State.REJECTED: Look(gettext_lazy("refused by the mail server"), "bad", "circle-x"),
}
STATE_WORDS: dict[str, str | Promise] = {state.value: look.word for state, look in LOOKS.items()}


def look(state: str, *, reply: bool = False) -> Look:
    """Return how `state` is shown."""
    return (REPLY_LOOKS if reply else LOOKS)[State(state)]
