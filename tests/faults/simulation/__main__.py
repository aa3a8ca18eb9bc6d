"""Run many seeds: `python -m tests.faults.simulation --seeds 10000`; each that breaks a promise is named."""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import Counter

from mostrador.domain.delivery import State
from tests.faults.simulation import Simulation


def main() -> int:
    """Run the seeds and say what came of it; the exit code is 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first seed; with --seeds 1 it is replayed")
    options = parser.parse_args()
    gc.disable()  # a run is small; its circles are collected after each hundred
    began = time.perf_counter()
    steps, broken = 0, 0
    states: Counter[State] = Counter()
    for seed in range(options.first, options.first + options.seeds):
        try:
            result = Simulation(seed).run()
        except AssertionError as error:
            broken += 1
            print(error, *getattr(error, "__notes__", ()), sep="\n  ", file=sys.stderr)  # noqa: T201
            continue
        steps += result.steps
        states.update(result.states)
        if seed % 100 == 99:
            gc.collect()
    took = time.perf_counter() - began
    shares = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
    print(f"{options.seeds:,} seeds, {steps:,} events, {took:.0f} s: {broken} broke a promise. {shares}")  # noqa: T201
    return 1 if broken else 0


sys.exit(main())
