"""Views: lists of tickets that agents put together and keep."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from mostrador.models.people import Agent


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Makes and finds saved views."""

    def keep(
        self, *, owner: Agent, name: str, filters: dict[str, Any], is_shared: bool, now: datetime
    ) -> SavedView:
        """Store a view, or what it filters by now where the owner has one of that name."""
        view, _ = self.update_or_create(
            owner=owner,
            name=name.strip()[:60],
            defaults={"filters": filters, "is_shared": is_shared, "changed_at": now},
        )
        return view

    def seen_by(self, agent: Agent) -> SavedViewQuerySet:
        """Return the agent's own views and those that others share, by name."""
        return self.filter(Q(owner=agent) | Q(is_shared=True)).select_related("owner").order_by("name", "pk")


class SavedView(models.Model):
    """A named list; `filters` holds words of the search box's language, validated before they are stored."""

    owner = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="views")
    name = models.CharField(max_length=60)
    filters = models.JSONField(default=dict)
    is_shared = models.BooleanField(default=False)
    changed_at = models.DateTimeField()

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["owner", "name"], name="one_view_per_owner_and_name"),)

    def __str__(self) -> str:
        return self.name
