"""Messages: what may be answered, and when an armed reply may leave."""

from __future__ import annotations

from mostrador.domain.delivery import TRUE_FOR_THE_BUYER, State
from mostrador.domain.refusals import Refusal, RefusalCode

LONGEST_MESSAGE = 10_000  # characters


def refusals(*, body: str, has_address: bool, has_mailbox: bool) -> list[Refusal]:
    """Return why this reply is refused; empty means it may be sent."""
    found = []
    if not body.strip():
        found.append(Refusal(RefusalCode.EMPTY_MESSAGE))
    if len(body) > LONGEST_MESSAGE:
        found.append(Refusal(RefusalCode.MESSAGE_TOO_LONG, {"longest": LONGEST_MESSAGE, "length": len(body)}))
    if not has_address:
        found.append(Refusal(RefusalCode.NO_ADDRESS))
    if not has_mailbox:
        found.append(Refusal(RefusalCode.NO_MAILBOX))
    return found


def signed(text: str, signature: str) -> str:
    """Return the words that leave: the text, and under it the selling partner's signature, once."""
    below = signature.strip()
    if not below or text.rstrip().endswith(below):
        return text
    return f"{text.rstrip()}\n\n{below}"


def may_leave(armed_on: State | None) -> bool:
    """Return whether a reply armed on an action in state `armed_on` may leave now."""
    return armed_on is None or armed_on in TRUE_FOR_THE_BUYER


def never_leaves(armed_on: State | None) -> bool:
    """Return whether what an armed reply waits for can no longer happen: it is then taken back."""
    return armed_on in (State.REJECTED, State.WITHDRAWN, State.NOT_SENT)
