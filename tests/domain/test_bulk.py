"""Bulk: what one wish changes in a ticket, what it leaves, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mostrador.domain.bulk import BulkVerb, BulkWish, TicketNow, judge
from mostrador.domain.refusals import RefusalCode
from mostrador.domain.tickets import Priority, TicketState

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLAIN = TicketNow(
    state=TicketState.OPEN,
    agent_id=None,
    tags=["vip"],
    priority=Priority.NORMAL,
    snoozed_until=None,
    answer_due_at=NOW + 2 * HOUR,
    is_merged=False,
)
V, C = BulkVerb, RefusalCode


@pytest.mark.parametrize(
    ("wish", "ticket", "changes", "codes"),
    [
        (BulkWish(V.ASSIGN, agent_id=1), {}, True, []),
        (BulkWish(V.ASSIGN, agent_id=1), {"agent_id": 1}, False, []),
        (BulkWish(V.ASSIGN), {}, False, []),
        (BulkWish(V.ASSIGN), {"agent_id": 1}, True, []),
        (BulkWish(V.TAG, tag="late"), {}, True, []),
        (BulkWish(V.TAG, tag="vip"), {}, False, []),
        (BulkWish(V.TAG), {}, False, [C.NO_TAG]),
        (BulkWish(V.TAG, tag="late"), {"tags": [f"t{n}" for n in range(20)]}, False, [C.TOO_MANY_TAGS]),
        (BulkWish(V.UNTAG, tag="vip"), {}, True, []),
        (BulkWish(V.UNTAG, tag="late"), {}, False, []),
        (BulkWish(V.RANK, priority=Priority.HIGH), {}, True, []),
        (BulkWish(V.RANK, priority=Priority.NORMAL), {}, False, []),
        (BulkWish(V.SNOOZE, until=NOW + HOUR), {}, True, []),
        (BulkWish(V.SNOOZE, until=NOW + HOUR), {"snoozed_until": NOW + HOUR}, False, []),
        (BulkWish(V.SNOOZE, until=NOW + 3 * HOUR), {}, False, [C.SNOOZE_PAST_DUE]),
        (BulkWish(V.SNOOZE, until=NOW + 3 * HOUR, accepts_late=True), {}, True, []),
        (BulkWish(V.SNOOZE), {}, False, [C.SNOOZE_OUT_OF_RANGE]),
        (BulkWish(V.SNOOZE, until=NOW + HOUR), {"state": TicketState.CLOSED}, False, [C.TICKET_IS_CLOSED]),
        (BulkWish(V.CLOSE), {}, True, []),
        (BulkWish(V.CLOSE), {"state": TicketState.CLOSED}, False, []),
        (BulkWish(V.REOPEN), {}, False, []),
        (BulkWish(V.REOPEN), {"state": TicketState.WAITING}, True, []),
        (BulkWish(V.REOPEN), {"is_merged": True, "state": TicketState.CLOSED}, False, [C.MERGED_ALREADY]),
    ],
)
def test_a_wish_changes_what_is_not_so_yet(
    wish: BulkWish, ticket: dict[str, Any], changes: bool, codes: list[RefusalCode]
) -> None:
    verdict = judge(wish, replace(PLAIN, **ticket), now=NOW)
    assert verdict.changes == changes
    assert [refusal.code for refusal in verdict.refusals] == codes
    assert verdict.is_so_already == (not changes and not codes)


def test_nothing_about_money_can_be_wished_for_many() -> None:
    assert set(BulkVerb) == {"assign", "tag", "untag", "rank", "snooze", "close", "reopen"}
