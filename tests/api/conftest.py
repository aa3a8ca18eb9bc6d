"""A program with its token, and the document its answers are held against."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from mostrador.models import Agent
from tests.api.programs import Program, contract
from tests.makers import make_agent


@pytest.fixture
def agent(db: None) -> Agent:
    """The agent the program acts for."""
    return make_agent(name="Ana Ruiz")


@pytest.fixture
def program(agent: Agent) -> Program:
    """A program that sends a good token."""
    return Program.of(agent)


@pytest.fixture
def stranger(db: None) -> Program:
    """A program that sends no token."""
    return Program(Client(raise_request_exception=False), {})


@pytest.fixture
def document() -> dict[str, Any]:
    """The OpenAPI document, as it is served."""
    return contract()


@pytest.fixture(autouse=True)
def _static_folder(settings: Settings) -> None:
    """Make the folder WhiteNoise looks for at every start."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
