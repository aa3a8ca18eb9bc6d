"""The world of one refund: what can differ, and how one thing in it is changed."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import NamedTuple

from mostrador.domain import feeds as rules
from mostrador.domain.delivery import State
from mostrador.domain.feeds import FeedState


class Clock(IntEnum):
    """How old the token of a mark is."""

    __hash__ = int.__hash__  # Enum\'s own is slow, and worlds are hashed all the time

    VALID = 0
    EXPIRED = 1
    FENCED = 2


class Phase(IntEnum):
    """Where a worker stands in sending."""

    __hash__ = int.__hash__  # Enum\'s own is slow, and worlds are hashed all the time

    IDLE = 0
    HAS_READ = 1
    MAY_SEND = 2
    WAITS = 3


class Outcome(StrEnum):
    """What Amazon made of a feed."""

    __hash__ = str.__hash__  # Enum\'s own is slow, and worlds are hashed all the time

    QUEUED = "queued"
    DONE = "done"
    ERROR = "error"
    FATAL_APPLIED = "fatal, applied"
    FATAL_NOT = "fatal, not applied"
    CANCELLED = "cancelled"


class Answer(StrEnum):
    """What an answer to createFeed says; `created` goes with the feed's number."""

    __hash__ = str.__hash__  # Enum\'s own is slow, and worlds are hashed all the time

    CREATED = "created"
    TURNED_AWAY = "turned away"  # 401, 403, 429: may be tried again
    REFUSED = "refused"


class Row(NamedTuple):
    """The feed's row; `since` is how many feeds Amazon had at the mark, `looks` is counted up to two."""

    state: FeedState = FeedState.SEALED
    tries: int = 0
    looks: int = 0
    feed: int | None = None
    since: int = 0


class Worker(NamedTuple):
    """What a worker holds in memory: the row as it read it, its token, its request and the answer."""

    phase: Phase = Phase.IDLE
    attempt: int = 0
    tries: int = 0
    token: int = 0
    in_flight: bool = False
    answer: tuple[Answer, int] | tuple[()] = ()


class World(NamedTuple):
    """Everything there is. `orphans` are the tokens of requests in flight that nobody waits for."""

    row: Row
    refund: State
    attempt: int
    workers: tuple[Worker, ...]
    orphans: tuple[int, ...] = ()
    feeds: tuple[tuple[Outcome, bool], ...] = ()  # outcome, and whether the list shows it
    clocks: tuple[Clock, ...] = ()  # of the token of each mark
    paid: int = 0
    turned_away: int = 0


IDLE = Worker()
REFRESHED = -1  # the token of a client that fetches a new one by itself: valid whenever it arrives
Step = tuple[str, World]


def with_worker(world: World, number: int, worker: Worker) -> World:
    return world._replace(workers=(*world.workers[:number], worker, *world.workers[number + 1 :]))


def with_answer(world: World, number: int, answer: tuple[Answer, int]) -> World:
    return with_worker(world, number, world.workers[number]._replace(answer=answer))


def without_request(world: World, number: int) -> World:
    return with_worker(world, number, world.workers[number]._replace(in_flight=False))


def let_go(world: World, number: int) -> World:
    """Return the world without what the worker had in memory; its request flies on."""
    worker = world.workers[number]
    orphans = tuple(sorted((*world.orphans, worker.token))) if worker.in_flight else world.orphans
    return with_worker(world._replace(orphans=orphans), number, IDLE)


def with_feed(world: World, number: int, outcome: Outcome, *, shown: bool) -> World:
    return world._replace(feeds=(*world.feeds[:number], (outcome, shown), *world.feeds[number + 1 :]))


def with_clock(world: World, token: int, clock: Clock) -> World:
    return world._replace(clocks=(*world.clocks[:token], clock, *world.clocks[token + 1 :]))


def normal(world: World) -> World:
    """Return the one world that stands for all its equals.

    Workers are alike. A token is past when nobody can send with it, a request with a dead token that nobody
    waits for is lost, and whether a feed is listed matters only while it is being looked for.
    """
    in_flight = world.row.state in rules.IN_FLIGHT
    workers = world.workers
    in_use = {each.token for each in workers if each.phase is Phase.MAY_SEND or each.in_flight}
    orphans = world.orphans
    if orphans:
        orphans = tuple(t for t in orphans if t == REFRESHED or world.clocks[t] is Clock.VALID)
        in_use.update(orphans)
    if in_flight:
        in_use.add(len(world.clocks) - 1)
    first_sought = world.row.since if in_flight else len(world.feeds)
    return World(
        world.row,
        world.refund,
        world.attempt,
        tuple(sorted(workers)),
        orphans,
        tuple([(each[0], True) if n < first_sought else each for n, each in enumerate(world.feeds)]),
        tuple([clock if n in in_use else Clock.FENCED for n, clock in enumerate(world.clocks)]),
        world.paid,
        world.turned_away,
    )
