"""Amazon's own models, as JSON schemas that allow no field Amazon does not know."""

from __future__ import annotations

import copy
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]


def models_folder() -> Path:
    """Return the folder of Amazon's models, or skip the test that needs it."""
    base = Path(os.environ.get("MOSTRADOR_AMAZON_MODELS", ROOT.parent / "shared" / "amazon-models"))
    folder = base / "models" if (base / "models").is_dir() else base
    if not (folder / "orders_2026-01-01.json").is_file():
        pytest.skip("Amazon's models are absent; set MOSTRADOR_AMAZON_MODELS to their folder")
    return folder


class Model:
    """One model file, whose definitions check answers."""

    def __init__(self, name: str) -> None:
        body = json.loads((models_folder() / f"{name}.json").read_text("utf-8"))
        self._definitions = _closed(body["definitions"])
        self._checker = jsonschema.FormatChecker()
        self._checker.checks("date-time", raises=ValueError)(_is_moment)

    def check(self, answer: Any, definition: str) -> None:
        """Fail when the answer is not what the definition says."""
        schema = {"$ref": f"#/definitions/{definition}", "definitions": self._definitions}
        jsonschema.Draft4Validator(schema, format_checker=self._checker).validate(answer)


def _is_moment(text: object) -> bool:
    return isinstance(text, str) and datetime.fromisoformat(text).tzinfo is not None


def _closed(definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the definitions with unknown properties forbidden, apart from those put together by allOf."""
    closed = copy.deepcopy(definitions)
    parts = {
        part["$ref"].rsplit("/", 1)[1]
        for definition in closed.values()
        for part in definition.get("allOf", [])
        if "$ref" in part
    }
    for name, definition in closed.items():
        if "properties" in definition and name not in parts:
            definition["additionalProperties"] = False
    return closed
