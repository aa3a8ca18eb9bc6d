"""Exploring: look at every world there can be, breadth first, and judge each."""

from __future__ import annotations

import gc
from collections import deque
from dataclasses import dataclass

from mostrador.domain.delivery import State
from tests.faults.model.rows import Move, edges_used, forget_answers
from tests.faults.model.steps import Protocol, start, steps
from tests.faults.model.world import World, normal

RESTING = frozenset({State.ACCEPTED, State.REJECTED, State.NOT_SENT, State.REVIEW})


def violation(world: World) -> str:
    """Return the promise this world breaks, or nothing."""
    if world.paid > 1:
        return "paid twice"
    if world.refund in (State.REJECTED, State.NOT_SENT) and world.paid:
        return f"{world.refund} is shown, but money left"
    if world.refund is State.ACCEPTED and world.paid != 1:
        return "accepted is shown, but nothing was paid"
    return ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What came to light; `violations` with the shortest way to each, `moves` made by `decide`."""

    states: int
    transitions: int
    violations: dict[str, list[str]]
    stuck: list[list[str]]
    moves: frozenset[Move]


def explore(protocol: Protocol, *, until: str = "") -> Findings:
    """Return what can happen: all of it, or what was looked at until the violation `until` was found."""
    forget_answers()
    first = normal(start(protocol))
    search = _Search({first: None}, {}, {}, deque([first]))
    collects = gc.isenabled()
    gc.disable()  # nothing here goes in circles, and looking for circles takes half the time
    try:
        while search.waiting and until not in search.broken:
            search.look_at(search.waiting.popleft(), protocol)
    finally:
        if collects:
            gc.enable()
    return search.findings(is_complete=not search.waiting)


@dataclass(slots=True)
class _Search:
    came_from: dict[World, tuple[World, str] | None]
    leads_to: dict[World, list[World]]
    broken: dict[str, World]
    waiting: deque[World]

    def look_at(self, world: World, protocol: Protocol) -> None:
        """Judge a world, and put what can follow behind the others."""
        self.leads_to[world] = following = []
        if breaks := violation(world):
            self.broken.setdefault(breaks, world)
            return
        for label, after in steps(world, protocol):
            after = normal(after)
            following.append(after)
            if after not in self.came_from:
                self.came_from[after] = (world, label)
                self.waiting.append(after)

    def findings(self, *, is_complete: bool) -> Findings:
        """Return what was found; only a complete search can say who is stuck."""
        stuck = _stuck(self.leads_to) if is_complete else []
        return Findings(
            states=len(self.came_from),
            transitions=sum(map(len, self.leads_to.values())),
            violations={breaks: self._way(world) for breaks, world in self.broken.items()},
            stuck=[self._way(world) for world in stuck[:3]],
            moves=edges_used(),
        )

    def _way(self, world: World) -> list[str]:
        labels: list[str] = []
        while (step := self.came_from[world]) is not None:
            world, label = step
            labels.append(label)
        return labels[::-1]


def _stuck(leads_to: dict[World, list[World]]) -> list[World]:
    """Return the worlds from which no resting state can be reached."""
    comes_from: dict[World, list[World]] = {}
    for world, following in leads_to.items():
        for after in following:
            comes_from.setdefault(after, []).append(world)
    reached = {world for world in leads_to if world.refund in RESTING}
    waiting = list(reached)
    while waiting:
        for before in comes_from.get(waiting.pop(), ()):
            if before not in reached:
                reached.add(before)
                waiting.append(before)
    return [world for world in leads_to if world not in reached]
