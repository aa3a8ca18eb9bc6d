"""The invariants of money safety, looked at after every step that wrote or paid anything."""

from __future__ import annotations

from mostrador.domain.delivery import FREES_THE_MONEY, OPEN, State
from mostrador.domain.feeds import BEFORE_AMAZON, ENDED, FeedState
from tests.faults.simulation.amazon import Amazon
from tests.faults.simulation.rendering import CANCELLATIONS
from tests.faults.simulation.store import Action, FeedRow, Store

DONE = frozenset({State.ACCEPTED, State.CONFIRMED})
NOTHING_DONE = frozenset({State.REJECTED, State.NOT_SENT, State.WITHDRAWN})


class Broken(AssertionError):
    """A promise was broken; the text says which."""


def check_actions(store: Store, amazon: Amazon) -> None:
    """Check what the last step wrote or paid. Raises: Broken."""
    applied = times_applied(store, amazon)
    for action in _touched(store, amazon):
        times = applied.get(action.pk, 0)
        _require(times <= 1, "I1", action, f"Amazon did it {times} times")
        if action.state in NOTHING_DONE:
            _require(times == 0, "I4", action, "but Amazon did it")
        if action.state in DONE:
            _require(_is_done(action, times, amazon), "I4", action, "but Amazon did not do it")
        _require(action.history[-1] is action.state, "I7", action, "its history ends otherwise")
    for feed in store.written:
        if feed in store.feeds:  # else its transaction was taken back
            _check_feed(feed)
    if store.changed:
        _check_books(store)
        keys = [action.request_key for action in store.actions]
        if len(set(keys)) != len(keys):
            raise Broken("I6: a request key stands for two wishes")


def times_applied(store: Store, amazon: Amazon) -> dict[int, int]:
    """Return how often Amazon did what each action asked for, from its own book."""
    times: dict[int, int] = {}
    for number, count in amazon.applied.items():
        action = store.message_of[number]
        times[action.pk] = times.get(action.pk, 0) + count
    return times


def check_send(store: Store, sent: set[tuple[int, int]], origin: tuple[int, int]) -> None:
    """Check that a createFeed that leaves now has its own committed mark, used by nobody else.

    Raises: Broken.
    """
    if origin not in store.marks:
        raise Broken(f"I3: feed {origin[0]} is sent without a mark")
    if origin in sent:
        raise Broken(f"I3: feed {origin[0]} is sent twice on one mark")
    sent.add(origin)


def check_end(store: Store, amazon: Amazon) -> None:
    """Check that everything has come to rest, and decide what is in review as a person with the proof would.

    Raises: Broken when something hangs, or when the books differ from Amazon's by one minor unit.
    """
    applied = times_applied(store, amazon)
    for action in store.actions:
        _require(action.state not in OPEN - {State.REVIEW}, "I5", action, "and nothing will happen any more")
        if action.state is State.REVIEW:
            with store.transaction():
                done = _is_done(action, applied.get(action.pk, 0), amazon)
                store.move(action, State.ACCEPTED if done else State.REJECTED)
    check_actions(store, amazon)
    for order in store.orders:
        book = amazon.orders[order.number].given_back
        for item_id, balances in order.balances.items():
            for component, balance in balances.items():
                if balance.pending or balance.posted != book[(item_id, component.value)]:
                    raise Broken(f"the books differ: {order.number} {item_id} {component}: {balance}")


def _is_done(action: Action, times: int, amazon: Amazon) -> bool:
    """Return whether what was wished is so: the money left once, or the order is cancelled, by whomever."""
    if action.kind is CANCELLATIONS:
        return amazon.orders[action.order.number].is_cancelled
    return times == 1


def _touched(store: Store, amazon: Amazon) -> list[Action]:
    return [*store.changed, *(store.message_of[number] for number in amazon.touched)]


def _check_feed(feed: FeedRow) -> None:
    row = feed.row
    if (row.next_action_at is None) != (row.state in ENDED):
        raise Broken(f"I5: feed {feed.pk} is {row.state} and its next step is at {row.next_action_at}")
    expected = {
        FeedState.SENT: {State.SENT},
        FeedState.UNKNOWN: {State.UNKNOWN},
    }.get(row.state, {State.SENDING} if row.state in BEFORE_AMAZON else None)
    if expected is not None:
        for action in feed.messages.values():
            _require(action.state in expected, "I5", action, f"while its feed is {row.state}")


def _check_books(store: Store) -> None:
    """I2 and I10: what is on its way and what was given back is exactly what the wishes say."""
    wanted: dict[tuple[str, str, str], list[int]] = {}
    for action in store.actions:
        if action.state in FREES_THE_MONEY:
            continue
        place = int(action.state in DONE)
        for item_id, amounts in action.lines.items():
            for component, minor in amounts.items():
                sums = wanted.setdefault((action.order.number, item_id, component), [0, 0])
                sums[place] += minor
    for order in store.orders:
        for item_id, balances in order.balances.items():
            for component, balance in balances.items():
                pending, posted = wanted.get((order.number, item_id, component), (0, 0))
                if (balance.pending, balance.posted) != (pending, posted):
                    raise Broken(f"I10: {order.number} {component}: {balance}, the wishes say otherwise")
                if pending + posted > balance.paid:
                    raise Broken(f"I2: {order.number} {component}: more goes back than was paid")


def _require(holds: bool, invariant: str, action: Action, words: str) -> None:
    if not holds:
        raise Broken(f"{invariant}: wish {action.pk} is {action.state}, {words}")
