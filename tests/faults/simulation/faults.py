"""Faults: what can go wrong in a run; each seed enables its own random subset (a swarm)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from random import Random


@dataclass(frozen=True, slots=True)
class Faults:
    """How likely each fault is, per occasion (or how often, where it says so)."""

    refused_connection: float = 0.0
    lost_request: float = 0.0
    lost_answer: float = 0.0
    error_before: float = 0.0  # 5xx, and nothing was done
    error_after: float = 0.0  # 5xx, and it was done all the same
    door: float = 0.0  # 400: createFeed itself is refused
    garbage: float = 0.0  # 2xx that cannot be read
    throttled: float = 0.0  # somebody else used up the quota
    late: float = 0.0  # the request arrives up to two hours later
    freeze: float = 0.0
    crash: float = 0.0
    database: float = 0.0  # the connection breaks around a commit
    duplicate_job: float = 0.0
    lag: float = 0.0  # of Amazon's list
    fatal: float = 0.0
    stuck: float = 0.0
    cancelled: float = 0.0
    odd_report: float = 0.0
    refusals: float = 0.0  # Amazon says no to an order
    skew: float = 0.0  # of the workers' clocks, as a part of MAX_SKEW
    foreign: float = 0.0  # a feed of another program beside ours
    restarts: float = 0.0  # of all workers at once, times 10
    wipes: float = 0.0  # of the queue, times 10

    @classmethod
    def swarm(cls, rng: Random) -> Faults:
        """Return a random subset, each at a random strength; one seed in ten knows no fault at all."""
        if rng.random() < 0.1:
            return cls()
        share = rng.choice((0.2, 0.4, 0.7))
        return cls(
            **{
                each.name: rng.choice((0.03, 0.1, 0.3)) if rng.random() < share else 0.0
                for each in fields(cls)
            }
        )
