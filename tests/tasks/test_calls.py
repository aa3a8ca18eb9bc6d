"""Calls: every request to Amazon is counted by its outcome, and counts survive a database that is away."""

from __future__ import annotations

import threading

import pytest
from django.db import OperationalError, connection

from mostrador.amazon.components import Component
from mostrador.amazon.errors import AmazonError, NotSent, OutcomeUnknown
from mostrador.amazon.wire import Outgoing
from mostrador.domain.delivery import State
from mostrador.domain.refunds import Line
from mostrador.models import CallCount, CallOutcome
from mostrador.tasks import calls
from tests.shop import Shop

pytestmark = pytest.mark.django_db(transaction=True)

LAMP = "303-5512894-7749126"
LAMP_ITEM = "30155128947741"


@pytest.fixture(autouse=True)
def _counted_from_zero() -> None:
    """Forget what other tests have called."""
    calls._counted.clear()


def known() -> dict[tuple[str, str], int]:
    """Return the database's counters."""
    return {(each.operation, each.outcome): each.number for each in CallCount.objects.all()}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, CallOutcome.OK),
        (202, CallOutcome.OK),
        (302, CallOutcome.FAILED),
        (400, CallOutcome.REFUSED),
        (401, CallOutcome.UNAUTHORIZED),
        (403, CallOutcome.UNAUTHORIZED),
        (404, CallOutcome.REFUSED),
        (429, CallOutcome.THROTTLED),
        (500, CallOutcome.FAILED),
        (503, CallOutcome.FAILED),
    ],
)
def test_a_status_counts_as_one_outcome(status: int, outcome: CallOutcome) -> None:
    assert calls.outcome_of(status) is outcome


def test_a_refund_leaves_its_counts_one_for_each_request_amazon_saw(shop: Shop) -> None:
    order = shop.order(LAMP)
    shop.fault(operation="createFeed", times=1, action="status", status=429)
    refund = shop.refund(order, Line(LAMP_ITEM, {Component.PRINCIPAL: 1500}))
    shop.work_until(lambda: ("createFeed", CallOutcome.THROTTLED) in calls._counted)
    calls.store()
    assert known()["createFeed", "throttled"] == 1
    assert known()["getAccessToken", "ok"] >= 1
    assert known()["uploadFeedDocument", "ok"] == len(shop.calls("uploadDocument")) >= 1
    refund.refresh_from_db()
    assert refund.state in (State.SENDING, State.REQUESTED), "it was certainly not done"


def test_what_did_not_leave_and_what_got_no_answer_are_told_apart(shop: Shop) -> None:
    wire = calls.CountedWire()
    with pytest.raises(NotSent):
        wire.send(Outgoing("getFeed", "GET", "http://127.0.0.1:1/feeds", headers={}))
    shop.fault(operation="getOrder", times=1, action="drop_after")
    with pytest.raises((OutcomeUnknown, AssertionError)):
        shop.order(LAMP)
    counted = dict(calls._counted)
    assert counted["getFeed", CallOutcome.NOT_SENT] == 1
    assert counted["getOrder", CallOutcome.NO_ANSWER] == 1


def test_stored_counts_add_up_over_threads() -> None:
    def call() -> None:
        for _ in range(200):
            calls.note("getFeed", CallOutcome.OK)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    calls.store()
    calls.note("getFeed", CallOutcome.OK)
    calls.store()
    calls.store()
    assert known() == {("getFeed", "ok"): 801}


def test_a_database_that_is_away_loses_no_count() -> None:
    calls.note("getFeed", CallOutcome.OK)
    connection.close()
    port = connection.settings_dict["HOST"], connection.settings_dict["PORT"]
    connection.settings_dict["HOST"], connection.settings_dict["PORT"] = "127.0.0.1", "1"
    try:
        with pytest.raises(OperationalError):
            calls.store()
    finally:
        connection.settings_dict["HOST"], connection.settings_dict["PORT"] = port
    calls.store()
    assert known() == {("getFeed", "ok"): 1}


def test_an_error_of_the_wire_reaches_the_caller() -> None:
    with pytest.raises(AmazonError):
        calls.CountedWire().send(Outgoing("getFeed", "GET", "http://127.0.0.1:1/", headers={}))
