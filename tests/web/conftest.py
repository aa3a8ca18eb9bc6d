"""What the web's tests share: plain static files, every language's words, and agents who are signed in."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client

from mostrador.models import Agent
from tests import makers
from tests.web.catalogs import TRANSLATED, compile_words


@pytest.fixture(scope="session", autouse=True)
def _words() -> None:
    """Compile the words, as the installation does."""
    for language in TRANSLATED:
        compile_words(language)


@pytest.fixture(autouse=True)
def _static_files_without_names_of_their_own(settings: pytest.FixtureRequest) -> None:
    """Let templates name static files that no collectstatic has gathered."""
    Path(django_settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    settings.STORAGES = {  # type: ignore[attr-defined]
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.fixture
def agent(db: None) -> Agent:
    """Marta, who speaks English."""
    return makers.make_agent(name="Marta Gil")


@pytest.fixture
def desk(agent: Agent, client: Client) -> Client:
    """A browser in which Marta is signed in."""
    client.force_login(agent)
    return client
