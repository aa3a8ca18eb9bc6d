"""The clock: the wall's, unless a measurement against the simulator speeds it up."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

from mostrador.tasks import clock

ORIGIN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_the_clock_is_the_walls_unless_it_was_sped_up() -> None:
    assert clock.shown(ORIGIN) == clock.on_the_wall(ORIGIN) == ORIGIN


def test_a_fast_clock_shows_so_many_times_what_has_passed(settings: SettingsWrapper) -> None:
    settings.FAST_CLOCK = f"20@{ORIGIN.timestamp()}"
    assert clock.shown(ORIGIN + timedelta(seconds=3)) == ORIGIN + timedelta(minutes=1)
    assert clock.on_the_wall(ORIGIN + timedelta(minutes=1)) == ORIGIN + timedelta(seconds=3)


@pytest.mark.parametrize("endpoint", ["", "https://sellingpartnerapi-eu.amazon.com"])
def test_a_fast_clock_is_refused_beside_the_real_amazon(endpoint: str) -> None:
    environment = {
        **os.environ,
        "MOSTRADOR_FAST_CLOCK": "20@1764000000",
        "MOSTRADOR_SPAPI_ENDPOINT": endpoint,
    }
    done = subprocess.run(
        [sys.executable, "-c", "import mostrador.settings"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "MOSTRADOR_FAST_CLOCK is for the simulator on this machine alone. Unset it." in done.stderr
