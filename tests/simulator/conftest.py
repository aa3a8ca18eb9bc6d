"""Simulators as child processes, and a client that speaks to them plainly."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mostrador.simulator.server import Simulator, start
from tests.simulator.caller import Caller


@pytest.fixture(scope="module")
def amazon() -> Iterator[Simulator]:
    """A simulator with the sample shop, fast feeds and the control endpoint, shared by one test file."""
    with start("--processing", "0.02-0.04") as simulator:
        yield simulator


@pytest.fixture
def fresh() -> Iterator[Callable[..., Simulator]]:
    """Start simulators that belong to one test."""
    started: list[Simulator] = []

    def start_one(*arguments: str, **options: object) -> Simulator:
        started.append(start(*arguments, **options))  # type: ignore[arg-type]  # handed through
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
