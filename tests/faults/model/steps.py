"""The steps: everything that workers, network, Amazon, time and a person can do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mostrador.domain import feeds as rules
from mostrador.domain.delivery import State, check_move
from mostrador.domain.feeds import FeedState
from tests.faults.model.rows import Said, decided
from tests.faults.model.world import (
    IDLE,
    REFRESHED,
    Answer,
    Clock,
    Outcome,
    Phase,
    Row,
    Step,
    Worker,
    World,
    let_go,
    with_answer,
    with_clock,
    with_feed,
    with_worker,
    without_request,
)

MAX_SENDS = 3
MAX_TURNED_AWAY = 1
MAX_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Protocol:
    """How the worker behaves; every `True` is a weakening that must be found out."""

    workers: int = 2
    retries_after_lost_answer: bool = False
    marks_without_comparing: bool = False
    absent_after_one_look: bool = False
    refreshes_token: bool = False
    resends_while_unknown: bool = False
    never_adopts: bool = False


def start(protocol: Protocol) -> World:
    """Return the world in which a refund is sealed and everybody idles."""
    return World(Row(), State.SENDING, 0, (IDLE,) * protocol.workers)


def steps(world: World, protocol: Protocol) -> Iterator[Step]:
    """Return everything that can happen next."""
    for number, worker in enumerate(world.workers):
        yield from _worker_steps(world, number, worker, protocol)
        if worker.in_flight:
            yield from _arrivals(world, worker.token, number)
    for place, token in enumerate(world.orphans):
        rest = world.orphans[:place] + world.orphans[place + 1 :]
        yield from _arrivals(world._replace(orphans=rest), token, None)
    yield from _amazon_steps(world)
    yield from _follow_steps(world, protocol)
    yield from _clock_steps(world)
    yield from _person_steps(world, protocol)


def _worker_steps(world: World, number: int, worker: Worker, protocol: Protocol) -> Iterator[Step]:
    row = world.row
    match worker.phase:
        case Phase.IDLE if row.state is FeedState.SEALED:
            yield "stage", _settled(world, Said(rules.Staged))
        case Phase.IDLE if row.state is FeedState.STAGED:
            has_read = Worker(Phase.HAS_READ, world.attempt, row.tries)
            yield "read", with_worker(world, number, has_read)
        case Phase.IDLE if row.state in rules.IN_FLIGHT and protocol.retries_after_lost_answer:
            again = Worker(Phase.MAY_SEND, world.attempt, row.tries, len(world.clocks) - 1)
            yield "queue retries", with_worker(world, number, again)
        case Phase.HAS_READ:
            yield from _mark(world, number, worker, protocol)
        case Phase.MAY_SEND:
            yield from _send(world, number, worker, protocol)
        case Phase.WAITS:
            yield from _answered(world, number, worker)
    if worker.phase is not Phase.IDLE:
        yield "crash", let_go(world, number)


def _mark(world: World, number: int, worker: Worker, protocol: Protocol) -> Iterator[Step]:
    is_as_read = (world.attempt, world.row.tries) == (worker.attempt, worker.tries)
    edge = decided(world.row, Said(rules.AboutToSend)) if is_as_read else None
    if edge is not None:
        row = edge.row._replace(since=len(world.feeds))
        marked = world._replace(row=row, clocks=(*world.clocks, Clock.VALID))
    elif protocol.marks_without_comparing and world.clocks:
        marked = world
    else:
        yield "lost the race", let_go(world, number)
        return
    may_send = Worker(Phase.MAY_SEND, worker.attempt, marked.row.tries, len(marked.clocks) - 1)
    yield "mark", with_worker(marked, number, may_send)


def _send(world: World, number: int, worker: Worker, protocol: Protocol) -> Iterator[Step]:
    sent = sum(each.in_flight for each in world.workers) + len(world.orphans) + len(world.feeds)
    if sent < MAX_SENDS:
        token = REFRESHED if protocol.refreshes_token else worker.token
        waits = worker._replace(phase=Phase.WAITS, token=token, in_flight=True)
        yield "send", with_worker(world, number, waits)
    if world.turned_away < MAX_TURNED_AWAY:
        # No connection, or too late by its own clock: not a byte was written.
        failed = world._replace(turned_away=world.turned_away + 1)
        yield "not sent", let_go(_noted(failed, worker, Said(rules.CertainlyNotDone)), number)


def _answered(world: World, number: int, worker: Worker) -> Iterator[Step]:
    yield "time-out", let_go(_noted(world, worker, Said(rules.NoAnswer)), number)
    if not worker.answer:
        return
    answer, feed = worker.answer
    match answer:
        case Answer.CREATED:
            yield "note the feed", let_go(_created(world, worker, feed), number)
        case Answer.TURNED_AWAY:
            yield "note 401/429", let_go(_noted(world, worker, Said(rules.CertainlyNotDone)), number)
        case Answer.REFUSED:
            yield "note 4xx", let_go(_noted(world, worker, Said(rules.RefusedAtTheDoor)), number)


def _noted(world: World, worker: Worker, said: Said) -> World:
    """Write what a worker learned, if the row is still as it left it: its own mark, nothing newer."""
    own = (world.attempt, world.row.tries, world.row.state) == (
        worker.attempt,
        worker.tries,
        FeedState.MARKED,
    )
    return _settled(world, said) if own else world


def _created(world: World, worker: Worker, feed: int) -> World:
    """Write the feed's id, also when others have begun to look for it; a row that has ended stays."""
    if world.attempt != worker.attempt or world.row.feed is not None:
        return world
    return _settled(world, Said(rules.FeedCreated, (feed,)))


