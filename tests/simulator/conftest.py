"""Simulators as child processes, and a client that speaks to them plainly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from mostrador.simulator.server import Simulator, start_in_thread
from mostrador.simulator.settings import Settings, default_assumptions
from tests.simulator.caller import Caller

Fresh = Callable[..., Simulator]


@pytest.fixture(scope="module")
def amazon() -> Iterator[Simulator]:
    """A simulator with the sample shop, fast feeds and the control endpoint, shared by one test file."""
    with start_in_thread() as simulator:
        yield simulator


@pytest.fixture
def fresh() -> Iterator[Fresh]:
    """Start simulators that belong to one test."""
    started: list[Simulator] = []

    def start_one(*, assume: dict[str, str] | None = None, **changes: Any) -> Simulator:
        answers = default_assumptions() | (assume or {})
        quick = Settings(processing=(0.02, 0.04), control=True, assumptions=answers)
        started.append(start_in_thread(replace(quick, **changes)))
        return started[-1]

    yield start_one
    for simulator in started:
        simulator.stop()


@pytest.fixture
def us(amazon: Simulator) -> Iterator[Caller]:
    """The American seller, with full buckets."""
    with Caller(amazon, "na") as caller:
        caller.refill()
        caller.control("DELETE", "faults")
        yield caller


@pytest.fixture
def eu(amazon: Simulator) -> Iterator[Caller]:
    """The European seller, with full buckets."""
    with Caller(amazon, "eu") as caller:
        caller.refill()
        caller.control("DELETE", "faults")
        yield caller
