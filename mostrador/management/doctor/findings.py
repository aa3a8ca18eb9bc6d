"""Findings: what a check has to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters."""

    FINE = "fine"
    NOTE = "note"  # nothing is broken, but somebody may want to know
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one thing; trouble comes with the next step."""

    check: str
    severity: Severity
    words: str
    next_step: str = ""


def fine(check: str, words: str) -> Finding:
    """Return that all is well."""
    return Finding(check, Severity.FINE, words)


def note(check: str, words: str, next_step: str = "") -> Finding:
    """Return something worth knowing."""
    return Finding(check, Severity.NOTE, words, next_step)


def trouble(check: str, words: str, next_step: str) -> Finding:
    """Return something that is wrong."""
    return Finding(check, Severity.TROUBLE, words, next_step)


def in_words(length: timedelta) -> str:
    """Return a length of time as people say it."""
    seconds = max(0, int(length.total_seconds()))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return counted(seconds // size, unit)
    return counted(seconds, "second")


def counted(number: int, thing: str) -> str:
    """Return "1 job" or "3 jobs"."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