def _settled(world: World, said: Said) -> World:
    edge = decided(world.row, said)
    if edge is None:
        return world
    refund = world.refund
    if edge.refund is not None:
        check_move(before=refund, after=edge.refund)
        refund = edge.refund
    return world._replace(row=edge.row, refund=refund)


def _arrivals(world: World, token: int, number: int | None) -> Iterator[Step]:
    """Return what a request in flight can come to: it arrives, with or without an answer, or it is lost."""
    waiting = world if number is None else without_request(world, number)
    yield "request lost", waiting
    if token == REFRESHED or world.clocks[token] is Clock.VALID:
        feed = len(world.feeds)
        made = waiting._replace(feeds=(*world.feeds, (Outcome.QUEUED, False)))
        yield "arrives, answer lost", made
        if number is not None:
            yield "arrives, created", with_answer(made, number, (Answer.CREATED, feed))
            yield "arrives, refused", with_answer(waiting, number, (Answer.REFUSED, 0))
    if number is not None and world.turned_away < MAX_TURNED_AWAY:
        counted = waiting._replace(turned_away=world.turned_away + 1)
        yield "arrives, turned away", with_answer(counted, number, (Answer.TURNED_AWAY, 0))


def _amazon_steps(world: World) -> Iterator[Step]:
    for number, (outcome, shown) in enumerate(world.feeds):
        if not shown:
            yield "listed", with_feed(world, number, outcome, shown=True)
        if outcome is Outcome.QUEUED:
            for ended in Outcome:
                if ended is not Outcome.QUEUED:
                    paid = world.paid + (ended in (Outcome.DONE, Outcome.FATAL_APPLIED))
                    yield ended, with_feed(world._replace(paid=paid), number, ended, shown=shown)


def _follow_steps(world: World, protocol: Protocol) -> Iterator[Step]:
    """Return what any worker may find out about the row; it compares and sets, so who does it is the same."""
    if world.row.state is FeedState.MARKED:
        yield "lease over", _settled(world, Said(rules.LeaseOver))
    elif world.row.state is FeedState.UNKNOWN:
        yield from _look(world, protocol)
    elif world.row.state is FeedState.SENT and world.row.feed is not None:
        for said in _said_of_feed(world.feeds[world.row.feed][0]):
            yield f"read {said.word}", _settled(world, said)


def _look(world: World, protocol: Protocol) -> Iterator[Step]:
    shown = tuple(number for number in range(world.row.since, len(world.feeds)) if world.feeds[number][1])
    if protocol.absent_after_one_look and not shown:
        yield (
            "conclude",
            world._replace(row=world.row._replace(state=FeedState.ABSENT), refund=State.NOT_SENT),
        )
    elif not (protocol.never_adopts and shown):
        yield "look", _settled(world, Said(rules.Listed, shown, world.clocks[-1]))


def _said_of_feed(outcome: Outcome) -> Iterator[Said]:
    match outcome:
        case Outcome.QUEUED:
            yield Said(rules.StatusRead, word="IN_PROGRESS")  # for more than eight hours
        case Outcome.DONE | Outcome.ERROR:
            said = State.ACCEPTED if outcome is Outcome.DONE else State.REJECTED
            yield Said(rules.ReportRead, word=said)
            yield Said(rules.ReportRead, word=State.REVIEW)  # the report cannot be read
        case Outcome.FATAL_APPLIED | Outcome.FATAL_NOT:
            yield Said(rules.StatusRead, word="FATAL")
        case Outcome.CANCELLED:
            yield Said(rules.StatusRead, word="CANCELLED")


def _clock_steps(world: World) -> Iterator[Step]:
    last = len(world.clocks) - 1
    for token, clock in enumerate(world.clocks):
        if clock is Clock.VALID:
            yield "token expires", with_clock(world, token, Clock.EXPIRED)
        elif clock is Clock.EXPIRED and token == last and all(shown for _, shown in world.feeds):
            yield "fence passed", with_clock(world, token, Clock.FENCED)


def _person_steps(world: World, protocol: Protocol) -> Iterator[Step]:
    if world.attempt + 1 >= MAX_ATTEMPTS:
        return
    early = protocol.resends_while_unknown and world.refund in (State.UNKNOWN, State.REVIEW)
    if world.refund is State.NOT_SENT:
        check_move(before=State.NOT_SENT, after=State.REQUESTED)
        check_move(before=State.REQUESTED, after=State.SENDING)
    elif not (early and world.paid == 0):  # in doubt, the person looks in Seller Central first
        return
    yield "send again", world._replace(row=Row(), refund=State.SENDING, attempt=world.attempt + 1)
