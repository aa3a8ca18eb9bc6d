"""The network between a worker and the fake Amazon: it delays, loses, and brings errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from mostrador.amazon.errors import AmazonError, Happened, NotSent, OutcomeUnknown, error_of_answer
from tests.faults.simulation.amazon import QUOTAS, Amazon, AmazonFeed
from tests.faults.simulation.faults import Faults
from tests.faults.simulation.invariants import check_send
from tests.faults.simulation.store import Store
from tests.faults.simulation.timeline import BEGINNING, Timeline, seconds_of
from tests.faults.simulation.worker import Call

READ_TIMEOUT = 60.0
Answer = Callable[[Any, AmazonError | None], None]


@dataclass
class Network:
    """Carries calls there and back."""

    rng: Random
    amazon: Amazon
    store: Store
    timeline: Timeline
    faults: Faults
    sent: set[tuple[int, int]] = field(default_factory=set)

    def carry(self, call: Call, now: float, answer: Answer) -> None:
        """Carry a call to Amazon and its answer back, or not."""
        rng, faults = self.rng, self.faults
        often = 1.0 if call.operation == "createFeed" else 0.2
        operation = call.operation
        if rng.random() < faults.refused_connection * often:
            error = NotSent("refused", operation=operation, happened=Happened.NO)
            self.timeline.at(now + 0.01, operation + " refused", lambda: answer(None, error))
            return
        if call.origin is not None:
            check_send(self.store, self.sent, call.origin)
        there, back = rng.uniform(0.02, 0.3), rng.uniform(0.02, 0.3)
        if rng.random() < faults.late * often:
            there = rng.choice((rng.uniform(1, 120), rng.uniform(60, 7500)))
        arrives = rng.random() >= faults.lost_request * often
        comes_back = arrives and rng.random() >= faults.lost_answer * often and there + back < READ_TIMEOUT
        if not comes_back:
            lost = OutcomeUnknown("no answer", operation=operation, happened=Happened.UNKNOWN)
            self.timeline.at(now + READ_TIMEOUT, operation + " lost", lambda: answer(None, lost))
        if arrives:
            heard = answer if comes_back else _nobody
            arrival = now + there
            self.timeline.at(arrival, operation, lambda: self._arrive(call, arrival, back, heard))

    def _arrive(self, call: Call, now: float, back: float, answer: Answer) -> None:
        content, error = self._at_the_door(call, now)
        if answer is not _nobody:
            self.timeline.at(now + back, "answer", lambda: answer(content, error))

    def _at_the_door(self, call: Call, now: float) -> tuple[Any, AmazonError | None]:
        rng, faults, operation = self.rng, self.faults, call.operation
        often = 1.0 if operation == "createFeed" else 0.2
        if rng.random() < faults.error_before * often:
            return None, _refusal(operation, rng.choice((500, 502, 503, 504)))
        token = call.asks.get("token")
        if token is not None and not self.amazon.is_valid(token, now):
            return None, _refusal(operation, 403)
        if call.origin is not None and rng.random() < faults.door * 0.3:
            return None, _refusal(operation, 400)
        if operation in QUOTAS:
            if rng.random() < faults.throttled * often:
                self.amazon.use_up(operation, now)
            if not self.amazon.has_quota(operation, now):
                return None, _refusal(operation, 429)
        content = self._done(call, now)
        if rng.random() < faults.error_after * often:
            return None, _refusal(operation, rng.choice((500, 503)))
        if rng.random() < faults.garbage * often:
            return None, OutcomeUnknown("garbage", operation=operation, happened=Happened.UNKNOWN, status=202)
        return content, None

    def _done(self, call: Call, now: float) -> Any:
        amazon, asks = self.amazon, call.asks
        match call.operation:
            case "getAccessToken":
                return amazon.token(now)
            case "createFeedDocument":
                return amazon.add_document()
            case "upload":
                amazon.documents[asks["document"]] = asks["body"]
                return None
            case "createFeed":
                body = amazon.documents[asks["document"]]
                origin = call.origin[0] if call.origin else None
                return self.add_feed(asks["kind"], body, asks["token"], origin, now).feed_id
            case "getFeed":
                feed = amazon.feeds[asks["feed"]]
                return feed.status, f"report-{feed.feed_id}" if feed.has_report else ""
            case "getFeeds":
                return self._listing(call, now)
            case "getFeedDocument":
                return amazon.feeds[asks["document"].removeprefix("report-")].report
            case _:
                return amazon.orders[asks["order"]].is_cancelled

    def add_feed(self, kind: str, body: bytes, token: str, origin: int | None, now: float) -> AmazonFeed:
        """Let Amazon create a feed and plan its life."""
        rng, luck = self.rng, self.amazon.luck
        feed = self.amazon.create(kind=kind, body=body, token=token, origin=origin, now=now)
        takes = rng.choice((rng.uniform(1, 20), rng.uniform(20, 240)))
        if rng.random() < luck.stuck:
            takes = rng.uniform(9, 60) * 3600
            self.timeline.at(now + 5, "stuck", lambda: setattr(feed, "status", "IN_PROGRESS"))
        elif rng.random() < luck.cancelled and origin is not None:
            self.timeline.at(now + takes / 2, "cancelled", lambda: setattr(feed, "status", "CANCELLED"))
        self.timeline.at(now + takes, "work", lambda: self.amazon.work_on(feed))
        return feed

    def _listing(self, call: Call, now: float) -> list[tuple[str, datetime]]:
        asks = call.asks
        shown = self.amazon.listing(
            kind=asks["kind"],
            since=seconds_of(asks["since"]),
            sought=asks["sought"],
            marked=seconds_of(asks["marked"]),
            now=now,
        )
        return [(feed_id, BEGINNING + timedelta(seconds=created)) for feed_id, created in shown]


def _nobody(content: Any, error: AmazonError | None) -> None:
    """Hear the answer that nobody waits for."""


def _refusal(operation: str, status: int) -> AmazonError:
    """Return what the real client makes of an error answer."""
    body = b'{"errors":[{"code":"C","message":"m"}]}'
    return error_of_answer(operation, status, {}, body)
