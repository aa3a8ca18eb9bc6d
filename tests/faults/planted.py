"""Bugs put in on purpose: each is a small change of the worker, the person or a rule, and must be found."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from unittest.mock import patch

from mostrador.amazon.errors import AmazonError
from mostrador.domain import feeds as rules
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState
from tests.faults.simulation import Person, Result, Simulation, Worker
from tests.faults.simulation.store import Action, Store
from tests.faults.simulation.worker import Call, Held, Steps, Token


class RetriesOnTimeout(Worker):
    """Takes a lost answer for proof that nothing was done."""

    def failed(self, held: Held, error: AmazonError) -> None:
        """Try again, whatever went wrong."""
        self.settle(held, rules.CertainlyNotDone(str(error)), self.clock())


class MarksAfterSend(Worker):
    """Writes the mark when the answer is there."""

    def send(self, held: Held) -> Steps:
        """Send, then mark."""
        token = yield from self.access_token()
        self.take("createFeed", self.clock())
        feed_id = yield from self.create_feed(held, token, self.boot_clock() + 60)
        self.settle(held, rules.AboutToSend(token.dead_at), self.clock())
        self.settle(held, rules.FeedCreated(feed_id), self.clock())


class AdoptsAnyFeed(Worker):
    """Takes the first feed in the list for the one it seeks."""

    def candidates(self, held: Held, listed: list[tuple[str, datetime]]) -> list[str]:
        """Return the first of the list."""
        return [feed_id for feed_id, _ in listed[:1]]


class CountsOnly(Worker):
    """Believes a report as soon as it counts as many messages as were sent."""

    def verdicts(self, body: bytes, held: Held) -> dict[int, rules.Verdict]:
        """Accept everything when the number fits."""
        count = len(held.row.message_ids)
        if f"<MessagesProcessed>{count}<".encode() in body:
            return {number: rules.Verdict(State.ACCEPTED) for number in held.row.message_ids}
        return super().verdicts(body, held)


class RefreshesToken(Worker):
    """Lets its client fetch a new token by itself between the mark and the request."""

    def create_feed(self, held: Held, token: Token, deadline: float) -> Generator[Call | None, Any, str]:
        """Send with a token that is valid whenever the request arrives."""
        return (yield from super().create_feed(held, replace(token, value="refreshed"), deadline))


class WritesWithoutComparing(Worker):
    """Writes its decision whatever the row has become."""

    def put(self, held: Held, new: rules.Feed) -> None:
        """Overwrite the row."""
        self.store.overwrite(held.feed, new)


class HastyPerson(Person):
    """Presses "send again" while the outcome is unknown."""

    def __init__(self) -> None:
        super().__init__(frozenset({State.NOT_SENT, State.UNKNOWN}))

    def send_again(self, store: Store, action: Action, send_after: datetime) -> None:
        """Declare the feed as never sent, and send its wishes again."""
        if action.state is not State.UNKNOWN:
            super().send_again(store, action, send_after)
            return
        feed = next(each for each in store.feeds if each.pk == action.live_in)
        with store.transaction():
            store.overwrite(feed, replace(feed.row, state=FeedState.ABSENT, next_action_at=None))
            for each in feed.messages.values():
                store.put_state(each, State.REQUESTED)
                store.let_live(each, None)
                store.postpone(each, send_after)


def _absent_after_one_look(seed: int) -> Result:
    """Run a seed in which one empty look at Amazon's list is proof enough."""
    with patch.object(rules, "is_absent", lambda feed: True):
        return Simulation(seed).run()


@dataclass(frozen=True, slots=True)
class Planted:
    """A planted bug: how to run a seed with it, and which promises it breaks."""

    run: Callable[[int], object]
    breaks: tuple[str, ...]


PLANTED = {
    "retry on a read time-out": Planted(
        lambda seed: Simulation(seed, worker_class=RetriesOnTimeout).run(), ("I1", "I4")
    ),
    "mark after send": Planted(lambda seed: Simulation(seed, worker_class=MarksAfterSend).run(), ("I3",)),
    "adopt any feed": Planted(lambda seed: Simulation(seed, worker_class=AdoptsAnyFeed).run(), ("I4", "I1")),
    "count-only success": Planted(lambda seed: Simulation(seed, worker_class=CountsOnly).run(), ("I4",)),
    "token refresh after the mark": Planted(
        lambda seed: Simulation(seed, worker_class=RefreshesToken).run(), ("I4", "I1")
    ),
    "send again while unknown": Planted(
        lambda seed: Simulation(seed, person=HastyPerson()).run(), ("I1", "I4")
    ),
    "absent after one look": Planted(_absent_after_one_look, ("I4", "I1")),
    "finish without compare-and-set": Planted(
        lambda seed: Simulation(seed, worker_class=WritesWithoutComparing).run(), ("I1", "I3", "I4")
    ),
}
