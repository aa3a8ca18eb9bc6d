"""The shop on the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.shop import Shop
from tests.worker import empty_queue

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper


@pytest.fixture
def shop(transactional_db: None, settings: SettingsWrapper) -> Iterator[Shop]:
    """Nordlicht, connected; actions leave at once and feeds take no time."""
    from mostrador.simulator.server import start_in_thread
    from mostrador.simulator.settings import Settings

    empty_queue()
    with start_in_thread(Settings(processing=(0.0, 0.0), control=True)) as simulator:
        settings.SPAPI_ENDPOINT = settings.LWA_ENDPOINT = simulator.url
        settings.UNDO_SECONDS = 0
        yield Shop(simulator).connect()
