"""Macros: the replies a team keeps, with their conditions and the steps they carry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from mostrador.domain.macro_reading import plain_macro, read_macro
from mostrador.domain.macros import Macro, Says
from mostrador.domain.starter_set import starter_set
from mostrador.models.people import Agent


class SavedMacroQuerySet(models.QuerySet["SavedMacro"]):
    """Makes and finds macros: the team's own, and those of the starter set nobody has changed."""

    def keep(self, *, macro: Macro, agent: Agent | None, now: datetime) -> SavedMacro:
        """Store a macro under its name, or change it."""
        plain = plain_macro(macro)
        content: dict[str, Any] = {
            "titles": plain["title"],
            "texts": plain["text"],
            "conditions": {**plain.get("when", {}), **({"says": plain["says"]} if "says" in plain else {})},
            "steps": plain["steps"],
            "is_active": macro.is_active,
            "position": macro.position,
            "changed_by": agent,
            "changed_at": now,
        }
        row, _ = self.update_or_create(slug=macro.slug, defaults=content)
        return row

    def forget(self, slug: str) -> bool:
        """Remove the team's words: its own macro is gone, one of the starter set is as it came."""
        return bool(self.filter(slug=slug).delete()[0])

    def known(self) -> list[Macro]:
        """Return every macro in the team's order, also those that are switched off."""
        own = {row.slug: row.content() for row in self.all()}
        return sorted(({**starter_set(), **own}).values(), key=lambda one: (one.position, one.slug))

    def in_use(self) -> list[Macro]:
        """Return the macros that agents may choose, in the team's order."""
        return [macro for macro in self.known() if macro.is_active]

    def named(self, slug: str) -> Macro | None:
        """Return the macro of this name, or nothing."""
        row = self.filter(slug=slug).first()
        return row.content() if row else starter_set().get(slug)

    def says(self, slug: str) -> Says:
        """Return what the macro of this name claims; one that is gone claims nothing."""
        macro = self.named(slug) if slug else None
        return macro.says if macro else Says.NOTHING

    def last_change(self, slug: str) -> datetime | None:
        """Return when the team last changed it, or nothing for one that is as it came."""
        return self.filter(slug=slug).values_list("changed_at", flat=True).first()


class SavedMacro(models.Model):
    """One macro of the team: `texts` by language, `conditions` and `steps` as domain/macro_reading.py reads.

    A macro of the starter set has a row only once somebody changed it: until then it comes with the program,
    and a newer program brings its newer words.
    """

    slug = models.SlugField(max_length=60, unique=True)
    titles = models.JSONField(default=dict)  # {language: words} for the agents
    texts = models.JSONField(default=dict)  # {language: words} for the buyers
    conditions = models.JSONField(default=dict)
    steps = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)
    changed_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField()

    objects = SavedMacroQuerySet.as_manager()

    def __str__(self) -> str:
        return self.slug

    def content(self) -> Macro:
        """Return the macro as the rules see it. Raises: Unreadable for a row nobody checked."""
        when = dict(self.conditions)
        says = when.pop("says", "")
        plain = {"slug": self.slug, "says": says, "when": when, "steps": self.steps}
        plain |= {"title": self.titles, "text": self.texts}
        return read_macro(plain | {"active": self.is_active, "position": self.position})
