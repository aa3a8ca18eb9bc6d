"""Markers of the fault tests: what is named by one of them runs only when it is asked for (`-m planted`)."""

from __future__ import annotations

import pytest

# `faults`: at the figures of the full proof. `planted`: bugs put in on purpose, which must be found.
ON_DEMAND = {"faults": "the full figures of the proof", "planted": "a bug put in on purpose is found"}


def pytest_configure(config: pytest.Config) -> None:
    """Name the markers."""
    for marker, meaning in ON_DEMAND.items():
        config.addinivalue_line("markers", f"{marker}: {meaning}; only on demand")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what runs on demand, unless `-m` names it."""
    asked_for = config.getoption("markexpr") or ""
    left_out = [
        item
        for item in items
        if any(marker not in asked_for for marker in ON_DEMAND if item.get_closest_marker(marker))
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of the faults that were tried."""
    from tests.faults.figures import ROWS, table

    if ROWS:
        terminalreporter.section("faults")
        for line in table(ROWS):
            terminalreporter.write_line(line)
