"""Browser: finds a Chromium and starts it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserType, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowser(RuntimeError):
    """There is no Chromium on this machine."""


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a Chromium and end it afterwards.

    Raises: NoBrowser.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_executable(playwright.chromium), args=list(_ARGUMENTS)
        )
        try:
            yield browser
        finally:
            browser.close()


def _executable(chromium: BrowserType) -> str:
    named = os.environ.get("MOSTRADOR_CHROMIUM")
    if named:
        return named
    for found in (*map(shutil.which, _NAMES), chromium.executable_path):
        if found and Path(found).exists():
            return found
    raise NoBrowser("No Chromium was found: `make test` installs one. Or name one in MOSTRADOR_CHROMIUM.")
