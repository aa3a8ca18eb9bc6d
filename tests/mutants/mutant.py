"""A mutant: one small change of a module."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed module; `what` says how it differs."""

    line: int
    what: str
    source: str
