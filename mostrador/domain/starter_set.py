"""Starter set: the macros every desk has from its first day, until the team writes its own words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from mostrador.domain.macro_files import read_file
from mostrador.domain.macros import Macro

_FILES = ("refunds.toml", "cancellations.toml", "deliveries.toml", "returns.toml")


@cache
def starter_set() -> Mapping[str, Macro]:
    """Return the macros that come with the program, by name, in order."""
    folder = files("mostrador.domain") / "starter"
    macros = [macro for name in _FILES for macro in read_file((folder / name).read_text("utf-8"))]
    return {macro.slug: macro for macro in sorted(macros, key=lambda macro: (macro.position, macro.slug))}
