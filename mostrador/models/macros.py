"""Macros: the replies a team keeps, with their conditions and the steps they carry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from mostrador.models.people import Agent


class SavedMacroQuerySet(models.QuerySet["SavedMacro"]):
    """Makes and finds macros."""

    def keep(self, *, slug: str, content: dict[str, Any], agent: Agent | None, now: datetime) -> SavedMacro:
        """Store a macro under its name, or change it; `content` holds fields of the row by name."""
        macro, _ = self.update_or_create(
            slug=slug, defaults={**content, "changed_by": agent, "changed_at": now}
        )
        return macro

    def in_use(self) -> SavedMacroQuerySet:
        """Return the macros that agents may choose, in the team's order."""
        return self.filter(is_active=True).order_by("position", "slug")


class SavedMacro(models.Model):
    """One macro: `texts` by language, `conditions` and `steps` as domain/macros.py reads them."""

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
