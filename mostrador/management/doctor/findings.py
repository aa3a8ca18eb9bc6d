"""Findings: what a check has to say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mostrador.tasks.lateness import Condition
from mostrador.tasks.plain_words import counted as counted
from mostrador.tasks.plain_words import in_words as in_words


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


def of_condition(condition: Condition) -> Finding:
    """Return what a look at something the desk needs has found, in the same words."""
    if condition.is_fine:
        return fine(condition.check, condition.words)
    return trouble(condition.check, condition.words, condition.next_step)
