"""Plain words: lengths of time and numbers as people say them, for operators."""

from __future__ import annotations

from datetime import timedelta


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
