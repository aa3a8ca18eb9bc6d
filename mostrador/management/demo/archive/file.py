"""File: the archive's orders as the pretend Amazon reads them, written once for a new demo."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from mostrador.management.demo.archive.cases import CASES, make_cases, shops
from mostrador.management.demo.archive.stock import is_stocked, store
from mostrador.models import Agent

NAME = "archive.json"


def prepare(
    state: Path, *, team: tuple[str, ...], first_search: timedelta, now: datetime, count: int = CASES
) -> Path | None:
    """Write the orders for a fresh state folder and return the file; an older folder without one gets none.

    `first_search` is how far back the desk's first search for orders looks.
    """
    file = state / NAME
    if file.exists():
        return file
    if state.exists():
        return None
    state.mkdir(parents=True)
    cases = make_cases(now=now, team=team, count=count)
    body = {
        "made_at": now.isoformat(),
        "cases": count,
        "team": team,
        "shops": shops(cases, unseen_before=now - first_search),
    }
    file.write_text(json.dumps(body), "utf-8")
    return file


def bring_in(file: Path, *, team: Sequence[Agent], check: Callable[[], None] = lambda: None) -> int:
    """Store the tickets that belong to the file's orders; return how many, nothing the second time."""
    body = json.loads(file.read_text("utf-8"))
    made_at = datetime.fromisoformat(body["made_at"])
    cases = make_cases(now=made_at, team=tuple(body["team"]), count=body["cases"])
    if is_stocked(cases):
        return 0
    store(cases, team=team, now=made_at, check=check)
    return len(cases)
