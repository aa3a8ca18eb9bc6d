"""Books: Amazon's ledger and mail log, and what they say about the desk's own words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mostrador.domain.delivery import State

if TYPE_CHECKING:
    from tests.faults.market import Asked

ANSWERED = frozenset({State.ACCEPTED, State.CONFIRMED, State.REJECTED, State.REVIEW, State.NOT_SENT})
PAID = frozenset({State.ACCEPTED, State.CONFIRMED})


@dataclass
class Books:
    """Amazon's ledger and mail log."""

    ledger: dict[str, Any]
    letters: Counter[str]

    def paid(self, order_id: str) -> int:
        """Return what was given back on an order, in minor units."""
        items = self.ledger[order_id]["items"].values()
        parts = [part for item in items for part in item["components"].values()]
        return int(sum(Decimal(part["refunded"]) for part in parts) * 100)

    def did(self, asked: Asked) -> bool:
        """Return whether Amazon did what was asked for."""
        if asked.kind == "cancel":
            return bool(self.ledger[asked.order_id]["status"] == "CANCELLED")
        return self.paid(asked.order_id) > 0

    def was_review(self, asked: Asked) -> bool:
        """Return whether a person has decided about it."""
        return asked.action.events.filter(kind="review").exists()

    def judge(self, row: Any, asked: Asked, *, expect_rejected: bool = False) -> None:
        """Compare one action with the books."""
        state = asked.state()
        where = f"{asked.kind} {asked.order_id} is {state}"
        if asked.kind == "reply":
            came = self.letters[asked.text]
            row.doubled += came > 1
            row.false_accepted += state is State.SENT and came == 0
            row.false_rejected += state in (State.REJECTED, State.WITHDRAWN) and came > 0
            row.lost += state not in (State.SENT, State.UNKNOWN, State.REJECTED)
            if came > 1 or state not in (State.SENT, State.UNKNOWN):
                row.wrong.append(f"{where}, {came} letters")
            return
        if asked.kind == "cancel":
            happened = self.ledger[asked.order_id]["status"] == "CANCELLED"
            times = 1.0 if happened else 0.0
        else:
            paid = self.paid(asked.order_id)
            times = paid / asked.minor
            happened = paid > 0
        row.doubled += times > 1
        row.lost += state not in ANSWERED
        row.false_accepted += state in PAID and times != 1
        row.false_rejected += state in (State.REJECTED, State.NOT_SENT) and happened
        if times > 1 or state not in ANSWERED or ((state in PAID) != happened and state is not State.REVIEW):
            row.wrong.append(f"{where}, Amazon did it {times} times")
        if (
            state is State.REJECTED
            and happened is False
            and not expect_rejected
            and not self.was_review(asked)
        ):
            row.wrong.append(f"{where}, although nothing speaks against it")
