"""What this floor's tests share: a recording server, and Amazon's own models where they are present."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mostrador.amazon.wire import shared_wire

from .amazonlike import Amazonlike, amazonlike


@pytest.fixture(autouse=True)
def _close_connections() -> Iterator[None]:
    yield
    shared_wire().close()


@pytest.fixture
def amazon() -> Iterator[Amazonlike]:
    with amazonlike() as server:
        yield server


def models_folder() -> Path:
    """Return where Amazon's models lie: an environment variable, or a folder beside the repository."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "amazon-models"
    return Path(os.environ.get("MOSTRADOR_AMAZON_MODELS", beside)) / "models"


def model(name: str) -> dict[str, Any]:
    """Return one of Amazon's models, or skip the test."""
    path = models_folder() / name
    if not path.is_file():
        pytest.skip(
            f"Amazon's model {name} is not here; set MOSTRADOR_AMAZON_MODELS to the folder with models/"
        )
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
