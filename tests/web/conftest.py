"""What the web's tests share: plain static files, Spanish words, and agents who are signed in."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings as django_settings
from django.test import Client

from mostrador.models import Agent
from tests import makers


@pytest.fixture(scope="session", autouse=True)
def _spanish() -> None:
    """Compile the words, as the installation does."""
    words = Path(django_settings.BASE_DIR) / "locale" / "es" / "LC_MESSAGES" / "django.po"
    compiled = words.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime >= words.stat().st_mtime:
        return
    with words.open("rb") as source, compiled.open("wb") as target:
        write_mo(target, read_po(source, locale="es"))


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
