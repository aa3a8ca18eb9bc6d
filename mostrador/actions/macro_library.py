"""Macro library: what an owner does with the team's macros: write, order, switch off, bring in, give out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from mostrador.domain.claims import Claim, unmarked_claims
from mostrador.domain.macro_files import read_file, write_file
from mostrador.domain.macro_reading import Fault, FaultCode, Unreadable, read_macro
from mostrador.domain.macros import Macro
from mostrador.models import Agent, SavedMacro

PLACES_APART = 10  # room for a macro between two others


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import does, or has done: names by what becomes of them, and the claims that are not marked."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    same: tuple[str, ...]
    claims: Mapping[str, tuple[Claim, ...]]


def save_macro(
    *, plain: Mapping[str, Any], replaces: str, agent: Agent, now: datetime
) -> tuple[Macro, list[Claim]]:
    """Store a macro from plain values; `replaces` is its name until now, or nothing for a new one.

    Return it with the claims it is not marked for: they are kept, but somebody should look.
    Raises: Unreadable with every fault; nothing was written.
    """
    macro = read_macro({**plain, "slug": replaces or plain.get("slug", "")})
    with transaction.atomic():
        if not replaces and SavedMacro.objects.named(macro.slug) is not None:
            raise Unreadable([Fault("slug", FaultCode.TWICE, {"given": macro.slug})])
        if SavedMacro.objects.named(macro.slug) != macro:
            SavedMacro.objects.keep(macro=macro, agent=agent, now=now)
    return macro, unmarked_claims(macro)


def switch_macro(*, slug: str, is_active: bool, agent: Agent, now: datetime) -> None:
    """Offer a macro to the agents, or no longer; one that is gone stays gone."""
    macro = SavedMacro.objects.named(slug)
    if macro is not None and macro.is_active is not is_active:
        SavedMacro.objects.keep(macro=replace(macro, is_active=is_active), agent=agent, now=now)


def move_macro(*, slug: str, up: bool, agent: Agent, now: datetime) -> None:
    """Exchange a macro with the one above or below it; at the end nothing changes."""
    with transaction.atomic():
        known = SavedMacro.objects.known()
        here = next((number for number, macro in enumerate(known) if macro.slug == slug), None)
        there = None if here is None else here + (-1 if up else 1)
        if here is None or there is None or not 0 <= there < len(known):
            return
        places = _places(known, here, there)
        for macro in known:
            if places.get(macro.slug, macro.position) != macro.position:
                moved = replace(macro, position=places[macro.slug])
                SavedMacro.objects.keep(macro=moved, agent=agent, now=now)


def _places(known: Sequence[Macro], here: int, there: int) -> dict[str, int]:
    """Return the new places: two exchange theirs; where those are equal, all are counted anew."""
    one, other = known[here], known[there]
    if one.position != other.position:
        return {one.slug: other.position, other.slug: one.position}
    order = list(known)
    order[here], order[there] = other, one
    return {macro.slug: number * PLACES_APART for number, macro in enumerate(order, start=1)}


def reset_macro(*, slug: str) -> bool:
    """Forget what the team wrote: its own macro is gone, one of the starter set is as it came."""
    return SavedMacro.objects.forget(slug)


def export_macros() -> str:
    """Return every macro as a file, in the team's order."""
    return write_file(SavedMacro.objects.known())


def import_macros(*, text: str, agent: Agent | None, now: datetime, dry_run: bool = False) -> Imported:
    """Store the macros of a file, all of them or none; macros it does not name stay as they are.

    Raises: FileUnreadable with every fault and its line; nothing was written.
    """
    macros = read_file(text)
    with transaction.atomic():
        known = {macro.slug: macro for macro in SavedMacro.objects.known()}
        added = [macro for macro in macros if macro.slug not in known]
        changed = [macro for macro in macros if macro.slug in known and known[macro.slug] != macro]
        if not dry_run:
            for macro in (*added, *changed):
                SavedMacro.objects.keep(macro=macro, agent=agent, now=now)
    claims = {macro.slug: tuple(found) for macro in macros if (found := unmarked_claims(macro))}
    return Imported(
        added=tuple(macro.slug for macro in added),
        changed=tuple(macro.slug for macro in changed),
        same=tuple(macro.slug for macro in macros if known.get(macro.slug) == macro),
        claims=claims,
    )
