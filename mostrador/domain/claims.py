"""Claims: words of a macro that say money has gone back, or an order is cancelled, unmarked."""

from __future__ import annotations

from dataclasses import dataclass

from mostrador.domain.macros import Macro, Says
from mostrador.domain.phrases import phrases_in


@dataclass(frozen=True, slots=True)
class Claim:
    """A text that claims what its macro is not marked for."""

    language: str
    claims: Says


def unmarked_claims(macro: Macro) -> list[Claim]:
    """Return the texts that say "refunded" or "cancelled" while the macro is not bound to that.

    A macro that carries the refund or the cancellation itself is bound by it: its words wait for Amazon.
    """
    return [
        Claim(language, said)
        for language, text in macro.texts.items()
        for said in (Says.REFUNDED, Says.CANCELLED)
        if said.value in phrases_in(text, "claims.toml") and macro.says is not said
    ]
