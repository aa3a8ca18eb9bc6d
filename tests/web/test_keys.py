"""Keys: every key that a control answers to stands in the help."""

from __future__ import annotations

import re
from pathlib import Path

import mostrador

TEMPLATES = Path(mostrador.__file__).parent / "templates"
# Pressed without a control of their own (static/desk/keys.js, bulk.js).
WITHOUT_CONTROL = {"j", "k", "x", "X", "↵", "ctrl", "?"}


def answered() -> dict[str, set[str]]:
    """Return the templates in which each key is answered to."""
    found: dict[str, set[str]] = {}
    for template in TEMPLATES.rglob("*.html"):
        for key in re.findall(r'data-key="([^"]*)"', template.read_text("utf-8")):
            found.setdefault(key, set()).add(template.name)
    return found


def told() -> list[str]:
    """Return the keys of the help."""
    text = (TEMPLATES / "parts" / "key_list.html").read_text("utf-8")
    return re.findall(r"<kbd>(.*?)</kbd>", text)


def test_the_help_tells_every_key_that_a_control_answers_to() -> None:
    assert set(answered()) == set(told()) - WITHOUT_CONTROL


def test_the_help_tells_each_key_once() -> None:
    keys = [key for key in told() if key != "↵"]
    assert sorted(keys) == sorted(set(keys))
