"""`.env.example` and the settings name the same things."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR).parent


def test_env_example_lists_every_setting_and_nothing_else() -> None:
    source = (ROOT / "mostrador" / "settings.py").read_text("utf-8")
    read = set(re.findall(r"(?:env\.\w+|_required)\(\s*\"([A-Z_]+)\"", source))
    example = (ROOT / ".env.example").read_text("utf-8")
    listed = {name.removesuffix("_FILE") for name in re.findall(r"^#?([A-Z][A-Z_]+)=", example, re.MULTILINE)}
    assert listed == read
    assert {"MOSTRADOR_SECRET_KEY", "DATABASE_URL", "MOSTRADOR_UNDO_SECONDS"} <= read


def test_every_line_of_env_example_is_explained() -> None:
    blocks = (ROOT / ".env.example").read_text("utf-8").split("\n\n")
    settings_in = [block for block in blocks if re.search(r"^#?[A-Z_]+=", block, re.MULTILINE)]
    assert settings_in
    for block in settings_in:
        assert block.startswith("# "), block
